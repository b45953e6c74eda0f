"""What recurs: when its next time is, and that each time is done once, by whichever of the nodes."""

import asyncio
from datetime import time

import pytest

from acting import CLOCK
from cast import at
from doing_jobs import do_due, effects, leave, settled, within
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.jobs import scheduling
from keesa.jobs.kinds import Job, Kind, Kinds, Payload
from keesa.jobs.reading import count
from keesa.jobs.schedules import Daily, Every
from keesa.jobs.worker import Worker
from places import Place, opened

HOURLY = Every(60)


def leave_one(tx: Tx, job: Job) -> None:
    tx.run("INSERT INTO effects (kind, number) VALUES (:kind, 1)", kind=job.kind)


def recurring(name: str = "hourly", **options: object) -> Kind:
    return within(name, leave_one, schedule=HOURLY, **options)


def keep(desk: Database, *kinds: Kind) -> None:
    """As a worker does once a minute."""
    desk.write(lambda tx: scheduling.keep(tx, Kinds(kinds), CLOCK))


def only_row(desk: Database) -> dict[str, object]:
    [row] = desk.read(lambda tx: tx.all("SELECT * FROM jobs WHERE key = 'recurring'"))
    return dict(row)  # type: ignore[call-overload,no-any-return]


def let_come(desk: Database) -> None:
    """Its time."""
    desk.write(lambda tx: tx.run("UPDATE jobs SET run_at = 0 WHERE key = 'recurring'"))


@pytest.mark.parametrize(
    ("minutes", "asked", "next_time"),
    [
        (60, "2025-03-10T12:00", "2025-03-10T13:00"),
        (60, "2025-03-10T12:59", "2025-03-10T13:00"),
        (10, "2025-03-10T12:01", "2025-03-10T12:10"),
    ],
)
def test_every_so_many_minutes(minutes: int, asked: str, next_time: str) -> None:
    """At the same times on all nodes, whenever they ask; never at the one that has just been."""
    assert Every(minutes).after(at(asked), CLOCK) == at(next_time)


def test_every_so_many_seconds() -> None:
    """Likewise."""
    noon = at("2025-03-10T12:00")
    assert Every(seconds=5).after(noon, CLOCK) == noon + 5_000
    assert Every(seconds=5).after(noon + 4_999, CLOCK) == noon + 5_000


@pytest.mark.parametrize(
    ("asked", "next_time"),
    [
        ("2025-03-10T02:59", "2025-03-10T03:00"),
        ("2025-03-10T03:00", "2025-03-11T03:00"),
        ("2025-12-31T23:00", "2026-01-01T03:00"),
    ],
)
def test_at_a_time_of_day(asked: str, next_time: str) -> None:
    """Of the desk's zone, which is five hours before UTC."""
    assert Daily(time(3, 0)).after(at(asked), CLOCK) == at(next_time)


def test_what_recurs_waits_from_the_start_on(desk: Database) -> None:
    """A row for each such kind, however many nodes make it; it is done a minute later for the first time."""
    for _ in range(2):
        keep(desk, recurring(), within("counted"))
    row = only_row(desk)
    assert row["kind"] == "hourly"
    assert 0 < int(str(row["run_at"])) - now() <= scheduling.FIRST
    do_due(desk, recurring())
    assert desk.read(effects) == []


def test_its_end_is_the_wait_for_its_next_time(desk: Database) -> None:
    """The row stays."""
    keep(desk, recurring())
    let_come(desk)
    worker = do_due(desk, recurring(), rounds=2)
    assert worker.tally == {("hourly", "done"): 1}
    row = only_row(desk)
    assert (row["worker"], row["attempts"], row["payload"]) == (None, 0, "{}")
    assert row["run_at"] == HOURLY.after(now(), CLOCK)


def test_what_is_not_needed_is_neither_begun_nor_late(desk: Database) -> None:
    """However long its time has been: nothing is written. Once it is needed it is done."""
    kind = recurring(needed="EXISTS (SELECT 1 FROM effects WHERE kind = 'wanted')")
    keep(desk, kind)
    let_come(desk)
    before = only_row(desk)
    do_due(desk, kind, rounds=2)
    assert only_row(desk) == before
    assert desk.read(lambda tx: count(tx, Kinds([kind]), now()))["hourly"].oldest == 0
    desk.write(lambda tx: tx.run("INSERT INTO effects (kind, number) VALUES ('wanted', 1)"))
    assert desk.read(lambda tx: count(tx, Kinds([kind]), now()))["hourly"].oldest > 0
    do_due(desk, kind)
    assert desk.read(lambda tx: effects(tx, "hourly")) == [1]


def test_two_nodes_do_a_time_once(desk: Database, place: Place) -> None:
    """Though both look at the same moment, again and again."""

    async def work(*workers: Worker) -> None:
        await asyncio.gather(*(worker.look() for worker in workers))
        await asyncio.gather(*map(settled, workers))

    keep(desk, recurring())
    with opened(place) as one, opened(place) as other:
        for times_done in range(1, 11):
            let_come(desk)
            asyncio.run(work(*(Worker(node, Kinds([recurring()]), CLOCK) for node in (one, other))))
            assert len(desk.read(lambda tx: effects(tx, "hourly"))) == times_done


def test_what_recurs_is_never_given_up(desk: Database) -> None:
    """It fails, is shown so, and is tried again after a pause; then its time comes as ever."""

    def fail(_tx: Tx, _job: Job) -> None:
        raise ValueError("no ferry today")

    failing = within("hourly", fail, schedule=HOURLY, attempts=1)
    keep(desk, failing)
    for attempt in (1, 2, 3):
        let_come(desk)
        assert do_due(desk, failing).tally == {("hourly", "failed"): 1}
        row = only_row(desk)
        assert (row["given_up_at"], row["attempts"], row["error"]) == (None, attempt, "no ferry today")
        assert int(str(row["run_at"])) > now()
    let_come(desk)
    do_due(desk, recurring())
    assert (only_row(desk)["error"], only_row(desk)["attempts"]) == (None, 0)


def test_a_part_is_left_to_the_next_transaction(desk: Database) -> None:
    """What recurs goes on at once where there is more to do, and begins anew at its next time."""

    def twice(tx: Tx, job: Job) -> Payload | None:
        leave(tx, Job(job.id, job.kind, {"number": job.payload.get("part", 0)}, 0, 1, job.worker))
        return None if job.payload else {"part": 1}

    kind = within("hourly", twice, schedule=HOURLY)
    keep(desk, kind)
    let_come(desk)
    do_due(desk, kind, rounds=3)
    assert desk.read(lambda tx: effects(tx, "hourly")) == [0, 1]
    assert only_row(desk)["payload"] == "{}"


def test_a_clock_that_was_ahead_puts_nothing_off(desk: Database) -> None:
    """A time that lies further ahead than the schedule's next one is brought back to it, but for the pause after an
    attempt that failed.
    """
    keep(desk, recurring())
    year = now() + 365 * 24 * 3600 * 1000
    for attempts, expected in ((0, HOURLY.after(now(), CLOCK)), (1, year)):
        desk.write(lambda tx, attempts=attempts: tx.run(_PUT_OFF, year=year, attempts=attempts))  # type: ignore[misc]
        keep(desk, recurring())
        assert only_row(desk)["run_at"] == expected
        assert desk.read(lambda tx: scheduling.lacking(tx, Kinds([recurring()]), CLOCK)) == []


_PUT_OFF = "UPDATE jobs SET run_at = :year, attempts = :attempts"


def test_a_worker_makes_what_lacks(desk: Database) -> None:
    """With its first look; and again where somebody has taken it away."""
    do_due(desk, recurring())
    assert only_row(desk)["kind"] == "hourly"
