"""Pictures are looked into by a child process: what goes wrong with one ends there."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

import structlog

from keesa.errors import Invalid, KeesaError, TooLarge, Unavailable, WrongType
from keesa.pictures.child_process import OWN_DOING, ChildProcess
from keesa.pictures.prepared import NAMES, Form, PreparedPicture

WAITING: Final = 64
"""So many pictures may wait for their turn; what comes beyond them is turned away."""
SECONDS: Final = 50
"""How long a picture takes with its turn, on a busy machine: less than the minute that proxies wait for an answer."""
IDLE_SECONDS: Final = 60
"""How long a child without a picture keeps its memory."""
PICTURES: Final = 200
"""After so many a child is replaced: with it goes what its libraries have forgotten to give back."""
_BUSY: Final = "Many pictures are sent at this moment, please try again later"
_ENDED: Final = "The picture could not be looked into, please try again later"
_REFUSALS: Final[Mapping[str, type[KeesaError]]] = {kind.__name__: kind for kind in (WrongType, TooLarge, Unavailable)}
_log = structlog.get_logger("keesa.pictures")


class Decoders:
    """One child process at a time, which is started when a picture comes; for one event loop.

    `scratch` is made when it is needed, for its owner alone; all processes of a machine that serve a desk share it.
    What lies in it has no name, and is gone with whoever has it open; but for an empty file, a lock by which they take
    turns.
    """

    def __init__(self, scratch: Path, megapixels: int, *, keep_data: bool) -> None:
        self._scratch = scratch
        self._megapixels = megapixels
        self._keep_data = keep_data
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._child: ChildProcess | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._closed = False

    async def prepare(self, content: IO[bytes], into: Path) -> PreparedPicture:
        """Look into what `content` holds, from its beginning, and write the forms that are kept into the folder `into`,
        under their names. Where this raises, nothing is left there.

        Raises `WrongType`, `TooLarge`, `Invalid` with faults of `image`, and `Unavailable` where too many others wait,
        the child was ended by somebody, or the disk is full.
        """
        with await asyncio.to_thread(self._file_of, content) as file:
            try:
                async with asyncio.timeout(SECONDS), self._own_turn():
                    return await self._ask(file.fileno(), into)
            except TimeoutError as error:
                raise Unavailable(_BUSY) from error

    def close(self) -> None:
        """End the child, whatever it is at; what was on its way, and what comes, is `Unavailable`."""
        self._closed = True
        if self._idle is not None:
            self._idle.cancel()
        child = self._child
        if child is not None and self._turn.locked():
            child.kill()  # who waits for its answer ends it
        elif child is not None:
            self._child = None
            child.end()

    def _file_of(self, content: IO[bytes]) -> AbstractContextManager[IO[bytes]]:
        """`content`, or what it holds in a file without a name, where it is none."""
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(OSError, AttributeError):
            content.fileno()
            content.flush()
            return nullcontext(content)
        file = TemporaryFile(dir=self._scratch)  # noqa: SIM115 - whoever gets it closes it
        content.seek(0)
        shutil.copyfileobj(content, file)
        file.flush()
        return file

    @asynccontextmanager
    async def _own_turn(self) -> AsyncIterator[None]:
        if self._waiting >= WAITING:
            raise Unavailable(_BUSY)
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turn.release()

    async def _ask(self, descriptor: int, into: Path) -> PreparedPicture:
        """In its turn."""
        request = self._request(into)
        child = await self._child_with(request, descriptor)
        answer = b""
        try:
            answer = await child.receive()
        finally:
            if answer:
                self._keep(child)
            else:  # or whoever waited for it waits no more
                code = await self._end(child)
                _clear(into)
        if answer:
            return _read(json.loads(answer), into)
        _log.warning("the process that looks into pictures has ended", status=code, pid=child.pid)
        if code in OWN_DOING:
            raise Invalid({"image": ["cannot be looked into"]})
        raise Unavailable(_ENDED)

    def _request(self, into: Path) -> bytes:
        """All that the child is told of a picture."""
        told = {"into": str(into), "scratch": str(self._scratch), "keep_data": self._keep_data}
        return json.dumps(told).encode()

    async def _child_with(self, request: bytes, descriptor: int) -> ChildProcess:
        """A child that was sent the request: the one that there is, or a new one where that has ended meanwhile."""
        if self._idle is not None:
            self._idle.cancel()
        while not self._closed:
            child = self._child = self._child or ChildProcess(self._megapixels)
            if child.send(request, descriptor):
                return child
            await self._end(child)
        raise Unavailable(_ENDED)

    def _keep(self, child: ChildProcess) -> None:
        if self._closed or child.asked >= PICTURES:
            self._end_idle()
        else:
            self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end_idle)

    def _end_idle(self) -> None:
        """Beside the loop: to give a process' memory back takes the system some time."""
        child, self._child = self._child, None
        if child is not None:
            asyncio.get_running_loop().run_in_executor(None, child.end)

    async def _end(self, child: ChildProcess) -> int:
        if self._child is child:
            self._child = None
        return await child.ended()


def _read(answer: Mapping[str, Any], into: Path) -> PreparedPicture:
    refused = answer.get("refused")
    if refused is None:
        return PreparedPicture(
            {name: Form(into / name, **form) for name, form in answer["forms"].items()}, answer["taken"]
        )
    _clear(into)
    if refused == Invalid.__name__:
        raise Invalid(answer["faults"])
    raise _REFUSALS[refused](answer["sentence"])


def _clear(into: Path) -> None:
    for name in NAMES:
        with suppress(OSError):
            (into / name).unlink(missing_ok=True)
