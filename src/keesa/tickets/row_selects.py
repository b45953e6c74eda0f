"""The SQL of what leads to rows: so many tickets of an index at most, and those of them that are wanted.

Whether a ticket is wanted is a column, `fits`, and no condition: by which index it is reached stays what it is. SQLite
looks at it in the very row that the index leads to: to find the rows again by their ids would cost it several times as
much, among many more than among few. So does PostgreSQL with all of something that is known to be little; of a window
it would rather sort all that it expects to be little, so that it reads the window from the index alone, and then rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keesa.tickets.row_leads import Lead, Leads


def fits_of(conditions: Sequence[str]) -> str:
    return f"CASE WHEN {' AND '.join(conditions)} THEN 1 ELSE 0 END"


def _select(lead: Lead, columns: str) -> str:
    return f"SELECT {columns} FROM {lead.table} WHERE {lead.condition}"


def _select_rows(lead: Lead, columns: str) -> str:
    """With the columns of `tickets` too; CROSS keeps SQLite to the index's order."""
    if lead.table == "tickets":
        return _select(lead, columns)
    joined = f"{lead.table} CROSS JOIN tickets ON tickets.id = {lead.table}.{lead.ticket}"
    return f"SELECT {columns} FROM {joined} WHERE {lead.condition}"


def _order_of(lead: Lead, direction: str = "") -> str:
    return ", ".join(f"{lead.table}.{column}{direction}" for column in lead.order)


# All of it, in no order


def whole(leads: Leads, most: int, *, lazily: bool) -> str:
    """The ids; where the parts are not read lazily, of each at most so many."""
    return _parts(leads, [_select(lead, f"{lead.ticket} AS id") for lead in leads.parts], most, lazily=lazily)


def whole_fitting(leads: Leads, fits: str, columns: Sequence[str], direction: str, most: int, *, lazily: bool) -> str:
    """The ids of the first `:rows` that fit, in the order of these columns of `tickets`, copies too."""
    keys = [f"key_{number}" for number in range(len(columns))]
    shown = ", ".join(f"{column} AS {key}" for column, key in zip(columns, keys, strict=True))
    selects = [_select_rows(lead, f"tickets.id AS id, {shown}, {fits} AS fits") for lead in leads.parts]
    looked = _parts(leads, selects, most, lazily=lazily)
    order = ", ".join(f"{key}{direction}" for key in keys)
    return (
        f"SELECT id, {', '.join(keys)} FROM ({looked} LIMIT {most}) looked WHERE fits = 1 ORDER BY {order} LIMIT :rows"
    )


def _parts(leads: Leads, selects: Sequence[str], most: int, *, lazily: bool) -> str:
    if lazily and len(selects) > 1:
        return " UNION ALL ".join(selects)
    in_order = [f"{select} ORDER BY {_order_of(lead)}" for select, lead in zip(selects, leads.parts, strict=True)]
    return " UNION ALL ".join(f"({part} LIMIT {most})" for part in in_order) if len(selects) > 1 else in_order[0]


def in_their_rows(leads: Leads, *, lazily: bool) -> bool:
    """Whether tickets are looked at in the very rows that the indexes lead to."""
    return not leads.by_events and (lazily or all(lead.table == "tickets" for lead in leads.parts))


# The first ones, in order


@dataclass(frozen=True, slots=True)
class Window:
    """The first `size` tickets by this column, which each part's index is in the order of, and by their ids. Where the
    leads have copies, a ticket may be in it more than once, but for `keys`.
    """

    leads: Leads
    column: str
    direction: str
    size: int
    lazily: bool
    """Whether the engine merges the parts lazily."""

    @property
    def keys(self) -> str:
        """Of all of them, with their ids, each once."""
        return self._first(self._selects, f"LIMIT {self.size}", " UNION " if self.leads.copies > 1 else " UNION ALL ")

    @property
    def last_key(self) -> str:
        """None where there are fewer."""
        return self._first(self._selects, f"LIMIT 1 OFFSET {self.size - 1}")

    def fitting(self, fits: str) -> str:
        """The keys of the first `:rows` that fit, copies too."""
        if self.lazily:
            selects = [_select_rows(lead, f"{self._key_of(lead)}, {fits} AS fits") for lead in self.leads.parts]
            condition = "fits = 1"
        else:
            selects = self._selects
            condition = f"(SELECT {fits} FROM tickets WHERE tickets.id = looked.id) = 1"
        return (
            f"SELECT {self.column}, id FROM ({self._first(selects, f'LIMIT {self.size}')}) looked"
            f" WHERE {condition} ORDER BY {self._order} LIMIT :rows"
        )

    @property
    def _selects(self) -> list[str]:
        return [_select(lead, self._key_of(lead)) for lead in self.leads.parts]

    def _key_of(self, lead: Lead) -> str:
        return f"{lead.table}.{self.column} AS {self.column}, {lead.table}.{lead.ticket} AS id"

    @property
    def _order(self) -> str:
        return f"{self.column}{self.direction}, id{self.direction}"

    def _first(self, selects: Sequence[str], bound: str, union: str = " UNION ALL ") -> str:
        if self.lazily:
            return f"{union.join(selects)} ORDER BY {self._order} {bound}"
        orders = [_order_of(lead, self.direction) for lead in self.leads.parts]
        if len(selects) == 1:
            return f"{selects[0]} ORDER BY {orders[0]} {bound}"
        each = (f"({select} ORDER BY {order} LIMIT {self.size})" for select, order in zip(selects, orders, strict=True))
        return f"{union.join(each)} ORDER BY {self._order} {bound}"


# How many


def sized(leads: Leads, most: int, *, lazily: bool) -> str:
    """How many entries were `looked` at, at most so many, and how many tickets are `found` in them."""
    looked = f"{whole(leads, most, lazily=lazily)} LIMIT {most}"
    each = "DISTINCT " if leads.copies > 1 else ""
    return f"SELECT count(*) AS looked, count({each}id) AS found FROM ({looked}) looked"


def sized_fitting(leads: Leads, fits: Sequence[str], most: int, *, lazily: bool) -> str:
    """The same, with `found_0` and so on for those that fit each: all are looked for in one pass."""
    bits = " + ".join(f"{1 << place} * {each}" for place, each in enumerate(fits))
    each = "DISTINCT " if leads.copies > 1 else ""
    found = ", ".join(
        f"count({each}CASE WHEN looked.fits & {1 << place} <> 0 THEN looked.id END) AS found_{place}"
        for place in range(len(fits))
    )
    if lazily and not leads.by_events:
        selects = [_select_rows(lead, f"tickets.id AS id, {bits} AS fits") for lead in leads.parts]
        looked = f"{_parts(leads, selects, most, lazily=True)} LIMIT {most}"
        return f"SELECT count(*) AS looked, {found} FROM ({looked}) looked"
    ids = f"SELECT id FROM entries UNION {_MAINS}" if leads.by_events else "SELECT id FROM entries"
    return (
        f"WITH entries AS MATERIALIZED ({whole(leads, most, lazily=lazily)} LIMIT {most}), looked AS MATERIALIZED"
        f" (SELECT id, (SELECT {bits} FROM tickets WHERE tickets.id = given.id) AS fits FROM ({ids}) given)"
        f" SELECT (SELECT count(*) FROM entries) AS looked, {found} FROM looked"
    )


_MAINS: Final = "SELECT (SELECT duplicate_of_id FROM tickets WHERE tickets.id = entries.id) FROM entries"
"""Where entries are of changes: those too that show what became of a duplicate."""
