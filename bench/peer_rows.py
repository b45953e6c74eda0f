"""Keesa beside the peers: the same number of tickets, the same engine, as many workers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.contending import Contender, Figure, Ratio, measure
from bench.desks import Desk
from bench.endpoints import reads, writes
from bench.engines import Engine
from bench.peers import PEERS, Peer
from bench.peers.measuring import measure as measure_slow
from bench.programs import Unavailable
from bench.rows import CLIENTS, Effort, Reached
from bench.wrk import Load

KINDS = {"list": "list, admin", "one": "one ticket", "create": "create"}
"""What the peers are asked for, and Keesa's endpoint of it."""
BOUND = 30
SLOW = 1000
"""Milliseconds in the middle: one round of answers that take longer tells enough."""


@dataclass(frozen=True, slots=True)
class Beside:
    """One peer's figure, and Keesa's just before it."""

    peer: str
    version: str
    remarks: str
    kind: str
    theirs: Load
    ours: Figure


def measure_peers(desk: Desk, engine: Engine, workers: int, effort: Effort, folder: Path) -> Iterator[Beside]:
    """Each peer is started alone; what this machine lacks for one is said, and the others go on."""
    for peer in PEERS.values():
        try:
            yield from _measure(peer, desk, engine, workers, effort, folder)
        except (Unavailable, RuntimeError) as failure:
            print(f"{peer.name} on {engine} was left out: {failure}", flush=True)


def _measure(peer: Peer, desk: Desk, engine: Engine, workers: int, effort: Effort, folder: Path) -> Iterator[Beside]:
    with peer.serving(engine, desk.world.tickets, workers, folder) as running:
        asked = {
            "list": [running.list_request],
            "one": list(running.one_requests),
            "create": [running.create_request],
        }
        for kind, endpoint in KINDS.items():
            requests = {**reads(desk), **writes(desk)}[endpoint]
            keesa = Contender("keesa", desk.url, requests, desk.processes)
            measure(keesa, CLIENTS, 1)
            beside: Beside | None = None
            for _ in range(effort.rounds):
                if beside is not None and beside.theirs.p50 > SLOW:
                    break
                ours = measure(keesa, CLIENTS, effort.seconds)
                theirs = measure_slow(running, asked[kind], CLIENTS, effort.seconds)
                beside = Beside(peer.name, peer.version, peer.remarks, kind, theirs, ours)
                yield beside


def to_best(found: list[Beside]) -> Iterator[Reached]:
    """Requests a second against the best peer: each kind, round by round, against the peer that came out best in it."""
    for kind in KINDS:
        of_kind = [beside for beside in found if beside.kind == kind and _good(beside)]
        best = max(of_kind, key=lambda beside: beside.theirs.per_second, default=None)
        if best is None:
            continue
        ratios = sorted(
            beside.ours.per_second / beside.theirs.per_second for beside in of_kind if beside.peer == best.peer
        )
        reached = Ratio(ratios[len(ratios) // 2], ratios[0], ratios[-1])
        yield Reached("requests a second to the best peer", f"{kind}: {best.peer}", reached, BOUND, at_least=True)


def _good(beside: Beside) -> bool:
    """Some answers came, and most of them were answers: errors are quick."""
    good = beside.theirs.requests - beside.theirs.refused - beside.theirs.broken
    return good > 0 and good >= beside.theirs.requests / 2
