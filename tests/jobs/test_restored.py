"""A desk that is restored beside the one that it was: what acts outside waits, what concerns the desk alone goes on."""

from pathlib import Path
from typing import Any, Final

from command import keesa
from desks import back_up, restore
from doing_jobs import do_due, effects, kept_jobs, let_due, make_effects, outside, queue_numbers, within
from keesa.clock import now
from keesa.db import Database
from keesa.jobs.kinds import Job, Kind
from keesa.jobs.leasing import lease
from places import NewPlace, Place, opened

sent: Final[list[str]] = []


async def send(_: Any, job: Job) -> None:  # noqa: ANN401 - as every act
    sent.append(job.mark)


KINDS: Final[list[Kind]] = [within("counted"), outside("sent", send)]


def queued(place: Place) -> list[str]:
    """The marks of what the first desk was to send, with one of each kind under way; and one to count."""
    with opened(place) as desk:
        make_effects(desk)
        queue_numbers(desk, "sent", [1, 2])
        queue_numbers(desk, "counted", [1, 2])
        for kind in KINDS:
            desk.write(lambda tx, kind=kind: lease(tx, "first.1", {kind: 1}, now()))  # type: ignore[misc]
        jobs = [job for job in desk.read(kept_jobs) if job["kind"] == "sent"]
    return [f"{job['id']}-{job['queued_at']}" for job in jobs]


def make_effects_here(desk: Database, place: Place) -> None:
    """A back-up of PostgreSQL has Keesa's tables alone."""
    if place.url is not None:
        make_effects(desk)


def do_all(desk: Database) -> None:
    for _ in range(3):
        let_due(desk)
        do_due(desk, *KINDS)


def test_a_restored_copy_sends_nothing_until_it_is_told_to(place: Place, new_place: NewPlace, tmp_path: Path) -> None:
    """What the first desk had queued waits too, though leases have run out; then it is sent under the same marks."""
    sent.clear()
    marks, elsewhere = queued(place), new_place(None)
    restore(back_up(place, tmp_path / "back-ups"), elsewhere)
    with opened(elsewhere) as copy:
        make_effects_here(copy, elsewhere)
        do_all(copy)
        assert sent == []
        assert [job["kind"] for job in copy.read(kept_jobs)] == ["sent", "sent"]
        assert keesa("desk", "sending", "on", place=elsewhere).status == 0
        do_all(copy)
        assert sorted(sent) == sorted(marks)
        assert copy.read(kept_jobs) == []


def test_what_takes_the_desk_s_place_goes_on(place: Place, new_place: NewPlace, tmp_path: Path) -> None:
    """As the same desk it sends: once more what the lost one may have sent, under the same marks."""
    sent.clear()
    marks, elsewhere = queued(place), new_place(None)
    restore(back_up(place, tmp_path / "back-ups"), elsewhere, same_desk=True)
    with opened(elsewhere) as desk:
        make_effects_here(desk, elsewhere)
        do_all(desk)
        assert sorted(sent) == sorted(marks)
        assert desk.read(effects_of_counted) == 2


def effects_of_counted(tx: Any) -> int:  # noqa: ANN401 - a transaction
    return len(effects(tx))
