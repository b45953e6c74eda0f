"""A client on a link that breaks: it sends each change several times at once, loses connections, and never gives up."""

import json
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

LOST: Final = (OSError, HTTPException)
"""What a request raises whose connection goes away."""
PATIENCE: Final = 120.0
"""Seconds in which a change gets its answer, whatever happens meanwhile."""
TIMEOUT: Final = 20.0
"""Seconds that a connection waits for an answer."""
_LATER: Final = (429, 503)
BUSY: Final = 409
"""Without the mark of a replay: the same is under way, and is asked for again."""


class Change(NamedTuple):
    """A call, and the key that stands for it."""

    method: str
    path: str
    body: Any
    key: str


class Answer(NamedTuple):
    status: int
    replayed: bool
    body: bytes


@dataclass(frozen=True)
class BadLink:
    """`url` gives the server's address of this moment."""

    url: Callable[[], str]
    token: str
    chance: random.Random

    def new_key(self) -> str:
        return str(UUID(int=self.chance.getrandbits(128)))

    def deliver(self, change: Change, copies: int, lost: int) -> list[Answer]:
        """The answers to so many copies that are sent at once; of so many of them the connection is cut off once the
        request is sent, and they are sent again.
        """
        with ThreadPoolExecutor(copies) as threads:
            sent = [threads.submit(self._send, change, position < lost) for position in range(copies)]
            return [each.result() for each in sent]

    def _send(self, change: Change, cut: bool) -> Answer:  # noqa: FBT001 - it is called once
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = self._ask(change, cut=cut)
            except LOST:
                answer = None
            cut = False
            if answer is not None and answer.status not in _LATER and (answer.status != BUSY or answer.replayed):
                return answer
            time.sleep(0.02)
        raise AssertionError(f"no answer to {change}")

    def _ask(self, change: Change, *, cut: bool) -> Answer | None:
        address = urlsplit(self.url())
        connection = HTTPConnection(str(address.hostname), address.port, timeout=TIMEOUT)
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": change.key,
        }
        try:
            body = None if change.body is None else json.dumps(change.body)
            connection.request(change.method, f"/api/v1{change.path}", body, headers)
            if cut:
                return None
            got = connection.getresponse()
            return Answer(got.status, got.getheader("Idempotency-Replayed") == "true", got.read())
        finally:
            connection.close()


def one_answer(answers: Sequence[Answer]) -> Answer:
    """What all of them say: the same status and body, of which one at the most was no replay."""
    assert {(each.status, each.body) for each in answers} == {(answers[0].status, answers[0].body)}, answers
    assert sum(not each.replayed for each in answers) <= 1, answers
    return answers[0]
