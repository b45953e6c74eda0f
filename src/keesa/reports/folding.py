"""Adding what has become of tickets to the counts, from time to time: each difference once, whoever folds."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from keesa.clock import Clock
from keesa.db import Tx
from keesa.reports.facts import COLUMNS, Facts, Part, Place, Wanted, counts_of

_AT_ONCE: Final = 16
"""Rows of counts that one statement reads, or writes."""
_COUNTS: Final = msgspec.json.Decoder(dict[str, dict[str, int]])

Sums = dict[Place, dict[tuple[str, str], int]]
"""By row, and what is counted of which value in it."""


def fold_some(tx: Tx, clock: Clock, most: int) -> None:
    """At most so many. Who calls holds the rule: of two that read the same counts one would lose what it adds."""
    found = list(tx.each(f"SELECT id, sign, {COLUMNS} FROM report_changes ORDER BY id LIMIT :most", most=most))
    add(tx, summed(((sign, Facts(*facts)) for _, sign, *facts in found), clock))
    ids = msgspec.json.encode([row[0] for row in found]).decode()
    tx.run("DELETE FROM report_changes WHERE id IN $json_ids", ids=ids)


def everything(_scope: str, _part: Part) -> bool:
    return True


def summed(changes: Iterable[tuple[int, Facts]], clock: Clock, wanted: Wanted = everything) -> Sums:
    """What the differences come to."""
    sums: Sums = {}
    for sign, facts in changes:
        for place, counted, value in counts_of(facts, clock, wanted):
            of_place = sums.setdefault(place, {})
            of_place[counted, value] = of_place.get((counted, value), 0) + sign
    return sums


def add(tx: Tx, sums: Sums) -> None:
    """To the counts. Who calls holds the rule."""
    changed = [place for place, added in sorted(sums.items()) if any(added.values())]
    for first in range(0, len(changed), _AT_ONCE):
        places = changed[first : first + _AT_ONCE]
        had = _counts_of(tx, places)
        found = {place: _with(had.get(place, {}), sums[place]) for place in places}
        _keep(tx, {place: counts for place, counts in found.items() if counts})
        for place in (place for place, counts in found.items() if not counts):
            tx.run(_FORGET, **place._asdict())


def _counts_of(tx: Tx, places: Sequence[Place]) -> dict[Place, dict[str, dict[str, int]]]:
    """As they are kept. One statement for all: to ask for each costs more than what is added."""
    some = [*places, *[places[-1]] * (_AT_ONCE - len(places))]
    rows = tx.each(_FIND, **{f"{name}_{at}": value for at, place in enumerate(some) for name, value in _named(place)})
    return {Place(scope, part, month): _COUNTS.decode(counts) for scope, part, month, counts in rows}


def _keep(tx: Tx, found: Mapping[Place, dict[str, dict[str, int]]]) -> None:
    params = {
        f"{name}_{at}": value
        for at, (place, counts) in enumerate(found.items())
        for name, value in (*_named(place), ("counts", msgspec.json.encode(counts).decode()))
    }
    if len(found) == _AT_ONCE:
        tx.run(_keeping(_AT_ONCE), **params)
        return
    for at in range(len(found)):
        tx.run(_keeping(1), **{f"{name}_0": params[f"{name}_{at}"] for name in (*Place._fields, "counts")})


def _named(place: Place) -> Iterable[tuple[str, str]]:
    return place._asdict().items()


def _with(counts: dict[str, dict[str, int]], added: dict[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    """Nothing stands for none."""
    for (counted, value), number in added.items():
        values = counts.setdefault(counted, {})
        values[value] = values.get(value, 0) + number
    found = {counted: {value: number for value, number in of.items() if number} for counted, of in counts.items()}
    return {counted: of for counted, of in found.items() if of}


_FIND: Final = "SELECT scope, part, month, counts FROM report_counts WHERE " + " OR ".join(
    f"(scope = :scope_{at} AND part = :part_{at} AND month = :month_{at})" for at in range(_AT_ONCE)
)


def _keeping(rows: int) -> str:
    values = ", ".join(f"(:scope_{at}, :part_{at}, :month_{at}, :counts_{at})" for at in range(rows))
    return (
        f"INSERT INTO report_counts (scope, part, month, counts) VALUES {values}"
        " ON CONFLICT (scope, part, month) DO UPDATE SET counts = excluded.counts"
    )


_FORGET: Final = "DELETE FROM report_counts WHERE scope = :scope AND part = :part AND month = :month"
