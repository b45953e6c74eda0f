"""Calls that wait for something to tell, and clients that go away meanwhile."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Receive

if TYPE_CHECKING:
    from keesa.web.trace import Trace

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Waiting:
    """For how long a call may wait, and for what. While it waits it has no transaction; it is asked anew behind it."""

    seconds: float
    """From when it was asked for the first time."""
    until: Callable[[float], Coroutine[Any, Any, bool]]
    """Waits so many seconds at the most; whether there may be something to tell."""


async def wait(waiting: Waiting, since: float, receive: Receive, trace: "Trace") -> bool:
    """Whether there may be something to tell, in its seconds from `since` on, by `time.perf_counter`. Raises
    `ClientDisconnect` as soon as the client goes.
    """
    begun = time.perf_counter()
    left = since + waiting.seconds - begun
    try:
        return left > 0 and await unless_gone(receive, waiting.until(left))
    finally:
        trace.waited += time.perf_counter() - begun


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """What the work gives. Raises `ClientDisconnect` as soon as the client goes; the work is cancelled then."""
    working, going = tasks = asyncio.ensure_future(work), asyncio.ensure_future(_until_gone(receive))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        for task in (working, going):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
