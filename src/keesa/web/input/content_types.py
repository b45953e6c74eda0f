"""What the headers say of a body: its media type, its charset, and whether this server reads it."""

from keesa.web.http_errors import HttpError, unreadable


def media_type(content_type: str) -> tuple[str, str]:
    """The media type and its charset, in lower case; the charset is empty where none is named."""
    media, _, parameters = content_type.partition(";")
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return media.strip().lower(), value.strip().strip('"').lower()
    return media.strip().lower(), ""


def require_json(content_type: str | None, content_encoding: str | None) -> None:
    """Raise `HttpError` unless a body with these headers is JSON that this server reads: 400 for another type,
    415 for an encoding or charset that it does not read. No type at all is taken to be JSON.
    """
    require_plain(content_encoding)
    media, charset = media_type(content_type or "")
    if media and media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        raise unreadable("The body must be JSON: send it with Content-Type: application/json")
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise HttpError(415, "The body's charset must be UTF-8")


def require_plain(content_encoding: str | None) -> None:
    """Raise `HttpError` (415) for a body that is compressed."""
    if content_encoding and content_encoding.strip().lower() != "identity":
        raise HttpError(415, "The body must not be compressed", {"Accept-Encoding": "identity"})
