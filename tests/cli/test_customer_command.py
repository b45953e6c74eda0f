"""`keesa customer show`, `change`, `retire` and `reinstate`, and what `list` shows of it."""

import json
from typing import Any, Final

import pytest

from account_rows import rows
from cast import BY, HARBOUR, LONE, SCHOOL
from command import keesa
from keesa.db import Database, Tx
from keesa.directory.customers import retire_customer
from places import Place
from unchanged import unchanged

QUIET: Final = ["3", "Quiet Island", "Ibrahim", "7771234", "7771234"]


def kept(database: Database, customer_id: int = LONE) -> dict[str, Any]:
    (row,) = rows(database, "SELECT * FROM customers WHERE id = :id", id=customer_id)
    return row


def listed(place: Place, *options: str) -> list[list[str]]:
    done = keesa("customer", "list", *options, place=place)
    assert (done.status, done.err) == (0, "")
    return [line.split("\t") for line in done.out.splitlines()]


def test_one_customer_is_shown(place: Place, database: Database) -> None:
    """Retired or not, which its last cell says; in JSON in an array of one."""
    shown = keesa("customer", "show", str(LONE), place=place)
    assert shown == (0, "\t".join([*QUIET, ""]) + "\n", "")
    database.write(lambda tx: retire_customer(tx, BY, LONE))
    assert keesa("customer", "show", str(LONE), place=place).out == "\t".join([*QUIET, "retired"]) + "\n"
    assert json.loads(keesa("customer", "show", str(LONE), "--json", place=place).out) == [
        {
            "id": LONE,
            "name": "Quiet Island",
            "contact_name": "Ibrahim",
            "contact_number": 7771234,
            "contact_phone": "7771234",
            "retired": True,
        }
    ]


def test_what_is_given_is_changed(place: Place, database: Database) -> None:
    """And nothing else; the answer names the customer as it is called from then on."""
    before = kept(database)
    changed = keesa("customer", "change", str(LONE), "--contact-number", "+960 777", place=place)
    assert changed == (0, "changed customer 3: Quiet Island\n", "")
    after = kept(database)
    assert after == before | {"contact_number": 960777, "contact_phone": "+960 777", "revision": after["revision"]}
    changed = keesa("customer", "change", str(LONE), "--name", "Loud Island", "--contact-name", "Moosa", place=place)
    assert changed == (0, "changed customer 3: Loud Island\n", "")
    assert (kept(database)["name"], kept(database)["contact_name"]) == ("Loud Island", "Moosa")


def test_a_customer_is_retired_and_reinstated(place: Place, database: Database) -> None:
    """Each may be said again; the list leaves out who is retired, unless it is asked for."""
    for _ in range(2):
        assert keesa("customer", "retire", str(LONE), place=place) == (0, "retired customer 3: Quiet Island\n", "")
    retired_at = kept(database)["retired_at"]
    assert retired_at > 1_700_000_000_000
    assert [row[0] for row in listed(place)] == [str(HARBOUR), str(SCHOOL)]
    assert [row[5] for row in listed(place, "--retired")] == ["", "", "retired"]
    eco = keesa("eco", "add", "Mast", "--customer", str(LONE), place=place)
    assert eco == (1, "", "keesa: customer_id is retired\n")
    for _ in range(2):
        done = keesa("customer", "reinstate", str(LONE), place=place)
        assert done == (0, "reinstated customer 3: Quiet Island\n", "")
    assert kept(database)["retired_at"] is None
    assert QUIET in listed(place)


def test_the_list_may_be_of_a_name(place: Place, database: Database) -> None:
    """Of a part of it, in any case; of those that are retired where they are asked for."""
    assert listed(place, "--name", "QUIET") == [QUIET]
    assert listed(place, "--name", "%") == []
    database.write(lambda tx: retire_customer(tx, BY, LONE))
    assert listed(place, "--name", "QUIET") == []
    assert listed(place, "--name", "quiet", "--retired") == [[*QUIET, "retired"]]


def test_the_list_is_of_all_pages(place: Place, database: Database) -> None:
    """However many customers there are, each once."""

    def add(tx: Tx) -> None:
        for number in range(1100):
            tx.run(
                "INSERT INTO customers (name, contact_name, contact_number) VALUES (:name, 'I', 1)",
                name=f"Island {number}",
            )

    database.write(add)
    assert [int(row[0]) for row in listed(place)] == list(range(1, 1104))
    assert len(listed(place, "--name", "island")) == 1101


MISSING: Final = "keesa: Customer not found\n"
REFUSED: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "nobody to show": (("show", "99"), MISSING),
    "nobody to change": (("change", "99", "--name", "New"), MISSING),
    "nobody to retire": (("retire", "99"), MISSING),
    "nobody to reinstate": (("reinstate", "99"), MISSING),
    "no name": (("change", "1", "--name", " "), "keesa: name must have something to read"),
    "no number": (("change", "1", "--name", "New", "--contact-number", "many"), "keesa: contact_number must be a tele"),
    "no contact": (("change", "1", "--contact-name", ""), "keesa: contact_name must have something to read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_is_a_sentence_and_changes_nothing(
    embedded_desk: Place, embedded_database: Database, case: str
) -> None:
    """Exit status 1, the sentence on standard error, and the database as it was."""
    arguments, sentence = REFUSED[case]
    with unchanged(embedded_database):
        done = keesa("customer", *arguments, place=embedded_desk)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(sentence)
    assert done.err.count("\n") == 1


MISUSED: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "nothing to change": (("change", "1"), "give --name, --contact-name or --contact-number"),
    "an id that none can have": (("retire", str(2**63)), "there is no such id"),
    "no id": (("show", "Harbour"), "Invalid value for 'customer_id'"),
    "nobody": (("reinstate",), "Missing argument 'customer_id'"),
}


@pytest.mark.parametrize("case", MISUSED)
def test_a_misuse_is_explained_and_changes_nothing(
    embedded_desk: Place, embedded_database: Database, case: str
) -> None:
    """Exit status 2, the usage on standard error, and the database as it was."""
    arguments, sentence = MISUSED[case]
    with unchanged(embedded_database):
        done = keesa("customer", *arguments, place=embedded_desk)
    assert (done.status, done.out) == (2, "")
    assert sentence in done.err
    assert "Usage: " in done.err
