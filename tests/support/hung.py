"""Pictures and files that hang on the cast's tickets, attached through the domain, with bytes of the test's choice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Final
from uuid import uuid4

from acting import actor_of
from cast import ADMIN, ASSIGNED, Person, at
from keesa.attachments.attaching import attach
from keesa.attachments.made import Limits, NewFile, Ready, ReadyFile
from keesa.attachments.removing import lock_attachment, remove
from keesa.attachments.serving import Kind, StoredForm
from keesa.config import Config
from keesa.db import Database, Tx
from keesa.files.claims import owner
from keesa.files.opening import open_place
from keesa.files.places import Place

HUNG_AT: Final = at("2025-03-10T12:00")
TAKEN_DOWN_AT: Final = at("2025-03-10T13:00")
LIMITS: Final = Limits(per_call=20, per_ticket=200, size=1024 * 1024)
PNG: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d494441"
    "54789c63f8cfc0f01f00050001ff89993d1d0000000049454e44ae426082"
)
"""A picture of one pixel."""
WORDS: Final = b"a line of a log\n" * 100


@dataclass(frozen=True)
class Hung:
    """A picture unless its forms are others."""

    ticket: int = ASSIGNED
    name: str = "mast.png"
    forms: Mapping[str, tuple[str, bytes]] = field(default_factory=lambda: {"original": ("image/png", PNG)})
    """By name: media type and content."""
    kind: Kind = "image"
    note_id: int | None = None
    by: Person = ADMIN


LOG: Final = Hung(name="log.txt", forms={"original": ("text/plain; charset=utf-8", WORDS)}, kind="file")


def hang(database: Database, config: Config, *wanted: Hung) -> list[int]:
    """The ids of the attachments, whose bytes lie where the server looks for them."""
    place = open_place(config.files, config.data, database.read(owner))
    new = [_put(place, each) for each in wanted]
    return database.write(lambda tx: [_attach(tx, *each) for each in zip(wanted, new, strict=True)])


def hang_without_bytes(tx: Tx, wanted: Sequence[Hung], when: int = HUNG_AT) -> list[int]:
    """The same, of which no bytes are there."""
    return [_attach(tx, each, _stored(each), when) for each in wanted]


def take_down(
    tx: Tx, ticket: int, kind: Kind, attachment_id: int, person: Person = ADMIN, when: int = TAKEN_DOWN_AT
) -> None:
    """As its removal does."""
    actor = actor_of(tx, person)
    remove(tx, actor, lock_attachment(tx, actor, ticket, kind, attachment_id, when), when)


def _stored(hung: Hung) -> NewFile:
    forms = {
        name: StoredForm(media_type, len(content), *((40, 30) if hung.kind == "image" else ()))
        for name, (media_type, content) in hung.forms.items()
    }
    return NewFile(uuid4().hex, forms)


def _put(place: Place, hung: Hung) -> NewFile:
    new = _stored(hung)
    for name, (_, content) in hung.forms.items():
        place.put(f"{new.place}/{name}", BytesIO(content), len(content))
    return new


def _attach(tx: Tx, hung: Hung, new: NewFile, when: int = HUNG_AT) -> int:
    ready = ReadyFile(hung.name, sha256(new.place.encode()).hexdigest(), new)
    actor = actor_of(tx, hung.by)
    [made] = attach(tx, actor, hung.ticket, Ready(hung.kind, hung.note_id, [ready]), LIMITS, when)
    return made
