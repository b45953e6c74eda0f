"""Changing a customer, retiring it and taking it into use again; and the revision, which moves with each change."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg
import pytest

from acting import actor_of, by, rows
from cast import ADMIN, BY, CUSTOMER, HARBOUR, LONE, OPERATOR, SCHOOL
from keesa.accounts.audit.recording import keesa_itself
from keesa.db import Database, Tx
from keesa.directory.customers import CustomerChanges, change_customer, find_customer, lock_customer, retire_customer
from keesa.directory.phones import FAULT
from keesa.errors import Invalid, NotFound
from places import Place

NOON: Final = 1_741_590_000_000


def kept(tx: Tx, customer_id: int = LONE) -> dict[str, Any]:
    (row,) = rows(tx, "SELECT * FROM customers WHERE id = :id", id=customer_id)
    return row


def others(tx: Tx) -> list[dict[str, Any]]:
    return rows(tx, "SELECT * FROM customers WHERE id <> :id ORDER BY id", id=LONE)


def change(tx: Tx, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever a field takes
    """The columns that have another value afterwards, the revision not among them."""
    before, beside = kept(tx), others(tx)
    found = change_customer(tx, by(actor_of(tx, ADMIN), NOON), LONE, CustomerChanges(**changes))
    after = kept(tx)
    assert found == find_customer(tx, OPERATOR, LONE)
    assert others(tx) == beside
    differing = {name: after[name] for name in after if after[name] != before[name]}
    assert (differing.pop("revision", None) is None) == (not differing), "it moves where anything has changed"
    return differing


@pytest.mark.parametrize(
    ("changes", "columns"),
    [
        ({"name": "Loud Island"}, {"name": "Loud Island"}),
        ({"contact_name": "Moosa"}, {"contact_name": "Moosa"}),
        ({"contact_number": 7700101}, {"contact_number": 7700101}),
        ({"contact_number": "777-1234"}, {"contact_phone": "777-1234"}),
        ({"contact_number": "+960 777"}, {"contact_number": 960777, "contact_phone": "+960 777"}),
        ({"retired": True}, {"retired_at": NOON}),
        (
            {"name": "Loud Island", "contact_name": "Moosa", "contact_number": 1, "retired": True},
            {"name": "Loud Island", "contact_name": "Moosa", "contact_number": 1, "retired_at": NOON},
        ),
    ],
)
def test_what_is_given_changes_and_nothing_else(
    tx: Tx, changes: Mapping[str, object], columns: Mapping[str, object]
) -> None:
    """The answer is the customer as it is then; the same once more changes nothing, and leaves the revision."""
    assert change(tx, **changes) == columns
    assert change(tx, **changes) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"name": "Quiet Island", "contact_name": "Ibrahim", "contact_number": 7771234, "retired": False},
        {"contact_number": "7771234"},
        {"contact_number": " 7771234.0"},
    ],
)
def test_where_nothing_differs_nothing_changes(tx: Tx, changes: Mapping[str, object]) -> None:
    """The revision stays, whatever is given."""
    assert change(tx, **changes) == {}


def test_a_statement_names_what_changes_alone(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    """And there is none where nothing does."""
    statements = []
    run = type(tx).run

    def told(tx: Tx, sql: str, /, **params: object) -> None:
        statements.append(sql)
        run(tx, sql, **params)

    monkeypatch.setattr(type(tx), "run", told)
    change(tx, name="Loud Island", contact_name="Ibrahim")
    change(tx, name="Loud Island")
    assert [sql for sql in statements if "customers" in sql] == ["UPDATE customers SET name = :name WHERE id = :id"]


def test_a_number_goes_back_to_what_the_integer_says(tx: Tx) -> None:
    """No writing is kept any more."""
    change(tx, contact_number="+960 777-1234")
    assert change(tx, contact_number=9607771234) == {"contact_phone": None}


@pytest.mark.parametrize(
    ("changes", "faulty"),
    [
        ({"name": ""}, {"name"}),
        ({"contact_name": "two\nlines"}, {"contact_name"}),
        ({"contact_number": "the office"}, {"contact_number"}),
        ({"contact_number": 10**15, "retired": True}, {"contact_number"}),
        ({"name": " ", "contact_name": "NUL\0", "contact_number": ""}, {"name", "contact_name", "contact_number"}),
        ({"name": "x" * 256, "contact_name": "Moosa"}, {"name"}),
    ],
)
def test_a_change_that_breaks_a_rule_is_refused(tx: Tx, changes: Mapping[str, Any], faulty: set[str]) -> None:
    """Every fault is named, and what would be in order is not changed either."""
    before = kept(tx)
    with pytest.raises(Invalid) as raised:
        change_customer(tx, BY, LONE, CustomerChanges(**changes))
    assert set(raised.value.faults) == faulty
    assert raised.value.faults.get("contact_number") in (None, [FAULT])
    assert kept(tx) == before


def test_who_is_out_of_sight_cannot_be_changed(tx: Tx) -> None:
    """Nor who is missing: with faults too, that is what is told. A customer's user reaches their own."""
    actor = actor_of(tx, CUSTOMER)
    before = rows(tx, "SELECT * FROM customers ORDER BY id")
    for who, customer_id in ((actor, SCHOOL), (actor, 99), (OPERATOR, 99)):
        with pytest.raises(NotFound, match=r"^Customer not found$"):
            change_customer(tx, by(who, NOON), customer_id, CustomerChanges(name=""))
        with pytest.raises(NotFound, match=r"^Customer not found$"):
            retire_customer(tx, by(who, NOON), customer_id)
    assert rows(tx, "SELECT * FROM customers ORDER BY id") == before
    assert change_customer(tx, by(actor, NOON), HARBOUR, CustomerChanges(contact_name="Maree")).contact_name == "Maree"


def test_nobody_else_changes_a_customer_meanwhile(database: Database, place: Place) -> None:
    """Not from a database shell either, before the transaction ends. On SQLite nobody writes beside one that does."""
    if place.url is None:
        return
    with psycopg.connect(place.url) as shell:

        def work(tx: Tx) -> None:
            lock_customer(tx, OPERATOR, LONE)
            with pytest.raises(psycopg.errors.LockNotAvailable):
                shell.execute("SELECT 1 FROM customers WHERE id = 3 FOR UPDATE NOWAIT")

        database.write(work)


def test_a_customer_is_retired_once(tx: Tx) -> None:
    """The first time is kept, and so is the revision that it brought."""
    retired = retire_customer(tx, keesa_itself(NOON), LONE)
    assert retired.retired
    assert retire_customer(tx, keesa_itself(NOON + 1), LONE) == retired
    assert change_customer(tx, keesa_itself(NOON + 2), LONE, CustomerChanges(retired=True)) == retired
    assert kept(tx)["retired_at"] == NOON


def test_a_customer_is_taken_into_use_again(tx: Tx) -> None:
    """With another revision; retired once more it has the new time."""
    before = find_customer(tx, OPERATOR, LONE)
    retired = retire_customer(tx, keesa_itself(NOON), LONE)
    again = change_customer(tx, keesa_itself(NOON + 1), LONE, CustomerChanges(retired=False))
    assert (again.retired, kept(tx)["retired_at"]) == (False, None)
    assert len({before.revision, retired.revision, again.revision}) == 3
    retire_customer(tx, keesa_itself(NOON + 2), LONE)
    assert kept(tx)["retired_at"] == NOON + 2


@pytest.mark.parametrize(
    "change",
    [
        "name = 'Loud Island'",
        "contact_name = 'Moosa'",
        "contact_number = 1",
        "contact_phone = '777 1234'",
        "retired_at = 1",
        "name = 'Loud Island', revision = 5",
    ],
)
def test_a_correction_in_a_database_shell_moves_the_revision(tx: Tx, change: str) -> None:
    """Of that customer alone; and the same once more leaves it."""
    before, beside = kept(tx)["revision"], others(tx)
    tx.run(f"UPDATE customers SET {change} WHERE id = :id", id=LONE)
    moved = kept(tx)["revision"]
    assert moved not in (before, 5)
    assert 2**32 < moved < 2**63
    assert others(tx) == beside
    tx.run(f"UPDATE customers SET {change.partition(',')[0]} WHERE id = :id", id=LONE)
    assert kept(tx)["revision"] == moved


def test_a_statement_on_several_customers_moves_the_revision_of_each_that_changes(tx: Tx) -> None:
    """Each to one of its own; who has the value already keeps theirs."""
    tx.run("UPDATE customers SET contact_name = 'Moosa' WHERE id = :id", id=LONE)
    before = {row["id"]: row["revision"] for row in rows(tx, "SELECT * FROM customers")}
    assert tx.changed("UPDATE customers SET contact_name = 'Moosa'") == len(before)
    after = {row["id"]: row["revision"] for row in rows(tx, "SELECT * FROM customers")}
    assert {key for key in after if after[key] == before[key]} == {LONE}
    assert len(set(after.values())) == len(after)


def test_the_names_that_tickets_show_move_with_a_name_alone(tx: Tx) -> None:
    """A ticket shows the customer's name: what is cached of it is told."""

    def names() -> int:
        found: int = tx.value("SELECT names AS value FROM desk_revisions")
        return found

    before = names()
    change(tx, contact_name="Moosa", retired=True)
    assert names() == before
    change(tx, name="Loud Island")
    assert names() != before
