"""Pages of lists: for anybody, any list and any page those that a plain statement finds, and each through an index."""

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cast
from acting import actor_of
from cast import HARBOUR, LONE, SCHOOL
from deterministic import deterministic
from keesa.accounts.actors import Actor
from keesa.accounts.filters import Equals, any_of
from keesa.accounts.permissions import visible_to
from keesa.db import Database, Steps, Tx
from keesa.db.sqlite_tx import SqliteTx
from keesa.db.steps import run_to_the_end
from keesa.errors import Forbidden, NotFound
from keesa.tickets.lists import list_by_category, list_by_type, list_groups, list_of_customer, list_own_unclosed
from keesa.tickets.numbers import LARGEST
from keesa.tickets.pages import Page
from keesa.tickets.selecting import EVERY, select
from keesa.tickets.statuses import ACTIVE, CLOSED, OPEN, STATUSES, Status
from keesa.tickets.views import VisibleTicket
from many_tickets import ACTORS, FIRST, TYPES, WatchedTx, actors, file_of_many, fill, grow, steps_of


@pytest.fixture(scope="module")
def full(shared_database: Database) -> Database:
    """The cast's database with many tickets."""
    shared_database.write(fill)
    return shared_database


# What a list shall show, in plain SQL


@dataclass(frozen=True)
class Wanted:
    """One list: how it is asked for, and the conditions of its groups."""

    name: str
    ask: Callable[[Tx, Actor, Page], Steps[Iterable[VisibleTicket]]]
    groups: Sequence[str]
    customer_id: int | None = None
    """Of a customer's list."""


def in_any(statuses: Sequence[Status]) -> str:
    return f"status IN ({', '.join(map(repr, statuses))})"


def wanted_lists() -> Iterator[Wanted]:
    yield Wanted(
        "groups",
        lambda tx, actor, page: list_groups(tx, actor, page, (None, None, None)),
        [in_any(group) for group in (OPEN, ACTIVE, CLOSED)],
    )
    yield Wanted("own", list_own_unclosed, ["(raised_by_id = :me OR assigned_to_id = :me) AND status <> 'closed'"])
    for key, status in product(TYPES[:2], STATUSES):
        yield Wanted(
            f"type {key} {status}",
            lambda tx, actor, page, key=key, status=status: list_by_type(tx, actor, str(key), status, page),  # type: ignore[misc]  # defaults in a lambda
            [f"ticket_type = '{key}' AND status = '{status}'"],
        )
    for key in ("fault", "survey", "hardware"):
        yield Wanted(
            f"category {key}",
            lambda tx, actor, page, key=key: list_by_category(tx, actor, key, page),  # type: ignore[misc]  # as above
            [f"category = '{key}'"],
        )
    for customer_id, one_status in product((HARBOUR, SCHOOL, LONE, 999), (*STATUSES, None)):
        yield Wanted(
            f"customer {customer_id} {one_status}",
            lambda tx, actor, page, customer_id=customer_id, status=one_status: list_of_customer(  # type: ignore[misc]  # as above
                tx, actor, customer_id, status, page
            ),
            [f"customer_id = {customer_id} AND {in_any([one_status] if one_status else STATUSES)}"],
            customer_id,
        )


LISTS: Final = tuple(wanted_lists())


pages: Final = st.builds(
    Page,
    number=st.one_of(st.integers(1, 4), st.sampled_from((50, 10**6, 10**30))),
    limit=st.sampled_from((1, 2, 7, 20, 100, 500, LARGEST, None)),
    newest_first=st.booleans(),
)


def plainly(tx: Tx, actor: Actor, condition: str, page: Page) -> list[tuple[int, int]]:
    """One group's page: every ticket that the actor sees and that is meant, in order, and the page cut out of them."""
    visible = any_of(visible_to(actor))
    order = "raised_at DESC, id DESC" if page.newest_first else "raised_at, id"
    rows = tx.all(
        f"SELECT id, revision FROM tickets WHERE {visible.sql} AND ({condition}) ORDER BY {order}",
        **visible.params,
        **({"me": actor.id} if ":me" in condition else {}),
    )
    limit = LARGEST if page.limit is None else page.limit
    found = [(row["id"], row["revision"]) for row in rows]
    return found[(page.number - 1) * limit :][:limit]


def unconcerned(tx: Tx, actor: Actor, customer_id: int) -> type[Exception] | None:
    """The error of a customer's list that is empty."""
    if actor.user_type == "admin":
        return NotFound if customer_id == 999 else None
    sees_some = plainly(tx, actor, f"customer_id = {customer_id}", Page(limit=1))
    return None if customer_id == actor.customer_id or (actor.user_type == "staff" and sees_some) else Forbidden


@given(actor=actors(), wanted=st.sampled_from(LISTS), page=pages)
@deterministic(400)
def test_a_list_is_what_a_plain_statement_finds(full: Database, actor: Actor, wanted: Wanted, page: Page) -> None:
    """The same tickets, with their revisions, in the same order, for anybody, any list and any page."""

    def compare(tx: Tx) -> None:
        expected = [found for condition in wanted.groups for found in plainly(tx, actor, condition, page)]
        error = unconcerned(tx, actor, wanted.customer_id) if wanted.customer_id and not expected else None
        if error:
            with pytest.raises(error):
                run_to_the_end(wanted.ask(tx, actor, page))
        else:
            assert [tuple(found) for found in run_to_the_end(wanted.ask(tx, actor, page))] == expected

    full.read(compare)


@given(actor=actors(), numbers=st.tuples(*[st.one_of(st.none(), st.integers(1, 9))] * 3), page=pages)
@deterministic(100)
def test_each_group_has_its_page(
    full: Database, actor: Actor, numbers: tuple[int | None, int | None, int | None], page: Page
) -> None:
    """The open, the active and the closed tickets turn their pages by themselves."""

    def compare(tx: Tx) -> None:
        expected = [
            found
            for statuses, number in zip((OPEN, ACTIVE, CLOSED), numbers, strict=True)
            for found in plainly(tx, actor, in_any(statuses), page.at(number))
        ]
        assert [tuple(found) for found in run_to_the_end(list_groups(tx, actor, page, numbers))] == expected

    full.read(compare)


# How SQLite finds it


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """To a file of SQLite's with many tickets."""
    opened = file_of_many(tmp_path_factory.mktemp("selecting"))
    yield opened
    opened.close()


def ask(tx: Tx, actor: Actor, wanted: Wanted, page: Page) -> int:
    """How many tickets the page has; none where the customer is no concern of the actor's."""
    try:
        return len(list(run_to_the_end(wanted.ask(tx, actor, page))))
    except (Forbidden, NotFound):
        return 0


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("who", ACTORS)
def test_every_list_is_read_through_indexes(connection: sqlite3.Connection, who: str, newest_first: bool) -> None:  # noqa: FBT001
    """No list reads the table from end to end, nor sorts anything: each part of it comes in its index's order."""
    tx = WatchedTx(connection)
    for wanted in LISTS:
        ask(tx, ACTORS[who], wanted, Page(2, 5, newest_first))
    assert bool(tx.statements) == (who != "bot")
    for plan in tx.plans():
        touching = [line for line in plan if re.match(r"\w+ tickets\b", line)]
        assert touching, plan
        for line in touching:
            assert re.match(r"SEARCH tickets USING (COVERING )?INDEX (tickets_by_\w+|\w+) \(\w+=\?", line), plan
        assert not [line for line in plan if "TEMP B-TREE" in line], plan


def test_a_type_s_tickets_of_a_category_have_their_index(connection: sqlite3.Connection) -> None:
    """What staff see of a category through their types is not searched for among all of either."""
    tx = WatchedTx(connection)
    run_to_the_end(list_by_category(tx, ACTORS["staff with a type"], "fault", Page()))
    [*_, plan] = tx.plans()
    assert any("INDEX tickets_by_type_and_category (ticket_type=? AND category=?)" in line for line in plan), plan


def work_of(connection: sqlite3.Connection, actor: Actor, wanted: Wanted, page: Page) -> int:
    return steps_of(connection, lambda tx: ask(tx, actor, wanted, page))


SELECTIVE: Final = [
    *(("admin", wanted) for wanted in LISTS),
    *((who, wanted) for who in ACTORS for wanted in LISTS if wanted.name == "groups"),
    *((who, wanted) for who in ACTORS for wanted in LISTS if wanted.name == "own" and who.startswith("staff")),
    *(("staff with a type", wanted) for wanted in LISTS if wanted.name.startswith("type eco_support")),
]
"""The lists whose indexes lead to nothing but their tickets; others leave some out that they look at."""


def test_a_page_costs_the_same_among_more_tickets(connection: sqlite3.Connection) -> None:
    """Eight times as many, and what is rare among them is found without a look at the others."""

    def works() -> dict[tuple[str, str], int]:
        return {(who, wanted.name): work_of(connection, ACTORS[who], wanted, Page(1, 5)) for who, wanted in SELECTIVE}

    few = works()
    connection.execute("BEGIN")
    try:
        grow(SqliteTx(connection))
        many_more = works()
    finally:
        connection.execute("ROLLBACK")
    assert {which: (few[which], work) for which, work in many_more.items() if work > few[which] * 1.3 + 50} == {}


@pytest.mark.parametrize("person", cast.CAST)
def test_nothing_is_selected_that_the_actor_does_not_see(tx: Tx, person: cast.Person) -> None:
    """Whatever is wanted: `select` asks who sees by itself."""
    actor = actor_of(tx, person)
    everything = run_to_the_end(select(tx, actor, EVERY, [(None, Page(limit=None))]))
    assert {number for number, _ in everything if number < FIRST} == cast.SEEN_BY[person]
    for customer_id in (HARBOUR, SCHOOL):
        theirs = run_to_the_end(
            select(tx, actor, ((Equals("customer_id", customer_id),),), [(STATUSES, Page(limit=None))])
        )
        assert {number for number, _ in theirs if number < FIRST} <= cast.SEEN_BY[person]
