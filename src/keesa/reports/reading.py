"""The counts of a report: what is folded, and the differences that are not, in one state of the database."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from keesa.clock import Clock
from keesa.db import Pace, Steps, Tx
from keesa.errors import Unavailable
from keesa.reports.facts import COLUMNS, NOW, Facts, Part, stored_in
from keesa.reports.folding import Sums, summed
from keesa.reports.recounting import is_recounted, other_zone
from keesa.reports.scopes import Scope

K = TypeVar("K")

MOST: Final = 20_000
"""Differences that one report reads."""
ANEW: Final = "The reports are being counted: please try again later"
STEP: Final = 100
"""Rows that are added until others have their turn."""
_COUNTED: Final = ("raised", "closed", "open")

_Found = defaultdict[tuple[str, str, str], dict[str, int]]
Counts = Mapping[tuple[str, str, str], Mapping[str, int]]
"""By scope, month and what is counted: value to how many."""


class _Asked(NamedTuple):
    scopes: Sequence[str]
    part: Part
    first_month: str

    def has_month(self, month: str) -> bool:
        return month >= self.first_month or month == NOW


def counts_from(tx: Tx, clock: Clock, scope: Scope, part: Part, first_month: str) -> Steps[Counts]:
    """What is counted by something in the scope, from that month on, and now. Raises `Unavailable` while too much is to
    be folded.
    """
    yield Pace.LONG
    require_counted(tx, clock)
    found: _Found = defaultdict(dict)
    if scope.names:
        asked = _Asked(scope.names, part, first_month)
        yield from _add_folded(tx, asked, found)
        yield from _add_unfolded(tx, clock, asked, found)
    return found


def folded(tx: Tx, scopes: Sequence[str], part: Part, first_month: str) -> Iterable[tuple[str, str, str]]:
    """Scope, month and counts as they are kept; `NOW` among the months."""
    names: dict[str, object] = {f"scope_{number}": name for number, name in enumerate(scopes)}
    return tx.each(
        f"SELECT scope, month, counts FROM report_counts WHERE scope IN ({', '.join(f':{name}' for name in names)})"
        " AND part = :part AND (month >= :first OR month = :now)",
        part=stored_in(scopes[0], part),
        first=first_month,
        now=NOW,
        **names,
    )


def _add_folded(tx: Tx, asked: _Asked, found: _Found) -> Steps[None]:
    rows, decode = folded(tx, asked.scopes, asked.part, asked.first_month), _counts_of(asked.part).decode
    for number, (scope, month, counts) in enumerate(rows, 1):
        of_part = decode(counts)
        for counted in _COUNTED:
            if values := getattr(of_part, counted):
                found[scope, month, f"{asked.part} {counted}"] = values
        if number % STEP == 0:
            yield Pace.SHORT


@cache
def _counts_of(part: Part) -> msgspec.json.Decoder[Any]:
    """What is read of a row: of a customer's, all else that is counted of them is passed over."""
    fields: list[Any] = [
        (counted, dict[str, int], msgspec.field(name=f"{part} {counted}", default_factory=dict)) for counted in _COUNTED
    ]
    return msgspec.json.Decoder(msgspec.defstruct("Counts", fields))


def _add_unfolded(tx: Tx, clock: Clock, asked: _Asked, found: _Found) -> Steps[None]:
    news = yield from unfolded(tx, clock, asked.scopes, asked.part)
    for place, of_place in news.items():
        if asked.has_month(place.month):
            for (counted, value), number in of_place.items():
                add_to(found[place.scope, place.month, counted], {value: number})


def require_counted(tx: Tx, clock: Clock) -> None:
    """Raises `Unavailable` where nothing can be told: all is being counted anew, or by the days of another zone."""
    if is_recounted(tx):
        raise Unavailable(ANEW)
    if (sentence := other_zone(tx, clock)) is not None:
        raise Unavailable(sentence)


def unfolded(tx: Tx, clock: Clock, scopes: Sequence[str], part: Part) -> Steps[Sums]:
    """What the differences come to that are not folded, of these scopes, by something. Raises `Unavailable` of too many
    of them.
    """
    changes = list(tx.each(f"SELECT sign, {COLUMNS} FROM report_changes LIMIT {MOST + 1}"))
    if len(changes) > MOST:
        raise Unavailable(ANEW)
    names, sums = frozenset(scopes), Sums()
    for first in range(0, len(changes), STEP):
        some = ((sign, Facts(*facts)) for sign, *facts in changes[first : first + STEP])
        for place, of_place in summed(some, clock, lambda scope, of: of == part and scope in names).items():
            mine = sums.setdefault(place, {})
            for counted, number in of_place.items():
                mine[counted] = mine.get(counted, 0) + number
        yield Pace.SHORT
    return sums


def add_to(values: dict[K, int], more: Mapping[K, int]) -> None:
    """Value by value."""
    for value, number in more.items():
        values[value] = values.get(value, 0) + number
