"""The revision of a ticket: the one number that every change of it moves, in the change's own transaction."""

from collections.abc import Callable

import pytest

from acting import CLOCK, actor_of, rows, tickets_as_kept
from cast import ADMIN, ASSIGNED, ENGINEER, TYPED, at
from keesa.accounts.actors import Actor
from keesa.db import Database, Tx
from keesa.notes.notes import add_note
from keesa.tickets.assigning import assign
from keesa.tickets.html import rich_text
from keesa.tickets.status import change_status
from undone import undone

NOON = at("2025-03-10T12:00")
Change = Callable[[Tx, Actor], object]

CHANGES: dict[str, Change] = {
    "status": lambda tx, actor: change_status(tx, actor, ASSIGNED, "in_progress", None, NOON, CLOCK),
    "closing": lambda tx, actor: change_status(tx, actor, ASSIGNED, "closed", "2025-03-10", NOON, CLOCK),
    "assignment": lambda tx, actor: assign(tx, actor, ASSIGNED, ADMIN.id, NOON),
    "taking away": lambda tx, actor: assign(tx, actor, ASSIGNED, None, NOON),
    "note": lambda tx, actor: add_note(tx, actor, ASSIGNED, rich_text("On my way"), NOON),
}
NO_CHANGES: dict[str, Change] = {
    "the status it has": lambda tx, actor: change_status(tx, actor, ASSIGNED, "open", None, NOON, CLOCK),
    "the assignee it has": lambda tx, actor: assign(tx, actor, ASSIGNED, ENGINEER.id, NOON),
}


def revisions(tx: Tx) -> dict[int, int]:
    return {row["id"]: row["revision"] for row in rows(tx, "SELECT id, revision FROM tickets")}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_kind_of_change_moves_it(tx: Tx, change: Change) -> None:
    """That of the changed ticket by one, and no other's."""
    before = revisions(tx)
    change(tx, actor_of(tx, ENGINEER))
    assert revisions(tx) == before | {ASSIGNED: before[ASSIGNED] + 1}


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
    """Also in one transaction."""
    actor, before = actor_of(tx, ADMIN), revisions(tx)
    for text in ("one", "two", "three"):
        add_note(tx, actor, TYPED, rich_text(text), NOON)
    assign(tx, actor, TYPED, ENGINEER.id, NOON)
    assert revisions(tx)[TYPED] == before[TYPED] + 4
