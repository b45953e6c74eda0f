"""Running a work in steps on an event loop, in turns with what else the loop has to do."""

import asyncio
import time
from concurrent.futures import Executor
from contextlib import suppress
from typing import Final, TypeVar

from keesa.db.engine import Pace, Steps
from keesa.errors import Unavailable
from keesa.interpreter import let_others_on

T = TypeVar("T")

TURN: Final = 0.0001
"""Seconds that a work may run before others have their turn."""
LONGEST: Final = 60.0
"""Seconds after which a work in steps is ended: it holds a snapshot, and what is written meanwhile piles up."""


def first_turn(steps: Steps[T]) -> tuple[Pace, tuple[T] | None]:
    """One turn of the work: the pace of the step that comes next, or its end with what it gives."""
    ends = time.perf_counter() + TURN
    while True:
        pace, done = next_step(steps)
        if done is not None or pace is Pace.LONG or time.perf_counter() > ends:
            return pace, done


async def run_in_turns(steps: Steps[T], pace: Pace, elsewhere: Executor) -> T:
    """On the loop, in turns with what else it has to do; a long step runs in a thread of `elsewhere`. `pace` is that
    of the step that comes next. Raises `Unavailable` where it takes too long.
    """
    latest = time.perf_counter() + LONGEST
    while time.perf_counter() < latest:
        if pace is Pace.LONG:
            pace, done = await _to_its_end(asyncio.get_running_loop().run_in_executor(elsewhere, next_step, steps))
        else:
            await asyncio.sleep(0)
            pace, done = first_turn(steps)
        if done is not None:
            return done[0]
    steps.close()
    raise Unavailable("This takes too long now, please try again later or ask for less")


async def _to_its_end(step: "asyncio.Future[T]") -> T:
    """Whoever is cancelled meanwhile still waits: the thread cannot be stopped, and has the connection."""
    try:
        return await asyncio.shield(step)
    except asyncio.CancelledError:
        while not step.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([step])
        raise


def run_to_the_end(steps: Steps[T]) -> T:
    """In a thread of its own: between steps the interpreter is offered to whoever waits for it."""
    while True:
        _, done = next_step(steps)
        if done is not None:
            return done[0]
        let_others_on()


def next_step(steps: Steps[T]) -> tuple[Pace, tuple[T] | None]:
    """The pace of the step after this one, or what the work gives; never the exception that tells it, whose traceback
    would hold it until the collector comes.
    """
    try:
        return next(steps), None
    except StopIteration as done:
        return Pace.SHORT, (done.value,)
