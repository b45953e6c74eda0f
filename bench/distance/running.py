"""The servers of one run: a database, the proxy before it, and Keesa with each number of workers behind both."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from bench.dataset import EnginePlace, world_on
from bench.desks import Place, server_of, serving
from bench.distance.measuring import WORKERS, Alone, Desks, measured
from bench.distance.targets import targets
from bench.distance.telling import kept
from bench.limits import pgbench
from bench.machine import describe
from bench.rows import Effort
from database_proxy import DatabaseProxy
from postgres_server import PostgresServer

_SEED: Final = 1


def run(words: Sequence[str], distances: Sequence[float], tickets: int, effort: Effort, folder: Path) -> dict[str, Any]:
    """How it was measured, every figure, and the targets with what was reached; as JSON has it."""
    with server_of("postgres") as server:
        assert server is not None
        with _desks(server, tickets, folder / "postgres") as desks:
            found = measured(desks, words, distances, effort.seconds, effort.rounds)
        return {
            "machine": describe(server.url("postgres")),
            "tickets": tickets,
            **asdict(effort),
            "figures": kept(found),
            "targets": [
                {"engine": "postgres", "good": reached.good, **_flat(asdict(reached))} for reached in targets(found)
            ],
        }


def _flat(reached: dict[str, Any]) -> dict[str, Any]:
    return {**reached.pop("reached"), **reached}


@contextmanager
def _desks(server: PostgresServer, tickets: int, folder: Path) -> Iterator[Desks]:
    """The engine alone has a copy of its own: its numbers are not Keesa's."""
    places = EnginePlace(folder, server.url("bench"))
    with ExitStack() as stack:
        data, url, world = stack.enter_context(world_on(places, tickets, _SEED))
        _, alone_url, _ = stack.enter_context(world_on(places, tickets, _SEED, name="alone"))
        assert url is not None
        assert alone_url is not None
        proxy = stack.enter_context(DatabaseProxy(url, measuring=True))
        place = Place(data, proxy.url, server.pid)
        desks = {workers: stack.enter_context(serving(place, world, workers)) for workers in WORKERS}
        alone = Alone(proxy.through(alone_url), pgbench.create_at_once(alone_url)) if pgbench.program() else None
        yield Desks(desks, proxy, server.pid, alone)
