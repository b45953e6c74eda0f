"""Who waits for a password check, in which order, for how long, and who is sent away."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

import pytest

from keesa.web.fair_queue import FairQueue
from keesa.web.http_errors import HttpError

HOME: Final = "203.0.113.7"
ELSEWHERE: Final = "198.51.100.9"


class Check:
    """A password check that takes until it is let go, and notes that it was begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self._gate = threading.Semaphore(0)

    def of(self, name: str) -> Callable[[], str]:
        def check() -> str:
            self.begun.append(name)
            assert self._gate.acquire(timeout=60)
            return name

        return check

    def let_go(self, number: int) -> None:
        self._gate.release(number)


@pytest.fixture
def check() -> Check:
    return Check()


@pytest.fixture
def queue() -> Iterator[FairQueue]:
    """One at once, four that wait."""
    made = FairQueue(at_once=1, waiting=4, patience=60.0)
    yield made
    made.close()


async def started(waiting: Awaitable[str]) -> "asyncio.Task[str]":
    """The login, on its way as far as it gets."""
    task = asyncio.ensure_future(waiting)
    for _ in range(5):
        await asyncio.sleep(0)
    return task


async def outcome(task: "asyncio.Task[str]") -> str:
    """Its name, or the status and the seconds that it was sent away with."""
    try:
        return await task
    except HttpError as problem:
        return f"{problem.status} {problem.headers['Retry-After']}"


def test_each_network_has_its_turn(queue: FairQueue, check: Check) -> None:
    """Whoever comes from elsewhere waits for one login of a busy office's, not for all; their numbers are told."""

    async def work() -> list[str]:
        tasks = [await started(queue.run(HOME, check.of(f"home {number}"))) for number in range(4)]
        tasks.append(await started(queue.run(ELSEWHERE, check.of("elsewhere"))))
        assert (queue.running, queue.waiting) == (1, 4)
        check.let_go(5)
        outcomes = [await outcome(task) for task in tasks]
        assert (queue.running, queue.waiting) == (0, 0)
        return outcomes

    assert asyncio.run(work()) == ["home 0", "home 1", "home 2", "home 3", "elsewhere"]
    assert check.begun == ["home 0", "home 1", "elsewhere", "home 2", "home 3"]


def test_who_comes_too_late_is_sent_away_at_once(queue: FairQueue, check: Check) -> None:
    """503, with the seconds after which to come again; who waits is not touched."""

    async def work() -> list[str]:
        tasks = [await started(queue.run(HOME, check.of(f"home {number}"))) for number in range(6)]
        assert tasks[5].done()
        check.let_go(5)
        return [await outcome(task) for task in tasks]

    assert asyncio.run(work()) == ["home 0", "home 1", "home 2", "home 3", "home 4", "503 2"]


def test_no_network_keeps_the_others_out(queue: FairQueue, check: Check) -> None:
    """Where all places are taken, the last of the network that has most of them gives its place up."""

    async def work() -> list[str]:
        tasks = [await started(queue.run(HOME, check.of(f"home {number}"))) for number in range(5)]
        tasks += [await started(queue.run(ELSEWHERE, check.of(f"elsewhere {number}"))) for number in range(3)]
        check.let_go(5)
        return [await outcome(task) for task in tasks]

    answers = asyncio.run(work())
    assert answers[:5] == ["home 0", "home 1", "home 2", "503 2", "503 2"]
    assert answers[5:] == ["elsewhere 0", "elsewhere 1", "503 2"]


def test_nobody_waits_without_end(check: Check) -> None:
    """A check that hangs lets those behind it be sent away; and once it is over all is as before."""

    async def work() -> list[str]:
        queue = FairQueue(at_once=1, waiting=4, patience=0.05)
        tasks = [await started(queue.run(HOME, check.of(f"home {number}"))) for number in range(3)]
        answers = [await outcome(task) for task in tasks[1:]]
        check.let_go(2)
        answers.append(await outcome(tasks[0]))
        answers.append(await queue.run(HOME, check.of("home 3")))
        queue.close()
        return answers

    assert asyncio.run(work()) == ["503 2", "503 2", "home 0", "home 3"]


def test_who_goes_away_takes_no_place(queue: FairQueue, check: Check) -> None:
    """Neither while they wait nor while their password is checked."""

    async def work() -> list[str]:
        tasks = [await started(queue.run(HOME, check.of(f"home {number}"))) for number in range(5)]
        for number in (0, 2):
            tasks[number].cancel()
        await asyncio.sleep(0)
        tasks.append(await started(queue.run(HOME, check.of("home 5"))))
        check.let_go(5)
        return [await outcome(tasks[number]) for number in (1, 3, 4, 5)]

    assert asyncio.run(work()) == ["home 1", "home 3", "home 4", "home 5"]
    assert check.begun == ["home 0", "home 1", "home 3", "home 4", "home 5"]


def test_a_check_that_fails_lets_the_next_one_in(queue: FairQueue, check: Check) -> None:
    """Its error is its own caller's."""

    def fail() -> str:
        raise ZeroDivisionError

    async def work() -> str:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await queue.run(HOME, fail)
        check.let_go(1)
        return await queue.run(HOME, check.of("home"))

    assert asyncio.run(work()) == "home"
