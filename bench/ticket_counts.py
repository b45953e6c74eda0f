"""What `GET /tickets/counts` costs at a million tickets, to what it costs at ten thousand, in one run: all counts
at once, under each filter, alone and joined in pairs, as an admin, a member of staff and a customer's user.

    make setup; PYTHONPATH=tests/support .venv/bin/python -m bench.ticket_counts [--data var/bench] [--engine sqlite]

Asked and measured as `bench.ticket_rows` does, on the same desks. Where both desks have more than is counted, or the
same, their answers are alike, and so must their costs be. Elsewhere the smaller desk has less to count: then the larger
one's cost is compared with the dearest answer that there is on the smaller one, for whom asks. Ends with 1 where a
ratio is above 1.3; what comes near is measured again.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

import msgspec

from bench.row_desks import WHO, Clock, Desk, compare_desks, forget, parser_of
from bench.ticket_row_filters import Filter, combinations_of

MOST: Final = 1.3
NEAR: Final = 1.2
"""From here on a ratio is measured again."""
AGAIN: Final = 6
"""Times as many rounds."""
OFTEN: Final = 3
"""Times at most that something is measured again."""
_PATH: Final = "/tickets/counts"


@dataclass(slots=True)
class Pair:
    """A query to the smaller desk and one to the larger one, with the least milliseconds that each has taken."""

    queries: Sequence[Filter]
    is_alike: bool
    least: list[float] = field(default_factory=lambda: [float("inf")] * 2)
    again: int = 0


Pairs = Mapping[str, Sequence[Pair]]


async def pairs_of(desks: Sequence[Desk], who: str) -> Pairs:
    """Of each combination of filters, with its values."""
    few, many = (combinations_of(desk.filters, who) for desk in desks)
    found: dict[str, Sequence[Pair]] = {}
    for name in few:
        pairs = []
        for queries in zip(few[name], many[name], strict=True):
            told = [await _told(desk, who, query) for desk, query in zip(desks, queries, strict=True)]
            pairs.append(Pair(queries, told[0] == told[1]))
        found[name] = pairs
    return found


async def _told(desk: Desk, who: str, query: Filter) -> Any:  # noqa: ANN401 - as JSON has it
    body = await desk.get(who, _PATH, query)
    if body is None:
        raise SystemExit(f"{query} is refused")
    return msgspec.json.decode(body)["data"]


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
    every = [pair for pairs in found.values() for pair in pairs]
    for pair in every:
        await measure(desks, who, pair, clock, options)
    for bound in (NEAR, *[MOST] * (OFTEN - 1)):
        dearest = max(pair.least[0] for pair in every)
        for pair in [pair for pair in every if _ratio(pair, dearest) > bound]:
            pair.again += 1
            await measure(desks, who, pair, clock, options)
    return _report(who, found)


def _ratio(pair: Pair, dearest: float) -> float:
    few, many = pair.least
    return many / (few if pair.is_alike else dearest)


def _report(who: str, found: Pairs) -> bool:
    every = [pair for pairs in found.values() for pair in pairs]
    few, many = (max(pair.least[side] for pair in every) for side in (0, 1))
    ratios = [_ratio(pair, few) for pair in every]
    above = sum(ratio > MOST for ratio in ratios)
    alike = sum(pair.is_alike for pair in every)
    print(
        f"{who:9}{len(every):4} queries, {alike} alike: ratio {median(ratios):.2f} in the middle, {max(ratios):.2f}"
        f" at most, {above} above {MOST}; dearest {few:.1f} ms and {many:.1f} ms",
        flush=True,
    )
    for name, pairs in found.items():
        for pair in pairs:
            if _ratio(pair, few) > MOST:
                print(f"    above {MOST}: {name}: {_ratio(pair, few):.2f} ({pair.least[0]:.2f}, {pair.least[1]:.2f})")
    return not above


async def compare_all(desks: Sequence[Desk], clock: Clock, options: argparse.Namespace) -> bool:
    return all([await compare(desks, who, clock, options) for who in options.who or WHO])


def main() -> None:
    raise SystemExit(0 if compare_desks(parser_of(__doc__).parse_args(), compare_all) else 1)


if __name__ == "__main__":
    main()
