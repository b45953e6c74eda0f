"""The forms that one process reads side by side: how many, how large all of them, and in which threads."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar

from starlette.requests import Request

from keesa.errors import Unavailable
from keesa.server.budget import Budget
from keesa.server.exchange import let_go
from keesa.web.forms import MIB, Form, FormLimits
from keesa.web.multipart import BUSY, MultipartReader, boundary_of
from keesa.web.receiving import receive
from keesa.web.scratch import Scratch

T = TypeVar("T")

FORMS_AT_ONCE: Final = 64
FILES_AT_ONCE: Final = 256
"""That are open for all of them."""
BYTES_AT_ONCE: Final = 1024 * MIB
"""Of all of them, on the disk."""
BATCH: Final = 256 * 1024
"""Bytes of a body that are gathered before a thread is given them."""
THREADS: Final = 4


class FormBodies:
    def __init__(self, scratch: Scratch, limits: FormLimits) -> None:
        self.scratch = scratch
        self.limits = limits
        self.places = Budget(FORMS_AT_ONCE)
        self.bytes = Budget(BYTES_AT_ONCE)
        self.open_files = threading.Semaphore(FILES_AT_ONCE)
        self._pool = ThreadPoolExecutor(THREADS, "forms")

    async def read(self, request: Request, limit: int, seconds: int) -> Form:
        """Raises as `receive` and `MultipartReader` do; and `Unavailable` where too much is under way."""
        reader = MultipartReader(
            boundary_of(request.headers["content-type"]), self.limits, self.scratch, self.open_files
        )
        taken = Taken(self)
        gathered = bytearray()

        async def put_on() -> None:
            batch = bytes(gathered)
            gathered.clear()
            await self.in_thread(lambda: reader.feed(batch))
            let_go(request.receive, len(batch))

        async def put(chunk: bytes, _size: int) -> None:
            taken.take(len(chunk))
            gathered.extend(chunk)
            if len(gathered) >= BATCH:
                await put_on()

        try:
            await receive(request, limit, seconds, put)
            await put_on()
            files, fields = await self.in_thread(reader.end)
        except BaseException:
            taken.end(reader.close)
            raise
        return Form(files, fields, lambda: taken.end(reader.close))

    async def in_thread(self, work: Callable[[], T]) -> T:
        """It goes on where nobody waits for it any more."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def in_background(self, work: Callable[[], None]) -> "Future[None]":
        return self._pool.submit(work)

    def stop(self) -> None:
        """What is under way ends first."""
        self._pool.shutdown()


class Taken:
    """What one body takes of the process until its call is answered. Raises `Unavailable` where that is too much."""

    def __init__(self, forms: FormBodies) -> None:
        if not forms.places.take(1):
            raise Unavailable(BUSY)
        self._forms = forms
        self._bytes = 0
        self._is_over = False

    def take(self, size: int) -> None:
        if not self._forms.bytes.take(size):
            raise Unavailable(BUSY)
        self._bytes += size

    def end(self, close: Callable[[], None]) -> None:
        """Close its files in a thread, since another one may be writing them; then others have its place."""
        if self._is_over:
            return
        self._is_over = True
        loop = asyncio.get_running_loop()

        def closed(_: "Future[None]") -> None:
            with suppress(RuntimeError):  # a loop that has ended has no place to give
                loop.call_soon_threadsafe(self._give_back)

        try:
            self._forms.in_background(close).add_done_callback(closed)
        except RuntimeError:  # the process is stopping, and nobody waits for this thread any more
            close()
            self._give_back()

    def _give_back(self) -> None:
        self._forms.places.give(1)
        self._forms.bytes.give(self._bytes)
