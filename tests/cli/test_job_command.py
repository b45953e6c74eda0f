"""`keesa job`: what an operator sees of jobs, and does about them."""

import json
from typing import Any, Final

import pytest

from acting import CLOCK, rows
from command import Done, keesa
from doing_jobs import do_due, kept_jobs, let_due, make_effects, queue_numbers, within
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.jobs import retrying
from keesa.jobs.kinds import Job, Kinds
from keesa.jobs.leasing import lease
from keesa.jobs.queueing import queue
from keesa.jobs.schedules import Every
from keesa.jobs.scheduling import keep
from keesa.jobs.switching import paused
from places import Place
from trail import actions_behind, last_id

KIND: Final = "counted"


def fail(_tx: Tx, job: Job) -> None:
    raise ValueError(f"no ferry for {job.payload['number']}")


def give_up(database: Database, *numbers: int, key: str | None = None) -> None:
    """Jobs that have failed for good."""
    for number in numbers:
        database.write(lambda tx, number=number: queue(tx, KIND, {"number": number}, now(), key))  # type: ignore[misc]
    do_due(database, within(KIND, fail, attempts=1, side_by_side=len(numbers)))


def job(place: Place, *arguments: str) -> Done:
    return keesa("job", *arguments, place=place)


def listed(place: Place, *arguments: str) -> list[dict[str, Any]]:
    done = job(place, "list", "--json", *arguments)
    assert done.status == 0, done.err
    found: list[dict[str, Any]] = json.loads(done.out)
    return found


def test_a_list_tells_what_became_of_each(place: Place, database: Database) -> None:
    """Whether it waits, is being done or was given up, and why; of one state, of one kind, or so many."""
    give_up(database, 1)
    queue_numbers(database, KIND, [2])
    database.write(lambda tx: lease(tx, "w.1", {within(KIND): 1}, now()))
    queue_numbers(database, KIND, [3])
    queue_numbers(database, "others", [4])
    found = [(row["kind"], row["state"], row["error"]) for row in listed(place)]
    expected = [(KIND, "given_up", "no ferry for 1"), (KIND, "leased", None), (KIND, "waiting", None)]
    assert found == [*expected, ("others", "waiting", None)]
    assert [row["kind"] for row in listed(place, "--state", "waiting")] == [KIND, "others"]
    assert [row["state"] for row in listed(place, "--kind", KIND)] == ["given_up", "leased", "waiting"]
    assert len(listed(place, "--limit", "2")) == 2
    assert job(place, "list").out.count("\n") == 4


def test_one_is_shown_with_what_it_was_queued_with(place: Place, database: Database) -> None:
    """As JSON; one that is not there is a sentence."""
    queue_numbers(database, KIND, [7])
    [row] = listed(place)
    shown = json.loads(job(place, "show", str(row["id"])).out)
    assert shown["payload"] == {"number": 7}
    assert shown["queued_at"].endswith("+05:00")
    missing = job(place, "show", "999")
    assert (missing.status, "There is no job 999" in missing.err) == (1, True)


def test_one_is_tried_again(place: Place, database: Database) -> None:
    """As often as a new one, and recorded; what is being done now is left."""
    give_up(database, 1)
    [row] = listed(place)
    before = last_id(database)
    assert job(place, "retry", str(row["id"])).out == f"job {row['id']} is tried again\n"
    assert actions_behind(database, before) == ["job.retry"]
    [again] = database.read(kept_jobs)
    assert (again["given_up_at"], again["attempts"]) == (None, 0)
    database.write(lambda tx: lease(tx, "w.1", {within(KIND): 1}, now()))
    refused = job(place, "retry", str(row["id"]))
    assert (refused.status, refused.err) == (1, f"keesa: Job {row['id']} is being done now\n")


def test_one_that_waits_for_its_time_is_tried_now(place: Place, database: Database) -> None:
    """Whoever has mended what stood against it need not wait for the pause."""
    database.write(lambda tx: queue(tx, KIND, {"number": 1}, now(), run_at=now() + 3_600_000))
    [row] = listed(place)
    assert job(place, "retry", str(row["id"])).status == 0
    assert database.read(kept_jobs)[0]["run_at"] <= now()


def test_one_in_whose_place_another_waits_stays_given_up(place: Place, database: Database) -> None:
    """They would do the same."""
    give_up(database, 1, key="one")
    database.write(lambda tx: queue(tx, KIND, {"number": 2}, now(), "one"))
    [row] = listed(place, "--state", "given_up")
    refused = job(place, "retry", str(row["id"]))
    assert (refused.status, "Another job does the same" in refused.err) == (1, True)
    assert job(place, "retry", "--kind", KIND).out == "0 jobs are tried again\n"


def test_all_of_a_kind_are_tried_again(place: Place, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were given up, so many at once; one act."""
    monkeypatch.setattr(retrying, "AT_ONCE", 2)
    monkeypatch.setattr("keesa.cli.job.AT_ONCE", 2)
    give_up(database, 1, 2, 3)
    before = last_id(database)
    assert job(place, "retry", "--kind", KIND).out == "2 jobs are tried again; there may be more: say it again\n"
    assert job(place, "retry", "--kind", KIND).out == "1 job is tried again\n"
    assert actions_behind(database, before) == ["job.retry", "job.retry"]
    assert listed(place, "--state", "given_up") == []


def test_of_those_with_one_key_one_is_tried_again(place: Place, database: Database) -> None:
    """The oldest."""
    for _ in range(2):
        give_up(database, 1, key="one")
    assert job(place, "retry", "--kind", KIND).out == "1 job is tried again\n"
    assert [row["state"] for row in listed(place)] == ["waiting", "given_up"]


def test_what_shall_not_be_done_is_dropped(place: Place, database: Database) -> None:
    """One that waits or was given up, or all of a kind; not what is being done, nor what recurs."""
    give_up(database, 1)
    queue_numbers(database, KIND, [2, 3, 4])
    kind = within(KIND, schedule=Every(60))
    database.write(lambda tx: lease(tx, "w.1", {kind: 1}, now()))
    database.write(lambda tx: keep(tx, Kinds([kind]), CLOCK))
    given_up, leased, waiting, *_, recurring = (str(row["id"]) for row in listed(place))
    assert job(place, "drop", waiting).out == f"job {waiting} is dropped\n"
    assert job(place, "drop", leased).err == f"keesa: Job {leased} is being done now\n"
    assert job(place, "drop", recurring).err == f"keesa: Job {recurring} recurs: pause its kind\n"
    assert job(place, "drop", waiting).status == 1
    assert job(place, "drop", "--kind", KIND).out == "2 jobs are dropped\n"
    assert [str(row["id"]) for row in listed(place)] == [leased, recurring]
    assert given_up not in (leased, recurring)


@pytest.mark.parametrize(
    "arguments", [["retry"], ["drop"], ["retry", "1", "--kind", KIND], ["pause"], ["resume", KIND, "--all"]]
)
def test_what_is_meant_is_said(place: Place, arguments: list[str]) -> None:
    """One job or a kind; a kind or all."""
    assert job(place, *arguments).status == 2


def test_a_kind_is_paused_and_resumed(place: Place, database: Database) -> None:
    """Nothing of it is begun meanwhile, whoever looks; the others go on. What is so already is no act."""
    make_effects(database)
    queue_numbers(database, KIND, [1])
    queue_numbers(database, "others", [2])
    before = last_id(database)
    for _ in range(2):
        assert job(place, "pause", KIND).out == f"{KIND} paused until you say `keesa job resume {KIND}`\n"
    assert do_due(database, within(KIND), within("others")).tally == {("others", "done"): 1}
    assert job(place, "list").err == f"paused: {KIND} (`keesa job resume`)\n"
    assert job(place, "resume", KIND).out == f"{KIND} resumed\n"
    assert do_due(database, within(KIND)).tally == {(KIND, "done"): 1}
    assert actions_behind(database, before) == ["job.pause", "job.resume"]


def test_all_are_paused_and_resumed(place: Place, database: Database) -> None:
    """To go on with all ends the pause of each kind too; to go on with one does not end that of all."""
    make_effects(database)
    queue_numbers(database, KIND, [1])
    assert job(place, "pause", KIND).status == 0
    assert job(place, "pause", "--all").out == "all paused until you say `keesa job resume --all`\n"
    assert job(place, "resume", KIND).out == f"{KIND} resumed; still paused: all\n"
    assert do_due(database, within(KIND)).tally == {}
    assert job(place, "pause", KIND).status == 0
    assert job(place, "resume", "--all").out == "all resumed\n"
    assert database.read(paused) == []
    let_due(database)
    assert do_due(database, within(KIND)).tally == {(KIND, "done"): 1}


def test_a_kind_with_a_slip_in_its_name_is_told(place: Place, database: Database) -> None:
    """With those that there are; nothing is paused."""
    refused = job(place, "pause", "clear_session")
    assert (refused.status, "There is no kind 'clear_session'" in refused.err) == (1, True)
    assert "clear_sessions" in refused.err
    assert database.read(lambda tx: rows(tx, "SELECT name FROM settings WHERE name LIKE 'jobs%'")) == []
