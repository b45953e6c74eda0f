"""What ends somebody's rights ends them on both nodes at once, while requests of theirs are under way on both."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from threading import Event
from typing import Final, NamedTuple

import pytest

from by_keesa import disable_user, enable_user
from cast import ASSIGNED, ENGINEER
from keesa import maintenance
from keesa.clock import now
from keesa.db import Database
from nodes import LONG_JITTER_MS
from places import Place
from plain_answers import Question
from two_workers_desk import GIVE_ROLE, TAKE_ROLE, Desk, two_workers
from waiting import wait_until

ASKERS: Final = 6
"""Three of each worker."""
TIMES: Final = 3
"""That there is each ending through each worker."""
LATER: Final = 2
"""Requests of each asker that were sent after the end had been answered."""
PATIENCE: Final = 60.0
"""Seconds for what comes for certain, on a machine under load."""
SERVED: Final = (200, 201)


@pytest.fixture
def desk(place: Place, database: Database) -> Iterator[Desk]:
    """Two workers on the cast's database, which is far, so that each request is under way for long."""
    with two_workers(place, database, LONG_JITTER_MS) as opened:
        yield opened


class Ending(NamedTuple):
    """How somebody's rights are ended, through this worker where it goes through one, and given again."""

    end: Callable[[Desk, int], None]
    begin: Callable[[Desk], None]
    refused: int
    """The status of whatever is asked meanwhile."""


def log_out(desk: Desk, worker: int) -> None:
    assert desk.act(worker, ENGINEER, "/auth/logout", None, method="DELETE")[0] == 200


def disable(desk: Desk, _: int) -> None:
    desk.database.write(lambda tx: disable_user(tx, ENGINEER.email, now()))


def enable(desk: Desk) -> None:
    desk.database.write(lambda tx: enable_user(tx, ENGINEER.email))
    desk.log_in(ENGINEER)


def take_role(desk: Desk, _: int) -> None:
    desk.run(TAKE_ROLE, user_id=ENGINEER.id, role_id=desk.role_id(ENGINEER.role))


def give_role(desk: Desk) -> None:
    desk.run(GIVE_ROLE, user_id=ENGINEER.id, role_id=desk.role_id(ENGINEER.role))


def go_offline(desk: Desk, _: int) -> None:
    desk.database.write(maintenance.switch_on)


def go_online(desk: Desk) -> None:
    desk.database.write(maintenance.switch_off)


ENDINGS: Final[Mapping[str, Ending]] = {
    "a logout": Ending(log_out, lambda desk: desk.log_in(ENGINEER), 401),
    "a disabled user": Ending(disable, enable, 401),
    "a role that is taken away": Ending(take_role, give_role, 403),
    "maintenance": Ending(go_offline, go_online, 503),
}


class Asked(NamedTuple):
    """A request, and its answer."""

    sent_at: float
    status: int


@dataclass
class Asker:
    """Somebody's requests to one worker, one after the other."""

    worker: int
    random: Random
    asked: list[Asked] = field(default_factory=list)

    def ask_until(self, over: Event, desk: Desk) -> None:
        with desk.another() as own:
            while not over.is_set():
                sent_at = time.monotonic()
                self.asked.append(Asked(sent_at, self._ask(own)))

    def since(self, moment: float) -> list[int]:
        """The answers to what was sent later."""
        return [asked.status for asked in self.asked if asked.sent_at > moment]

    def _ask(self, own: Desk) -> int:
        if self.random.random() < 1 / 3:
            body = {"ticket_number": ASSIGNED, "ticket_note": {"note": "Still here"}}
            return own.act(self.worker, ENGINEER, "/tickets/add_ticket_note", body)[0]
        path = self.random.choice(("/tickets", "/tickets/{ticket}"))
        return own.get(own.workers[self.worker], Question(ENGINEER, "2024", path, ASSIGNED))[0]


@contextmanager
def asking(desk: Desk) -> Iterator[list[Asker]]:
    over = Event()
    askers = [Asker(number % 2, Random(number)) for number in range(ASKERS)]  # noqa: S311 - which request, no secret
    with ThreadPoolExecutor(ASKERS) as threads:
        going_on = [threads.submit(asker.ask_until, over, desk) for asker in askers]
        try:
            yield askers
        finally:
            over.set()
    for each in going_on:
        each.result()


def ask_at_once(desk: Desk, worker: int) -> int:
    return desk.get(desk.workers[worker], Question(ENGINEER, "2024", "/tickets", ASSIGNED))[0]


def test_nothing_that_is_sent_after_an_end_was_answered_succeeds(desk: Desk) -> None:
    """On either node, whatever is under way on both: a logout, a user disabled, a role taken away, maintenance."""
    begun_at = 0.0
    with asking(desk) as askers:
        for name, ending in ENDINGS.items():
            for worker in (0, 1) * TIMES:
                wait_until(lambda: all({*SERVED} & {*asker.since(begun_at)} for asker in askers), PATIENCE)  # noqa: B023 - at once
                ending.end(desk, worker)
                ended_at = time.monotonic()
                assert ask_at_once(desk, 1 - worker) == ending.refused, name
                wait_until(lambda: all(len(asker.since(ended_at)) >= LATER for asker in askers), PATIENCE)  # noqa: B023 - at once
                later = [status for asker in askers for status in asker.since(ended_at)]
                assert {*later} == {ending.refused}, name
                ending.begin(desk)
                begun_at = time.monotonic()
    expected = {*SERVED, *(ending.refused for ending in ENDINGS.values())}
    assert {asked.status for asker in askers for asked in asker.asked} <= expected
