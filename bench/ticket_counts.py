"""What `GET /tickets/counts` costs at a million tickets, to what it costs at ten thousand, in one run: all counts
at once, under each filter, alone and joined in pairs, as an admin, a member of staff and a customer's user.

    make setup; PYTHONPATH=tests/support .venv/bin/python -m bench.ticket_counts [--data var/bench] [--engine sqlite]

Asked and measured as `bench.ticket_rows` does, on the same desks. Equal answers need not have taken equal work: ten
thousand tickets have less of most that is looked through. So each answer of the larger desk is compared with the
dearest one that there is on the smaller one, for whom asks; what an answer costs to the same one is told in the middle
of all. Ends with 1 where a ratio is above 1.3; what comes near is measured again.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from statistics import median
from typing import Final

from bench.row_desks import WHO, Clock, Desk, compare_desks, forget, parser_of
from bench.ticket_row_filters import Filter, combinations_of

MOST: Final = 1.3
NEAR: Final = 1.2
"""From here on a ratio is measured again."""
AGAIN: Final = 6
"""Times as many rounds."""
OFTEN: Final = 3
"""Times at most that something is measured again."""
TOLD: Final = 50
"""Queries after which it is told how far this is: all take minutes."""
_PATH: Final = "/tickets/counts"


@dataclass(slots=True)
class Pair:
    """A query to the smaller desk and one to the larger one, with the least milliseconds that each has taken."""

    queries: Sequence[Filter]
    least: list[float] = field(default_factory=lambda: [float("inf")] * 2)
    again: int = 0


Pairs = Mapping[str, Sequence[Pair]]


async def pairs_of(desks: Sequence[Desk], who: str) -> Pairs:
    """Of each combination of filters, with its values; none is refused."""
    few, many = (combinations_of(desk.filters, who) for desk in desks)
    found = {name: [Pair(queries) for queries in zip(few[name], many[name], strict=True)] for name in few}
    for pair in chain(*found.values()):
        for desk, query in zip(desks, pair.queries, strict=True):
            if await desk.get(who, _PATH, query) is None:
                raise SystemExit(f"{query} is refused")
    return found


async def measure(desks: Sequence[Desk], who: str, pair: Pair, clock: Clock, options: argparse.Namespace) -> None:
    """Each desk the first one as often as the other."""
    for number in range(options.rounds * (AGAIN if pair.again else 1)):
        for side in (0, 1) if number % 2 else (1, 0):
            if not options.warm:
                forget()
            begun = clock()
            await desks[side].get(who, _PATH, pair.queries[side])
            pair.least[side] = min(pair.least[side], (clock() - begun) * 1000)


async def compare(desks: Sequence[Desk], who: str, clock: Clock, options: argparse.Namespace) -> bool:
    """Print what was found; whether all of it is flat."""
    found = await pairs_of(desks, who)
    every = list(chain(*found.values()))
    await measure_all(desks, who, every, clock, options)
    for bound in (NEAR, *[MOST] * (OFTEN - 1)):
        dearest = max(pair.least[0] for pair in every)
        again = [pair for pair in every if _ratio(pair, dearest) > bound]
        for pair in again:
            pair.again += 1
        await measure_all(desks, who, again, clock, options)
    return _report(who, found)


async def measure_all(
    desks: Sequence[Desk], who: str, pairs: Sequence[Pair], clock: Clock, options: argparse.Namespace
) -> None:
    """Printing how far it is."""
    for number, pair in enumerate(pairs, 1):
        await measure(desks, who, pair, clock, options)
        if number % TOLD == 0 or number == len(pairs):
            few, many = (max(pair.least[side] for pair in pairs[:number]) for side in (0, 1))
            told = "measured again" if pair.again else "measured"
            print(f"  {who}: {told} {number} of {len(pairs)}, dearest {few:.1f} ms and {many:.1f} ms", flush=True)


def _ratio(pair: Pair, dearest: float) -> float:
    return pair.least[1] / dearest


def _report(who: str, found: Pairs) -> bool:
    every = list(chain(*found.values()))
    few, many = (max(pair.least[side] for pair in every) for side in (0, 1))
    middle = median(pair.least[1] / pair.least[0] for pair in every)
    above = {name: pair for name, pairs in found.items() for pair in pairs if _ratio(pair, few) > MOST}
    print(
        f"{who:9}{len(every):4} queries: {middle:.2f} in the middle; dearest {few:.1f} ms and {many:.1f} ms"
        f" ({many / few:.2f}), without filters {found['(none)'][0].least[0]:.1f} ms and"
        f" {found['(none)'][0].least[1]:.1f} ms, {len(above)} above {MOST}",
        flush=True,
    )
    for name, pair in above.items():
        print(f"    above {MOST}: {name}: {_ratio(pair, few):.2f} ({pair.least[0]:.2f}, {pair.least[1]:.2f})")
    return not above


async def compare_all(desks: Sequence[Desk], clock: Clock, options: argparse.Namespace) -> bool:
    return all([await compare(desks, who, clock, options) for who in options.who or WHO])


def main() -> None:
    raise SystemExit(0 if compare_desks(parser_of(__doc__).parse_args(), compare_all) else 1)


if __name__ == "__main__":
    main()
