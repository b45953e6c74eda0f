"""What a back-up and a restore take of a large desk, and what those who ask meanwhile notice of them, in one run.

    PYTHONPATH=tests/support .venv/bin/python -m bench.back_ups [--engine both] [--tickets 1000000] [--seconds 30]

One client reads tickets again and again, another adds notes, each with a short rest between: first of the quiet server,
then while `keesa backup` runs, then while `keesa restore` makes another desk beside it. Prints how long each took, the
most memory that it held, and what the two waited; exit status 1 where a back-up or a restore takes more than 5 minutes
or 200 MB, or where 99 of 100 tickets take more than 3 times what they take of the quiet server.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Final

from bench.dataset import EnginePlace, world_on
from bench.desks import Desk, Place, serving
from bench.engines import Engine, chosen_engines
from bench.pauses import Waits, for_seconds, measured, tell
from postgres_server import PostgresServer

SECONDS: Final = 300
MEGABYTES: Final = 200
TIMES: Final = 3
WORKERS: Final = 2
_LOOK: Final = 0.05
"""Seconds between two looks at a command's memory."""


@dataclass(frozen=True, slots=True)
class Command:
    """What one took."""

    seconds: float
    megabytes: float
    """The most that it held at a time."""
    waits: Waits

    def faults(self, what: str, quiet: Waits) -> Iterator[str]:
        if self.seconds > SECONDS:
            yield f"{what} took {self.seconds:.0f} s, more than {SECONDS}"
        if self.megabytes > MEGABYTES:
            yield f"{what} held {self.megabytes:.0f} MB, more than {MEGABYTES}"
        if (times := p99(self.waits["reader"]) / p99(quiet["reader"])) > TIMES:
            yield f"99 of 100 tickets took {times:.1f} times as long beside {what}, more than {TIMES}"


def p99(waits: Sequence[float]) -> float:
    return waits[len(waits) * 99 // 100]


def run(desk: Desk, *arguments: str) -> Command:
    """The command, with clients measured until it has ended. Raises where it fails."""
    ended, most = Event(), [0.0]
    begun = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "keesa", *arguments])  # noqa: S603 - our own words

    def watch() -> None:
        while process.poll() is None:
            most[0] = max(most[0], peak_megabytes(process.pid))
            time.sleep(_LOOK)
        ended.set()

    watcher = Thread(target=watch)
    watcher.start()
    waits = measured(desk, ended.is_set)
    watcher.join()
    if process.returncode:
        raise RuntimeError(f"keesa {arguments[0]} ended with {process.returncode}")
    return Command(time.monotonic() - begun, most[0], waits)


def peak_megabytes(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    found = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")]
    return found[0] / 1000 if found else 0.0


@contextmanager
def places(engine: Engine, folder: Path) -> Iterator[tuple[EnginePlace, int | None, Sequence[str]]]:
    """For the desk; the first process of its database; and where it is restored to."""
    elsewhere = ["--data", str(folder / "restored")]
    if engine == "sqlite":
        yield EnginePlace(folder / "desks"), None, elsewhere
        return
    with PostgresServer(durable=True) as server:
        server.create_database("restored")
        place = EnginePlace(folder / "desks", server.url("desk"))
        yield place, None, [*elsewhere, "--database-url", server.url("restored")]


def measure(engine: Engine, tickets: int, seconds: float, folder: Path) -> list[str]:
    """What is not within the bounds."""
    with (
        places(engine, folder) as (place, postmaster, elsewhere),
        world_on(place, tickets, name="back_ups") as (data, url, world),
        serving(Place(data, url, postmaster), world, WORKERS) as desk,
    ):
        of_desk = ["--data", str(data), *(["--database-url", url] if url else [])]
        print(f"{engine}, {tickets:,} tickets, {desk.place.size_mb():,.0f} MB")
        quiet = measured(desk, for_seconds(seconds))
        back_up = run(desk, "backup", "--to", str(folder / "back-ups"), *of_desk)
        [made] = (folder / "back-ups").iterdir()
        restore = run(desk, "restore", str(made), *elsewhere)
        print(
            f"a back-up of {made.stat().st_size / 1e6:,.0f} MB; waits in ms: middle, 99 of 100, longest; times quiet's"
        )
        show("quiet", quiet, quiet)
        faults: list[str] = []
        for what, each in (("backup", back_up), ("restore", restore)):
            show(f"{what}: {each.seconds:.0f} s, {each.megabytes:.0f} MB", each.waits, quiet)
            faults += each.faults(f"{engine}'s {what}", quiet)
        return faults


def show(what: str, waits: Waits, quiet: Waits) -> None:
    for who in ("reader", "writer"):
        print(f"    {what:28}{who:8}{tell(waits[who])}   {p99(waits[who]) / p99(quiet[who]):6.2f}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", type=chosen_engines, default=chosen_engines("both"))
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--folder", type=Path, help="where the desks and the back-ups lie", default=None)
    options = parser.parse_args()
    faults: list[str] = []
    for engine in options.engine:
        with tempfile.TemporaryDirectory(prefix="keesa-back-ups-", dir=options.folder) as folder:
            os.chmod(folder, 0o700)  # noqa: PTH101 - a name, as it comes
            faults += measure(engine, options.tickets, options.seconds, Path(folder))
    print("".join(f"NOT within bounds: {fault}\n" for fault in faults), end="")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
