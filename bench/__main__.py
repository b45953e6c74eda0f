"""`make bench`: Keesa on data sets of several sizes, on both engines, beside the limit and the peers.

    make bench ARGS="--tickets 10000 --engine sqlite --rows bare,memory --seconds 2 --rounds 3"

Prints the table of targets with what was reached, and with --page writes docs/performance.md and the figures beside
it. Needs Debian's wrk. The peers (--peers) need root and apt: they are installed.

    make bench ARGS="--beside REV [--engine sqlite] [--rows list-admin,create] [--turns 20] [--seconds 0.35]"

measures the commit that is checked out beside an older one instead, and ends with status 1 where an endpoint is slower.

    make bench ARGS="--distance [0,1,2.4] [--rows create,one] [--seconds 2] [--rounds 3] [--page]"

measures PostgreSQL on another machine instead, at each of these distances (milliseconds of a round trip).
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, NoReturn

from bench import beside, distance, report
from bench.contending import Contender, measure, middle
from bench.dataset import EnginePlace, World, world_on
from bench.desks import Desk, Place, server_of, serving
from bench.endpoints import MIX, mix, reads, writes
from bench.engines import ENGINES, Engine, chosen_engines
from bench.limits.engine_alone import measure as measure_alone
from bench.machine import describe
from bench.peer_rows import measure_peers, to_best
from bench.rows import ROWS, Effort, Reached, every_size, large_to_small, memory_and_start, two_workers
from bench.wrk import require_wrk
from keesa.errors import Refused
from postgres_server import PostgresServer

PAGE: Final = Path("docs/performance.md")
SIZES: Final = (10_000, 200_000, 1_000_000)
CLIENTS: Final = (1, 8, 32)
SEED: Final = 1
SMALL: Final = 10_000
BESIDE_SECONDS: Final = 0.35
EXTRA: Final = ("sizes", "clients", "workers", "start", "alone")
"""Rows that need more than one server on the largest data set."""


def main() -> None:
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: the servers that run end too
    if options.beside:
        _run_beside(options)
    require_wrk()
    if options.distance:
        _run_distance(options)
        return
    results: dict[str, Any] = (
        report.last(PAGE)
        if options.add
        else {
            "seconds": options.seconds,
            "rounds": options.rounds,
            "machine": describe(None),
            "rows": [],
            "endpoints": {},
            "clients": {},
            "places": [],
            "engine_alone": {},
            "peers": [],
        }
    )
    for engine in options.engine:
        with server_of(engine) as server:
            if server:
                results["machine"] = describe(server.url("postgres"))
            for reached in _measure(engine, server, options, results):
                row = {"engine": engine, "good": reached.good, **_flat(reached)}
                _put(results["rows"], row, ("engine", "row", "case"))
                print(f"{engine}: {reached.row}, {reached.case}: {reached.reached}", file=sys.stderr, flush=True)
                _keep(results, options.folder)
    print(report.target_table(results["rows"]))
    if options.page:
        report.write(results, PAGE)


def _run_beside(options: argparse.Namespace) -> NoReturn:
    """Exits with status 2 where it refuses."""
    [tickets, *more] = options.tickets or (SMALL,)
    effort = beside.Effort(tickets, options.turns, options.seconds or BESIDE_SECONDS)
    if more or options.peers or options.add or options.page:
        sys.exit("--beside takes one size of --tickets, and neither --peers nor --add nor --page")
    try:
        status = beside.run(options.beside, options.engine, options.rows, effort, options.folder / "beside")
    except Refused as refused:
        print(refused, file=sys.stderr)
        status = 2
    except KeyboardInterrupt:
        print("Broken off: no server and no copy is left", file=sys.stderr)
        status = 130
    sys.exit(status)


def _run_distance(options: argparse.Namespace) -> None:
    [tickets] = options.tickets or (SMALL,)
    effort = Effort(options.seconds, options.rounds)
    results = distance.run(options.rows, options.distance, tickets, effort, options.folder)
    print(report.distance_tables(results))
    if options.page:
        report.write_distance(results, PAGE)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tickets", type=_numbers, help="sizes of data sets, separated by commas")
    parser.add_argument("--engine", type=chosen_engines, default=ENGINES, help="sqlite, postgres, or both")
    parser.add_argument("--workers", type=int, default=1, help="of Keesa, where a row does not say otherwise")
    rows = {False: (*ROWS, *EXTRA), True: tuple(distance.ROWS)}
    help_ = f"of {', '.join(rows[False])}; none for the peers alone; with --distance of {', '.join(rows[True])}"
    parser.add_argument("--rows", type=_words, help=help_)
    parser.add_argument("--seconds", type=float, help="of each measurement: 2, or 0.35 with --beside")
    parser.add_argument("--rounds", type=int, default=3, help="of each comparison")
    parser.add_argument("--peers", action="store_true", help="measure the peers too (as root, with apt)")
    parser.add_argument("--peer-tickets", type=int, default=10_000)
    parser.add_argument("--beside", metavar="REV", help="an older commit, to measure the one checked out beside it")
    far = ",".join(f"{each:g}" for each in distance.DISTANCES)
    help_ = f"to PostgreSQL, of a round trip in ms, separated by commas: {far}"
    parser.add_argument("--distance", type=_distances, nargs="?", const=distance.DISTANCES, help=help_)
    parser.add_argument("--turns", type=int, default=20, help="of each row with --beside")
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("KEESA_BENCH_DIR", "var/bench")))
    parser.add_argument("--add", action="store_true", help="to the figures that the page has: for what it lacks yet")
    parser.add_argument("--page", action="store_true", help=f"write {PAGE} and the figures beside it")
    options = parser.parse_args()
    if options.distance:
        _require_of_distance(parser, options)
    if not options.beside:
        every = rows[bool(options.distance)]
        options.seconds = options.seconds or 2
        options.rows = every if options.rows is None else options.rows
        if unknown := [word for word in options.rows if word not in every]:
            parser.error(f"{unknown[0]!r} is no row: these are {', '.join(every)}")
    return options


def _require_of_distance(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Exits with status 2 where it is asked for with what belongs to another measurement."""
    if options.beside or options.peers or options.add or len(options.tickets or ()) > 1:
        parser.error("--distance takes one size of --tickets, and neither --beside nor --peers nor --add")
    if "postgres" not in options.engine:
        parser.error("--distance is of PostgreSQL: SQLite is never on another machine")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split(",") if word != "none")


def _distances(text: str) -> tuple[float, ...]:
    return tuple(float(number) for number in text.split(","))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split(","))


@contextmanager
def place_of(server: PostgresServer | None, tickets: int, folder: Path) -> Iterator[tuple[Place, World]]:
    """A copy of the data set, which is loaded where it is not there yet."""
    engine_place = EnginePlace(folder / ("postgres" if server else "sqlite"), server.url("bench") if server else None)
    with world_on(engine_place, tickets, SEED) as (data, database_url, world):
        yield Place(data, database_url, server.pid if server else None), world


def _measure(
    engine: Engine, server: PostgresServer | None, options: argparse.Namespace, results: dict[str, Any]
) -> Iterator[Reached]:
    effort = Effort(options.seconds, options.rounds)
    with ExitStack() as stack:
        desks: dict[int, Desk] = {}
        for tickets in options.tickets or SIZES:
            place, world = stack.enter_context(place_of(server, tickets, options.folder))
            desks[tickets] = stack.enter_context(serving(place, world, options.workers))
        if "sizes" in options.rows:
            found = every_size(desks, effort)
            results["endpoints"][engine] = {
                endpoint: {size: asdict(middle(figures)) for size, figures in by_size.items()}
                for endpoint, by_size in found.items()
            }
            yield from large_to_small(found, list(desks))
        yield from _on_largest(engine, desks[max(desks)], options.rows, effort, results)
        if "start" in options.rows:
            for desk in desks.values():
                _put(results["places"], _describe(engine, desk), ("engine", "tickets"))
    if options.peers:
        yield from _beside_peers(engine, server, options, results)


def _on_largest(
    engine: Engine, desk: Desk, rows: Sequence[str], effort: Effort, results: dict[str, Any]
) -> Iterator[Reached]:
    for name, row in ROWS.items():
        if name in rows:
            yield from row(desk, effort)
    if "workers" in rows:
        yield from two_workers(desk, effort, 1.7 if engine == "sqlite" else None)
    if "clients" in rows:
        results["clients"][engine] = _by_clients(desk, effort)
    if "start" in rows:
        yield from memory_and_start(desk)
    if "alone" in rows:
        speeds = measure_alone(desk.place.data, desk.place.database_url, effort.seconds)
        results["engine_alone"][engine] = [asdict(speed) for speed in speeds]


def _beside_peers(
    engine: Engine, server: PostgresServer | None, options: argparse.Namespace, results: dict[str, Any]
) -> Iterator[Reached]:
    effort = Effort(options.seconds, options.rounds)
    with ExitStack() as stack:
        place, world = stack.enter_context(place_of(server, options.peer_tickets, options.folder))
        desk = stack.enter_context(serving(place, world, 2))
        found = []
        for beside in measure_peers(desk, engine, 2, effort, options.folder.absolute() / "peers"):
            found.append(beside)
            results["peers"].append({"engine": engine, **asdict(beside)})
        yield from to_best(found)


def _by_clients(desk: Desk, effort: Effort) -> dict[str, dict[str, Any]]:
    """Each endpoint and the mix, by number of clients; what ends sessions comes last."""
    asked = {**reads(desk), MIX: mix(desk), **writes(desk)}
    found: dict[str, dict[str, Any]] = {}
    for endpoint, requests in asked.items():
        contender = Contender(endpoint, desk.url, requests, desk.processes)
        found[endpoint] = {str(clients): asdict(measure(contender, clients, effort.seconds)) for clients in CLIENTS}
    return found


def _describe(engine: str, desk: Desk) -> dict[str, Any]:
    return {
        "engine": engine,
        "tickets": desk.world.tickets,
        "database_mb": desk.place.size_mb(),
        "worker_mib": desk.worker_mib(),
        "started_in": desk.started_in,
    }


def _put(rows: list[dict[str, Any]], row: dict[str, Any], names: Sequence[str]) -> None:
    """In place of the last figure that has the same names, where there is one."""
    same = [index for index, other in enumerate(rows) if all(other[name] == row[name] for name in names)]
    if same:
        rows[same[0]] = row
    else:
        rows.append(row)


def _flat(reached: Reached) -> dict[str, Any]:
    fields = asdict(reached)
    return {**fields.pop("reached"), **fields}


def _keep(results: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, indent=1), "utf-8")


if __name__ == "__main__":
    main()
