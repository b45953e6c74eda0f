"""All connections of one worker: how many there may be, which one gives way, and when each has lasted too long."""

import asyncio
import errno
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from starlette.types import Receive, Scope, Send

from keesa.server.budget import Budget
from keesa.server.connection import Connection
from keesa.server.limits import Limits

App = Callable[[Scope, Receive, Send], Awaitable[None]]

CONNECTIONS: Final = "keesa.connections"
"""In the extensions of the lifespan's scope: the worker's `Connections`."""
CHECK_SECONDS: Final = 0.5
"""Between two looks at all connections."""
LOOK_SECONDS: Final = 0.05
"""At least, between two looks for connections that can give way."""
HURRY_SECONDS: Final = 5
"""When the server stops: how long a request may still arrive."""
REST_SECONDS: Final = 1
"""When the server stops: how long it takes up what the system has accepted before."""
ROUND_SECONDS: Final = 0.005
"""Until it looks again whether some have ended."""
ACCEPTED_AT_ONCE: Final = 64
"""The most connections that a process takes each time its loop comes by: many clients are served side by side."""
SHARED: Final = 8
"""Of so many open ones it takes one more each time: where there are few, processes share them evenly."""
PIECE: Final = 65_536
"""Bytes that are read of a connection at once."""
_EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

_log = structlog.get_logger("keesa.server")


class Connections:
    """Accepts, as long as it may have more; called in the event loop alone."""

    def __init__(self, app: App, limits: Limits, loop: asyncio.AbstractEventLoop) -> None:
        self.app = app
        self.limits = limits
        self.loop = loop
        self.buffer = memoryview(bytearray(PIECE))
        """What is being read, of one connection after the other."""
        self.bodies = Budget(limits.bodies_bytes)
        self._open: set[Connection] = set()
        self._unfetched: dict[Connection, int] = {}
        self._unfetched_bytes = 0
        self._opening = 0
        self._candidates: deque[Connection] = deque()
        """Those that can give way, the one that was silent the longest first; as they were at the last look."""
        self._looked_at = 0.0
        """When they were looked for, by the loop's clock."""
        self._opened: set[asyncio.Task[None]] = set()
        """The tasks that open connections, kept so that they are not lost."""
        self._listener: socket.socket | None = None
        self._accepting = False
        self._stopping_since: float | None = None
        self._empty = asyncio.Event()
        self._when_stopping: list[Callable[[], None]] = []

    def listen(self, listener: socket.socket) -> None:
        """Accept from a socket that listens already; other processes may accept from it too."""
        listener.setblocking(False)  # noqa: FBT003 - the standard library's
        self._listener = listener
        self._accept_on()
        self.loop.call_later(CHECK_SECONDS, self._check)

    @property
    def open(self) -> int:
        """How many there are."""
        return len(self._open)

    @property
    def unfetched(self) -> int:
        """Bytes of answers that clients do not fetch."""
        return self._unfetched_bytes

    def when_stopping(self, call: Callable[[], None]) -> None:
        """Have it called when `stop` begins: what would wait for long ends then."""
        self._when_stopping.append(call)

    async def stop(self, seconds: float) -> None:
        """Accept what has come and no more, let what is under way end, and end the rest after `seconds`."""
        self._stopping_since = self.loop.time()
        for call in self._when_stopping:
            call()
        self._accept_off()
        for connection in list(self._open):
            connection.close()
        await self._accept_rest()
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
        self._note_empty()
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            for connection in list(self._open):
                connection.abort()
            await asyncio.sleep(0.1)  # for their requests to hear of it

    def add(self, connection: Connection) -> None:
        self._opening -= 1
        self._open.add(connection)
        if self._stopping_since is not None:
            connection.close()

    def remove(self, connection: Connection) -> None:
        self._open.discard(connection)
        self.release(connection)
        if self._stopping_since is None:
            self._accept_on()
        self._note_empty()

    def hold(self, connection: Connection, size: int) -> None:
        """Its client has not fetched `size` bytes. Beyond all answers' budget, who waits the longest is cut off."""
        self._unfetched[connection] = size
        self._unfetched_bytes += size
        while self._unfetched_bytes > self.limits.answers_bytes and len(self._unfetched) > 1:
            longest = next(iter(self._unfetched))
            self.release(longest)
            longest.abort()

    def release(self, connection: Connection) -> None:
        """Its client has fetched nearly all, or has gone."""
        self._unfetched_bytes -= self._unfetched.pop(connection, 0)

    def _accept_some(self) -> None:
        for _ in range(min(ACCEPTED_AT_ONCE, 1 + self._count // SHARED)):
            if not self._accept():
                break

    def _accept(self) -> bool:
        """Accept one, if one has come and one more may be open, or another gives way to the next."""
        if self._listener is None:
            return False
        if self._is_full:
            if not self._end_silent():
                self._pause_accepting(LOOK_SECONDS)
            return False
        try:
            client, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            _log.warning("cannot accept a connection", reason=error.strerror)
            self._pause_accepting(CHECK_SECONDS)
            return False
        client.setblocking(False)  # noqa: FBT003 - the standard library's
        if client.family != socket.AF_UNIX:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        overflow = self._count >= self.limits.connections and not self._end_silent()
        self._opening += 1
        opening = self.loop.create_task(self._open_up(client, overflow=overflow))
        self._opened.add(opening)
        opening.add_done_callback(self._opened.discard)
        return True

    async def _accept_rest(self) -> None:
        """What the system holds: as many as there may be, and the others as soon as some have ended."""
        until = self.loop.time() + REST_SECONDS
        while self.loop.time() < until:
            while self._count < self.limits.connections:
                if not self._accept():
                    return
            await asyncio.sleep(ROUND_SECONDS)

    async def _open_up(self, client: socket.socket, *, overflow: bool) -> None:
        try:
            await self.loop.connect_accepted_socket(lambda: Connection(self, overflow=overflow), client)
        except OSError:
            self._opening -= 1
            client.close()

    @property
    def _is_full(self) -> bool:
        return self._count >= self.limits.connections + self.limits.overflow

    @property
    def _count(self) -> int:
        return len(self._open) + self._opening

    def _end_silent(self) -> bool:
        """End the connection that was silent the longest, of those that can give way; while the server stops, none can:
        a request whose body is on its way gets its answer.
        """
        if self._stopping_since is not None:
            return False
        if not self._candidates:
            self._find_candidates()
        while self._candidates:
            connection = self._candidates.popleft()
            if connection in self._open and connection.can_give_way:
                connection.abort()
                return True
        return False

    def _find_candidates(self) -> None:
        """Seldom: where many come at once, each must not cost so much."""
        now = self.loop.time()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        found = (connection for connection in self._open if connection.can_give_way)
        self._candidates = deque(sorted(found, key=lambda connection: connection.moved))

    def _check(self) -> None:
        self.loop.call_later(CHECK_SECONDS, self._check)  # whatever happens in this one
        now = self.loop.time()
        hurry = self._stopping_since is not None and now - self._stopping_since > HURRY_SECONDS
        for connection in list(self._open):
            connection.check(now, hurry=hurry)
        self._candidates.clear()

    def _accept_on(self) -> None:
        if self._listener is not None and not self._accepting and self._stopping_since is None:
            self.loop.add_reader(self._listener, self._accept_some)
            self._accepting = True

    def _pause_accepting(self, seconds: float) -> None:
        self._accept_off()
        self.loop.call_later(seconds, self._accept_on)

    def _accept_off(self) -> None:
        if self._listener is not None and self._accepting:
            self.loop.remove_reader(self._listener)
            self._accepting = False

    def _note_empty(self) -> None:
        if self._listener is None and not self._open and not self._opening:
            self._empty.set()
