"""A part of a transaction: what fails in it is undone of it alone, on both engines."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from keesa.db import Database, Tx, Work
from lines import adding, read_lines

RUNS: list[Callable[[Database, Work[Any]], Any]] = [
    lambda database, work: database.write(work),
    lambda database, work: asyncio.run(database.awrite(work)),
]


class Broken(Exception):
    """What ends a part."""


class Again(Exception):
    """What ends another one."""


def broken_part(tx: Tx, line: str, error: Exception) -> None:
    with tx.part():
        adding(line)(tx)
        raise error


@pytest.mark.parametrize("run", RUNS, ids=["write", "awrite"])
def test_a_part_that_fails_is_undone_alone(lines_database: Database, run: Callable[..., Any]) -> None:
    """What was done before it, beside it and after it stays, in its order."""

    def work(tx: Tx) -> list[str]:
        adding("before")(tx)
        with pytest.raises(Broken):
            broken_part(tx, "broken", Broken())
        with tx.part():
            adding("beside")(tx)
        with pytest.raises(Broken):
            broken_part(tx, "broken", Broken())
        adding("after")(tx)
        return read_lines(tx)

    assert run(lines_database, work) == ["before", "beside", "after"]
    assert lines_database.read(read_lines) == ["before", "beside", "after"]


def test_a_part_stands_in_a_part(lines_database: Database) -> None:
    """The outer one takes what the inner one has done along, and the inner one nothing of the outer."""

    def outer(tx: Tx) -> None:
        with tx.part():
            adding("outer")(tx)
            with tx.part():
                adding("inner")(tx)
            raise Broken

    def work(tx: Tx) -> None:
        with tx.part():
            adding("kept")(tx)
            with pytest.raises(Again):
                broken_part(tx, "lost", Again())
            adding("kept too")(tx)
        with pytest.raises(Broken):
            outer(tx)

    lines_database.write(work)
    assert lines_database.read(read_lines) == ["kept", "kept too"]


def test_a_part_is_undone_with_the_whole(lines_database: Database) -> None:
    """A part that went well is no commit."""

    def work(tx: Tx) -> None:
        with tx.part():
            adding("never")(tx)
        raise Broken

    with pytest.raises(Broken):
        lines_database.write(work)
    assert lines_database.read(read_lines) == []


def test_a_statement_that_is_refused_is_undone_with_its_part(lines_database: Database) -> None:
    """Where the part has waited for it, the rest of the transaction goes on."""

    def twice(tx: Tx) -> None:
        with tx.part():
            adding("once")(tx)
            tx.changed("INSERT INTO lines (line) VALUES ('once')")

    def work(tx: Tx) -> None:
        adding("before")(tx)
        with pytest.raises(Exception, match=r"(?i)unique"):
            twice(tx)
        adding("after")(tx)

    lines_database.write(work)
    assert lines_database.read(read_lines) == ["before", "after"]


def test_an_error_that_comes_after_the_part_undoes_all(lines_database: Database) -> None:
    """Of a statement for which nobody has waited: also where the part ended with an error that was caught."""

    def work(tx: Tx) -> None:
        adding("once")(tx)
        adding("once")(tx)
        with pytest.raises(Broken):
            broken_part(tx, "broken", Broken())

    with pytest.raises(Exception, match=r"(?i)unique"):
        lines_database.write(work)
    assert lines_database.read(read_lines) == []


def test_a_read_that_was_not_finished_does_not_hold_a_part(lines_database: Database) -> None:
    """Of several rows the first was taken: the part is undone all the same, and the next one begins."""
    for line in ("a", "b", "c"):
        lines_database.write(adding(line))

    def begun(tx: Tx) -> None:
        with tx.part():
            next(iter(tx.each("SELECT line FROM lines ORDER BY id")))
            adding("broken")(tx)
            raise Broken

    def work(tx: Tx) -> None:
        with pytest.raises(Broken):
            begun(tx)
        with tx.part():
            adding("d")(tx)

    lines_database.write(work)
    assert lines_database.read(read_lines) == ["a", "b", "c", "d"]
