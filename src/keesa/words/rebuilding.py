"""Making the whole index anew while the desk runs: each ticket's rows are right before, and right afterwards."""

from collections.abc import Callable
from typing import Final, get_args

from keesa.db import Database, Tx
from keesa.words.filling import LARGEST, begin_anew, keep_made, made_of, next_tickets, set_whole
from keesa.words.names import Table, keep_names
from keesa.words.texts import TicketTexts, texts_of

Told = Callable[[int], None]
"""Gets how many tickets are done."""


def empty(database: Database) -> None:
    """Take all out of an index that is damaged. Until it is made anew, what is not there yet is not found."""

    def work(tx: Tx) -> None:
        tx.script(_EMPTY_SQLITE if tx.writes_alone else _EMPTY_POSTGRES)
        begin_anew(tx)

    database.migrating(work)


def rebuild(database: Database, told: Told) -> int:
    """How many tickets there were."""
    for table in get_args(Table):
        _rebuild_names(database, table)
    done = 0
    below: int | None = LARGEST
    while below is not None:
        texts, below = database.read(lambda tx, below=below: _read(tx, below))  # type: ignore[misc] # its own portion
        _rebuild(database, texts)
        done += len(texts)
        told(done)
    database.write(set_whole)
    return done


def _rebuild_names(database: Database, table: Table) -> None:
    after: int | None = -1
    while after is not None:
        after = database.write(lambda tx, after=after: keep_names(tx, table, after))  # type: ignore[misc] # likewise


def _read(tx: Tx, below: int) -> tuple[list[TicketTexts], int | None]:
    ids, following = next_tickets(tx, below)
    return [*texts_of(tx, ids).values()], following


def _rebuild(database: Database, texts: list[TicketTexts]) -> None:
    """Those that change meanwhile are read again."""
    while texts:
        made = made_of(texts)
        changed = database.write(lambda tx, made=made: keep_made(tx, made))  # type: ignore[misc] # likewise
        texts = [*database.read(lambda tx, changed=changed: texts_of(tx, changed)).values()] if changed else []  # type: ignore[misc]


_EMPTY_SQLITE: Final = """
DROP TRIGGER ticket_words_go;
DROP TRIGGER name_words_go;
DELETE FROM ticket_words;
DELETE FROM pending_words;
DELETE FROM name_words;
INSERT INTO ticket_search (ticket_search) VALUES ('delete-all');
INSERT INTO name_search (name_search) VALUES ('delete-all');
CREATE TRIGGER ticket_words_go AFTER DELETE ON ticket_words BEGIN
    INSERT INTO ticket_search (ticket_search, rowid, head, said, internal)
    VALUES ('delete', OLD.place, OLD.head, OLD.said, OLD.internal);
END;
CREATE TRIGGER name_words_go AFTER DELETE ON name_words BEGIN
    INSERT INTO name_search (name_search, rowid, name) VALUES ('delete', OLD.place, OLD.name);
END;
"""
"""Without the triggers, as what they would take out may not be there."""
_EMPTY_POSTGRES: Final = "TRUNCATE ticket_words, pending_words, name_words;"
