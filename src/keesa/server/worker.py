"""One worker process: its event loop, its connections, its heartbeat, and its end."""

import asyncio
import ctypes
import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvloop

from keesa.server.connections import CONNECTIONS, App, Connections
from keesa.server.limits import Limits

if TYPE_CHECKING:
    from starlette.types import Message

BEAT_SECONDS: Final = 1
"""Between two heartbeats."""
READY: Final = b"r"
ALIVE: Final = b"."
STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_PR_SET_PDEATHSIG: Final = 1
TRIM_SECONDS: Final = 5
"""Between two looks at what the C library keeps; eight times as long where the last one has freed nothing."""
TRIM_BYTES: Final = 32 * 1024 * 1024
"""More than at the start, from which on a look is worth its cost."""
_MALLOC: Final = {
    -1: 4 * 1024 * 1024,  # M_TRIM_THRESHOLD, bytes
    -3: 1024 * 1024,  # M_MMAP_THRESHOLD, bytes
    -8: 2,  # M_ARENA_MAX
}
"""Parameters of mallopt(3)."""


def work(
    parent: int, build: Callable[[], App], listener: socket.socket, limits: Limits, heartbeat: int, stop_seconds: float
) -> None:
    """Serve what `build` makes until a SIGTERM or SIGINT, which are blocked when this is called.

    `heartbeat` is the end of a pipe to write heartbeats to.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: os._exit(0))  # as long as nothing can be under way
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    end_with(parent)
    _give_memory_back()
    app = build()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(app, listener, limits, heartbeat, stop_seconds))


async def _serve(app: App, listener: socket.socket, limits: Limits, heartbeat: int, stop_seconds: float) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stopped.set)
    connections = Connections(app, limits, loop)
    lifespan = _Lifespan(app, connections)
    await lifespan.start()
    connections.listen(listener)
    _beat(loop, heartbeat, READY)
    await stopped.wait()
    signal.alarm(int(stop_seconds) + 5)  # whatever hangs: the parent, if it is still there, is faster
    await connections.stop(stop_seconds)
    await lifespan.end()


def _beat(loop: asyncio.AbstractEventLoop, heartbeat: int, sign: bytes = ALIVE) -> None:
    with suppress(OSError):  # the parent is gone, or so far behind that the pipe is full
        os.write(heartbeat, sign)
    loop.call_later(BEAT_SECONDS, _beat, loop, heartbeat)


class _Lifespan:
    """An application's start and end, as ASGI has them; it is given the connections, to look at how many they are."""

    def __init__(self, app: App, connections: Connections) -> None:
        self._app = app
        self._connections = connections
        self._told: asyncio.Queue[Message] = asyncio.Queue()
        self._heard: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.ensure_future(self._run())
        await self._tell("lifespan.startup")

    async def end(self) -> None:
        await self._tell("lifespan.shutdown")
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        extensions = {CONNECTIONS: self._connections}
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "extensions": extensions}
        await self._app(scope, self._told.get, self._heard.put)

    async def _tell(self, what: str) -> None:
        await self._told.put({"type": what})
        answer = await self._heard.get()
        if answer["type"] != f"{what}.complete":
            raise RuntimeError(f"the application answers {what} with {answer}")


def _give_memory_back() -> None:
    """Have the C library return large pieces (a password check's 19 MiB, a long list) to the system at once, and share
    its pools among threads: left to itself it keeps some hundred megabytes more after a busy hour.
    """
    with suppress(OSError, AttributeError):  # not glibc
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in _MALLOC.items():
            mallopt(parameter, value)
        threading.Thread(target=_trim_now_and_then, name="keesa-trim", daemon=True).start()


def _trim_now_and_then() -> None:
    """What lies free between pieces in use is not given back by `free` itself. An error refers to what it was raised
    through, which may refer to it: a body in such a cycle waits for the collector, which comes when much is made, not
    when much is held.
    """
    trim = ctypes.CDLL(None).malloc_trim  # which lets other threads of Python go on
    least, pause = _resident_bytes() + TRIM_BYTES, TRIM_SECONDS
    while True:
        time.sleep(pause)
        before = _resident_bytes()
        if before > least:
            gc.collect()
            trim(0)
            pause = TRIM_SECONDS if before - _resident_bytes() > TRIM_BYTES // 8 else TRIM_SECONDS * 8


def _resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def end_with(parent: int) -> None:
    """Have this process get a SIGTERM when the parent ends, however it does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(1)  # it died before it could tell
