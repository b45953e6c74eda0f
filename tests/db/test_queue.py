"""What waits for a writer: the end of it when a database is closed; its bound, and taking a write back, on SQLite."""

import asyncio
from pathlib import Path

import pytest

from gates import busy_writer
from keesa.db import Database, grouping, open_database
from keesa.db.opening import SQLITE_FILE
from keesa.db.sqlite import SqliteDatabase
from keesa.errors import Unavailable
from lines import adding, make_table, read_lines
from places import Place


def test_closing_finishes_what_is_queued_and_refuses_the_rest(lines_database: Database, empty_place: Place) -> None:
    """Whoever was told nothing yet is answered before the database closes; whoever comes after that is refused."""

    async def close_in_the_middle() -> list[str]:
        async with busy_writer(lines_database) as gate:
            tasks = [asyncio.ensure_future(lines_database.awrite(adding(f"queued {n}"))) for n in range(20)]
            await asyncio.sleep(0)  # each task gets as far as the queue
            closing = asyncio.ensure_future(asyncio.to_thread(lines_database.close))
            while not is_refused(late := await refused_or_queued(lines_database, len(tasks))):
                tasks.append(late)
            assert not closing.done()
            gate.set()
            await closing
            return await asyncio.gather(*tasks)

    acknowledged = asyncio.run(asyncio.wait_for(close_in_the_middle(), 60))
    again = open_database(empty_place.data, empty_place.url)
    try:
        assert sorted(again.read(read_lines)) == sorted(acknowledged)
    finally:
        again.close()


def is_refused(task: "asyncio.Task[str]") -> bool:
    return task.done() and isinstance(task.exception(), Unavailable)


async def refused_or_queued(database: Database, number: int) -> "asyncio.Task[str]":
    """A write of one more line, given a moment to be refused, or done where writes go on side by side."""
    task = asyncio.ensure_future(database.awrite(adding(f"queued {number}")))
    await asyncio.wait([task], timeout=0.01)
    return task


def test_a_closed_database_refuses_everything(lines_database: Database) -> None:
    """Reads and writes are refused alike, and closing again is no error."""
    lines_database.read(read_lines)
    lines_database.close()
    lines_database.close()
    with pytest.raises(Unavailable):
        lines_database.read(read_lines)
    with pytest.raises(Unavailable):
        lines_database.write(adding("late"))
    with pytest.raises(Unavailable):
        asyncio.run(lines_database.aread(read_lines))
    with pytest.raises(Unavailable):
        asyncio.run(lines_database.awrite(adding("late")))


def test_one_write_too_many_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue that is full refuses at once, and what it took is done."""
    monkeypatch.setattr(grouping, "QUEUE", 10)
    database = SqliteDatabase(tmp_path / SQLITE_FILE)
    make_table(database)

    async def overfill() -> list[str]:
        async with busy_writer(database) as gate:
            taken = [asyncio.ensure_future(database.awrite(adding(f"taken {n}"))) for n in range(10)]
            await asyncio.sleep(0)  # each task gets as far as the queue
            with pytest.raises(Unavailable, match="waiting"):
                await database.awrite(adding("one too many"))
            gate.set()
            return await asyncio.gather(*taken)

    try:
        acknowledged = asyncio.run(asyncio.wait_for(overfill(), 60))
        assert sorted(database.read(read_lines)) == sorted(acknowledged)
        database.write(adding("and there is room again"))
    finally:
        database.close()


def test_a_write_taken_back_before_it_begins_changes_nothing(tmp_path: Path) -> None:
    """A request whose client has gone leaves the queue, and its neighbours there are done."""
    lines_database = SqliteDatabase(tmp_path / SQLITE_FILE)
    make_table(lines_database)

    async def cancel_one() -> None:
        async with busy_writer(lines_database) as gate:
            tasks = [asyncio.ensure_future(lines_database.awrite(adding(name))) for name in ("left", "gone", "right")]
            await asyncio.sleep(0)  # each task gets as far as the queue
            tasks[1].cancel()
            with pytest.raises(asyncio.CancelledError):
                await tasks[1]
            gate.set()
            await asyncio.gather(tasks[0], tasks[2])

    asyncio.run(asyncio.wait_for(cancel_one(), 60))
    lines_database.write(adding("last"))
    assert sorted(lines_database.read(read_lines)) == ["last", "left", "right"]
    lines_database.close()
