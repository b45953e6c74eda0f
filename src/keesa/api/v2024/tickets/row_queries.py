"""What `GET /tickets/rows` may be asked for: its query, and how it is read. Its filters are those of counts too."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Final, TypeVar

from msgspec import Meta, Struct, field

from keesa.accounts.actors import Actor
from keesa.accounts.filters import Column, IsNull, OneOf, Range, Term
from keesa.accounts.permissions import sees_internal
from keesa.api.cursor_pages import DEFAULT_LIMIT, After
from keesa.api.list_queries import LARGEST_LIMIT, Limit, ListQuery, Order
from keesa.clock import Clock
from keesa.db import Tx
from keesa.directory.reference import KeyedList, unknown_key_soon, unknown_product_soon
from keesa.errors import Invalid
from keesa.names import LONGEST
from keesa.tickets.numbers import LARGEST
from keesa.tickets.row_filters import Between, RowsWanted
from keesa.tickets.rows import RowSort
from keesa.tickets.statuses import GROUPS, STATUSES, Status

MOST_VALUES: Final = 20
"""Of one filter."""
DESKS: Final = ("tag", "watched", "mentioned", "answered")
"""Filters that are not for customers' users."""
PRIORITIES: Final = range(1, 6)
NO_FAULTS: Final[Mapping[str, Sequence[str]]] = {}
NO_TIME: Final = "must be a day like 2025-03-04, or a full time"
_ID: Final = re.compile(r"[1-9]\d{0,18}", re.ASCII)
W = TypeVar("W", bound=str)

Words = Annotated[list[str], Meta(max_length=MOST_VALUES)]
"""A field that may be repeated, or hold several values with commas between."""
Moment = Annotated[str, Meta(max_length=LONGEST, examples=["2025-03-04", "2025-03-04T09:00:00.000+05:00"])]
_Day = Annotated[str, Meta(max_length=10, examples=["2025-03-04"])]


class TicketFilters(Struct, frozen=True, kw_only=True):
    """All filters must fit; of several values of one, any."""

    status: Annotated[Words, Meta(description="Of this status")] | None = None
    group: Annotated[Words, Meta(description="Of this group: `open`, `active` or `closed`")] | None = None
    ticket_type: Annotated[Words, Meta(description="Of this ticket type")] | None = None
    category: Annotated[Words, Meta(description="Of this category")] | None = None
    product_id: Annotated[Words, Meta(description="About this product")] | None = None
    priority: Annotated[Words, Meta(description="Of this priority, 1 to 5")] | None = None
    customer_id: Annotated[Words, Meta(description="Of this customer")] | None = None
    eco_id: Annotated[Words, Meta(description="About this equipment")] | None = None
    assigned_to_id: Annotated[Words, Meta(description="Assigned to this user")] | None = None
    unassigned: Annotated[bool, Meta(description="Assigned to nobody")] = False
    raised_by_id: Annotated[Words, Meta(description="Raised by this user")] | None = None
    reference: Annotated[str, Meta(max_length=LONGEST, description="With exactly this reference")] | None = None
    tag: Annotated[Words, Meta(description="With the tag of this id; the desk's alone")] | None = None
    watched: Annotated[bool, Meta(description="Watched by you; the desk's alone")] = False
    mentioned: Annotated[bool, Meta(description="With a note that mentions you; the desk's alone")] = False
    answered: Annotated[bool, Meta(description="Where an answer of the customer's waits; the desk's alone")] = False
    has_images: Annotated[bool, Meta(description="With a picture that you see")] = False
    held_from: Annotated[_Day, Meta(description="Held until this day or a later one")] | None = field(
        default=None, name="held_until_from"
    )
    held_to: Annotated[_Day, Meta(description="Held until this day or an earlier one")] | None = field(
        default=None, name="held_until_to"
    )
    raised_from: Annotated[Moment, Meta(description="Raised from this time on: a day or a full time")] | None = None
    raised_to: Annotated[Moment, Meta(description="Raised until this time; a day counts to its end")] | None = None
    updated_since: Annotated[Moment, Meta(description="Changed from this time on, as far as you may know")] | None = (
        None
    )
    closed_from: Annotated[Moment, Meta(description="Closed from this time on: a day or a full time")] | None = None
    closed_to: Annotated[Moment, Meta(description="Closed until this time; a day counts to its end")] | None = None
    open_at: (
        Annotated[Moment, Meta(description="Raised by then and not closed by then; at the end of a day")] | None
    ) = None
    first_answered: Annotated[bool, Meta(description="Whether the desk has answered")] | None = None
    first_answered_from: Annotated[Moment, Meta(description="First answered from this time on")] | None = None
    first_answered_to: (
        Annotated[Moment, Meta(description="First answered until this time; a day counts to its end")] | None
    ) = None


class RowsQuery(TicketFilters, frozen=True, kw_only=True):
    limit: Limit = DEFAULT_LIMIT
    after: After | None = None
    sort: Annotated[
        RowSort, Meta(title="RowSort", description="What they are sorted by", extra_json_schema={"type": "string"})
    ] = "raised"
    order: Order | None = None

    @property
    def page_size(self) -> int:
        return min(self.limit, LARGEST_LIMIT)


def wanted_of(
    tx: Tx, actor: Actor, query: TicketFilters, clock: Clock, faults: Mapping[str, Sequence[str]] = NO_FAULTS
) -> RowsWanted:
    """Raises `Invalid` with every fault, and those that are known already."""
    reader = _Reader(tx, clock)
    wanted = reader.wanted(query)
    reader.faults |= faults
    if not sees_internal(actor):
        reader.faults |= {name: ["is a filter of the desk's"] for name in DESKS if getattr(query, name)}
    if reader.faults:
        raise Invalid(reader.faults)
    return wanted


class ChangedListQuery(ListQuery, frozen=True, kw_only=True):
    """The documented lists have this filter too."""

    updated_since: Annotated[Moment, Meta(description="Changed from this time on, as far as you may know")] | None = (
        None
    )


def read_since(query: ChangedListQuery, clock: Clock) -> int | None:
    """Milliseconds since 1970; raises `Invalid`."""
    try:
        return None if query.updated_since is None else clock.moment(query.updated_since)
    except (ValueError, OverflowError) as error:
        raise Invalid({"updated_since": [NO_TIME]}) from error


class _Reader:
    """Reads the filters, and keeps what is wrong with them."""

    def __init__(self, tx: Tx, clock: Clock) -> None:
        self._tx = tx
        self._clock = clock
        self.faults: dict[str, Sequence[str]] = {}

    def wanted(self, query: TicketFilters) -> RowsWanted:
        return RowsWanted(
            statuses=self._statuses(query),
            terms=tuple(self._terms(query)),
            raised=Range(
                "raised_at",
                self._time("raised_from", query.raised_from),
                self._time("raised_to", query.raised_to, whole_day=True),
            ),
            eco_ids=self._ids("eco_id", query.eco_id),
            reference=query.reference,
            tag_ids=self._ids("tag", query.tag),
            watched=query.watched,
            mentioned=query.mentioned,
            answered=query.answered,
            has_images=query.has_images,
            held_from=self._day("held_until_from", query.held_from),
            held_to=self._day("held_until_to", query.held_to),
            updated_since=self._time("updated_since", query.updated_since),
            closed=self._between("closed", query.closed_from, query.closed_to),
            open_at=self._time("open_at", query.open_at, whole_day=True),
            first_answered=query.first_answered,
            answered_first=self._between("first_answered", query.first_answered_from, query.first_answered_to),
        )

    def _statuses(self, query: TicketFilters) -> frozenset[Status] | None:
        """Those that both filters leave."""
        names = self._words("status", query.status, STATUSES)
        groups = self._words("group", query.group, tuple(GROUPS))
        if names is None and groups is None:
            return None
        of_groups = STATUSES if groups is None else [status for group in groups for status in GROUPS[group]]
        return frozenset(status for status in of_groups if names is None or status in names)

    def _terms(self, query: TicketFilters) -> Iterable[Term]:
        if query.unassigned and query.assigned_to_id is not None:
            self.faults["unassigned"] = ["cannot be joined with assigned_to_id"]
        elif query.unassigned:
            yield IsNull("assigned_to_id")
        yield from _one_of("ticket_type", self._keys("ticket_type", query.ticket_type, "ticket_types"))
        yield from _one_of("category", self._keys("category", query.category, "ticket_categories"))
        products = self._ids("product_id", query.product_id)
        self._judge("product_id", [unknown_product_soon(self._tx, product) for product in products or ()])
        yield from _one_of("product_id", products)
        priorities = self._words("priority", query.priority, tuple(map(str, PRIORITIES)))
        yield from _one_of("priority", None if priorities is None else map(int, priorities))
        yield from _one_of("customer_id", self._ids("customer_id", query.customer_id))
        yield from _one_of("assigned_to_id", self._ids("assigned_to_id", query.assigned_to_id))
        yield from _one_of("raised_by_id", self._ids("raised_by_id", query.raised_by_id))

    def _values(self, name: str, given: Sequence[str] | None) -> list[str] | None:
        if given is None:
            return None
        values = [value for text in given for value in text.split(",", MOST_VALUES)]
        if len(values) > MOST_VALUES:
            self.faults[name] = [f"may have at most {MOST_VALUES} values"]
            return []
        return values

    def _words(self, name: str, given: Sequence[str] | None, known: Sequence[W]) -> list[W] | None:
        """Those of the known ones that are given."""
        values = self._values(name, given)
        if values is None:
            return None
        if not {*values} <= {*known}:
            self.faults[name] = [f"is unknown, must be one of {', '.join(known)}"]
        return [word for word in known if word in values]

    def _ids(self, name: str, given: Sequence[str] | None) -> frozenset[int] | None:
        values = self._values(name, given)
        if values is None:
            return None
        if not all(_ID.fullmatch(value) and int(value) <= LARGEST for value in values):
            self.faults[name] = ["must be an id, or several with commas between"]
            return frozenset()
        return frozenset(map(int, values))

    def _keys(self, name: str, given: Sequence[str] | None, table: KeyedList) -> list[str] | None:
        values = self._values(name, given)
        self._judge(name, [unknown_key_soon(self._tx, table, key) for key in dict.fromkeys(values or ())])
        return values

    def _judge(self, name: str, looked_up: Iterable[Callable[[], str | None]]) -> None:
        """Keep what was found to be wrong."""
        for fault in [found() for found in looked_up]:
            if fault is not None:
                self.faults[name] = [fault]

    def _time(self, name: str, text: str | None, *, whole_day: bool = False) -> int | None:
        try:
            return None if text is None else self._clock.moment(text, whole_day=whole_day)
        except (ValueError, OverflowError):
            self.faults[name] = [NO_TIME]
            return None

    def _between(self, name: str, start: str | None, end: str | None) -> Between:
        return Between(self._time(f"{name}_from", start), self._time(f"{name}_to", end, whole_day=True))

    def _day(self, name: str, text: str | None) -> str | None:
        try:
            if text is None or (len(text) == 10 and date.fromisoformat(text)):
                return text
        except ValueError:
            pass
        self.faults[name] = ["must be a day like 2025-03-04"]
        return None


def _one_of(column: Column, values: Iterable[int | str] | None) -> list[Term]:
    return [] if values is None else [OneOf(column, frozenset(values))]
