"""Pictures and files that tests attach through the domain, and what the database then has of them."""

import asyncio
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from acting import actor_of, rows
from cast import ASSIGNED, ENGINEER, Person, at
from easy_pictures import PICTURE, EasyDecoders
from file_places import DESK, names
from keesa.attachments.attaching import attach
from keesa.attachments.listing import Attachment, page_of_attachments
from keesa.attachments.made import Given, Limits, Ready, Sent
from keesa.attachments.receiving import Receiving
from keesa.attachments.serving import Kind
from keesa.db import Tx
from keesa.files.folder import Folder
from keesa.tickets.waiting import Reopening

NOON: Final = at("2025-03-10T12:00")
MAST: Final = PICTURE + b"a mast"
SWITCH: Final = PICTURE + b"a switch"
LIMITS: Final = Limits(per_call=5, per_ticket=8, size=1000)


def sent(content: bytes, name: str = "mast.jpg") -> Sent:
    return Sent(name, sha256(content).hexdigest(), len(content), BytesIO(content))


@dataclass
class Desk:
    """Where pictures and files come in, with the rest of it in a transaction of the test's."""

    tx: Tx
    scratch: Path
    limits: Limits = LIMITS
    decoders: EasyDecoders = field(default_factory=EasyDecoders)

    def __post_init__(self) -> None:
        """What hangs on the cast's tickets is none of it."""
        for table in ("attachments", "stored_files"):
            self.tx.run(f"DELETE FROM {table}")
        self.tx.run("UPDATE tickets SET attachments = 0, internal_attachments = 0")
        self.place = Folder(self.scratch.parent / f"{self.scratch.name} files", DESK)
        self.receiving = Receiving(lambda _: self.place, self.decoders, self.scratch, self.limits)

    @property
    def stored(self) -> list[str]:
        """The names of what lies in the place."""
        return names(self.place)

    def prepare(
        self,
        *contents: bytes | Sent,
        by: Person = ENGINEER,
        number: int = ASSIGNED,
        kind: Kind = "image",
        note_id: int | None = None,
        uploads: tuple[str, ...] = (),
        when: int = NOON,
    ) -> Ready:
        files = [each if isinstance(each, Sent) else sent(each) for each in contents]
        given = Given(kind, files, uploads, note_id)
        return asyncio.run(self._made(by, number, given, when))

    async def _made(self, by: Person, number: int, given: Given, when: int) -> Ready:
        return await self.receiving.prepare(self.tx, actor_of(self.tx, by), number, given, when)()

    def add(
        self,
        *contents: bytes | Sent,
        by: Person = ENGINEER,
        number: int = ASSIGNED,
        when: int = NOON,
        reopening: Reopening = "off",
        **more: Any,  # noqa: ANN401 - of `prepare`
    ) -> list[int]:
        """The ids."""
        ready = self.prepare(*contents, by=by, number=number, when=when, **more)
        return attach(self.tx, actor_of(self.tx, by), number, ready, self.limits, when, reopening)

    def listed(self, by: Person = ENGINEER, number: int = ASSIGNED, kind: Kind = "image") -> list[Attachment]:
        return list(page_of_attachments(self.tx, actor_of(self.tx, by), number, kind, 100).attachments)

    def names(self, by: Person = ENGINEER, number: int = ASSIGNED, kind: Kind = "image") -> list[str]:
        return [each.name for each in self.listed(by, number, kind)]

    def counts(self, number: int = ASSIGNED) -> tuple[int, int]:
        """Of the ticket's row: those that customers see, and the others."""
        [row] = rows(self.tx, "SELECT attachments, internal_attachments FROM tickets WHERE id = :id", id=number)
        return row["attachments"], row["internal_attachments"]

    def counted_anew(self, number: int = ASSIGNED) -> tuple[int, int]:
        """The same from the attachments themselves, of the ticket and its duplicates."""
        found = rows(
            self.tx,
            "SELECT a.internal, a.number, t.public_since FROM attachments a JOIN tickets t ON t.id = a.ticket_id"
            " WHERE t.id = :id OR t.duplicate_of_id = :id",
            id=number,
        )
        shown = [not row["internal"] and row["number"] > row["public_since"] for row in found]
        return shown.count(True), shown.count(False)
