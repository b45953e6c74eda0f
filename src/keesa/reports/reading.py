"""The counts of a report: what is folded, and the differences that are not, in one state of the database."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from keesa.clock import Clock
from keesa.db import Pace, Steps, Tx
from keesa.errors import Unavailable
from keesa.reports.facts import COLUMNS, NOW, Facts, Part, stored_in
from keesa.reports.folding import summed, zone_of
from keesa.reports.scopes import Scope

MOST: Final = 20_000
"""Differences that one report reads."""
ANEW: Final = "The reports are being counted: please try again later"
_STEP: Final = 100
"""Rows that are added until others have their turn."""
_COUNTS: Final = msgspec.json.Decoder(dict[str, dict[str, int]])

_Found = defaultdict[tuple[str, str, str], dict[str, int]]
Counts = Mapping[tuple[str, str, str], Mapping[str, int]]
"""By scope, month and what is counted: value to how many."""


class _Asked(NamedTuple):
    scopes: Sequence[str]
    part: Part
    first_month: str

    def has(self, scope: str, part: Part) -> bool:
        return part == self.part and scope in self.scopes

    def has_month(self, month: str) -> bool:
        return month >= self.first_month or month == NOW


def counts_from(tx: Tx, clock: Clock, scope: Scope, part: Part, first_month: str) -> Steps[Counts]:
    """What is counted by something in the scope, from that month on, and now. Raises `Unavailable` while too much is to
    be folded.
    """
    yield Pace.LONG
    if zone_of(tx) not in (None, clock.zone.key):
        raise Unavailable(ANEW)
    found: _Found = defaultdict(dict)
    if scope.names:
        asked = _Asked(scope.names, part, first_month)
        yield from _add_folded(tx, asked, found)
        yield from _add_unfolded(tx, clock, asked, found)
    return found


def _add_folded(tx: Tx, asked: _Asked, found: _Found) -> Steps[None]:
    names: dict[str, object] = {f"scope_{number}": name for number, name in enumerate(asked.scopes)}
    rows = tx.each(
        f"SELECT scope, month, counts FROM report_counts WHERE scope IN ({', '.join(f':{name}' for name in names)})"
        " AND part = :part AND (month >= :first OR month = :now)",
        part=stored_in(asked.scopes[0], asked.part),
        first=asked.first_month,
        now=NOW,
        **names,
    )
    for number, (scope, month, counts) in enumerate(rows, 1):
        for counted, values in _COUNTS.decode(counts).items():
            if counted.startswith(f"{asked.part} "):
                found[scope, month, counted] = values
        if number % _STEP == 0:
            yield Pace.SHORT


def _add_unfolded(tx: Tx, clock: Clock, asked: _Asked, found: _Found) -> Steps[None]:
    changes = list(tx.each(f"SELECT sign, {COLUMNS} FROM report_changes LIMIT {MOST + 1}"))
    if len(changes) > MOST:
        raise Unavailable(ANEW)
    for first in range(0, len(changes), _STEP):
        some = ((sign, Facts(*facts)) for sign, *facts in changes[first : first + _STEP])
        for place, of_place in summed(some, clock, asked.has).items():
            if asked.has_month(place.month):
                for (counted, value), number in of_place.items():
                    add_to(found[place.scope, place.month, counted], {value: number})
        yield Pace.SHORT


def add_to(values: dict[str, int], more: Mapping[str, int]) -> None:
    """Value by value."""
    for value, number in more.items():
        values[value] = values.get(value, 0) + number
