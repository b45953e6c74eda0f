"""What Keesa does by itself, as tickets show it."""

import pytest

from acting import CLOCK
from asking import ApiFor
from cast import ADMIN, CUSTOMER, ENGINEER, Person
from keesa.accounts.actors import SYSTEM
from keesa.accounts.sessions import Version
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.notes.notes import add_note
from keesa.rich_text.html import rich_text
from keesa.tickets.assigning import assign
from keesa.tickets.raising import raise_ticket
from keesa.tickets.status import change_status
from new_tickets import DRAFT

VERSIONS: tuple[Version, ...] = ("2021", "2024")


@pytest.fixture
def number(database: Database) -> int:
    """A ticket that Keesa has raised, assigned, noted and closed."""
    at = now()

    def work(tx: Tx) -> int:
        raised = raise_ticket(tx, SYSTEM, DRAFT, at, CLOCK, "yearly")
        assert (raised.raised_by_id, raised.raised_by) == (0, "Keesa")
        assign(tx, SYSTEM, raised.id, ENGINEER.id, at)
        add_note(tx, SYSTEM, raised.id, rich_text("It came back by itself"), at)
        change_status(tx, SYSTEM, raised.id, "closed", CLOCK.local(at).date().isoformat(), at, CLOCK)
        return raised.id

    return database.write(work)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("person", [ADMIN, ENGINEER, CUSTOMER], ids=lambda person: person.nick_name)
def test_a_ticket_names_keesa(api: ApiFor, number: int, person: Person, version: Version) -> None:
    """As who raised it, as the author of its note, and as who assigned it: to each who sees it, in both versions."""
    ticket = api(person, version)("GET", f"/tickets/{number}").json()["data"]["ticket"]
    assert (ticket["raised_by"], ticket["status"]) == ("Keesa", "closed")
    assert [note["commented_by"] for note in ticket["ticket_notes"]] == ["Keesa (Keesa)"]
    if version == "2024":
        assert [(row["assigned_to"], row["assigned_by"]) for row in ticket["ticket_assignments"]] == [
            (ENGINEER.full_name, "Keesa")
        ]
        assert [row["status"] for row in ticket["ticket_statuses"]] == ["open", "closed"]


@pytest.mark.parametrize("version", VERSIONS)
def test_its_notes_are_listed(api: ApiFor, number: int, version: Version) -> None:
    """With its name and its nick."""
    [note] = api(ENGINEER, version)("GET", f"/tickets/get_ticket_notes?ticket_number={number}").json()["data"]["notes"]
    assert (note["user_name"], note["user_nick"], note["note"]) == ("Keesa", "Keesa", "It came back by itself")


@pytest.mark.parametrize("version", VERSIONS)
def test_its_tickets_are_in_lists(api: ApiFor, number: int, version: Version) -> None:
    """Of the whole desk and of the customer."""
    path = "/tickets/tickets_by_type?type=customer_support&status=closed"
    for person in (ADMIN, CUSTOMER):
        found = api(person, version)("GET", path).json()["data"]["tickets"]
        assert [(ticket["id"], ticket["raised_by"]) for ticket in found] == [(number, "Keesa")]


@pytest.mark.parametrize("version", VERSIONS)
def test_no_ticket_is_assigned_to_keesa(api: ApiFor, number: int, version: Version) -> None:
    """Its id is unknown there."""
    for body in ({"assigned_to_id": SYSTEM.id}, {"assigned_to_id": str(SYSTEM.id)}):
        answer = api(ADMIN, version)("POST", f"/tickets/{number}/assign", json={"ticket": body})
        assert answer.status_code == 422, answer.text
