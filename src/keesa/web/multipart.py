"""`multipart/form-data` (RFC 7578), read while it arrives: files into files, their sums beside them."""

import hashlib
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from keesa.errors import Unavailable
from keesa.interpreter import let_others_on
from keesa.web.forms import FIELD_BYTES, FIELDS, MIB, FormFile, FormLimits, too_large_field, too_many_fields
from keesa.web.header_parameters import extended_text_of, parameters_of, text_of
from keesa.web.http_errors import HttpError, unreadable
from keesa.web.scratch import Scratch, space_needed

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

PART_HEADERS: Final = 16
"""Headers of a part."""
PART_HEADER_BYTES: Final = 8192
"""Of each of them."""
LONGEST_BOUNDARY: Final = 70
_SLICE: Final = 32 * 1024
_LONG: Final = 0.001
"""Seconds of a slice after which others get their turn: most take a tenth of it."""
_BROKEN: Final = "The body is not readable as multipart/form-data"
_PLAIN_ENCODINGS: Final = (b"", b"7bit", b"8bit", b"binary")
BUSY: Final = "Too many files are sent at this moment, please try again later"


def boundary_of(content_type: str) -> bytes:
    """Raises `HttpError` (400) where there is none that parts can be told apart by."""
    try:
        _, said = parameters_of(content_type.encode("latin-1"))
    except ValueError as error:
        raise unreadable(f"{_BROKEN}: its Content-Type cannot be read") from error
    boundary = said.get("boundary", b"")
    if not 0 < len(boundary) <= LONGEST_BOUNDARY or boundary.endswith(b" ") or not boundary.isascii():
        raise unreadable(f"{_BROKEN}: its Content-Type has no boundary of 1 to {LONGEST_BOUNDARY} characters")
    if not boundary.decode("ascii").isprintable():
        raise unreadable(f"{_BROKEN}: its boundary has characters that cannot be read")
    return boundary


class FormParts(NamedTuple):
    files: Sequence[FormFile]
    fields: dict[str, list[str]]


class _FilePart:
    """A file that arrives."""

    def __init__(self, field: str, name: str, media_type: str, file: IO[bytes]) -> None:
        self.field = field
        self.name = name
        self.media_type = media_type
        self.file = file
        self.size = 0
        self.sum = hashlib.sha256()

    @property
    def is_missing(self) -> bool:
        """Whether it is what browsers send where nobody has chosen a file."""
        return not self.name and not self.size


class MultipartReader:
    """Blocks; it may be closed at any time, also by another thread. Raises `HttpError`: 400 for what is no form, 413
    for what is too large; and `Unavailable` where files are short.
    """

    def __init__(self, boundary: bytes, limits: FormLimits, scratch: Scratch, open_files: threading.Semaphore) -> None:
        self._limits = limits
        self._scratch = scratch
        self._open_files = open_files
        self._lock = threading.Lock()
        self._closed = False
        self._ended = False
        self._files: list[_FilePart] = []
        self._fields: dict[str, list[str]] = {}
        self._texts = 0
        self._headers: dict[bytes, bytes] = {}
        self._header_name, self._header_value = bytearray(), bytearray()
        self._file: _FilePart | None = None
        self._text: tuple[str, bytearray] | None = None
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin_part,
            "on_header_field": self._add_to_name,
            "on_header_value": self._add_to_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._add_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }
        self._parser = MultipartParser(
            boundary, callbacks, max_header_count=PART_HEADERS, max_header_size=PART_HEADER_BYTES
        )

    def feed(self, content: bytes) -> None:
        """What comes behind the end is no part of the form."""
        with self._lock:
            for start in range(0, len(content), _SLICE):
                if self._closed or self._ended:
                    return
                began = time.perf_counter()
                try:
                    with space_needed():
                        self._parser.write(content[start : start + _SLICE])
                except FormParserError as error:
                    raise unreadable(_BROKEN) from error
                if time.perf_counter() - began > _LONG:
                    let_others_on()

    def end(self) -> FormParts:
        """All that came, once everything has."""
        with self._lock:
            if not self._ended:
                raise unreadable(f"{_BROKEN}: its end is missing")
            found = [each for each in self._files if not each.is_missing]
            for each in found:
                with space_needed():
                    each.file.seek(0)  # writes what is left
            files = [FormFile(f.field, f.name, f.media_type, f.size, f.sum.hexdigest(), f.file) for f in found]
            return FormParts(files, self._fields)

    def close(self) -> None:
        """Its files are gone."""
        with self._lock:
            self._closed = True
            for each in self._files:
                with suppress(OSError):  # a full disk does not take what was not written yet; it is closed all the same
                    each.file.close()
                self._open_files.release()
            self._files.clear()

    # what the parser calls

    def _begin_part(self) -> None:
        self._headers = {}

    def _add_to_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        name = bytes(self._header_name).lower()
        if name in self._headers:
            raise unreadable(f"{_BROKEN}: a part's header stands twice")
        self._headers[name] = bytes(self._header_value)
        self._header_name, self._header_value = bytearray(), bytearray()

    def _end_headers(self) -> None:
        if self._headers.get(b"content-transfer-encoding", b"").strip().lower() not in _PLAIN_ENCODINGS:
            raise unreadable(f"{_BROKEN}: its parts must be sent as they are")
        try:
            kind, said = parameters_of(self._headers.get(b"content-disposition", b""))
            name = _file_name(said)
        except ValueError as error:
            raise unreadable(f"{_BROKEN}: a part's Content-Disposition cannot be read") from error
        if kind != b"form-data" or "name" not in said:
            raise unreadable(f"{_BROKEN}: each part must have a Content-Disposition: form-data with a name")
        field = text_of(said["name"])
        if name is None:
            self._begin_text(field)
        else:
            self._begin_file(field, name)

    def _begin_text(self, field: str) -> None:
        self._texts += 1
        if self._texts > FIELDS:
            raise too_many_fields()
        self._text = field, bytearray()

    def _begin_file(self, field: str, name: str) -> None:
        if sum(not each.is_missing for each in self._files) >= self._limits.files:
            raise HttpError(413, f"The form must have at most {self._limits.files} files")
        if len(self._files) >= 2 * self._limits.files:
            raise HttpError(413, "The form has too many parts without a file")
        kind = text_of(self._headers.get(b"content-type", b"application/octet-stream")).partition(";")[0]
        if not self._open_files.acquire(blocking=False):
            raise Unavailable(BUSY)
        try:
            file = self._scratch.file()
        except BaseException:
            self._open_files.release()
            raise
        self._file = _FilePart(field, name, kind.strip().lower(), file)
        self._files.append(self._file)

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if (part := self._file) is not None:
            part.size += end - start
            if part.size > self._limits.file_bytes:
                raise HttpError(413, f"Each file must have at most {self._limits.file_bytes // MIB} MiB")
            piece = memoryview(data)[start:end]
            part.file.write(piece)
            part.sum.update(piece)
        elif self._text is not None:
            self._text[1].extend(memoryview(data)[start:end])
            if len(self._text[1]) > FIELD_BYTES:
                raise too_large_field()

    def _end_part(self) -> None:
        if self._text is not None:
            field, content = self._text
            try:
                self._fields.setdefault(field, []).append(content.decode("utf-8"))
            except UnicodeDecodeError as error:
                raise unreadable("The form's texts must be UTF-8") from error
        self._file = self._text = None

    def _end(self) -> None:
        self._ended = True


def _file_name(said: dict[str, bytes]) -> str | None:
    """None where the part is no file. RFC 7578 forbids the extended form to clients, some of which send it."""
    if "filename*" in said:
        try:
            return extended_text_of(said["filename*"])
        except ValueError:
            if "filename" not in said:
                raise
    return text_of(said["filename"]) if "filename" in said else None
