"""One restore after the other of a PostgreSQL that Keesa's clients write to, and what is there afterwards."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from deploy.point_in_time.archive import Archive
from deploy.point_in_time.desk import Desk
from deploy.point_in_time.guide import EXAMPLE, TIMELINE, Step
from deploy.point_in_time.judging import Judgement, hold
from deploy.point_in_time.machine import Machine
from deploy.point_in_time.wholeness import halves, require_sound_pages
from deploy.trial.checks import Kept
from deploy.trial.kept import kept_in
from deploy.trial.told import Told

WORK: Final = 5.0
"""Seconds of work before the target's time, and after it."""
LONGER: Final = 30.0
"""Seconds of work after a segment has been handed over, of which a lost disk takes what is in none that is finished."""
ALLOWED: Final = 65.0
"""Seconds of work that a lost disk may cost: `archive_timeout`, and some for the segment to arrive."""


@dataclass(frozen=True)
class Round:
    what: str
    to_a_time: bool
    disk_lost: bool
    too_early: bool = False
    """It is restored to an earlier time first."""


ROUNDS: Final[Mapping[str, Round]] = {
    "mistake": Round("a stop, and the folder as it is: to a time", to_a_time=True, disk_lost=False),
    "later": Round("a stop, and too early a time: to a later one", to_a_time=True, disk_lost=False, too_early=True),
    "time": Round("SIGKILL, and an empty folder: to a time", to_a_time=True, disk_lost=True),
    "end": Round("SIGKILL, and an empty folder: to the end of the archive", to_a_time=False, disk_lost=True),
}


@dataclass(frozen=True)
class Outcome:
    round: Round
    judgement: Judgement
    gone: float
    """Seconds from the newest change that is there to the target's time, or to the loss of the disk."""
    restore: float
    """Seconds that pgBackRest took."""
    recovery: float
    """Seconds that PostgreSQL took until it took writes."""
    halves: list[str]
    differences: list[str]

    @property
    def faults(self) -> list[str]:
        """A sentence for each thing that must not be."""
        found = [f"{what!r} was acknowledged before, and is lost" for what in self.judgement.lost]
        if self.round.to_a_time:
            found += [f"{what!r} was sent after, and is there" for what in self.judgement.late]
        elif self.gone > ALLOWED:
            found.append(f"{self.gone:.0f} seconds are lost: {ALLOWED:.0f} are allowed")
        if not (self.judgement.before and self.judgement.after):
            found.append("nothing was sent before, or nothing after")
        return [*found, *self.judgement.wrong, *self.halves, *self.differences]


@dataclass(frozen=True)
class Work:
    """What clients have done. `moment` is the time to restore to, or up to which the archive has all."""

    told: Sequence[Told]
    moment: float
    ended: float
    timeline: int


class Rehearsal:
    def __init__(self, machine: Machine, desk: Desk) -> None:
        self._machine, self._desk = machine, desk

    def put_to(self, step: Round) -> Outcome:
        """Work, lose, restore, look. Keesa and PostgreSQL run when it returns."""
        before, token = self._kept(), self._desk.log_in()
        work = self._work(step)
        restore, recovery = self._restore(step, work)
        with self._machine.connect() as connection:
            kept, torn = kept_in(connection), halves(connection)
            assigned = connection.execute("SELECT title FROM tickets WHERE assigned_to_id IS NOT NULL").fetchall()
        require_sound_pages(self._machine)
        judgement = hold(work.told, work.moment, kept, {title for [title] in assigned})
        gone = max(0.0, (work.moment if step.to_a_time else work.ended) - judgement.newest)
        found = [f"{number}, which is older, has changed" for number in before if kept.get(number) != before[number]]
        found += self._answers(work.told, kept, token)
        return Outcome(step, judgement, gone, restore, recovery, torn, found)

    def _kept(self) -> dict[int, Kept]:
        with self._machine.connect() as connection:
            return kept_in(connection)

    def _work(self, step: Round) -> Work:
        with self._machine.connect() as connection, self._desk.working(step.what) as told:
            archive = Archive(connection)
            moment = _to_a_time(archive, step) if step.to_a_time else _on_the_way(archive)
            ended = time.time()
            if step.disk_lost:
                self._machine.kill()
            self._desk.keesa.stop()
            if not step.disk_lost:
                self._machine.stop()
        return Work(told, moment, ended, archive.timeline)

    def _restore(self, step: Round, work: Work) -> tuple[float, float]:
        """The seconds that pgBackRest took, and then PostgreSQL."""
        machine, target = self._machine, {EXAMPLE: _written(work.moment)}
        if step.disk_lost:
            shutil.rmtree(machine.data)
            machine.follow(Step.FOLDER)
        if step.too_early:
            machine.follow(Step.TO_A_TIME, {EXAMPLE: _written(work.moment - WORK / 2)})
            self._recover()
            machine.stop()
            back = {TIMELINE: TIMELINE.replace("1", str(work.timeline))}
            restore = seconds(lambda: machine.follow(Step.LATER, target | back))
        elif step.to_a_time:
            restore = seconds(lambda: machine.follow(Step.TO_A_TIME, target))
        else:
            restore = seconds(lambda: machine.follow(Step.TO_THE_END))
        recovery = seconds(self._recover)
        machine.follow(Step.CHECK)
        return restore, recovery

    def _recover(self) -> None:
        self._machine.start()
        self._machine.follow(Step.RECOVERED)

    def _answers(self, told: Sequence[Told], kept: Mapping[int, Kept], token: str) -> list[str]:
        """What Keesa answers otherwise than it should once it has been told of the restore and started."""
        self._machine.follow(Step.RENEW)
        self._desk.start()
        numbers = {ticket.number for each in told for ticket in each.tickets}
        found = self._desk.differences(numbers, kept, {*kept, *numbers})
        if (status := self._desk.status_with(token)) != 401:
            found.append(f"a session of before the restore is answered with {status}")
        return found


def _to_a_time(archive: Archive, step: Round) -> float:
    """The target's time; there is work before it and after it, and the archive has some of both."""
    archive.look_for(WORK)
    moment = round(time.time(), 6)
    archive.look_for(WORK)
    if step.disk_lost:  # a PostgreSQL that is stopped hands over the rest itself
        archive.wait_for(time.time())
    return moment


def _on_the_way(archive: Archive) -> float:
    """Up to where the archive has all that was acknowledged; there is work after it."""
    archive.look_for(WORK)
    archive.wait_for(time.time())
    archive.look_for(LONGER)
    return archive.reaches


def _written(moment: float) -> str:
    """As pgBackRest takes it, without losing a microsecond."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S.%f}+00"


def seconds(work: Callable[[], object]) -> float:
    """That it takes."""
    begun = time.monotonic()
    work()
    return time.monotonic() - begun
