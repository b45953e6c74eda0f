"""Running a work in steps beside others: on an event loop, or in a thread that shares the interpreter with one."""

import asyncio
import time
from concurrent.futures import Executor
from contextlib import suppress
from typing import Final, TypeVar

from keesa.db.engine import Pace, Steps

T = TypeVar("T")

TURN: Final = 0.0001
"""Seconds that a work may run before others have their turn."""


async def run_in_turns(steps: Steps[T], elsewhere: Executor) -> T:
    """On the loop, in turns with what else it has to do; a long step runs in a thread of `elsewhere`."""
    ends, pace = time.perf_counter() + TURN, Pace.SHORT
    while True:
        if pace is Pace.LONG:
            pace, done = await _to_its_end(asyncio.get_running_loop().run_in_executor(elsewhere, _next, steps))
        else:
            pace, done = _next(steps)
        if done is not None:
            return done.value  # type: ignore[no-any-return]  # StopIteration has no type for its value
        if time.perf_counter() > ends:
            await asyncio.sleep(0)
            ends = time.perf_counter() + TURN


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
        _, done = _next(steps)
        if done is not None:
            return done.value  # type: ignore[no-any-return]  # as above
        time.sleep(0)


def _next(steps: Steps[T]) -> tuple[Pace, StopIteration | None]:
    """The pace of the step after this one; or the end, which no future could carry as an exception."""
    try:
        return next(steps), None
    except StopIteration as done:
        return Pace.SHORT, done
