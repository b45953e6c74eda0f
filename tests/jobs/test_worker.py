"""How one worker does jobs: attempts, pauses, leases, and what goes wrong with each of the two ways of working."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import structlog

from acting import CLOCK
from doing_jobs import (
    do_due,
    effects,
    kept_jobs,
    leave,
    let_due,
    outside,
    queue_numbers,
    settled,
    within,
)
from keesa import desk as desks
from keesa import maintenance
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.errors import Unavailable
from keesa.jobs import worker as jobs_worker
from keesa.jobs.kinds import Job, Kind, Kinds, Payload
from keesa.jobs.leasing import give_back, lease
from keesa.jobs.queueing import queue
from keesa.jobs.worker import Worker

SOON = 60.0
"""Seconds for what comes for certain."""


def failing(tx: Tx, job: Job) -> None:
    leave(tx, job)
    raise ValueError("the harbour is closed")


async def nothing(_: Any, job: Job) -> None:  # noqa: ANN401 - as every act
    """Acts in no way."""


def only_job(desk: Database) -> dict[str, Any]:
    [job] = desk.read(kept_jobs)
    return job


def run(desk: Database, kind: Kind, act: Callable[[Worker], Any]) -> Any:  # noqa: ANN401 - whatever the act gives
    """The act, with a worker that has been started and is stopped afterwards."""

    async def work() -> Any:  # noqa: ANN401 - as above
        worker = Worker(desk, Kinds([kind]), CLOCK)
        worker.start()
        try:
            return await asyncio.wait_for(act(worker), SOON)
        finally:
            await worker.stop()

    return asyncio.run(work())


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker begins when it is started."""
    monkeypatch.setattr(jobs_worker, "FIRST", 0.0)


def test_what_fails_leaves_nothing_and_is_tried_again(desk: Database) -> None:
    """After a pause that doubles, with some chance in it; it is shown what the last attempt ended with."""
    queue_numbers(desk, "counted", [1])
    pauses = []
    for attempt in (1, 2, 3):
        worker = do_due(desk, within("counted", failing))
        job = only_job(desk)
        assert (job["attempts"], job["worker"], job["error"]) == (attempt, None, "the harbour is closed")
        assert worker.tally == {("counted", "failed"): 1}
        pauses.append(job["run_at"] - now())
        assert do_due(desk, within("counted", failing)).tally == {}, "it waits for its time"
        let_due(desk)
    assert desk.read(effects) == []
    assert [0 < pause / 2000 / 2**n <= 1.25 for n, pause in enumerate(pauses)] == [True] * 3
    do_due(desk, within("counted"))
    assert desk.read(effects) == [1]


def test_pauses_have_a_bound() -> None:
    """However often it was tried."""
    kind = within("counted")
    assert kind.pause(1, 0.0) == kind.first_pause
    assert [kind.pause(attempts, 0.0) for attempts in (19, 10_000)] == [kind.longest_pause] * 2
    assert kind.pause(19, 1.0) == kind.longest_pause * 5 / 4


def test_it_is_given_up_after_the_last_attempt(desk: Database) -> None:
    """Then it stays, for an operator to read, and is done no more by itself."""
    queue_numbers(desk, "counted", [1])
    kind = within("counted", failing, attempts=2)
    outcomes = []
    for _ in range(3):
        outcomes += [outcome for _, outcome in do_due(desk, kind).tally]
        let_due(desk)
    assert outcomes == ["failed", "given_up"]
    job = only_job(desk)
    assert (job["attempts"], job["worker"], job["error"]) == (2, None, "the harbour is closed")
    assert abs(job["given_up_at"] - now()) < 60_000


def test_a_given_up_one_stands_in_nobodys_way(desk: Database) -> None:
    """The same is queued anew, as a job of its own; and what was queued once more while the last attempt went on is
    tried from the beginning.
    """
    kind = within("counted", failing, attempts=1)
    desk.write(lambda tx: queue(tx, "counted", {"number": 1}, now(), "one"))
    do_due(desk, kind)
    desk.write(lambda tx: queue(tx, "counted", {"number": 2}, now(), "one"))
    assert [job["given_up_at"] is None for job in desk.read(kept_jobs)] == [False, True]

    def queued_again(_tx: Tx, job: Job) -> Payload | None:
        raise ValueError(job.kind)

    async def work() -> None:
        worker = Worker(desk, Kinds([within("counted", queued_again, attempts=1)]), CLOCK)
        desk.write(lambda tx: tx.run("UPDATE jobs SET again = 1 WHERE given_up_at IS NULL"))
        await worker.look()
        await settled(worker)

    asyncio.run(work())
    last = desk.read(kept_jobs)[1]
    assert (last["given_up_at"], last["attempts"], last["again"]) == (None, 0, 0)


def test_a_long_work_goes_on_in_parts(desk: Database) -> None:
    """Each a transaction of its own, with what the one before has left to do; together they are one job."""

    def count_down(tx: Tx, job: Job) -> Payload | None:
        leave(tx, job)
        number = job.payload["number"]
        return {"number": number - 1} if number > 1 else None

    queue_numbers(desk, "counted", [3])
    assert do_due(desk, within("counted", count_down)).tally == {}
    assert desk.read(effects) == [3]
    worker = do_due(desk, within("counted", count_down), rounds=3)
    assert desk.read(effects) == [1, 2, 3]
    assert worker.tally == {("counted", "done"): 1}
    assert desk.read(kept_jobs) == []


def test_nothing_of_a_lost_lease_is_kept(desk: Database) -> None:
    """Who was too late finds that another worker has the job, and leaves nothing; nor is the job's state touched."""
    kind = within("counted", outside_of_its_lease)
    for number in (1, 2):
        queue_numbers(desk, "counted", [number])
    assert do_due(desk, kind).tally == {}
    assert desk.read(effects) == []
    assert [(job["worker"] is None, job["error"]) for job in desk.read(kept_jobs)] == [(False, None)] * 2


def outside_of_its_lease(tx: Tx, job: Job) -> None:
    """Leaves its effect, where another worker has taken the job."""
    leave(tx, job)
    tx.run("UPDATE jobs SET worker = 'another' WHERE id = :id", id=job.id)


def test_a_lease_that_has_run_out_is_anothers(desk: Database) -> None:
    """Of a worker that has died: the next one does the job, and the dead one's end comes to nothing."""
    queue_numbers(desk, "counted", [1])
    kind = within("counted")
    [dead] = desk.write(lambda tx: lease(tx, "dead.1", {kind: 1}, now())).jobs
    do_due(desk, kind)
    assert desk.read(effects) == [], "its lease is good"
    let_due(desk)
    do_due(desk, kind)
    assert desk.read(effects) == [1]
    desk.write(lambda tx: give_back(tx, [dead], 0))
    assert desk.read(kept_jobs) == []


def test_what_kills_each_of_its_workers_is_given_up(desk: Database) -> None:
    """Without an attempt more: it would kill the next one."""
    queue_numbers(desk, "counted", [1])
    kind = within("counted", attempts=2)
    for number in range(2):
        desk.write(lambda tx, number=number: lease(tx, f"dead.{number}", {kind: 1}, now()))  # type: ignore[misc]
        let_due(desk)
    worker = do_due(desk, kind)
    assert worker.tally == {("counted", "given_up"): 1}
    assert desk.read(effects) == []
    assert "has died" in only_job(desk)["error"]


def test_an_act_outside_has_no_transaction_open(desk: Database) -> None:
    """The database is written meanwhile; the mark is the same at each attempt, and what came of it is kept."""
    marks = []

    async def act(prepared: Any, job: Job) -> None:  # noqa: ANN401 - as every act
        assert prepared == {"number": 1}
        await desk.awrite(lambda tx: tx.run("INSERT INTO settings (name, value) VALUES (:name, '')", name=job.mark))
        marks.append(job.mark)
        if len(marks) == 1:
            await desk.awrite(lambda tx: tx.run("DELETE FROM settings WHERE name = :name", name=job.mark))
            raise OSError("nobody answers")

    queue_numbers(desk, "sent", [1])
    before = only_job(desk)
    for _ in range(2):
        do_due(desk, outside("sent", act))
        let_due(desk)
    assert marks == [f"{before['id']}-{before['queued_at']}"] * 2
    assert desk.read(lambda tx: effects(tx, "sent")) == [1]


def test_an_act_has_its_time(desk: Database) -> None:
    """One that does not end is broken off, and has failed."""

    async def act(_: Any, _job: Job) -> None:  # noqa: ANN401 - as every act
        await asyncio.sleep(3600)

    queue_numbers(desk, "sent", [1])
    kind = outside("sent", act)
    object.__setattr__(kind.way, "seconds", 0.05)
    assert do_due(desk, kind).tally == {("sent", "failed"): 1}
    assert only_job(desk)["error"] == "TimeoutError"


def test_what_needs_no_act_any_more_ends(desk: Database) -> None:
    """Where the read before it finds nothing to do."""
    queue_numbers(desk, "sent", [1])
    kind = outside("sent", nothing)
    object.__setattr__(kind.way, "prepare", lambda _tx, _job: None)
    assert do_due(desk, kind).tally == {("sent", "done"): 1}
    assert desk.read(lambda tx: effects(tx, "sent")) == []
    assert desk.read(kept_jobs) == []


def test_a_long_act_keeps_its_lease(desk: Database) -> None:
    """It is renewed while the act goes on, so nobody else begins it; once it is another's, the act is broken off."""
    begun, broken, gate = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def act(_: Any, _job: Job) -> None:  # noqa: ANN401 - as every act
        begun.set()
        try:
            await gate.wait()
        except asyncio.CancelledError:
            broken.set()
            raise

    kind = outside("sent", act, lease=0)  # a third of which is over at once
    object.__setattr__(kind.way, "seconds", 3600.0)

    async def work() -> None:
        worker = Worker(desk, Kinds([kind]), CLOCK)
        await worker.look()
        await begun.wait()
        desk.write(lambda tx: tx.run("UPDATE jobs SET run_at = 0"))
        object.__setattr__(kind, "lease", 60_000)
        object.__setattr__(worker, "_ages", lambda _begun, _at: True)
        await worker.look()
        assert only_job(desk)["run_at"] > now()
        desk.write(lambda tx: tx.run("UPDATE jobs SET worker = 'another'"))
        await worker.look()
        await broken.wait()
        await settled(worker)
        assert worker.tally == {}

    queue_numbers(desk, "sent", [1])
    asyncio.run(asyncio.wait_for(work(), SOON))
    assert only_job(desk)["worker"] == "another"


def test_a_database_that_is_away_costs_no_attempt(desk: Database) -> None:
    """The job is put back, a little later, as if it had not been begun."""

    def away(_tx: Tx, _job: Job) -> None:
        raise Unavailable("The database does not answer")

    queue_numbers(desk, "counted", [1])
    assert do_due(desk, within("counted", away)).tally == {}
    job = only_job(desk)
    assert (job["attempts"], job["worker"], job["error"]) == (0, None, None)
    assert job["run_at"] > now()


def test_an_end_that_is_not_kept_stops_nothing(desk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log tells why; the job is another's once its lease has run out, and the worker goes on."""
    queue_numbers(desk, "counted", [1])
    real = desk.awrite

    async def awrite(work: Any) -> Any:  # noqa: ANN401 - whatever it is
        if "fail" in work.__code__.co_names:
            raise RuntimeError("odd")
        return await real(work)

    monkeypatch.setattr(desk, "awrite", awrite)
    with structlog.testing.capture_logs() as lines:
        assert do_due(desk, within("counted", failing)).tally == {}
    assert [line["reason"] for line in lines] == ["odd"]
    assert only_job(desk)["worker"] is not None


@pytest.mark.usefixtures("at_once")
def test_what_is_queued_here_is_done_at_once(desk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The transaction that is kept wakes the worker, which would otherwise look an hour later."""
    monkeypatch.setattr(jobs_worker, "LOOK", 3600.0)
    done = asyncio.Event()

    async def act(_: Any, _job: Job) -> None:  # noqa: ANN401 - as every act
        done.set()

    async def wait(worker: Worker) -> None:
        while not worker.idle:  # noqa: ASYNC110 - it has no event that tells
            await asyncio.sleep(0.001)
        await asyncio.to_thread(queue_numbers, desk, "sent", [1])
        await done.wait()

    run(desk, outside("sent", act), wait)


@pytest.mark.usefixtures("at_once")
def test_a_desk_on_which_nothing_is_due_writes_nothing(desk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at by reads alone."""
    monkeypatch.setattr(jobs_worker, "LOOK", 0.0)
    looks = 0

    async def look(worker: Worker) -> None:
        nonlocal looks
        real = worker.look

        async def counted() -> bool:
            nonlocal looks
            looks += 1
            return await real()

        object.__setattr__(worker, "look", counted)
        while looks < 20:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.001)

    def forbidden(_work: object) -> None:
        raise AssertionError("a write")

    desk.write(lambda tx: queue(tx, "counted", {"number": 1}, now(), run_at=now() + 3_600_000))
    with monkeypatch.context() as patch:
        patch.setattr(type(desk), "awrite", forbidden)
        run(desk, within("counted"), look)
    assert looks >= 20


@pytest.mark.usefixtures("at_once")
def test_a_stop_leaves_what_it_breaks_off_to_others(desk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not end in time is due at once for the next worker, and has not been tried."""
    monkeypatch.setattr(jobs_worker, "PATIENCE", 0.05)
    begun = asyncio.Event()

    async def act(_: Any, _job: Job) -> None:  # noqa: ANN401 - as every act
        begun.set()
        await asyncio.sleep(3600)

    queue_numbers(desk, "sent", [1])
    run(desk, outside("sent", act), lambda _: begun.wait())
    job = only_job(desk)
    assert (job["worker"], job["attempts"]) == (None, 0)
    assert job["run_at"] <= now()


def test_what_is_leased_while_it_stops_is_given_back(desk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is begun any more; the job waits for another worker, as if nobody had had it."""
    queue_numbers(desk, "counted", [1])
    real = desk.awrite

    async def work() -> None:
        worker = Worker(desk, Kinds([within("counted")]), CLOCK)

        async def awrite(work: Any) -> Any:  # noqa: ANN401 - whatever it is
            found = await real(work)
            monkeypatch.setattr(desk, "awrite", real)
            object.__setattr__(worker, "_stopping", True)
            return found

        monkeypatch.setattr(desk, "awrite", awrite)
        assert not await worker.look()
        assert worker.under_way == 0

    asyncio.run(work())
    job = only_job(desk)
    assert (job["worker"], job["attempts"]) == (None, 0)
    assert job["run_at"] <= now()
    assert desk.read(effects) == []


@pytest.mark.usefixtures("at_once")
def test_a_worker_goes_on_after_any_error(desk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that fails is one in the log; the next one may find the database again."""
    monkeypatch.setattr(jobs_worker, "LOOK", 0.001)
    done = asyncio.Event()

    async def act(_: Any, _job: Job) -> None:  # noqa: ANN401 - as every act
        done.set()

    real, fails = desk.aread, iter([Unavailable("away"), RuntimeError("odd")])

    async def aread(work: Any) -> Any:  # noqa: ANN401 - whatever it is
        for error in fails:
            raise error
        return await real(work)

    monkeypatch.setattr(desk, "aread", aread)
    queue_numbers(desk, "sent", [1])
    run(desk, outside("sent", act), lambda _: done.wait())


def test_what_rests_is_not_begun(desk: Database) -> None:
    """While maintenance is on nothing is; while the desk does not send, nothing that acts outside."""
    kinds = [within("counted"), outside("sent", nothing)]
    queue_numbers(desk, "counted", [1])
    queue_numbers(desk, "sent", [1])
    desk.write(maintenance.switch_on)
    assert do_due(desk, *kinds).tally == {}
    desk.write(maintenance.switch_off)
    desk.migrating(desks.pause_sending)
    assert do_due(desk, *kinds).tally == {("counted", "done"): 1}
    assert only_job(desk)["attempts"] == 0
    desk.migrating(desks.send)
    assert do_due(desk, *kinds).tally == {("sent", "done"): 1}


def test_sending_that_is_paused_meanwhile_stops_what_has_not_acted(desk: Database) -> None:
    """It is asked once more right before the act."""
    queue_numbers(desk, "sent", [1])
    acted = []

    async def act(_: Any, job: Job) -> None:  # noqa: ANN401 - as every act
        acted.append(job)

    async def work() -> None:
        worker, real = Worker(desk, Kinds([outside("sent", act)]), CLOCK), desk.awrite

        async def awrite(work: Any) -> Any:  # noqa: ANN401 - whatever it is
            found = await real(work)
            await asyncio.to_thread(desk.migrating, desks.pause_sending)
            return found

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(desk, "awrite", awrite)
            await worker.look()
            await settled(worker)

    asyncio.run(work())
    assert acted == []
    assert (only_job(desk)["attempts"], only_job(desk)["worker"]) == (0, None)


def test_a_kind_with_much_to_do_leaves_room_for_others(desk: Database) -> None:
    """Of each no more is done at the same time than it says, and the kind that has waited the longest comes first."""
    most: dict[str, int] = {}
    under_way: dict[str, int] = {}

    async def act(_: Any, job: Job) -> None:  # noqa: ANN401 - as every act
        under_way[job.kind] = under_way.get(job.kind, 0) + 1
        most[job.kind] = max(most.get(job.kind, 0), under_way[job.kind])
        await asyncio.sleep(0)
        under_way[job.kind] -= 1

    for kind in ("many", "few"):
        queue_numbers(desk, kind, range(20))
    worker = do_due(desk, outside("many", act, side_by_side=8), outside("few", act, side_by_side=2))
    assert worker.tally == {("many", "done"): 8, ("few", "done"): 2}
    assert most["many"] <= 8
    assert most["few"] <= 2


def test_a_process_has_a_bound_for_all_kinds(desk: Database) -> None:
    """However many each of them may have."""
    for kind in ("one", "two"):
        queue_numbers(desk, kind, range(20))
    worker = do_due(desk, within("one", side_by_side=20), within("two", side_by_side=20))
    assert sum(worker.tally.values()) == jobs_worker.AT_ONCE


def test_what_another_program_queued_is_left_to_it(desk: Database) -> None:
    """A kind that this one does not know waits, whatever else is done."""
    queue_numbers(desk, "newer", [1])
    queue_numbers(desk, "counted", [1])
    do_due(desk, within("counted"))
    assert only_job(desk)["kind"] == "newer"


@pytest.mark.parametrize("name", ["", "With blanks", "it's", "x" * 65, "9"])
def test_a_kind_has_a_plain_name(name: str) -> None:
    """It stands in SQL, in settings and in metrics."""
    with pytest.raises(ValueError, match="is no name of a kind"):
        within(name)
