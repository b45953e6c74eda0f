"""Forms: `multipart/form-data` whose files go into files of their own while it arrives (RFC 7578)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import IO, Any, Final, NamedTuple

import msgspec

from keesa.errors import Invalid
from keesa.web.http_errors import HttpError
from keesa.web.input.json_bodies import read_json

MULTIPART: Final = "multipart/form-data"
MIB: Final = 1024 * 1024
FORM_SECONDS: Final = 600
"""In which a form must have arrived: 25 MB take 400 at 64 kB a second."""
FORM_BYTES: Final = 256 * MIB
"""Of a whole form, unless one file alone may have more."""
BESIDE_FILES: Final = MIB
"""Bytes for all that a form has beside its files."""
FIELDS: Final = 128
"""Text parts of a form: as many as files may be named in one call, and some more."""
FIELD_BYTES: Final = 4096


class FormFile(NamedTuple):
    """A part with a file, at the file's beginning."""

    field: str
    """What the form calls the part."""
    name: str
    """As the client sent it, whatever it holds."""
    media_type: str
    """Likewise, in lower case."""
    size: int
    """Bytes."""
    sum: str
    """SHA-256 of them, in hexadecimal digits."""
    file: IO[bytes]


class Form:
    """A form, whose files are gone when the call has been answered. A JSON object is one without files."""

    __slots__ = ("_give_back", "fields", "files")

    def __init__(
        self,
        files: Sequence[FormFile],
        fields: Mapping[str, Sequence[str]],
        give_back: Callable[[], None] = lambda: None,
    ) -> None:
        self.files = files
        self.fields = fields
        """Text parts by their names."""
        self._give_back = give_back

    def rewind(self) -> None:
        """A write that is run again reads the files again."""
        for each in self.files:
            each.file.seek(0)

    def close(self) -> None:
        """Its files are gone."""
        self._give_back()

    def digest(self) -> bytes:
        """Equal for forms that say the same: a client that sends one again draws another boundary."""
        files = [(each.field, each.name, each.media_type, each.sum) for each in self.files]
        fields = sorted((name, list(values)) for name, values in self.fields.items())
        return blake2b(msgspec.json.encode([files, fields]), digest_size=32).digest()


@dataclass(frozen=True)
class FormLimits:
    """What a form may bring."""

    file_bytes: int = 25 * MIB
    files: int = 20

    @property
    def form_bytes(self) -> int:
        return max(FORM_BYTES, self.file_bytes + BESIDE_FILES)


def form_of_json(content: bytes) -> Form:
    """A JSON object, whose values are texts, numbers or lists of them. Raises `Invalid` and `HttpError` (400, 413)."""
    fields = dict[str, list[str]]()
    for name, value in read_json(content).items():
        if value is not None:
            fields[name] = [_text(name, each) for each in (value if isinstance(value, list) else [value])]
    if sum(map(len, fields.values())) > FIELDS:
        raise too_many_fields()
    if any(len(text.encode()) > FIELD_BYTES for texts in fields.values() for text in texts):
        raise too_large_field()
    return Form((), fields)


def too_many_fields() -> HttpError:
    return HttpError(413, f"The form must have at most {FIELDS} text parts")


def too_large_field() -> HttpError:
    return HttpError(413, f"Each text part of the form must have at most {FIELD_BYTES} bytes")


def _text(name: str, value: Any) -> str:  # noqa: ANN401 - as JSON has it
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list) or value is None:
        raise Invalid({name: ["must be a string, a number, or a list of them"]})
    return msgspec.json.encode(value).decode()
