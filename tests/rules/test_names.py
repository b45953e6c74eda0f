"""Names that only one may have, asked for on two nodes at once: refused with Keesa's sentence, never an engine's."""

from typing import Any

import psycopg
import pytest

from acting import rows
from by_keesa import create_role, create_user, grant_permission
from cast import BY, hashed
from keesa.accounts.roles import NewRole, find_role
from keesa.accounts.users import NewUser
from keesa.clock import now
from keesa.config import DEFAULT_ZONE
from keesa.db import Database, Tx, Work
from keesa.demo.people import PEOPLE
from keesa.demo.world import fill_if_empty
from keesa.directory.canned_answers import CannedAnswer, create_answer
from keesa.directory.keyed_lists import add_key
from keesa.directory.products import NewProduct, add_product
from keesa.directory.reference import KeyedList, keys
from keesa.errors import Invalid
from keesa.rich_text.placeholders import text_with_placeholders
from meeting import Nodes, two_nodes
from places import Place


def adding_user(email: str = "second@keesa.example") -> Work[int]:
    new = NewUser(
        email=email,
        full_name="Second Engineer",
        nick_name="Second",
        user_type="staff",
        password=hashed(),
        roles=["engineer", "control_room"],
    )
    return lambda tx: create_user(tx, new, now())


def adding_role(tx: Tx) -> int:
    return create_role(tx, NewRole("north_crew", {"tickets": ["read"]}, ("eco_support",)))


def adding_product(tx: Tx) -> int:
    return add_product(tx, BY, NewProduct(name="Antenna")).id


def adding_key(table: KeyedList, key: str) -> Work[Any]:
    return lambda tx: add_key(tx, BY, table, key, key.title())


def adding_answer(tx: Tx) -> CannedAnswer:
    return create_answer(tx, BY, "Mended", text_with_placeholders("Dear {{contact_name}}"))


@pytest.mark.parametrize(
    ("adding", "before", "sentence"),
    [
        pytest.param(adding_user(), "INSERT INTO users", "another user", id="email"),
        pytest.param(adding_role, "INSERT INTO roles", "another role", id="role"),
        pytest.param(adding_product, "INSERT INTO products", "another product", id="product"),
        pytest.param(adding_answer, "INSERT INTO canned_answers", "another canned answer", id="canned answer"),
        pytest.param(adding_key("ticket_types", "survey"), "INSERT INTO", "in the list already", id="type"),
        pytest.param(adding_key("ticket_categories", "mast"), "INSERT INTO", "in the list already", id="category"),
    ],
)
def test_a_name_asked_for_twice_at_once_is_given_once(
    nodes: Nodes, adding: Work[Any], before: str, sentence: str
) -> None:
    """Between the look whether it is free and its insertion nobody else looks."""
    met = nodes.meet(adding, before, lambda other: other.write(adding))
    assert len(met.values) == 1
    (error,) = met.errors
    assert isinstance(error, Invalid)
    assert sentence in str(error.faults)


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_a_rule_holds_whatever_isolation_the_server_gives_by_itself(shared_place: Place, isolation: str) -> None:
    """Who waited for a row looks at what is there then, and not at what was there when the transaction began."""
    assert shared_place.url is not None
    with psycopg.connect(shared_place.url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = '{isolation}'".encode())
    with two_nodes(shared_place) as nodes:
        met = nodes.meet(adding_product, "INSERT INTO products", lambda other: other.write(adding_product))
    assert [type(error) for error in met.errors] == [Invalid]


@pytest.mark.parametrize("table", ["ticket_types", "ticket_categories"])
def test_two_entries_added_at_once_stand_in_two_places(nodes: Nodes, table: KeyedList) -> None:
    """Each behind the one before, at the end of the list."""
    before = nodes.one.read(lambda tx: keys(tx, table))
    first, second = adding_key(table, "north"), adding_key(table, "south")
    assert nodes.meet(first, "INSERT INTO", lambda other: other.write(second)).errors == []
    found = nodes.one.read(lambda tx: rows(tx, f"SELECT key, position FROM {table} ORDER BY position"))
    assert [row["key"] for row in found] == [*before, *(row["key"] for row in found[len(before) :])]
    assert {row["key"] for row in found[len(before) :]} == {"north", "south"}
    assert [row["position"] for row in found] == [*range(1, len(found) + 1)]


def test_the_demo_fills_no_desk_to_which_a_user_is_being_added(empty_shared_place: Place) -> None:
    """It waits, and then finds the desk in use."""
    with two_nodes(empty_shared_place) as nodes:
        met = nodes.meet(adding_user(), "INSERT INTO user_roles", lambda other: fill_if_empty(other, DEFAULT_ZONE))
        assert met.errors == []
        assert met.second.value is False
        emails = nodes.one.read(lambda tx: rows(tx, "SELECT email FROM users WHERE id <> 0"))
    assert emails == [{"email": "second@keesa.example"}]


def test_the_demo_is_filled_once_by_two_nodes_that_start_at_once(empty_shared_place: Place) -> None:
    """One of them does it, the other one waits and finds it done."""
    with two_nodes(empty_shared_place) as nodes:

        def hold_both(tx: Tx) -> None:
            tx.all("SELECT name FROM rules WHERE name = 'users' $for_update")
            tx.all("SELECT 1 AS go_on")

        def fill_twice(other: Database) -> list[bool]:
            return [fill_if_empty(other, DEFAULT_ZONE), fill_if_empty(nodes.one, DEFAULT_ZONE)]

        met = nodes.meet(hold_both, "go_on", fill_twice)
        assert met.errors == []
        assert met.second.value == [True, False]
        users = nodes.one.read(lambda tx: tx.value("SELECT count(*) AS value FROM users WHERE id <> 0"))
    assert users == len(PEOPLE)


def granting(*permissions: str) -> Work[None]:
    def work(tx: Tx) -> None:
        for permission in permissions:
            grant_permission(tx, "engineer", *permission.split(":"))

    return work


@pytest.mark.parametrize(
    ("first", "second", "more"),
    [("stock:read", "stock:write", 2), ("stock:read", "stock:read", 1)],
)
def test_permissions_granted_at_once_are_all_given(nodes: Nodes, first: str, second: str, more: int) -> None:
    """Each once, and each in a place of its own."""
    before = nodes.one.read(lambda tx: find_role(tx, "engineer")).given
    met = nodes.meet(granting(first), "INSERT INTO role_permissions", lambda other: other.write(granting(second)))
    assert met.errors == []
    given = nodes.one.read(lambda tx: find_role(tx, "engineer")).given
    assert len(given) == len(before) + more
    assert {str(permission) for permission in given} == {*map(str, before), first, second}
    places = nodes.one.read(
        lambda tx: rows(
            tx,
            "SELECT position FROM role_permissions JOIN roles ON roles.id = role_permissions.role_id"
            " WHERE roles.name = 'engineer'",
        )
    )
    assert len({row["position"] for row in places}) == len(given)


def counted(tries: list[str], name: str, work: Work[Any]) -> Work[Any]:
    def run(tx: Tx) -> Any:  # noqa: ANN401 - whatever the work gives
        tries.append(name)
        return work(tx)

    return run


@pytest.mark.parametrize("role", ["engineer", "control_room"])
def test_a_user_and_a_permission_of_their_role_come_at_once(nodes: Nodes, role: str) -> None:
    """Who is given a role does not wait for who changes it, who would wait for them: neither is run a second time."""
    tries: list[str] = []

    def grant(tx: Tx) -> None:
        grant_permission(tx, role, "stock", "read")

    user = counted(tries, "user", adding_user_with_late_roles)
    met = nodes.meet(user, "late", lambda other: other.write(counted(tries, "grant", grant)))
    assert met.errors == []
    assert sorted(tries) == ["grant", "user"]


def adding_user_with_late_roles(tx: Tx) -> int:
    """The first role has moved the revision of accounts; others are given later."""
    new = NewUser(
        email="second@keesa.example",
        full_name="Second Engineer",
        nick_name="Second",
        user_type="staff",
        password=hashed(),
        roles=["reader"],
    )
    user_id = create_user(tx, new, now())
    tx.all("SELECT 1 AS late")
    for position, role in enumerate(("engineer", "control_room"), start=1):
        tx.run(
            "INSERT INTO user_roles (user_id, role_id, position) SELECT :id, id, :position FROM roles"
            " WHERE name = :role",
            id=user_id,
            position=position,
            role=role,
        )
    return user_id
