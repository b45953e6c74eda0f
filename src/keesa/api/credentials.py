"""Where a login's `user` and `password` may stand: the query, a urlencoded or multipart form, or JSON.

The documents' own samples send an empty multipart body, under either form's content type, and put the credentials
into the query: the query decides, and a form that is empty or unreadable is no error.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, create_form_parser

from keesa.web.input.content_types import media_type, require_json
from keesa.web.input.json_bodies import read_json
from keesa.web.input.queries import QUERY_FIELDS

FIELDS: Final = ("user", "password")
_FORM: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"


def read_credentials(query: Mapping[str, str], body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """The fields found, the query's before the body's. Raises `HttpError` for JSON that is unreadable."""
    content_type = headers.get("content-type", "")
    media, _ = media_type(content_type)
    given: dict[str, Any] = {}
    if media == _MULTIPART:
        given = _multipart(body, content_type)
    elif media == _FORM:
        given = _urlencoded(body)
    elif body.strip():
        require_json(content_type, headers.get("content-encoding"))
        given = read_json(body)
    given |= query
    if "user" not in given and (nameless := [key for key, value in query.items() if "@" in key and not value]):
        given["user"] = nameless[0]  # the 2021 document's Dart sample: ?user@example.com&password=…
    return {field: given[field] for field in FIELDS if field in given}


def _urlencoded(body: bytes) -> dict[str, Any]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=QUERY_FIELDS))
    except ValueError:
        return {}


def _multipart(body: bytes, content_type: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}

    def keep(field: Field) -> None:
        if field.field_name is not None and field.value is not None:
            fields[field.field_name.decode("utf-8", "replace")] = field.value.decode("utf-8", "replace")

    try:
        parser = create_form_parser({"Content-Type": content_type.encode("latin-1")}, keep, lambda _: None)
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError):
        return {}
    return fields
