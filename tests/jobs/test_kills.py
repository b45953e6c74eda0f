"""Workers that are killed in the middle of what they do: each job is done all the same, and in the database once."""

from pathlib import Path

from doing_jobs import Worked, effects, kept_jobs, processes, queue_numbers
from keesa.db import Database, Tx
from places import Place
from soaking import times
from waiting import wait_until

COUNTED = times(200, 4000)
SENT = times(120, 1200)
KILLS = times(2, 10)
PATIENCE = 120.0  # seconds for all of it, on a machine under load


def left(tx: Tx) -> int:
    return len(kept_jobs(tx))


def begun_twice(tx: Tx) -> int:
    return int(tx.value("SELECT count(*) AS value FROM effects WHERE attempts > 1"))


def kill_in_the_middle(desk: Database, killed: Worked, most: int) -> None:
    """While it has jobs, once no more than so many of all are left; a slow machine may have done them all by then."""
    killed.wait_until_ready()
    wait_until(lambda: desk.read(left) <= most, PATIENCE)
    wait_until(lambda: desk.read(killed.has_leases) or desk.read(left) == 0, PATIENCE)
    killed.kill()


def test_what_killed_workers_had_is_done_once(desk: Database, place: Place, tmp_path: Path) -> None:
    """Three processes, one of which is killed again and again while they work: every job is done; what it leaves in the
    database is there once, what it sends was sent at least once, always under the same mark.
    """
    file = tmp_path / "sent"
    queue_numbers(desk, "counted", range(COUNTED))
    queue_numbers(desk, "sent", range(SENT))
    marks = {job["payload"]: f"{job['id']}-{job['queued_at']}" for job in desk.read(kept_jobs) if job["kind"] == "sent"}
    with processes(place, file, 3) as working:
        for kill in range(KILLS):
            kill_in_the_middle(desk, working[kill % 3], (COUNTED + SENT) * (KILLS - kill) // (KILLS + 1))
            working[kill % 3] = Worked(place, file)
        wait_until(lambda: desk.read(left) == 0, PATIENCE)
        for each in working:
            each.wait_until_ready()
        assert [each.stop() for each in working] == [0, 0, 0]
    assert desk.read(begun_twice) > 0, "nobody was killed in the middle"
    assert desk.read(effects) == [*range(COUNTED)]
    assert desk.read(lambda tx: effects(tx, "sent")) == [*range(SENT)]
    lines = [line.split() for line in file.read_text().splitlines()]
    assert {int(number) for _, number in lines} == {*range(SENT)}
    assert {f'{{"number":{number}}}': mark for mark, number in lines} == marks
    assert all(marks[f'{{"number":{number}}}'] == mark for mark, number in lines)
