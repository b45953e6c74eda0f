"""Full-text search beside the peers that have one: the same texts, questions and engine, as many workers.

    PYTHONPATH=tests/support .venv/bin/python -m bench.peer_search [--tickets 10000] [--engine postgres] [--load]

Keesa and one peer after the other are loaded, and each proves that it finds as many tickets as have what is looked for,
the newest of them first. What was loaded stays for the next run: a million tickets take a quarter of an hour and
several gigabytes, so `--load` does that alone. Then each question is asked of both, moments apart, by 8 clients:
requests a second, the middle and the dearest of a hundred answers and the CPU of one, with its database's, in
milliseconds; then how many times as many Keesa answers, and how many times less CPU it takes, which counts where others
share the machine. The rule: 10 times as many answers as each peer. As root, on Debian 12: bench/peers/README.md tells
what is not fair.
"""

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench.accounts import cpu_seconds
from bench.asking import PATIENCE
from bench.engines import ENGINES, Engine, chosen_engines
from bench.peers import PEERS, Peer
from bench.peers.measuring import Server, Unanswered, measure
from bench.peers.searching import Search, prove_search
from bench.peers.texts import QUESTIONS, Question
from bench.search_desk import loaded, serving
from bench.wrk import Request, require_wrk

BOUND: Final = 10
SLOW: Final = 1000
"""Milliseconds in the middle: one round of answers that take longer tells enough."""
_HEAD: Final = """\
| engine | peer | question, hits | peer: a second, p50, p99, CPU | Keesa: the same | answers | CPU |
| --- | --- | --- | --- | --- | --- | --- |"""
"""Of the table that docs/performance.md has."""
_NONE: Final = 0.001
"""Answers a second, where there was none."""


@dataclass(frozen=True, slots=True)
class _Side:
    url: str
    search: Search
    processes: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Figure:
    per_second: float
    """Answers that were none of errors."""
    p50: float
    p99: float
    """Milliseconds, as of `cpu`: what the processes of the server and its database worked for an answer."""
    cpu: float
    failed: int


def main() -> None:
    options = _options()
    require_wrk()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print(_HEAD)
    good = [_on(engine, options) for engine in options.engine]
    raise SystemExit(0 if all(good) else 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", type=chosen_engines, default=[*ENGINES])
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=3, help="of a run; longer where a peer is slow")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--load", action="store_true", help="and prove it, but measure nothing")
    parser.add_argument("--only", choices=[name for name, peer in PEERS.items() if peer.has_search])
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("KEESA_BENCH_DIR", "var/bench"), "peers"))
    return parser.parse_args()


def _on(engine: Engine, options: argparse.Namespace) -> bool:
    """Whether Keesa is as fast as the rule wants, beside every peer on this engine; what fails is said."""
    print(f"{engine}: {options.tickets:,} tickets, {options.workers} workers, load before {os.getloadavg()[0]:.1f}")
    good = True
    with _keesa(engine, options) as keesa:
        for name, peer in PEERS.items():
            if not peer.has_search or options.only not in {None, name}:
                continue
            try:
                for line, reached in _beside(keesa, peer, engine, options):
                    print(line, flush=True)
                    good = good and reached
            except (RuntimeError, OSError) as failure:
                print(f"{peer.name} on {engine} was left out: {failure}", flush=True)
                good = False
    return good


@contextmanager
def _keesa(engine: Engine, options: argparse.Namespace) -> Iterator[_Side]:
    """Loaded, and proven to find rightly."""
    folder = options.folder.absolute() / "keesa" / engine
    with loaded(folder, engine, options.tickets) as place, serving(place, options.workers) as desk:
        side = _Side(desk.url, desk.search, [*desk.processes, *place.processes])
        if len(prove_search(side, desk.search, options.tickets, options.workers)) < len(QUESTIONS):
            raise RuntimeError("Keesa did not answer")
        yield side


def _beside(keesa: _Side, peer: Peer, engine: Engine, options: argparse.Namespace) -> Iterator[tuple[str, bool]]:
    """A line for each question, and whether the rule is met in it."""
    folder = options.folder.absolute()
    with peer.serving(engine, options.tickets, options.workers, folder, searched=True) as running:
        assert running.search is not None
        side = _Side(running.url, running.search, running.processes)
        answered = prove_search(side, side.search, options.tickets, options.workers)
        for question in () if options.load else side.search.questions:
            line, reached = _measured(keesa, side if question in answered else None, question, options)
            yield f"| {engine} | {peer.name} {peer.version} | {line}", reached


def _measured(keesa: _Side, peer: _Side | None, question: Question, options: argparse.Namespace) -> tuple[str, bool]:
    """`peer` is None where it did not answer that one."""
    ours, theirs = list[_Figure](), list[_Figure]()
    for _ in range(options.rounds):
        ours.append(_figure(keesa, keesa.search.requests[question.kind], options))
        if peer is not None:
            try:
                theirs.append(_figure(peer, peer.search.requests[question.kind], options))
            except Unanswered:
                peer = None
        if peer is None or theirs[-1].p50 > SLOW:
            break
    told = f"{question.kind}, {question.hits(options.tickets):,}"
    if peer is None:
        least = ours[-1].per_second / (options.workers / PATIENCE)
        return f"{told} | none within {PATIENCE} s | {_shown(ours)} | more than {least:,.0f} | |", least >= BOUND
    ratios = sorted(our.per_second / max(their.per_second, _NONE) for our, their in zip(ours, theirs, strict=True))
    of_cpu = median(their.cpu / our.cpu for our, their in zip(ours, theirs, strict=True))
    failed = sum(figure.failed for figure in (*ours, *theirs))
    line = (
        f"{told} | {_shown(theirs)} | {_shown(ours)}"
        f" | {median(ratios):,.1f} ({ratios[0]:,.1f} to {ratios[-1]:,.1f}) | {of_cpu:,.1f}"
        f"{f'; {failed} failed' if failed else ''} |"
    )
    return line, median(ratios) >= BOUND


def _figure(server: Server, request: Request, options: argparse.Namespace) -> _Figure:
    before = cpu_seconds(server.processes)
    load = measure(server, [request], options.clients, options.seconds)
    spent = cpu_seconds(server.processes) - before
    worked_off = load.requests + load.clients + 1  # with what was under way at the end, and what was asked before
    if load.clients < options.clients:  # asked once each
        worked_off = load.requests + 1
    good = (load.requests - load.refused) / load.seconds
    return _Figure(good, load.p50, load.p99, spent / worked_off * 1000, load.refused + load.broken)


def _shown(figures: Sequence[_Figure]) -> str:
    """The middle of each."""
    columns = ([getattr(figure, name) for figure in figures] for name in ("per_second", "p50", "p99", "cpu"))
    return ", ".join(f"{median(column):,.1f}" for column in columns)


if __name__ == "__main__":
    main()
