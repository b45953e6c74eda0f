"""What a call has brought, and what was made of it before the change that attaches it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from keesa.attachments.serving import Kind, StoredForm


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture or file as it arrived."""

    name: str
    sum: str
    """The SHA-256 of what was sent, in hexadecimal digits."""
    size: int
    """In bytes."""
    content: IO[bytes]


@dataclass(frozen=True, slots=True)
class Given:
    """What is to be attached to a ticket, or to one of its notes."""

    kind: Kind
    files: Sequence[Sent] = ()
    uploads: Sequence[str] = ()
    """Ids of uploads that have arrived in pieces."""
    note_id: int | None = None

    @property
    def count(self) -> int:
        return len(self.files) + len(self.uploads)


@dataclass(frozen=True, slots=True)
class NewFile:
    """What lies in `place` by now, and no row tells of yet."""

    place: str
    """32 hexadecimal digits, by chance."""
    forms: Mapping[str, StoredForm]
    """By name; `original` is always there."""
    taken: Mapping[str, Any] | None = None
    """When, where and with what a picture was taken, as JSON can hold it."""


@dataclass(frozen=True, slots=True)
class ReadyFile:
    """One that can be attached."""

    name: str
    sum: str
    new: NewFile | None
    """None where the ticket's customer has it stored already."""
    upload: str | None = None
    """The id of the upload that brought it, which is used up by it."""


@dataclass(frozen=True, slots=True)
class Ready:
    """All that a call has brought."""

    kind: Kind
    note_id: int | None
    files: Sequence[ReadyFile]


@dataclass(frozen=True, slots=True)
class Limits:
    per_call: int
    per_ticket: int
    """Those that customers see, and the others by themselves."""
    size: int
    """Bytes of each."""
