"""Tags on tickets: put on, taken off, so many, and none that has retired."""

from typing import Any, Final

import pytest

from acting import actor_of, rows, tickets_as_kept
from cast import ADMIN, ASSIGNED, BY, CUSTOMER, ENGINEER, STRANGERS, Person, at
from keesa.accounts.actors import Actor
from keesa.db import Tx
from keesa.directory.tags import Tag, add_tag, retire_tag
from keesa.errors import Forbidden, Invalid, NotFound
from keesa.tickets import tagging
from keesa.tickets.finding import find_ticket
from keesa.tickets.tagging import put_tag, tags_of, take_tag

NOON: Final = at("2025-03-10T12:00")


@pytest.fixture
def admin(tx: Tx) -> Actor:
    return actor_of(tx, ADMIN)


@pytest.fixture
def tags(tx: Tx) -> list[Tag]:
    return [add_tag(tx, BY, name) for name in ("Storm", "Cable", "Power")]


def tagged(tx: Tx, number: int) -> list[Tag]:
    return tags_of(tx, find_ticket(tx, actor_of(tx, ADMIN), number))


def last_event(tx: Tx) -> dict[str, Any]:
    sql = "SELECT kind, public_number, thing_id FROM ticket_events WHERE ticket_id = :id ORDER BY number DESC"
    return rows(tx, sql, id=ASSIGNED)[0]


def test_a_tag_is_put_on_and_taken_off(tx: Tx, admin: Actor, tags: list[Tag]) -> None:
    """With an internal event of each, and none a second time; customers have no sign of it."""
    public = "SELECT coalesce(public_revision, revision) AS public, public_changed_at FROM tickets WHERE id = :id"
    before = rows(tx, public, id=ASSIGNED)
    for _ in range(2):
        assert put_tag(tx, admin, ASSIGNED, tags[1].id, NOON) == tags[1]
        assert put_tag(tx, admin, ASSIGNED, tags[0].id, NOON) == tags[0]
    assert tagged(tx, ASSIGNED) == tags[:2]
    assert last_event(tx) == {"kind": "tagged", "public_number": None, "thing_id": tags[0].id}
    kept = rows(tx, "SELECT DISTINCT raised_at FROM ticket_tags WHERE ticket_id = :id", id=ASSIGNED)
    assert kept == rows(tx, "SELECT raised_at FROM tickets WHERE id = :id", id=ASSIGNED)
    for _ in range(2):
        take_tag(tx, admin, ASSIGNED, tags[0].id, NOON)
    assert tagged(tx, ASSIGNED) == tags[1:2]
    assert last_event(tx) == {"kind": "untagged", "public_number": None, "thing_id": tags[0].id}
    count = "SELECT count(*) AS value FROM ticket_events WHERE ticket_id = :id AND kind IN ('tagged', 'untagged')"
    assert tx.value(count, id=ASSIGNED) == 3
    assert rows(tx, public, id=ASSIGNED) == before


def test_one_that_has_retired_stays_and_is_put_on_no_other(tx: Tx, admin: Actor, tags: list[Tag]) -> None:
    """It may be taken off."""
    put_tag(tx, admin, ASSIGNED, tags[0].id, NOON)
    for tag in tags[:2]:
        retire_tag(tx, BY, tag.id)
    retired = Tag(tags[0].id, tags[0].name, retired=True)
    assert tagged(tx, ASSIGNED) == [retired]
    assert put_tag(tx, admin, ASSIGNED, tags[0].id, NOON) == retired
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid, match="id is that of a tag that is retired"):
        put_tag(tx, admin, ASSIGNED, tags[1].id, NOON)
    assert tickets_as_kept(tx) == before
    take_tag(tx, admin, ASSIGNED, tags[0].id, NOON)
    assert tagged(tx, ASSIGNED) == []


def test_a_tag_must_be_there(tx: Tx, admin: Actor) -> None:
    """To be put on it is input, to be taken off it is looked for."""
    with pytest.raises(Invalid, match="id is unknown"):
        put_tag(tx, admin, ASSIGNED, 99, NOON)
    for missing in (99, None):
        with pytest.raises(NotFound, match="Tag not found"):
            take_tag(tx, admin, ASSIGNED, missing, NOON)


def test_a_ticket_has_so_many(tx: Tx, admin: Actor, tags: list[Tag], monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused; one that it has is none."""
    monkeypatch.setattr(tagging, "MOST_TAGS", 2)
    for tag in (*tags[:2], *tags[:2]):
        put_tag(tx, admin, ASSIGNED, tag.id, NOON)
    with pytest.raises(Invalid, match="at most 2 tags"):
        put_tag(tx, admin, ASSIGNED, tags[2].id, NOON)


@pytest.mark.parametrize(
    ("person", "number", "error"),
    [(ENGINEER, STRANGERS, NotFound), (ADMIN, None, NotFound), (CUSTOMER, ASSIGNED, Forbidden)],
)
def test_only_the_desk_tags_what_it_sees(
    tx: Tx, tags: list[Tag], person: Person, number: int | None, error: type[Exception]
) -> None:
    """Customers neither put any on, nor take any off."""
    actor = actor_of(tx, person)
    with pytest.raises(error):
        put_tag(tx, actor, number, tags[0].id, NOON)
    with pytest.raises(error):
        take_tag(tx, actor, number, tags[0].id, NOON)
