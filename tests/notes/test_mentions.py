"""Mentions: who is named in a note of the desk's, and sees the ticket, is told apart and watches it."""

from typing import Any

import pytest

from acting import actor_of, rows
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, HIDDEN, RAISED, TYPED, Person, at
from keesa.accounts.actors import SYSTEM
from keesa.db import Tx
from keesa.notes.changing import edit_note, lock_note
from keesa.notes.mentions import MOST
from keesa.notes.notes import add_note, make_note
from keesa.rich_text.html import rich_text
from keesa.tickets.changing import LARGEST_HISTORY
from keesa.tickets.watching import MOST_WATCHERS

NOON = at("2025-03-10T12:00")


def mentioned(tx: Tx, text: str, by: Person = ENGINEER, number: int = ASSIGNED, *, internal: bool = False) -> list[int]:
    made = make_note(tx, actor_of(tx, by), number, rich_text(text), NOON, internal=internal)
    return list(made.mentioned)


def kept(tx: Tx, table: str, number: int = ASSIGNED) -> list[int]:
    found = rows(tx, f"SELECT user_id FROM {table} WHERE ticket_id = :id ORDER BY user_id", id=number)
    return [row["user_id"] for row in found]


def watched(tx: Tx, number: int = ASSIGNED) -> list[dict[str, Any]]:
    return rows(
        tx,
        "SELECT thing_id, public_number FROM ticket_events WHERE ticket_id = :id AND kind = 'watched' ORDER BY number",
        id=number,
    )


def rename(tx: Tx, person: Person, nick_name: str) -> None:
    tx.run("UPDATE users SET nick_name = :name WHERE id = :id", name=nick_name, id=person.id)


@pytest.mark.parametrize(
    "text",
    [
        "@Aishu",
        "@AISHU: look",
        "see @aishu.",
        "@admin@keesa.example",
        "@ADMIN@keesa.example!",
        "<p>Hi <b>@Aishu</b></p>",
    ],
)
@pytest.mark.parametrize("internal", [False, True])
def test_somebody_of_the_desk_is_mentioned(tx: Tx, text: str, internal: bool) -> None:  # noqa: FBT001
    """By nick name or address, in whatever case: they watch the ticket from then on, which customers do not learn."""
    assert mentioned(tx, text, internal=internal) == [ADMIN.id]
    assert kept(tx, "ticket_mentions") == kept(tx, "ticket_watchers") == [ADMIN.id]
    assert watched(tx) == [{"thing_id": ADMIN.id, "public_number": None}]


@pytest.mark.parametrize("text", ["Aishu", "mail admin@keesa.example", "@Aishuu", "@Ais", "@nobody", "x@Aishu"])
def test_what_only_looks_alike_mentions_nobody(tx: Tx, text: str) -> None:
    """A name without its `@`, a part of one, and an address in prose."""
    assert mentioned(tx, text) == []
    assert kept(tx, "ticket_watchers") == []


def test_the_longest_name_counts(tx: Tx) -> None:
    """A nick name may have blanks; where two have the same one, both are meant."""
    rename(tx, ADMIN, "Ali")
    rename(tx, ENGINEER, "Ali Hassan")
    assert mentioned(tx, "@ali hassan, please") == [ENGINEER.id]
    assert mentioned(tx, "@Ali please") == [ADMIN.id]
    rename(tx, ENGINEER, "ALI")
    assert sorted(mentioned(tx, "@Ali please")) == [ADMIN.id, ENGINEER.id]


def test_several_are_mentioned_in_their_order_and_each_once(tx: Tx) -> None:
    """However often they are named."""
    assert mentioned(tx, "@Hassan and @Aishu, and @hassan", by=ADMIN) == [ENGINEER.id, ADMIN.id]
    assert [row["thing_id"] for row in watched(tx)] == [ENGINEER.id, ADMIN.id]


@pytest.mark.parametrize("text", ["@Ibbe", "@Maree", "@Bot", "@Keesa", f"@{SYSTEM.email}", "@customer@keesa.example"])
def test_who_does_not_see_the_ticket_is_not_mentioned(tx: Tx, text: str) -> None:
    """Nor is anybody who is not of the desk; nothing tells."""
    assert mentioned(tx, text) == mentioned(tx, "@nobody at all") == []
    assert kept(tx, "ticket_mentions") == kept(tx, "ticket_watchers") == []
    assert watched(tx) == []


@pytest.mark.parametrize(
    ("number", "sees"),
    [(RAISED, True), (TYPED, True), (ASSIGNED, True), (HIDDEN, False)],
    ids=["raiser", "type", "own", "no"],
)
def test_seeing_is_by_the_one_rule(tx: Tx, number: int, sees: bool) -> None:  # noqa: FBT001
    """What they raised, what is assigned to them, the ticket types of their roles."""
    assert mentioned(tx, "@Hassan", by=ADMIN, number=number) == ([ENGINEER.id] if sees else [])


def test_who_is_disabled_is_not_mentioned(tx: Tx) -> None:
    """As they are not assigned tickets."""
    tx.run("UPDATE users SET disabled_at = 1 WHERE id = :id", id=ADMIN.id)
    assert mentioned(tx, "@Aishu") == []


def test_customers_mention_nobody(tx: Tx) -> None:
    """What they write is no call of the desk's people, whose names they need not know."""
    assert mentioned(tx, "@Aishu", by=CUSTOMER) == []
    add_note(tx, actor_of(tx, CUSTOMER), ASSIGNED, rich_text("@Hassan"), NOON)
    assert kept(tx, "ticket_mentions") == kept(tx, "ticket_watchers") == []


def test_the_documented_note_mentions_too(tx: Tx) -> None:
    """The text that it answers with is as it was written."""
    assert add_note(tx, actor_of(tx, ENGINEER), ASSIGNED, rich_text("@Aishu"), NOON) == "@Aishu"
    assert kept(tx, "ticket_mentions") == [ADMIN.id]


def test_a_second_mention_adds_nothing(tx: Tx) -> None:
    """Who watches the ticket is told of once."""
    assert mentioned(tx, "@Aishu") == mentioned(tx, "@Aishu again") == [ADMIN.id]
    assert len(watched(tx)) == 1


def test_an_edited_note_mentions_whom_its_new_text_names(tx: Tx) -> None:
    """Who was mentioned before stays mentioned."""
    engineer = actor_of(tx, ENGINEER)
    made = make_note(tx, engineer, ASSIGNED, rich_text("@Hassan"), NOON)
    text = rich_text("@Aishu")
    edit_note(tx, engineer, lock_note(tx, engineer, ASSIGNED, made.id, NOON, text), text, NOON)
    assert kept(tx, "ticket_mentions") == [ADMIN.id, ENGINEER.id]


def add_colleagues(tx: Tx, count: int) -> list[int]:
    for number in range(count):
        tx.run(
            "INSERT INTO users (id, email, full_name, nick_name, user_type, password_hash, created_at)"
            " VALUES (:id, :email, 'Somebody', 'Twin', 'admin', 'none', 0)",
            id=1000 + number,
            email=f"twin{number}@keesa.example",
        )
    return [1000 + number for number in range(count)]


def test_a_note_mentions_so_many_at_the_most(tx: Tx) -> None:
    """Those with the lowest ids of a name that many have."""
    twins = add_colleagues(tx, MOST + 5)
    assert mentioned(tx, "@Twin") == twins[:MOST]


def test_who_finds_no_room_to_watch_is_mentioned_all_the_same(tx: Tx) -> None:
    """The note is not refused for it."""
    twins = add_colleagues(tx, MOST_WATCHERS - 1)
    for user_id in twins:
        tx.run("INSERT INTO ticket_watchers VALUES (:ticket, :user, 0)", ticket=ASSIGNED, user=user_id)
    assert mentioned(tx, "@Hassan @Aishu") == [ENGINEER.id, ADMIN.id]
    assert kept(tx, "ticket_mentions") == [ADMIN.id, ENGINEER.id]
    assert kept(tx, "ticket_watchers") == [ENGINEER.id, *twins]


def test_a_full_history_refuses_no_note_for_a_mention(tx: Tx) -> None:
    """It has no room to tell who watches, so nobody new does."""
    full = "UPDATE tickets SET internal_history_size = :size WHERE id = :id"
    tx.run(full, size=LARGEST_HISTORY, id=ASSIGNED)
    assert mentioned(tx, "@Aishu") == kept(tx, "ticket_mentions") == [ADMIN.id]
    assert kept(tx, "ticket_watchers") == []


def test_they_are_kept_with_the_time_at_which_the_ticket_was_raised(tx: Tx) -> None:
    """By which lists of them are ordered."""
    mentioned(tx, "@Aishu")
    [raised] = rows(tx, "SELECT raised_at FROM tickets WHERE id = :id", id=ASSIGNED)
    for table in ("ticket_mentions", "ticket_watchers"):
        assert rows(tx, f"SELECT raised_at FROM {table}") == [raised]


def test_the_note_is_told_of_before_who_watches(tx: Tx) -> None:
    """In the ticket's history."""
    mentioned(tx, "@Aishu", internal=True)
    found = rows(tx, "SELECT kind FROM ticket_events WHERE ticket_id = :id ORDER BY number DESC LIMIT 2", id=ASSIGNED)
    assert [row["kind"] for row in found] == ["watched", "note_added"]
