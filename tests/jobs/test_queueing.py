"""Queueing jobs: with the transaction or not at all, one for each key, and not without bounds."""

import pytest

from acting import CLOCK
from doing_jobs import do_due, effects, kept_jobs, queue_numbers, within
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.errors import Unavailable
from keesa.jobs import queueing
from keesa.jobs.ending import do
from keesa.jobs.kinds import Job, Within
from keesa.jobs.leasing import lease
from keesa.jobs.queueing import LARGEST, measure, queue
from meeting import two_nodes
from places import Place


def keyed(tx: Tx, number: int = 1, run_at: int | None = None) -> None:
    queue(tx, "counted", {"number": number}, now(), "one", run_at)


def test_a_job_is_kept_with_its_transaction(desk: Database) -> None:
    """What is undone has queued nothing; what is kept is done once."""

    def fail(tx: Tx) -> None:
        queue(tx, "counted", {"number": 1}, now())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        desk.write(fail)
    assert desk.read(kept_jobs) == []
    queue_numbers(desk, "counted", [2])
    do_due(desk, within("counted"), rounds=2)
    assert desk.read(effects) == [2]
    assert desk.read(kept_jobs) == []


def test_nothing_is_done_before_its_time(desk: Database) -> None:
    """What is queued for later waits."""
    desk.write(lambda tx: queue(tx, "counted", {"number": 1}, now(), run_at=now() + 60_000))
    do_due(desk, within("counted"))
    assert desk.read(effects) == []
    assert len(desk.read(kept_jobs)) == 1


def test_one_job_waits_with_a_key(desk: Database) -> None:
    """Queued once more it is the same, at the earlier of the two times; another kind has keys of its own."""
    late, early = now() + 60_000, now() + 30_000
    for number, run_at in ((1, late), (2, early), (3, late)):
        desk.write(lambda tx, number=number, run_at=run_at: keyed(tx, number, run_at))  # type: ignore[misc]
    desk.write(lambda tx: queue(tx, "others", {}, now(), "one"))
    found = desk.read(kept_jobs)
    assert [(job["kind"], job["payload"], job["run_at"]) for job in found[:1]] == [("counted", '{"number":1}', early)]
    assert [job["kind"] for job in found] == ["counted", "others"]


def test_any_number_waits_without_a_key(desk: Database) -> None:
    """They are jobs of their own."""
    queue_numbers(desk, "counted", [1, 1])
    do_due(desk, within("counted"))
    assert desk.read(effects) == [1, 1]


def test_what_is_queued_while_it_is_done_is_done_again(desk: Database) -> None:
    """As it may have seen what was there before: once more, under another mark, however often it was queued."""
    kind = within("counted")
    desk.write(keyed)
    [job] = desk.write(lambda tx: lease(tx, "w.1", {kind: 5}, now())).jobs
    for _ in range(2):
        desk.write(keyed)
    assert isinstance(kind.way, Within)
    way = kind.way
    assert desk.write(lambda tx: do(tx, way, kind, job, CLOCK))
    [again] = desk.read(kept_jobs)
    assert (again["key"], again["again"], again["attempts"]) == ("one", 0, 0)
    assert again["id"] != job.id
    do_due(desk, kind, rounds=2)
    assert desk.read(effects) == [1, 1]


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)  # SQLite has one writer
def test_a_job_is_not_begun_before_who_queues_it_again_is_done(place: Place, desk: Database) -> None:
    """On PostgreSQL, where they work side by side: a worker passes over what another transaction has just queued once
    more, as it would see what was there before.
    """
    desk.write(keyed)
    kind = within("counted")

    def again(tx: Tx) -> None:
        keyed(tx)
        tx.all("SELECT 1 AS sent")
        tx.all("SELECT 1 AS stop")

    with two_nodes(place) as nodes:
        met = nodes.meet(again, "AS stop", lambda other: other.write(lambda tx: lease(tx, "w.1", {kind: 5}, now())))
        assert met.errors == []
        assert not met.waited
        assert met.values[1].jobs == []
        assert len(nodes.other.write(lambda tx: lease(tx, "w.2", {kind: 5}, now())).jobs) == 1


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)  # SQLite has one writer
def test_a_job_that_ends_meanwhile_is_queued_anew(place: Place, desk: Database) -> None:
    """On PostgreSQL: who queues it while the transaction that ends it is not yet kept waits for that one."""
    desk.write(keyed)
    kind = within("counted")
    [job] = desk.write(lambda tx: lease(tx, "w.1", {kind: 5}, now())).jobs

    def ending(tx: Tx) -> None:
        assert isinstance(kind.way, Within)
        do(tx, kind.way, kind, job, CLOCK)
        tx.all("SELECT 1 AS stop")

    with two_nodes(place) as nodes:
        met = nodes.meet(ending, "AS stop", lambda other: other.write(keyed))
        assert met.errors == []
        assert met.waited
    do_due(desk, kind, rounds=2)
    assert desk.read(effects) == [1, 1]


def test_a_payload_has_a_bound(desk: Database) -> None:
    """It is for ids and choices: the database has the rest."""
    with pytest.raises(ValueError, match="bytes at the most"):
        desk.write(lambda tx: queue(tx, "counted", {"text": "x" * LARGEST}, now()))
    assert desk.read(kept_jobs) == []


def test_what_waits_has_a_bound(desk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each kind by itself; once they have become fewer more are queued."""
    monkeypatch.setattr(queueing, "MOST", 3)
    queue_numbers(desk, "counted", range(3))
    desk.read(lambda tx: measure(tx, ["counted", "others"]))
    with pytest.raises(Unavailable, match="Too many jobs of the kind counted"):
        queue_numbers(desk, "counted", [4])
    queue_numbers(desk, "others", [1])
    assert len(desk.read(kept_jobs)) == 4
    do_due(desk, within("counted"))
    desk.read(lambda tx: measure(tx, ["counted", "others"]))
    queue_numbers(desk, "counted", [5])
    assert desk.read(effects) == [0, 1, 2]


def test_no_id_is_given_twice(desk: Database) -> None:
    """Though the newest job is gone: who was sent something knows it by its id."""
    marks: list[str] = []

    def note(_tx: Tx, job: Job) -> None:
        marks.append(job.mark.partition("-")[0])

    for _ in range(2):
        queue_numbers(desk, "counted", [1])
        do_due(desk, within("counted", note))
    assert len(set(marks)) == 2
