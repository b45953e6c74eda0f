"""`Tx.state`: two transactions with equal states see the same. What is kept of an answer hangs on it."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from random import Random
from typing import Final

from keesa.db import Database, State, Tx, open_database
from lines import adding, read_lines
from places import Place

PATIENCE: Final = 60.0
"""Seconds for what must happen, on a machine under load."""
TRIES: Final = 50


def look(tx: Tx) -> tuple[State | None, list[str]]:
    """The state, and what is seen in it."""
    return state_of(tx), read_lines(tx)


def state_of(tx: Tx) -> State | None:
    """As one of its statements tells it."""
    return tx.state(tx.value("SELECT $seen AS value"))


def undisturbed(ask: Callable[[], set[State | None]]) -> bool:
    """Whether it is one state at last: PostgreSQL's own upkeep writes too, now and then."""
    return any(len(found) == 1 and None not in found for found in (ask() for _ in range(TRIES)))


def test_nothing_is_written_and_the_state_stays(lines_database: Database) -> None:
    """However often it is asked for, within a transaction too, and wherever in it."""

    def twice(tx: Tx) -> list[State | None]:
        first = state_of(tx)
        tx.one("SELECT 1 AS value")
        return [first, state_of(tx)]

    assert undisturbed(lambda: {lines_database.read(look)[0] for _ in range(3)} | {*lines_database.read(twice)})


def test_every_commit_moves_it(lines_database: Database, empty_place: Place) -> None:
    """Of this process, and of another one."""
    other = open_database(empty_place.data, empty_place.url)
    try:
        found = [lines_database.read(look)]
        for number, writer in enumerate([lines_database, other, other, lines_database]):
            writer.write(adding(f"line {number}"))
            found.append(lines_database.read(look))
    finally:
        other.close()
    assert len({state for state, _ in found}) == 5
    assert [len(lines) for _, lines in found] == [0, 1, 2, 3, 4]


def test_a_transaction_that_writes_has_none(lines_database: Database) -> None:
    """What it shows may yet be undone."""
    assert lines_database.write(state_of) is None
    assert lines_database.write(lambda tx: (adding("x")(tx), state_of(tx))[1]) is None


def test_a_transaction_keeps_the_state_that_it_began_in(lines_database: Database) -> None:
    """It is that of its snapshot, whatever is committed meanwhile."""
    begun, written = threading.Event(), threading.Event()

    def reading(tx: Tx) -> tuple[State | None, State | None, list[str]]:
        first, _ = look(tx)
        begun.set()
        assert written.wait(PATIENCE)
        second, lines = look(tx)
        return first, second, lines

    found: list[tuple[State | None, State | None, list[str]]] = []
    thread = threading.Thread(target=lambda: found.append(lines_database.read(reading)))
    thread.start()
    assert begun.wait(PATIENCE)
    lines_database.write(adding("meanwhile"))
    written.set()
    thread.join(PATIENCE)
    [(first, second, lines)] = found
    assert first == second
    assert lines == []
    assert lines_database.read(look) != (first, [])


def test_equal_states_show_the_same_among_writers(lines_database: Database, empty_place: Place) -> None:
    """Several write at once, commit in another order than they began in, and some are undone."""
    other = open_database(empty_place.data, empty_place.url)
    written, seen = threading.Event(), dict[State, list[str]]()

    def look_on() -> None:
        while not written.is_set():
            state, lines = lines_database.read(look)
            assert state is None or seen.setdefault(state, lines) == lines

    with ThreadPoolExecutor(6) as threads:
        readers = [threads.submit(look_on) for _ in range(2)]
        writers = [
            threads.submit(write_much, database, seed) for seed, database in enumerate([lines_database, other] * 2)
        ]
        try:
            wait(writers)
        finally:
            written.set()
        for each in (*writers, *readers):
            each.result()
    other.close()
    assert seen


def write_much(database: Database, seed: int) -> None:
    """Longer and shorter ones, in parts, a third of which are undone."""
    dice = Random(seed)  # noqa: S311 - dice, no secret

    def work(tx: Tx) -> None:
        for _ in range(dice.randint(1, 4)):
            with tx.part():
                adding(f"{seed}-{dice.random()}")(tx)
        if dice.random() < 0.3:
            raise UndoneError

    for _ in range(40):
        with suppress(UndoneError):
            database.write(work)


class UndoneError(Exception):
    """What undoes a write."""


def test_a_loop_s_transactions_tell_it_too(lines_database: Database) -> None:
    """Where requests are answered."""

    async def twice() -> set[State | None]:
        return {(await lines_database.aread(look))[0] for _ in range(2)}

    async def moved() -> set[State | None]:
        before = await lines_database.aread(look)
        await lines_database.awrite(adding("new"))
        return {before[0], (await lines_database.aread(look))[0]}

    assert undisturbed(lambda: asyncio.run(twice()))
    assert len(asyncio.run(moved())) == 2
