"""What processes let in of a subject's requests in a minute, each by itself and by what all of them share."""

import asyncio
import sys
from random import Random
from typing import Final

import pytest

from keesa.errors import Unavailable
from keesa.web import rates as rates_module
from keesa.web.calls import Client
from keesa.web.http_errors import HttpError
from keesa.web.rate_windows import MOST_WINDOWS, SHARES, WINDOW, Subject, Taken, Window, Windows
from keesa.web.rates import Rates
from keesa.web.trace import Trace
from soaking import times

NOON: Final = 1_700_000_000_000
USER: Final = Subject("user", 1)


class Board:
    """What all processes share, as the table has it; asked as often as `asked` tells."""

    def __init__(self) -> None:
        self.rows: dict[str, Taken] = {}
        self.asked = 0
        self.is_down = False
        self.gate: asyncio.Event | None = None
        """Where there is one, nobody is answered before it is opened."""

    async def take(self, subject: str, asked: int, since: int, at: int) -> Taken:
        self.asked += 1
        await (self.gate.wait() if self.gate else asyncio.sleep(0))
        if self.is_down:
            raise Unavailable("The database is too busy, please try again later")
        row = self.rows.get(subject)
        if row is None or abs(at - row.since) >= WINDOW:
            row = Taken(since, 0)
        self.rows[subject] = Taken(row.since, row.taken + asked)
        return self.rows[subject]


def process(board: Board, limit: int) -> Rates:
    return Rates({"user": limit, "address": limit}, str, board)


async def ask(rates: Rates, at: int = NOON, subject: Subject | None = USER) -> str:
    """What `RateLimit` tells of one that was let in; "" of one that was refused."""
    trace = Trace("id", Client("192.0.2.1", secure=False, prefix=""))
    try:
        await rates.admit(subject, trace, at)
    except HttpError as refused:
        return "" if refused.status == 429 else "broken"
    return dict(trace.rate_headers)[b"ratelimit"].decode() if trace.rate_headers else "any"


async def let_in(rates: Rates, requests: int, at: int = NOON, subject: Subject | None = USER) -> int:
    return sum([bool(await ask(rates, at, subject)) for _ in range(requests)])


@pytest.mark.parametrize("limit", [1, 2, 63, 64, 65, 100, 1200, 6000])
def test_one_process_lets_in_what_is_set(limit: int) -> None:
    """Exactly so many, and tells each time how many are left."""

    async def run() -> None:
        board = Board()
        rates = process(board, limit)
        assert await ask(rates) == f'"user";r={limit - 1};t=60'
        assert await let_in(rates, 2 * limit) == limit - 1
        assert board.rows["user 1"].since == NOON

    asyncio.run(run())


def test_who_asks_seldom_costs_no_write() -> None:
    """The first of a limit's 64 shares is let in without a word to the others."""

    async def run() -> None:
        board = Board()
        rates = process(board, 6400)
        assert await let_in(rates, 100) == 100
        await asyncio.sleep(0)
        assert board.asked == 0
        await ask(rates)
        await asyncio.sleep(0)
        assert board.asked == 1

    asyncio.run(run())


@pytest.mark.parametrize("processes", [2, 4])
@pytest.mark.parametrize("limit", [20, 640, 6000])
@pytest.mark.parametrize("spread", ["even", "one has most", "in phases"])
def test_processes_together_let_in_what_is_set(processes: int, limit: int, spread: str) -> None:
    """Within a fifth, however the requests are spread over them."""
    chance = Random(f"{processes} {limit} {spread}")  # noqa: S311 - no secret
    requests = 3 * limit

    def chosen(number: int) -> int:
        if spread == "even":
            return number % processes
        if spread == "in phases":
            return number * processes // requests
        return 0 if chance.random() < 0.9 else chance.randrange(processes)

    async def run() -> int:
        board = Board()
        all_of_them = [process(board, limit) for _ in range(processes)]
        found = [await ask(all_of_them[chosen(n)], NOON + n * 50_000 // requests) for n in range(requests)]
        return sum(map(bool, found))

    assert 0.8 * limit <= asyncio.run(run()) <= 1.2 * limit


def test_processes_that_get_few_requests_add_little() -> None:
    """Each has windows of its own, of which it tells nobody: two of them may meet one of the others'."""

    async def run() -> None:
        board, limit = Board(), 6400
        busy, *others = (process(board, limit) for _ in range(4))
        share = limit // SHARES
        assert [await let_in(each, 1, NOON - WINDOW // 2) for each in others] == [1] * 3
        found = await let_in(busy, 2 * limit)
        for each in others:
            found += await let_in(each, share - 1, NOON + 1)
            found += await let_in(each, share, NOON + WINDOW // 2)
        assert limit < found <= 1.1 * limit

    asyncio.run(run())


def test_processes_that_have_become_quiet_keep_little() -> None:
    """What they asked for and do not use is lost to the one that goes on."""

    async def run() -> None:
        board, limit = Board(), 6400
        busy, *others = (process(board, limit) for _ in range(4))
        found = sum([await let_in(each, limit // SHARES + 1) for each in others])
        await asyncio.sleep(0)
        assert 0.9 * limit <= found + await let_in(busy, 2 * limit) < limit

    asyncio.run(run())


def test_the_same_share_is_waited_for_by_all() -> None:
    """Requests of a subject that come at once ask once; each is let in that there is room for."""

    async def run() -> None:
        board = Board()
        rates = process(board, 640)
        assert await let_in(rates, 10) == 10
        board.gate = asyncio.Event()
        coming = [asyncio.create_task(ask(rates)) for _ in range(25)]
        for _ in range(10):
            await asyncio.sleep(0)
        assert (board.asked, sum(each.done() for each in coming)) == (1, 10)
        board.gate.set()
        assert all(await asyncio.gather(*coming))
        assert board.asked == 2

    asyncio.run(run())


def test_a_refused_request_asks_nobody() -> None:
    """Once it is known that nothing is left, until the window ends."""

    async def run() -> None:
        board = Board()
        rates = process(board, 640)
        await let_in(rates, 700)
        asked = board.asked
        assert await let_in(rates, 1000, NOON + WINDOW - 1) == 0
        assert board.asked == asked
        assert rates.refusals["user"] == 1060
        assert await let_in(rates, 1, NOON + WINDOW) == 1

    asyncio.run(run())


def test_without_the_database_a_process_lets_in_what_is_set() -> None:
    """It goes on by itself, to the limit; and what it has let in counts for all once the database is there again."""

    async def run() -> None:
        board = Board()
        rates = process(board, 640)
        board.is_down = True
        assert await let_in(rates, 300) == 300
        assert rates.shares_missed > 0
        board.is_down = False
        assert await let_in(rates, 1000) == 340
        assert board.rows["user 1"].taken >= 640
        board.is_down = True
        assert await let_in(process(board, 640), 1000) == 640

    asyncio.run(run())


def test_a_database_that_does_not_answer_keeps_nobody_waiting_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """After some patience the process goes on by itself, while it is still asked."""
    monkeypatch.setattr(rates_module, "PATIENCE", 0.0)

    async def run() -> None:
        board = Board()
        board.gate = asyncio.Event()
        rates = process(board, 640)
        assert await let_in(rates, 1000) == 640
        assert board.asked == 1
        board.gate.set()

    asyncio.run(run())


def test_a_client_that_goes_away_takes_no_share_along() -> None:
    """What was asked for in its request is there for the next."""

    async def run() -> None:
        board = Board()
        board.gate = asyncio.Event()
        rates = process(board, 60)
        gone = asyncio.create_task(ask(rates))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        board.gate.set()
        assert await let_in(rates, 100) == 60

    asyncio.run(run())


@pytest.mark.parametrize("jump", [-3_600_000, -30_000, 30_000, 3_600_000])
def test_a_clock_that_jumps_does_little_harm(jump: int) -> None:
    """Nobody waits for longer than a window, and nobody gets more than one window's requests beside those of before."""

    async def run() -> None:
        board = Board()
        rates = process(board, 640)
        found = await let_in(rates, 1000)
        for second in range(0, 59, 2):
            found += await let_in(rates, 30, NOON + jump + 1000 * second)
        assert found <= 2 * 640 + 640 // SHARES
        await let_in(rates, 1000, NOON + jump)
        with pytest.raises(HttpError) as error:
            await rates.admit(USER, Trace("id", Client("192.0.2.1", secure=False, prefix="")), NOON + jump)
        assert 1 <= int(error.value.headers["Retry-After"]) <= 60

    asyncio.run(run())


def test_any_number_of_addresses_has_a_bounded_table() -> None:
    """Who has asked the most stays in it, and the memory is that of some thousands: a million addresses in a soak."""

    async def run() -> None:
        rates = Rates({"address": 1200}, str, Board())
        busy = Subject("address", "198.51.100.1")
        assert await let_in(rates, 1200, subject=busy) == 1200
        most = 0
        for number in range(times(100_000, 1_000_000)):
            window = rates.windows.of(Subject("address", f"2001:db8:{number:x}::/64"), 1200, NOON)
            window.asked += 1
            most = max(most, rates.subjects)
        assert most == MOST_WINDOWS
        assert await let_in(rates, 10, subject=busy) == 0
        subject = Subject("address", "2001:db8:ffff:ffff::/64")
        each = sum(map(sys.getsizeof, (subject, subject.name, rates.windows.of(subject, 1200, NOON)))) + 4 * 32
        assert MOST_WINDOWS * each < 16 * 1024 * 1024

    asyncio.run(run())


def test_a_shared_window_that_is_about_to_end_is_waited_for() -> None:
    """A second, where it ended while it was asked about; and then there is another."""

    async def run() -> None:
        board = Board()
        board.rows["user 1"] = Taken(NOON - WINDOW + 1, 60)
        rates, trace = process(board, 60), Trace("id", Client("192.0.2.1", secure=False, prefix=""))
        with pytest.raises(HttpError) as error:
            await rates.admit(USER, trace, NOON)
        assert error.value.headers["Retry-After"] == "1"
        assert await let_in(rates, 100, NOON + 1) == 60

    asyncio.run(run())


@pytest.mark.parametrize(("at", "seconds"), [(NOON - 1, 60), (NOON, 60), (NOON + 1, 60), (NOON + 1001, 59)])
@pytest.mark.parametrize("late", [False, True])
def test_what_is_left_of_a_window_is_1_to_60_seconds(at: int, seconds: int, late: bool) -> None:  # noqa: FBT001 - a parameter
    """Whatever the clock does."""
    assert Window(NOON, 100).seconds_left(at + late * 2 * WINDOW) == (1 if late else seconds)


def test_what_has_ended_goes_first() -> None:
    """However much they had asked."""
    windows = Windows(most=4, kept=2)
    for number in range(4):
        windows.of(Subject("user", number), 10, NOON).asked = 100 - number
    for number in range(4, 8):
        windows.of(Subject("user", number), 10, NOON + WINDOW).asked = number
    assert len(windows) == 4
    windows.of(Subject("user", 8), 10, NOON + WINDOW)
    assert len(windows) == 3
    assert windows.of(Subject("user", 7), 10, NOON + WINDOW).asked == 7
    assert windows.of(Subject("user", 4), 10, NOON + WINDOW).asked == 0


def test_without_a_limit_nothing_is_counted() -> None:
    """No window, no header, no end."""

    async def run() -> None:
        rates = process(Board(), 0)
        assert await ask(rates) == "any"
        assert await let_in(rates, 1000) == 1000
        assert rates.subjects == 0

    asyncio.run(run())
