"""`Idempotency-Key`: a change that is sent again under its key is made once, and answered as it was
(docs/decisions/0053-idempotency.md).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from starlette import datastructures
from starlette.requests import Request

from keesa.db import Tx
from keesa.errors import StillRunning
from keesa.web.forms import Form
from keesa.web.http_errors import HttpError, unreadable
from keesa.web.replies import JSON, EncodedReply, Headers, raw_headers

if TYPE_CHECKING:
    from keesa.web.routes import Route

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
"""Of an answer that was given before: `true`."""
OTHER: Final = "was another request's: a new one needs a new key"
LONGEST: Final = 255
"""Characters of a key."""
PATIENCE: Final = 2.0
"""Seconds that a call waits for one that is at the same."""
FIRST_PAUSE: Final = 0.01
LONGEST_PAUSE: Final = 0.2
"""Seconds between two looks whether another process has ended; each pause is twice the one before."""
_STILL: Final = f"The same is being done under this {HEADER}, please try again in a moment"
_MUST: Final = f"{HEADER} must be 1 to {LONGEST} visible ASCII characters, with or without quotation marks around them"


class SentKey(NamedTuple):
    key: str
    digest: bytes
    """Of the method, the path, the query and the body that came with it."""


class KeyedCall(NamedTuple):
    """A call with a key, as it was admitted."""

    sent: SentKey
    version: str
    """The one that answers."""
    route: "Route"
    path: Mapping[str, Any]
    """What stands in the path, read."""

    @property
    def identity(self) -> bytes:
        """Equal for calls that ask for the same."""
        return self.sent.digest + self.version.encode()


class Replays(Protocol):
    """Where the answers are. Looking raises `StillRunning` where another transaction is at the same; `Invalid` where
    the key was another request's; what the caller gets who no longer sees what the answer shows; and `HttpError` (409)
    where it was not kept.
    """

    def look_soon(self, tx: Tx, user_id: int, sent: SentKey, at: int) -> Callable[[Any], EncodedReply | None]:
        """The answer of before, where there is one; for when the call is given, whose caller may make it now. In a
        transaction that writes, no other one does anything under the key from here on.
        """

    def look(self, tx: Tx, call: Any) -> EncodedReply | None:  # noqa: ANN401 - the application's
        """The same of a call that is at hand, also of one that nobody's token came with."""

    def keep(self, tx: Tx, call: Any, answer: object, reply: EncodedReply) -> None:  # noqa: ANN401 - as above
        """With the change that it tells of; `answer` is what the endpoint gave."""


def read_key(headers: datastructures.Headers) -> str | None:
    """Raises `HttpError` (400) for what is no key. A quoted one, as RFC 8941 has strings, is what stands between the
    quotation marks.
    """
    lines = headers.getlist(HEADER)
    if not lines:
        return None
    key = lines[0].strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if len(lines) > 1 or not 0 < len(key) <= LONGEST or not all("!" <= character <= "~" for character in key):
        raise unreadable(_MUST)
    return key


def read_sent(request: Request, path: str, content: bytes | Form) -> SentKey | None:
    """None where no key came; raises as `read_key`."""
    key = read_key(request.headers)
    if key is None:
        return None
    digest = blake2b(digest_size=32)
    for part in (request.method.encode(), path.encode("utf-8", "surrogateescape"), request.scope["query_string"]):
        digest.update(len(part).to_bytes(4, "big") + part)
    digest.update(content.digest() if isinstance(content, Form) else content)
    return SentKey(key, digest.digest())


def replayed(status: int, body: str, headers: Headers) -> EncodedReply:
    """An answer of before."""
    return EncodedReply(status, body.encode(), JSON if body else None, raw_headers([*headers, (REPLAYED, "true")]))


def not_kept() -> HttpError:
    """The answer in place of one that was not kept, or that its caller may no longer see whole."""
    sentence = f"This was done under this {HEADER} already, and its answer is not kept: look at what is there now"
    return HttpError(409, sentence, {REPLAYED: "true"})


class Turns:
    """One call at a time under a key: what other processes are at is known by the database alone."""

    def __init__(self) -> None:
        self._running: dict[tuple[int | None, str], asyncio.Event] = {}

    async def run(
        self, user_id: int | None, sent: SentKey, attempt: Callable[[], Awaitable[EncodedReply]]
    ) -> EncodedReply:
        """What the attempt gives, which is made again while it raises `StillRunning`. Raises that after `PATIENCE`."""
        latest = asyncio.get_running_loop().time() + PATIENCE
        mine = user_id, sent.key
        while (other := self._running.get(mine)) is not None:
            await _ended(other, latest)
        self._running[mine] = ended = asyncio.Event()
        try:
            return await _tried(attempt, latest)
        finally:
            del self._running[mine]
            ended.set()


async def _ended(other: asyncio.Event, latest: float) -> None:
    try:
        async with asyncio.timeout_at(latest):
            await other.wait()
    except TimeoutError:
        raise StillRunning(_STILL) from None


async def _tried(attempt: Callable[[], Awaitable[EncodedReply]], latest: float) -> EncodedReply:
    """Until nobody elsewhere is at the same."""
    pause, loop = FIRST_PAUSE, asyncio.get_running_loop()
    while True:
        try:
            return await attempt()
        except StillRunning:
            if loop.time() + pause > latest:
                raise
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
