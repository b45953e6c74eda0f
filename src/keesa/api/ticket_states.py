"""Changes of a ticket from the state that the client has seen, and what a refusal tells of what it has missed."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, TypeVar

from msgspec import Meta, Struct

from keesa.accounts.permissions import TICKETS_READ
from keesa.accounts.sessions import Version
from keesa.api.vocabulary import TIME_PATTERN
from keesa.db import Tx
from keesa.errors import CHANGED
from keesa.events.history import HistoryEntry
from keesa.events.recording import KINDS
from keesa.tickets.finding import LockedTicket, state_after
from keesa.tickets.missed import missed_changes
from keesa.web.conditions import own_part
from keesa.web.http_errors import HttpError
from keesa.web.replies import Headers, Reply

if TYPE_CHECKING:
    from keesa.api.calls import Call

A = TypeVar("A", bound=Struct | None)

_OWN: Final = re.compile(r'"[0-9a-f]{1,16}\.([0-9a-f]{1,8})(?:\.([0-9a-f]{1,16}))?["-]')
"""Of a ticket's tag: the number of its last event, and the epoch. What a client has packed has more behind a hyphen."""
_MOST_TAGS: Final = 20
"""That are looked at for the last change that the client has seen."""


class MissedChange(Struct):
    """One change of a ticket."""

    fields: Annotated[list[str], Meta(description="The fields that it changed, as the history names them")]
    kind: Annotated[str, Meta(description="What was done", extra_json_schema={"enum": list(KINDS)})]
    by: Annotated[str, Meta(description="The full name of who did it")]
    at: Annotated[
        str,
        Meta(pattern=TIME_PATTERN, description="When it was done", extra_json_schema={"format": "date-time"}),
    ]


class ChangedSince(HttpError):
    """412: the ticket has changed since; with what did, as far as its reader may know of it."""

    def __init__(self, etag: str, changed: Sequence[MissedChange] = (), more: int = 0) -> None:
        super().__init__(412, CHANGED, {"ETag": etag})
        self.changed = list(changed)
        self.more = more


CHANGED_SINCE: Final = ChangedSince(
    '"2b.5d0c-1a2b3c.4"', [MissedChange(["priority"], "edited", "Aishath Rasheed", "2025-03-04T10:30:00.000+05:00")]
)
"""An example."""


class Condition(Generic[A]):
    """What a change of a ticket is to be made from, as `If-Match` has it. To be called with the ticket as soon as it is
    held: raises `ChangedSince`.
    """

    def __init__(self, tx: Tx, call: "Call[Any, Any]", version: Version) -> None:
        self._tx = tx
        self._call = call
        self._version = version
        self._is_given = call.conditions.match is not None
        self._held: LockedTicket | None = None

    def __call__(self, ticket: LockedTicket) -> None:
        self._held = ticket
        if not self._is_given:
            return
        etag = self._call.etag_held(ticket, self._version)
        if not self._call.conditions.knows(etag):
            raise refusal(self._tx, self._call, ticket, etag)

    def reply(self, answer: A, headers: Headers = ()) -> Reply[A]:
        """The answer to the change: to who has named a state, with the one that the ticket is in by now."""
        if not self._is_given or self._held is None:
            return Reply(answer, headers)
        state = state_after(self._tx, self._call.actor, self._held)
        return Reply(answer, headers, etag=self._call.ticket_etag(*state, self._version))


def refusal(tx: Tx, call: "Call[Any, Any]", ticket: LockedTicket, etag: str) -> ChangedSince:
    """Of a change of the ticket, whose tag this is by now. Who may not read tickets is told no more than that."""
    seen = _last_seen(call)
    if seen is None or not call.actor.may(*TICKETS_READ):
        return ChangedSince(etag)
    missed = missed_changes(tx, call.actor, ticket, seen)
    return ChangedSince(etag, [_told(entry, call) for entry in missed.entries], missed.more)


def _last_seen(call: "Call[Any, Any]") -> int | None:
    """The number of the last event that the client knows of; None where its tags are none of a ticket of this desk."""
    found = _OWN.findall(own_part(call.conditions.match or ""))[:_MOST_TAGS]
    epoch = call.caller.epoch
    return max((int(number, 16) for number, began in found if int(began or "0", 16) == epoch), default=None)


def _told(entry: HistoryEntry, call: "Call[Any, Any]") -> MissedChange:
    fields = ["closed_date" if change.field == "closed_on" else change.field for change in entry.changes]
    return MissedChange(fields, entry.kind, entry.actor, call.services.clock.iso(entry.at))
