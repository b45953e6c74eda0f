"""What is written beside the requests: it goes on whatever happens, and nothing that it has taken is lost."""

import asyncio
from typing import Any, Final

import pytest
import structlog

from keesa.accounts.audit.unknown_logins import UnknownLogins
from keesa.api import periodic
from keesa.api.gathered_logins import GatheredLogins
from keesa.api.periodic import Periodic

NOON: Final = 1_743_490_800_000
SOON: Final = 30
"""Seconds."""


class Scripted(Periodic):
    """Does at each time what the next of its turns says, and the last of them from then on."""

    what = "anything"

    def __init__(self, *turns: str) -> None:
        super().__init__()
        self.turns = list(turns)
        self.begun: list[bool] = []
        self.ended: list[bool] = []
        self.reached, self.gate = asyncio.Event(), asyncio.Event()

    async def _write(self, *, last: bool) -> None:
        self.begun.append(last)
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        if turn == "fail":
            raise ZeroDivisionError
        if turn == "wait":
            self.reached.set()
            await self.gate.wait()
        self.ended.append(last)


def test_it_goes_on_after_any_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that nobody foresaw; the log tells of it."""
    monkeypatch.setattr(periodic, "INTERVAL", 0.0)

    async def serve() -> Scripted:
        writer = Scripted("fail", "wait")
        writer.gate.set()
        writer.start()
        await writer.reached.wait()
        await writer.stop()
        return writer

    with structlog.testing.capture_logs() as lines:
        writer = asyncio.run(asyncio.wait_for(serve(), SOON))
    assert (writer.begun[:2], writer.begun[-1], writer.ended[-1]) == ([False, False], True, True)
    assert [(line["what"], line["reason"]) for line in lines] == [("anything", "ZeroDivisionError")]


def test_what_is_under_way_ends_before_the_last_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that stops breaks it off nowhere."""
    monkeypatch.setattr(periodic, "INTERVAL", 0.0)

    async def serve() -> Scripted:
        writer = Scripted("wait", "write")
        writer.start()
        await writer.reached.wait()
        stopping = asyncio.create_task(writer.stop())
        await asyncio.sleep(0)
        assert not stopping.done()
        writer.gate.set()
        await stopping
        return writer

    writer = asyncio.run(asyncio.wait_for(serve(), SOON))
    assert writer.begun == writer.ended == [False, True]


def test_a_stop_waits_no_longer_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a database that hangs."""
    monkeypatch.setattr(periodic, "INTERVAL", 0.0)
    monkeypatch.setattr(periodic, "PATIENCE", 0.01)
    monkeypatch.setattr(periodic, "LAST_PATIENCE", 0.01)

    async def serve() -> Scripted:
        writer = Scripted("wait")
        writer.start()
        await writer.reached.wait()
        await writer.stop()
        return writer

    writer = asyncio.run(asyncio.wait_for(serve(), SOON))
    assert (writer.begun[-1], writer.ended) == (True, [])


@pytest.mark.parametrize("turns", [0, 1, 5])
def test_a_stop_waits_for_no_interval(turns: int) -> None:
    """It writes what there is, whether the loop has begun to wait or not."""

    async def serve() -> Scripted:
        writer = Scripted("write")
        writer.start()
        for _ in range(turns):
            await asyncio.sleep(0)
        await writer.stop()
        return writer

    assert asyncio.run(asyncio.wait_for(serve(), SOON)).ended == [True]


@pytest.mark.parametrize("error", [ZeroDivisionError, asyncio.CancelledError])
def test_failed_logins_that_were_taken_are_put_back(error: type[BaseException]) -> None:
    """Whatever broke the write off."""

    class Broken:
        async def awrite(self, _: object) -> None:
            raise error

    unknown, broken = UnknownLogins(), Broken()
    unknown.count_failure("a", NOON)
    database: Any = broken
    gathered = asyncio.run(_written_once(GatheredLogins(database, unknown)))
    assert isinstance(gathered, asyncio.CancelledError) == (error is asyncio.CancelledError)
    taken = unknown.take()
    assert taken is not None
    assert taken.failures == {(NOON, "a"): 1}


async def _written_once(writer: GatheredLogins) -> BaseException | None:
    [outcome] = await asyncio.gather(asyncio.create_task(writer.write()), return_exceptions=True)
    return outcome
