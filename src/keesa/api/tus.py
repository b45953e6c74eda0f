"""The headers of tus 1.0.0, the protocol of uploads that resume: https://tus.io/protocols/resumable-upload."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from email.utils import formatdate
from typing import Final

from starlette.datastructures import Headers

from keesa.uploads.receiving import ALGORITHMS, Checksum
from keesa.uploads.uploads import NewUpload, Upload
from keesa.web.http_errors import HttpError, unreadable

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,creation-with-upload,expiration,checksum,termination"
MEDIA_TYPE: Final = "application/offset+octet-stream"
_EXPOSED: Final = (
    "Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm, Upload-Offset, Upload-Length"
    ", Upload-Expires, Upload-Metadata"
)
OF_ALL: Final = (("Tus-Resumable", VERSION), ("Access-Control-Expose-Headers", _EXPOSED))
"""What every answer has, so that pages of another origin can read it."""
LONGEST_NAME: Final = 255
"""Characters of a name or a media type."""
_MOST_DIGITS: Final = 18


def require_version(headers: Headers) -> None:
    """Raises `HttpError` (412) for a client that speaks another version; who names none is taken to speak this one."""
    if headers.get("tus-resumable", VERSION) != VERSION:
        raise HttpError(412, f"Tus-Resumable must be {VERSION}", {"Tus-Version": VERSION})


def number_of(headers: Headers, name: str) -> int:
    """Bytes. Raises `HttpError` (400) for what is none."""
    said = headers.get(name, "")
    if not said.isascii() or not said.isdigit() or len(said.lstrip("0")) > _MOST_DIGITS:
        raise unreadable(f"{name} must be a number of bytes")
    return int(said)


def new_upload_of(headers: Headers) -> NewUpload:
    """What a client announces. Raises `HttpError` (400); a length that is told later is not taken."""
    if "upload-defer-length" in headers:
        raise unreadable("Upload-Defer-Length is not known here: Upload-Length must be told")
    length, said = number_of(headers, "Upload-Length"), _metadata_of(headers.get("upload-metadata", ""))
    media_type = said.get("filetype", "") or "application/octet-stream"
    return NewUpload(length, said.get("filename", ""), media_type)


def checksum_of(headers: Headers) -> Checksum | None:
    """None where none came. Raises `HttpError` (400)."""
    said = headers.get("upload-checksum")
    if said is None:
        return None
    algorithm, _, encoded = said.partition(" ")
    if algorithm not in ALGORITHMS:
        raise unreadable(f"Upload-Checksum must be of {', '.join(ALGORITHMS)}")
    return Checksum(algorithm, _decoded(encoded.strip(), "Upload-Checksum"))


def told_of(upload: Upload) -> Mapping[str, str]:
    """How far it is, and until when."""
    return {
        "Upload-Offset": str(upload.received),
        "Upload-Expires": formatdate(upload.expires_at // 1000, usegmt=True),
    }


def metadata_of(upload: Upload) -> str:
    """As a client tells it."""
    said = {"filename": upload.name, "filetype": upload.media_type}
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in said.items() if value)


def _metadata_of(text: str) -> dict[str, str]:
    found = dict[str, str]()
    for pair in text.split(",") if text.strip() else ():
        key, _, encoded = pair.strip().partition(" ")
        if not key or key in found:
            raise unreadable("Upload-Metadata must be pairs of a key and its value in Base64, each key once")
        try:
            found[key] = _decoded(encoded.strip(), "Upload-Metadata").decode()
        except UnicodeDecodeError as error:
            raise unreadable("Upload-Metadata must be UTF-8") from error
    for key in ("filename", "filetype"):
        value = found.get(key, "")
        if len(value) > LONGEST_NAME or "\0" in value:
            raise unreadable(f"Upload-Metadata's {key} must have at most {LONGEST_NAME} characters, and no NUL")
    return found


def _decoded(encoded: str, name: str) -> bytes:
    try:
        return b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise unreadable(f"{name} must have its value in Base64") from error
