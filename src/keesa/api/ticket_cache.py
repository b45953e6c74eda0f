"""Tickets as JSON, made once for each state of a ticket and each format in which a version shows it.

A ticket's bytes are kept under its id and revision, the format, and the revision of all names that they show. All three
are read from the database in the request's own transaction, so that what is kept is never stale: it is only asked for
while it is right (docs/decisions/0012-lists-from-keys.md). What a transaction shows that may yet be undone is not kept.
A format that shows images has addresses, which hang on the day, the key and the client's way to the server: it is kept
under these too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from threading import Lock
from typing import Final, Generic, NamedTuple, TypeVar, cast

import msgspec

from keesa.api.file_addresses import Addresses
from keesa.cache import Cache
from keesa.clock import Clock
from keesa.db import Pace, Steps, Tx
from keesa.errors import Invalid, Unavailable
from keesa.tickets.finding import VIEWS, sizes_of, view_tickets
from keesa.tickets.views import Parts, TicketView, VisibleTicket

S = TypeVar("S", bound=msgspec.Struct)

PORTION: Final = 64
"""Tickets between two turns for others."""
PORTION_BYTES: Final = 256 * 1024
"""Of tickets that are rendered at once, if it is more than one."""
LARGEST_LIST: Final = 32 * 1024 * 1024
"""Bytes of a list's tickets. One ticket is shown whatever it holds: its notes have a bound of their own."""
LISTS_UNDER_WAY: Final = 4 * LARGEST_LIST
"""Bytes of all long lists that a process puts together at the same time."""
_LONG: Final = 1024 * 1024
"""Bytes from which on a list counts as a long one."""
_ENTRY: Final = 400
"""Bytes that an entry takes beside its text."""


@dataclass(frozen=True, slots=True, eq=False)
class TicketFormat(Generic[S]):
    """One format in which a version shows a ticket."""

    render: Callable[[TicketView, Clock, list[str]], S]
    """Given the ticket, the zone, and the addresses of its images."""
    parts: Parts

    @property
    def has_images(self) -> bool:
        return Parts.IMAGES in self.parts

    def of(self, ticket: TicketView, clock: Clock, addresses: Addresses, *, internal: bool) -> S:
        """The ticket in this format; `internal` is what `sees_internal` says of who found it."""
        audience = None if internal else ticket.customer_id
        return self.render(ticket, clock, [addresses.of(image, audience) for image in ticket.images])


class _Form(NamedTuple, Generic[S]):
    """What tickets are rendered with."""

    ticket_format: TicketFormat[S]
    internal: bool
    addresses: Addresses

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from other forms in which the same tickets are kept."""
        has_images = self.ticket_format.has_images
        return self.ticket_format, self.internal, self.addresses.mark if has_images else None


class TicketCache:
    """What one process keeps, at most `limit` bytes of it. A list has at most `largest` bytes."""

    def __init__(self, clock: Clock, limit: int, largest: int = LARGEST_LIST) -> None:
        self._clock = clock
        self._largest = largest
        self._kept: Cache[tuple[object, int, VisibleTicket], msgspec.Raw] = Cache(limit, _weight)
        self.under_way = 0
        """Bytes of the long lists that are put together now."""
        self._lock = Lock()
        self.hits = 0
        """Tickets that were ready in the format that was asked for."""
        self.misses = 0
        """Those that had to be made."""

    @property
    def weight(self) -> int:
        """Bytes that are kept."""
        return self._kept.weight

    @property
    def entries(self) -> int:
        return self._kept.entries

    def tickets(
        self,
        tx: Tx,
        names: int,
        visible: Iterable[VisibleTicket],
        ticket_format: TicketFormat[S],
        addresses: Addresses,
        *,
        internal: bool,
    ) -> Steps[list[S]]:
        """The tickets in their order; `internal` is what `sees_internal` says of who found them. Ready bytes stand in
        for the structs that they encode. Raises `Invalid` where they are too many bytes, before it makes them, and
        `Unavailable` where too many long lists are under way.
        """
        form = _Form(ticket_format, internal, addresses)
        key = form.key
        parts_found: list[msgspec.Raw] = []
        size = counted = 0
        waiting = iter(visible)
        try:
            while portion := list(islice(waiting, PORTION)):
                parts = self._kept.get_all(list(zip(repeat(key), repeat(names), portion, strict=False)))
                missing = parts.count(None)
                self.hits += len(portion) - missing
                self.misses += missing
                if missing:
                    yield from self._complete(tx, names, portion, parts, form, self._largest - size)
                ready = cast("list[msgspec.Raw]", parts)
                size += sum(map(len, ready))
                parts_found += ready
                if size > self._largest and len(parts_found) > 1:
                    raise _too_large(self._largest)
                if size > _LONG:
                    self._count(size - counted)
                    counted = size
                if len(portion) == PORTION:
                    yield Pace.SHORT
        finally:
            if counted:
                self._count(-counted)
        return cast("list[S]", parts_found)

    def _count(self, size: int) -> None:
        """What a long list has grown by since the last time; raises `Unavailable` where that is too much."""
        with self._lock:
            self.under_way += size
            if size > 0 and self.under_way > LISTS_UNDER_WAY:
                self.under_way -= size
                raise Unavailable("Too many long lists are asked for at this moment, please try again later")

    def once(self, tx: Tx, form: object, names: int, ticket: VisibleTicket, make: Callable[[], S]) -> S:
        """What `make` makes of a ticket, encoded at the first time; `form` tells it from what else is made of it."""
        key = form, names, ticket
        part = self._kept.get(key)
        if part is not None:
            self.hits += 1
        else:
            self.misses += 1
            part = msgspec.Raw(msgspec.json.encode(make()))
            if not tx.may_be_undone:
                self._kept.put(key, part)
        return cast("S", part)

    def _complete(
        self,
        tx: Tx,
        names: int,
        portion: Sequence[VisibleTicket],
        parts: list[msgspec.Raw | None],
        form: _Form[S],
        left: int,
    ) -> Steps[None]:
        """Make the parts that were not kept, if what is `left` is enough for the portion."""
        missing = [ticket for ticket, part in zip(portion, parts, strict=True) if part is None]
        sizes = sizes_of(tx, missing) if len(missing) > 1 else {}
        left -= sum(len(part) for part in parts if part is not None)
        if sum(sizes.values()) > left:
            raise _too_large(self._largest)
        made: dict[VisibleTicket, msgspec.Raw] = {}
        for number, some in enumerate(_cut(missing, sizes)):
            if number:  # one ticket is a short read, however long its rendering takes: nothing comes after it
                yield Pace.SHORT
            rendered = self._render(tx, names, some, form)
            left -= sum(map(len, rendered.values()))
            if left < 0 and sizes:  # JSON may need six bytes for one of the text
                raise _too_large(self._largest)
            made |= rendered
        parts[:] = [made[ticket] if part is None else part for ticket, part in zip(portion, parts, strict=True)]

    def _render(
        self, tx: Tx, names: int, tickets: list[VisibleTicket], form: _Form[S]
    ) -> dict[VisibleTicket, msgspec.Raw]:
        by_id = {ticket[0]: ticket for ticket in tickets}
        made, key = {}, form.key
        ticket_format, internal, addresses = form
        for view in view_tickets(tx, tickets, ticket_format.parts, internal=internal):
            part = msgspec.Raw(msgspec.json.encode(ticket_format.of(view, self._clock, addresses, internal=internal)))
            made[by_id[view.id]] = part
            if not tx.may_be_undone:
                self._kept.put((key, names, by_id[view.id]), part)
        return made


def _cut(tickets: Sequence[VisibleTicket], sizes: Mapping[int, int]) -> Iterator[list[VisibleTicket]]:
    """Into portions that are rendered at once."""
    some: list[VisibleTicket] = []
    weight = 0
    for ticket in tickets:
        size = sizes.get(ticket[0], 0)
        if some and (len(some) == VIEWS or weight + size > PORTION_BYTES):
            yield some
            some, weight = [], 0
        some.append(ticket)
        weight += size
    yield some


def _too_large(largest: int) -> Invalid:
    sentence = f"is too much for these tickets, whose texts would take more than {largest} bytes: ask for fewer a page"
    return Invalid({"limit": [sentence]})


def _weight(part: msgspec.Raw) -> int:
    return len(part) + _ENTRY
