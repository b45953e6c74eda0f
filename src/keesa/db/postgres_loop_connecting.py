"""Making a loop's connections: each in a thread, since the driver's way to connect blocks."""

import asyncio
import threading
from collections.abc import Callable

import psycopg

from keesa.db.postgres_loop_connection import LoopConnection

Made = LoopConnection | BaseException
"""A connection, or why there is none."""


class NewConnections:
    """From the beginning of each until the loop has it, or nobody wants it any more."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connect: Callable[[], LoopConnection],
        tell: Callable[[Made], None],
    ) -> None:
        """`tell` is called on the loop, once for each that was begun."""
        self._loop = loop
        self._connect = connect
        self._tell = tell
        self._lock = threading.Lock()
        self._on_the_way: set[LoopConnection] = set()
        """Made, and not told yet: a loop that ends never tells."""
        self._abandoned = False
        self.count = 0

    def begin(self) -> None:
        self.count += 1
        try:
            threading.Thread(target=self._make, name="keesa-connect", daemon=True).start()
        except RuntimeError as error:  # the system gives no more threads
            self._loop.call_soon(self._arrive, psycopg.OperationalError(str(error)))

    def abandon(self) -> None:
        """The loop has ended: those that are on the way are closed, also when they are made later."""
        with self._lock:
            self._abandoned = True
            unwanted, self._on_the_way = self._on_the_way, set()
        for connection in unwanted:
            connection.close()

    def _make(self) -> None:
        made: Made
        try:
            made = self._connect()
        except BaseException as error:  # noqa: BLE001 - it is told to who waits
            made = error
        if isinstance(made, LoopConnection) and not self._is_wanted(made):
            made.close()
            return
        try:
            self._loop.call_soon_threadsafe(self._arrive, made)
        except RuntimeError:  # the loop has been closed: nobody waits there
            self.abandon()

    def _is_wanted(self, made: LoopConnection) -> bool:
        with self._lock:
            if not self._abandoned:
                self._on_the_way.add(made)
            return not self._abandoned

    def _arrive(self, made: Made) -> None:
        self.count -= 1
        if isinstance(made, LoopConnection):
            self._on_the_way.discard(made)
            if made.closed:  # it was abandoned by a loop that goes on none the less
                made = psycopg.OperationalError("the event loop has ended")
        self._tell(made)
