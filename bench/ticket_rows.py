"""What a page of `GET /tickets/rows` costs at a million tickets, to what it costs at ten thousand, in one run: each
filter in each order, alone and joined in pairs, as an admin, a member of staff and a customer's user.

    make setup; PYTHONPATH=tests/support .venv/bin/python -m bench.ticket_rows [--data var/bench] [--engine sqlite]

Asked is the application, in this process, without a network: by turns on both desks, and the least time counts (of CPU
on SQLite, on PostgreSQL by the clock). Before each request the processor's caches are emptied, as they are of what it
looks at where a server does anything else: ten thousand tickets fit into them and a million do not, and what is to be
compared is work, not the caches' size; `--warm` leaves them as they are. What comes out near the bound or above it is
measured again, in `AGAIN` times as many rounds, and so is the dearest page; what stays above it, up to `OFTEN` times.

Pages with as many rows on both and a page behind them are alike; those of a combination are compared together. Where
the list ends on the smaller desk, its page has less to look at: then the larger one's is compared with the dearest page
that there is on the smaller one, in that order and for whom asks. Ends with 1 where a ratio is above 1.3; what is
refused is named. The desks are loaded, and given tags, equipment and the like, where they are missing; `--server` is a
PostgreSQL that keeps them. docs/performance.md has the figures.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final, NamedTuple

import msgspec

from bench.row_desks import WHO, Clock, Desk, compare_desks, forget, parser_of
from bench.ticket_row_filters import Filter, combinations_of
from keesa.tickets.rows import SORTS, RowSort

MOST: Final = 1.3
NEAR: Final = 1.2
"""From here on a ratio is measured again."""
AGAIN: Final = 6
"""Times as many rounds."""
OFTEN: Final = 5
"""Times at most that what is above the bound is measured again: the least counts, which comes seldom."""
LIMIT: Final = 20
PAGES: Final = 3
"""That are asked for, from the first one on."""
_PATH: Final = "/tickets/rows"


class Page(NamedTuple):
    rows: int
    after: str | None


async def ask(desk: Desk, who: str, query: Filter) -> Page | None:
    """None where it is refused."""
    body = await desk.get(who, _PATH, query)
    if body is None:
        return None
    data = msgspec.json.decode(body)["data"]
    return Page(len(data["rows"]), data["next"])


class Asked(NamedTuple):
    who: str
    sort: RowSort
    clock: Clock
    rounds: int
    warm: bool


@dataclass(slots=True)
class Pair:
    """A page on the smaller desk and one on the larger one, with the least milliseconds that each has taken."""

    queries: Sequence[Filter]
    is_alike: bool
    """Whether both have as many rows, and a page behind them: else the list has ended on the smaller desk."""
    least: list[float] = field(default_factory=lambda: [float("inf")] * 2)

    @property
    def few(self) -> float:
        return self.least[0]

    @property
    def many(self) -> float:
        return self.least[1]


async def pairs_of(desks: Sequence[Desk], values: Iterable[Sequence[Filter]], asked: Asked) -> list[Pair]:
    """The first pages, for each value of the filter; none where it is refused."""
    found = []
    for of_desks in values:
        queries = [{**filter_, "sort": asked.sort, "limit": str(LIMIT)} for filter_ in of_desks]
        for _ in range(PAGES):
            pages = [await ask(desk, asked.who, query) for desk, query in zip(desks, queries, strict=True)]
            shown = [page for page in pages if page is not None]
            if len(shown) < len(pages):
                return []
            ends = [page.after for page in shown]
            found.append(Pair(queries, len({page.rows for page in shown}) == 1 and None not in ends))
            if None in ends:
                break
            queries = [{**query, "after": end or ""} for query, end in zip(queries, ends, strict=True)]
    return found


async def measure(desks: Sequence[Desk], pairs: Sequence[Pair], asked: Asked, rounds: int) -> None:
    """By turns, each desk the first one as often as the other."""
    for number in range(rounds):
        for pair in pairs:
            for side in (0, 1) if number % 2 else (1, 0):
                if not asked.warm:
                    forget()
                begun = asked.clock()
                await ask(desks[side], asked.who, pair.queries[side])
                pair.least[side] = min(pair.least[side], (asked.clock() - begun) * 1000)


def steepness(pairs: Sequence[Pair], dearest: float) -> float:
    """The ratio of the pages that are alike, all together, and of the others the greatest to the dearest one."""
    alike = [pair for pair in pairs if pair.is_alike]
    ratio = sum(pair.many for pair in alike) / sum(pair.few for pair in alike) if alike else 0.0
    return max([ratio, *(pair.many / dearest for pair in pairs if not pair.is_alike)])


async def compare(desks: Sequence[Desk], asked: Asked) -> bool:
    """Print what was found; whether all of it is flat."""
    few, many = (combinations_of(desk.filters, asked.who) for desk in desks)
    every = {name: await pairs_of(desks, zip(few[name], many[name], strict=True), asked) for name in few}
    found = {name: pairs for name, pairs in every.items() if pairs}
    for pairs in found.values():
        await measure(desks, pairs, asked, asked.rounds)
    again: Counter[str] = Counter()
    while (name := _unsure(found, again)) is not None:
        await measure(desks, found[name], asked, AGAIN * asked.rounds)
        again[name] += 1
    return _told(asked, found, [name for name in every if name not in found])


def _unsure(found: Mapping[str, Sequence[Pair]], again: Mapping[str, int]) -> str | None:
    """What is to be measured again: what has the dearest page first, to which others are compared."""
    name = max(found, key=lambda name: max(pair.few for pair in found[name]))
    if not again[name]:
        return name
    dearest = max(pair.few for pair in found[name])
    ratios = {name: steepness(pairs, dearest) for name, pairs in found.items() if again[name] < OFTEN}
    return next((name for name, ratio in ratios.items() if ratio > (MOST if again[name] else NEAR)), None)


def _told(asked: Asked, found: Mapping[str, Sequence[Pair]], refused: Sequence[str]) -> bool:
    dearest, most = (max(pair.least[side] for pairs in found.values() for pair in pairs) for side in (0, 1))
    ratios = {name: steepness(pairs, dearest) for name, pairs in found.items()}
    above = {name: ratio for name, ratio in ratios.items() if ratio > MOST}
    print(
        f"{asked.who:9}{asked.sort:11}{len(found) + len(refused):4} combinations, {len(refused):3} refused: ratio"
        f" {median(ratios.values()):.2f} in the middle, {max(ratios.values()):.2f} at most, {len(above)} above {MOST};"
        f" dearest page {dearest:.1f} ms and {most:.1f} ms ({most / dearest:.2f})",
        flush=True,
    )
    for name, ratio in above.items():
        costs = "; ".join(f"{pair.few:.2f}, {pair.many:.2f}{'' if pair.is_alike else ' ends'}" for pair in found[name])
        print(f"    above {MOST}: {name}: {ratio:.2f} ({costs})")
    if refused:
        print(f"    refused: {'; '.join(refused[:6])}{' ...' if len(refused) > 6 else ''}")
    return not above


async def compare_all(desks: Sequence[Desk], clock: Clock, options: argparse.Namespace) -> bool:
    lists = [
        Asked(who, sort, clock, options.rounds, options.warm)
        for who in options.who or WHO
        for sort in options.sort or SORTS
    ]
    return all([await compare(desks, asked) for asked in lists])


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--sort", choices=SORTS, action="append", help="as --who")
    raise SystemExit(0 if compare_desks(parser.parse_args(), compare_all) else 1)


if __name__ == "__main__":
    main()
