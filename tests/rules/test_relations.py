"""Relations, watchers and tags that two nodes make at once: no cycles, no bound that is passed, no name given twice."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from acting import CLOCK, actor_of, rows
from cast import ADMIN, ASSIGNED, BY, ENGINEER, HIDDEN, RAISED, STRANGERS, TAG, TYPED
from keesa.accounts.actors import Actor
from keesa.clock import now
from keesa.db import Tx, Work
from keesa.directory import tags
from keesa.directory.tags import TagChanges, add_tag, change_tag
from keesa.errors import Invalid
from keesa.notes.merging import merge, unmerge
from keesa.notes.notes import add_note
from keesa.rich_text.html import rich_text
from keesa.tickets import relations, tagging, watching
from keesa.tickets.closing import close_with_children
from keesa.tickets.relations import add_cause, set_parent
from keesa.tickets.status import change_status
from keesa.tickets.tagging import put_tag
from keesa.tickets.watching import start_watching
from meeting import Nodes

EVENT: Final = "INSERT INTO ticket_events"


@pytest.fixture
def admin(nodes: Nodes) -> Actor:
    return nodes.one.read(lambda tx: actor_of(tx, ADMIN))


def under(admin: Actor, child: int, parent: int) -> Work[None]:
    return lambda tx: set_parent(tx, admin, child, parent, now())


def merging(admin: Actor, ticket: int, main: int) -> Work[None]:
    return lambda tx: merge(tx, admin, ticket, main, now(), CLOCK)


def noting(admin: Actor, ticket: int) -> Work[str]:
    return lambda tx: add_note(tx, admin, ticket, rich_text("Here too"), now())


def column(nodes: Nodes, sql: str, **params: object) -> list[Any]:
    return [row["value"] for row in nodes.one.read(lambda tx: rows(tx, sql, **params))]


@pytest.mark.parametrize("length", [2, 3, 4])
def test_no_cycle_comes_of_two_at_once(nodes: Nodes, admin: Actor, length: int) -> None:
    """Each of the two would be good without the other, however long the way around is."""
    chain = [RAISED, ASSIGNED, TYPED, HIDDEN][:length]
    for child, parent in zip(chain[2:], chain[1:], strict=False):
        nodes.one.write(under(admin, child, parent))
    first, second = under(admin, chain[1], chain[0]), under(admin, chain[0], chain[-1])
    met = nodes.meet(first, "UPDATE tickets", lambda other: other.write(second))
    assert met.waited
    assert [str(error) for error in met.errors] == ["ticket_number is below this ticket, and cannot be above it too"]


def test_one_ticket_has_one_parent(nodes: Nodes, admin: Actor) -> None:
    """Of two that it gets at once."""
    met = nodes.meet(
        under(admin, ASSIGNED, TYPED), "UPDATE tickets", lambda other: other.write(under(admin, ASSIGNED, HIDDEN))
    )
    assert [type(error) for error in met.errors] == [Invalid]
    assert column(nodes, "SELECT parent_id AS value FROM tickets WHERE id = :id", id=ASSIGNED) == [TYPED]


@pytest.mark.parametrize(
    "second", [(HIDDEN, RAISED), (RAISED, TYPED), (TYPED, HIDDEN)], ids=["a main ticket of its own", "back", "further"]
)
def test_no_duplicate_has_duplicates(nodes: Nodes, admin: Actor, second: tuple[int, int]) -> None:
    """SCHOOL's three tickets: TYPED becomes one of RAISED, while another merge begins."""
    met = nodes.meet(merging(admin, TYPED, RAISED), EVENT, lambda other: other.write(merging(admin, *second)))
    assert met.waited
    count = "SELECT count(*) AS value FROM tickets WHERE duplicate_of_id IS NOT NULL AND duplicates > 0"
    assert column(nodes, count) == [0]
    assert len(met.errors) == (0 if second == (HIDDEN, RAISED) else 1)
    assert column(nodes, "SELECT duplicates AS value FROM tickets WHERE id = :id", id=RAISED) == [2 - len(met.errors)]


@pytest.mark.parametrize("noted", [STRANGERS, ASSIGNED])
@pytest.mark.parametrize("merging_first", [True, False])
def test_a_note_beside_a_merge_is_counted_once(nodes: Nodes, admin: Actor, noted: int, *, merging_first: bool) -> None:
    """By the main ticket: what it shows is what it counts."""
    works: list[Work[Any]] = [merging(admin, STRANGERS, ASSIGNED), noting(admin, noted)]
    first, second = works if merging_first else reversed(works)
    met = nodes.meet(first, EVENT, lambda other: other.write(second))
    assert (met.errors, met.waited) == ([], True)
    assert column(nodes, "SELECT notes_count AS value FROM tickets WHERE id = :id", id=ASSIGNED) == [3]


@pytest.mark.parametrize("undoing_first", [True, False])
def test_a_note_beside_the_end_of_a_merge_is_counted_rightly(
    nodes: Nodes, admin: Actor, *, undoing_first: bool
) -> None:
    """By the duplicate alone."""
    nodes.one.write(merging(admin, STRANGERS, ASSIGNED))
    works: list[Work[Any]] = [lambda tx: unmerge(tx, admin, STRANGERS, ASSIGNED, now()), noting(admin, STRANGERS)]
    first, second = works if undoing_first else reversed(works)
    met = nodes.meet(first, EVENT, lambda other: other.write(second))
    assert (met.errors, met.waited) == ([], True)
    counts = "SELECT notes_count AS value FROM tickets WHERE id IN (:one, :other) ORDER BY id"
    assert column(nodes, counts, one=ASSIGNED, other=STRANGERS) == [2, 1]


def closing(admin: Actor, ticket: int) -> Work[Any]:
    return lambda tx: close_with_children(tx, admin, ticket, "closed", "2025-03-09", now(), CLOCK)


def test_a_child_that_joins_beside_the_closing_is_not_lost(nodes: Nodes, admin: Actor) -> None:
    """It is closed too, or comes when all is done."""
    joining = under(admin, STRANGERS, ASSIGNED)
    met = nodes.meet(joining, EVENT, lambda other: other.write(closing(admin, ASSIGNED)))
    assert (met.errors, met.waited) == ([], True)
    assert met.second.value.closed == [STRANGERS]


def test_a_child_that_is_closed_beside_the_closing_is_closed_once(nodes: Nodes, admin: Actor) -> None:
    """With one row of its statuses."""
    nodes.one.write(under(admin, STRANGERS, ASSIGNED))
    alone: Work[None] = lambda tx: change_status(tx, admin, STRANGERS, "closed", "2025-03-09", now(), CLOCK)  # noqa: E731 - as its neighbour
    met = nodes.meet(alone, EVENT, lambda other: other.write(closing(admin, ASSIGNED)))
    assert (met.errors, met.waited) == ([], True)
    assert met.second.value.closed == []
    statuses = column(
        nodes, "SELECT status AS value FROM ticket_statuses WHERE ticket_id = :id ORDER BY id", id=STRANGERS
    )
    assert statuses == ["open", "on_hold", "closed"]


Making = Callable[[Actor, int], Work[Any]]
BOUNDS: Final[dict[str, tuple[Any, str, Making, str]]] = {
    "causes": (
        relations,
        "MOST_CAUSES",
        lambda admin, n: lambda tx: add_cause(tx, admin, ASSIGNED, [TYPED, HIDDEN][n], now()),
        "SELECT count(*) AS value FROM ticket_causes",
    ),
    "children": (
        relations,
        "MOST_CHILDREN",
        lambda admin, n: under(admin, [TYPED, HIDDEN][n], ASSIGNED),
        "SELECT count(*) AS value FROM tickets WHERE parent_id IS NOT NULL",
    ),
    "watchers of a ticket": (
        watching,
        "MOST_WATCHERS",
        lambda admin, n: lambda tx: start_watching(tx, admin, ASSIGNED, [ADMIN.id, ENGINEER.id][n], now()),
        "SELECT count(*) AS value FROM ticket_watchers",
    ),
    "tickets of a watcher": (
        watching,
        "MOST_WATCHED",
        lambda admin, n: lambda tx: start_watching(tx, admin, [ASSIGNED, TYPED][n], None, now()),
        "SELECT count(*) AS value FROM ticket_watchers",
    ),
    "tags of a ticket": (
        tagging,
        "MOST_TAGS",
        lambda admin, n: lambda tx: put_tag(tx, admin, ASSIGNED, TAG + n, now()),
        "SELECT count(*) AS value FROM ticket_tags",
    ),
    "tags": (
        tags,
        "MOST_IN_USE",
        lambda _, n: lambda tx: add_tag(tx, BY, f"Another {n}"),
        "SELECT count(*) - 2 AS value FROM tags",
    ),
}
"""What it is in, its name, two that would each be the last one, and how many there are."""


@pytest.mark.parametrize("name", BOUNDS)
def test_no_bound_is_passed_by_two_at_once(
    nodes: Nodes, admin: Actor, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """One gets the last place, and the other is told."""
    module, bound, making, count = BOUNDS[name]
    nodes.one.write(lambda tx: add_tag(tx, BY, "Second"))
    monkeypatch.setattr(module, bound, 3 if name == "tags" else 1)
    met = nodes.meet(making(admin, 0), "INSERT INTO (ticket_|tags|audit)", lambda other: other.write(making(admin, 1)))
    assert met.waited
    assert [type(error) for error in met.errors] == [Invalid]
    assert column(nodes, count) == [1]


def test_a_name_is_given_once(nodes: Nodes) -> None:
    """In whatever case: to one that is new, or to one that is renamed."""
    renaming: Work[Any] = lambda tx: change_tag(tx, BY, TAG, TagChanges(name="storm"))  # noqa: E731 - as its neighbour
    adding: Work[Any] = lambda tx: add_tag(tx, BY, "Storm")  # noqa: E731 - as its neighbour
    met = nodes.meet(renaming, "UPDATE tags", lambda other: other.write(adding))
    assert [str(error) for error in met.errors] == ["name is taken by another tag"]


def test_a_watcher_begins_once(nodes: Nodes, admin: Actor) -> None:
    """Twice at once is one row, and one event."""
    work: Work[Any] = lambda tx: start_watching(tx, admin, ASSIGNED, None, now())  # noqa: E731 - as its neighbour

    met = nodes.meet(work, EVENT, lambda other: other.write(work))
    assert (met.errors, met.waited) == ([], True)
    events = "SELECT count(*) AS value FROM ticket_events WHERE ticket_id = :id AND kind = 'watched'"
    assert column(nodes, events, id=ASSIGNED) == [1]


def test_tickets_of_two_customers_never_merge(nodes: Nodes, admin: Actor) -> None:
    """Nor where one is given to the other customer at that moment: who merges waits, and looks then."""

    def give_away(tx: Tx) -> None:
        tx.changed("UPDATE tickets SET customer_id = 2 WHERE id = :id", id=STRANGERS)
        tx.all("SELECT 1 AS lingering")

    met = nodes.meet(give_away, "lingering", lambda other: other.write(merging(admin, STRANGERS, ASSIGNED)))
    assert [str(error) for error in met.errors] == ["ticket_number is another customer's ticket"]
