"""Jobs of a test's own kinds, and what they leave: done in this process, or by workers in processes of their own.

    python doing_jobs.py FOLDER URL FILE     (an empty URL: SQLite)

That one says `ready` with its worker's name, and does jobs until it is ended: `counted`, which leave a row, and `sent`,
which add a line to the file and then leave a row.
"""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from acting import CLOCK
from keesa.clock import now
from keesa.db import Database, Tx, open_database
from keesa.jobs import worker as jobs_worker
from keesa.jobs.kinds import Job, Kind, Kinds, Outside, Payload, Within
from keesa.jobs.queueing import queue
from keesa.jobs.worker import Worker
from live import environment
from places import Place

LEASE: Final = 2000
"""Milliseconds: what a process that was killed had is done by another one soon."""
SLOW: Final = 0.05
"""Seconds that what is sent takes, in which its worker may be killed."""
BATCH: Final = 100
"""Jobs that are queued in one transaction."""


def make_effects(database: Database) -> None:
    """The table of what jobs leave, which takes the same twice."""
    table = "CREATE TABLE effects (id $identity, kind TEXT, number BIGINT, attempts BIGINT);"
    database.migrating(lambda tx: tx.script(table))


def leave(tx: Tx, job: Job, _: object = None) -> None:
    tx.run(
        "INSERT INTO effects (kind, number, attempts) VALUES (:kind, :number, :attempts)",
        kind=job.kind,
        number=job.payload["number"],
        attempts=job.attempts,
    )


def effects(tx: Tx, kind: str = "counted") -> list[int]:
    """The numbers of the kind's jobs that have left something, in order, each as often as it has."""
    rows = tx.all("SELECT number FROM effects WHERE kind = :kind ORDER BY number", kind=kind)
    return [row["number"] for row in rows]


def queue_numbers(database: Database, kind: str, numbers: Sequence[int]) -> None:
    """A job for each."""

    def work(tx: Tx, some: Sequence[int]) -> None:
        for number in some:
            queue(tx, kind, {"number": number}, now())

    for first in range(0, len(numbers), BATCH):
        some = numbers[first : first + BATCH]
        database.write(lambda tx, some=some: work(tx, some))  # type: ignore[misc]  # as it is now


def within(name: str, do: Callable[[Tx, Job], Payload | None] | None = None, **options: Any) -> Kind:  # noqa: ANN401 - as a Kind has them
    """A kind that works in the database: it leaves its effect, unless it is told otherwise."""
    return Kind(name=name, way=Within(do or leave), **options)


def outside(name: str, act: Callable[[Any, Job], Any], **options: Any) -> Kind:  # noqa: ANN401 - as above
    """A kind that acts outside, and leaves its effect afterwards."""
    return Kind(name=name, way=Outside(lambda _, job: job.payload, act, leave), **options)


def do_due(database: Database, *kinds: Kind, rounds: int = 1) -> Worker:
    """Have a worker look so many times, and do what it finds each time; it has been stopped."""

    async def work() -> Worker:
        worker = Worker(database, Kinds(kinds), CLOCK)
        for _ in range(rounds):
            await worker.look()
            await settled(worker)
        return worker

    return asyncio.run(work())


async def settled(worker: Worker) -> None:
    """Once nothing is under way."""
    while worker.under_way:  # noqa: ASYNC110 - it has no event that tells
        await asyncio.sleep(0.001)


def kept_jobs(tx: Tx) -> list[dict[str, Any]]:
    """Those that do not recur."""
    found: list[Any] = list(tx.all("SELECT * FROM jobs WHERE key IS NULL OR key <> 'recurring' ORDER BY id"))
    return [dict(row) for row in found]


def let_due(database: Database) -> None:
    """What waits for a later time waits no more."""
    database.write(lambda tx: tx.run("UPDATE jobs SET run_at = 0 WHERE given_up_at IS NULL"))


class Worked:
    """A process of this file's own program."""

    def __init__(self, place: Place, file: Path) -> None:
        program = [sys.executable, __file__, str(place.data), place.url or "", str(file)]
        self._process = subprocess.Popen(program, stdout=subprocess.PIPE, env=environment(), text=True)

        self.name = ""
        """Of its worker, once it is ready."""

    def wait_until_ready(self) -> None:
        """Or at once, where it was so before."""
        assert self._process.stdout is not None
        if not self.name:
            ready, self.name = self._process.stdout.readline().split()
            assert ready == "ready"

    def has_leases(self, tx: Tx) -> bool:
        return bool(tx.all("SELECT 1 AS one FROM jobs WHERE worker LIKE :name LIMIT 1", name=f"{self.name}.%"))

    def kill(self) -> None:
        """SIGKILL, whatever it is at."""
        self._process.kill()
        self._process.communicate()

    def stop(self) -> int:
        """As a server is asked to end; its exit status."""
        self._process.terminate()
        self._process.communicate(timeout=60)
        return self._process.returncode


def kill_all(working: Sequence[Worked]) -> None:
    for each in working:
        each.kill()


@contextmanager
def processes(place: Place, file: Path, count: int) -> Iterator[list[Worked]]:
    """Begun together; those that the test puts in others' places are stopped too."""
    with ExitStack() as stack:
        working = [Worked(place, file) for _ in range(count)]
        stack.callback(kill_all, working)
        for each in working:
            each.wait_until_ready()
        yield working


def main(data: Path, url: str | None, file: Path) -> None:
    database = open_database(data, url)

    async def append(_: object, job: Job) -> None:
        with file.open("a") as opened:
            opened.write(f"{job.mark} {job.payload['number']}\n")
        await asyncio.sleep(SLOW)

    async def work() -> None:
        kinds = [within("counted", lease=LEASE, side_by_side=8), outside("sent", append, lease=LEASE, side_by_side=2)]
        worker = Worker(database, Kinds(kinds), CLOCK)
        ended = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        jobs_worker.FIRST = 0.0  # type: ignore[misc]  # nobody else waits for this process
        worker.start()
        sys.stdout.write(f"ready {worker.name}\n")
        sys.stdout.flush()
        await ended.wait()
        await worker.stop()

    asyncio.run(work())
    database.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] or None, Path(sys.argv[3]))
