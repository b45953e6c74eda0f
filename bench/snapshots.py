"""What a snapshot of SQLite's data takes, and what those who ask meanwhile notice of it, in one run.

    PYTHONPATH=tests/support .venv/bin/python -m bench.snapshots [--tickets 10000,100000,1000000] [--seconds 20]

A process takes them as `keesa backup --changes --every-minutes` does: the full back-up first, then snapshots after so
many changes since it (tickets raised, notes, statuses). Then one client reads tickets and another adds notes, each with
a short rest between: first of the quiet server, then while one snapshot is taken after the other, far more often than
anybody would have them.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

from bench.back_ups import p99, peak_megabytes
from bench.dataset import EnginePlace, world_on
from bench.desks import Desk, Place, serving
from bench.endpoints import writes
from bench.pauses import Waits, asking, for_seconds, measured, tell
from keesa.backup.making import quietly
from keesa.cli.backup import NICE
from keesa.cli.snapshots import Snapshots
from keesa.config import Config

WORKERS: Final = 2
CLIENTS: Final = 8
CHANGES: Final = (0, 60, 120, 3_600, 18_000)
"""Since the full back-up: one a second for a minute, two, an hour, five hours."""


class Taking:
    """The process that takes them, when it is told to."""

    def __init__(self, data: Path, to: Path) -> None:
        command = [sys.executable, "-m", "bench.snapshots", "--take", str(data), str(to)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own words

    def take(self) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        print(file=self._process.stdin, flush=True)
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def end(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def take_when_told(data: Path, to: Path) -> None:
    """In that process."""
    os.nice(NICE)
    taking = Snapshots(Config(data=data, backup_to=str(to)))
    for _ in sys.stdin:
        time.sleep(1 - time.time() % 1)  # names tell seconds
        begun, used, written = time.monotonic(), time.process_time(), _written()
        said = taking.take(quietly)
        found = {
            "said": said[0].rpartition("/")[2],
            "seconds": time.monotonic() - begun,
            "cpu": time.process_time() - used,
            "written": _written() - written,
            "memory": peak_megabytes(os.getpid()),
        }
        print(json.dumps(found), flush=True)


def _written() -> int:
    """Bytes that this process has had written to a disk."""
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


@contextmanager
def taking_in(data: Path, to: Path) -> Iterator[Taking]:
    taking = Taking(data, to)
    try:
        yield taking
    finally:
        taking.end()


def change(desk: Desk, count: int) -> None:
    """So many changes: of three, one ticket is raised, one noted, and one gets a status."""
    told = writes(desk)
    kinds = [told["create"], told["add note"], told["status change"]]

    def work(client: int) -> None:
        each = [asking(desk.url, requests) for requests in kinds]
        for number in range(client, count, CLIENTS):
            each[number % len(each)](number)

    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(work, range(CLIENTS)))


def beside(desk: Desk, taking: Taking, seconds: float) -> tuple[Waits, int]:
    """The waits of others while one is taken after the other, and how many were."""
    over, taken = Event(), 0

    def go_on() -> None:
        nonlocal taken
        going_on = for_seconds(seconds)
        while not going_on() or not taken:
            taking.take()
            taken += 1
        over.set()

    thread = Thread(target=go_on)
    thread.start()
    waits = measured(desk, over.is_set)
    thread.join()
    return waits, taken


def measure(tickets: int, seconds: float, folder: Path) -> None:
    with (
        world_on(EnginePlace(folder), tickets, name="snapshots") as (data, _, world),
        serving(Place(data, None, None), world, WORKERS) as desk,
        taking_in(data, data / "back-ups") as taking,
    ):
        print(f"{tickets:,} tickets, {desk.place.size_mb():,.0f} MB; load {os.getloadavg()[0]:.1f}")
        show("full", taking.take())
        done = 0
        for changes in CHANGES:
            change(desk, changes - done)
            done = changes
            show(f"{changes:,} changes", taking.take())
        quiet = measured(desk, for_seconds(seconds))
        waits, taken = beside(desk, taking, seconds)
        print("    waits in ms: middle, 99 of 100, longest; 99 of 100 to the quiet server's")
        for what, each in (("quiet", quiet), (f"{taken} snapshots", waits)):
            for who in ("reader", "writer"):
                print(f"    {what:16}{who:8}{tell(each[who])}   {p99(each[who]) / p99(quiet[who]):6.2f}", flush=True)


def show(what: str, found: dict[str, Any]) -> None:
    took = f"{found['seconds']:6.2f} s  {found['cpu']:6.2f} s of a processor"
    held = f"{found['written'] / 1e6:9.2f} MB written  {found['memory']:5.0f} MB of memory"
    print(f"    {what:16}{took}  {held}   {found['said']}", flush=True)


def counts(text: str) -> Sequence[int]:
    return [int(part) for part in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=counts, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--folder", type=Path, help="where the desks and the back-ups lie", default=None)
    parser.add_argument("--take", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.take:
        take_when_told(*options.take)
        return
    for tickets in options.tickets:
        with tempfile.TemporaryDirectory(prefix="keesa-snapshots-", dir=options.folder) as folder:
            measure(tickets, options.seconds, options.folder or Path(folder))


if __name__ == "__main__":
    main()
