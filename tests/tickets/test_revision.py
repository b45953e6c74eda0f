"""The revision of a ticket: the one number that every change of it moves, in the change's own transaction."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import keesa
from acting import CLOCK, actor_of, rows, tickets_as_kept
from cast import ADMIN, ASSIGNED, ENGINEER, TAG, TYPED, at
from keesa.accounts.actors import Actor
from keesa.db import Database, Tx
from keesa.notes.notes import add_note
from keesa.rich_text.html import rich_text
from keesa.tickets.assigning import assign
from keesa.tickets.editing import TicketChanges, edit_ticket
from keesa.tickets.finding import lock_ticket
from keesa.tickets.raising import raise_ticket
from keesa.tickets.status import change_status
from keesa.tickets.tagging import put_tag
from keesa.tickets.watching import start_watching
from new_tickets import DRAFT
from undone import undone

NOON = at("2025-03-10T12:00")
Change = Callable[[Tx, Actor], object]

CHANGES: dict[str, Change] = {
    "status": lambda tx, actor: change_status(tx, actor, ASSIGNED, "in_progress", None, NOON, CLOCK),
    "closing": lambda tx, actor: change_status(tx, actor, ASSIGNED, "closed", "2025-03-10", NOON, CLOCK),
    "assignment": lambda tx, actor: assign(tx, actor, ASSIGNED, ADMIN.id, NOON),
    "taking away": lambda tx, actor: assign(tx, actor, ASSIGNED, None, NOON),
    "edit": lambda tx, actor: edit_ticket(tx, actor, lock_ticket(tx, actor, ASSIGNED), TicketChanges(priority=1), NOON),
    "watching": lambda tx, actor: start_watching(tx, actor, ASSIGNED, None, NOON),
    "tag": lambda tx, actor: put_tag(tx, actor, ASSIGNED, TAG, NOON),
    "note": lambda tx, actor: add_note(tx, actor, ASSIGNED, rich_text("On my way"), NOON),
}
NO_CHANGES: dict[str, Change] = {
    "the status it has": lambda tx, actor: change_status(tx, actor, ASSIGNED, "open", None, NOON, CLOCK),
    "the priority it has": lambda tx, actor: edit_ticket(
        tx, actor, lock_ticket(tx, actor, ASSIGNED), TicketChanges(priority=3), NOON
    ),
    "the assignee it has": lambda tx, actor: assign(tx, actor, ASSIGNED, ENGINEER.id, NOON),
}


def revisions(tx: Tx) -> dict[int, int]:
    return {row["id"]: row["revision"] for row in rows(tx, "SELECT id, revision FROM tickets")}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_kind_of_change_moves_it(tx: Tx, change: Change) -> None:
    """That of the changed ticket to one that none has, and no other's."""
    before = revisions(tx)
    change(tx, actor_of(tx, ENGINEER))
    after = revisions(tx)
    assert after == before | {ASSIGNED: after[ASSIGNED]}
    assert after[ASSIGNED] not in before.values()


@pytest.mark.parametrize("change", NO_CHANGES.values(), ids=NO_CHANGES)
def test_what_changes_nothing_leaves_it(tx: Tx, change: Change) -> None:
    """A reader who has this revision has the latest."""
    before = revisions(tx)
    change(tx, actor_of(tx, ENGINEER))
    assert revisions(tx) == before


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_its_history_and_its_revision_are_kept_together_or_not_at_all(
    shared_database: Database, change: Change
) -> None:
    """Where the transaction fails behind the change, nothing of it stays."""
    before = shared_database.read(tickets_as_kept)
    with undone(shared_database) as tx:
        change(tx, actor_of(tx, ENGINEER))
        assert tickets_as_kept(tx) != before
    assert shared_database.read(tickets_as_kept) == before


def test_several_changes_move_it_as_often(tx: Tx) -> None:
    """Also in one transaction, each time to another one."""
    actor, seen = actor_of(tx, ADMIN), [revisions(tx)[TYPED]]
    for text in ("one", "two", "three"):
        add_note(tx, actor, TYPED, rich_text(text), NOON)
        seen.append(revisions(tx)[TYPED])
    assign(tx, actor, TYPED, ENGINEER.id, NOON)
    assert len({*seen, revisions(tx)[TYPED]}) == 5


def test_a_revision_is_never_given_twice(shared_database: Database) -> None:
    """Not after a change that was undone: what it had is not what the next one gets, of tickets and of the desk."""
    given = []
    for _ in range(3):
        with undone(shared_database) as tx:
            add_note(tx, actor_of(tx, ADMIN), TYPED, rich_text("undone"), NOON)
            tx.run("UPDATE users SET nick_name = 'Nick', disabled_at = NULL WHERE id = :id", id=ENGINEER.id)
            raised = raise_ticket(tx, actor_of(tx, ADMIN), DRAFT, NOON, CLOCK, "yearly")
            given += [revisions(tx)[TYPED], revisions(tx)[raised.id]]
            given += [tx.value(f"SELECT {name} AS value FROM desk_revisions") for name in ("names", "accounts")]
    assert len(set(given)) == 3 * 4
    assert all(2**32 < revision < 2**63 for revision in given)


def test_no_statement_counts_a_revision_up() -> None:
    """What a statement gives as a revision is drawn by the one word for it."""
    for path in (Path(keesa.__file__).parent).rglob("*"):
        if path.suffix in (".py", ".sql") and not path.name.startswith("0003_"):
            text = path.read_text("utf-8")
            assert not re.search(r"\b(revision|names|accounts)\s*=\s*[^$\n]*\+\s*1", text), path
            assert not re.search(r"(SET|,) revision =(?! \$new_revision)", text), path
