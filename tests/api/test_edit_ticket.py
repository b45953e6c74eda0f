"""`PATCH /tickets/<id>`, and the `ETag` of a ticket; what a customer learns of a ticket that was another's."""

from typing import Any, Final

import pytest

from acting import actor_of, tickets_as_kept
from asking import ApiFor
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, HARBOUR, HIDDEN, LONE, RAISED, SCHOOL, STRANGER, Person
from keesa.accounts.sessions import Version
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.events.recording import Event
from keesa.tickets.changing import change
from keesa.tickets.finding import lock_ticket
from route_tables import own_endpoints

TRANSFER: Final = {"customer_id": HARBOUR, "title": "For the harbour", "description": "<p>Anew</p>"}
SECRETS: Final = ("Dhonfanu", "Trouble", "storm", "PO-OLD", "OLD NOTE", "Old Contact", "Aminath Of School")


def body(**ticket: object) -> dict[str, Any]:
    return {"ticket": ticket}


def test_the_answer_is_the_ticket_as_it_is_shown(api: ApiFor) -> None:
    """With the ETag that it has from then on."""
    engineer = api(ENGINEER)
    answer = engineer("PATCH", f"/tickets/{ASSIGNED}", body(title="Slow", description="<b>x</b><script>", eco_id=1))
    assert answer.status_code == 200, answer.text
    ticket = answer.json()["data"]["ticket"]
    assert (ticket["title"], ticket["description"], ticket["eco_id"]) == ("Slow", "<b>x</b>", 1)
    shown = engineer("GET", f"/tickets/{ASSIGNED}", Accept_Encoding="identity")
    assert (shown.text, shown.headers["ETag"]) == (answer.text, answer.headers["ETag"])


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_a_client_that_has_the_ticket_is_told_so(api: ApiFor, version: Version) -> None:
    """304 until it changes, or a name that it shows."""
    engineer, admin = api(ENGINEER, version), api(ADMIN)
    path = f"/tickets/{ASSIGNED}"
    etags = [engineer("GET", path).headers["ETag"]]
    for method, changed, sent in (
        ("PATCH", path, body(priority=1)),
        ("PATCH", f"/customers/{HARBOUR}", {"customer": {"name": "Another"}}),
        ("POST", "/tickets/add_ticket_note", {"ticket_number": ASSIGNED, "ticket_note": {"note": "x"}}),
    ):
        assert engineer("GET", path, If_None_Match=etags[-1]).status_code == 304
        assert admin(method, changed, sent).is_success
        answer = engineer("GET", path, If_None_Match=etags[-1])
        assert answer.status_code == 200
        etags.append(answer.headers["ETag"])
    assert len({*etags}) == 4


def test_what_is_internal_leaves_a_customer_s_etag(api: ApiFor, database: Database) -> None:
    """And moves the desk's."""
    path, people = f"/tickets/{ASSIGNED}", [api(CUSTOMER), api(ENGINEER)]
    before = [person("GET", path).headers["ETag"] for person in people]

    def watch(tx: Tx) -> None:
        admin = actor_of(tx, ADMIN)
        change(tx, admin, lock_ticket(tx, admin, ASSIGNED), now(), Event("watched", thing_id=ADMIN.id, internal=True))

    database.write(watch)
    after = [person("GET", path).headers["ETag"] for person in people]
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False]


def test_who_knows_another_state_is_refused(api: ApiFor, database: Database) -> None:
    """412 with the ETag that it has now; with that one the change is made."""
    engineer, path = api(ENGINEER), f"/tickets/{ASSIGNED}"
    old = engineer("GET", path).headers["ETag"]
    new = engineer("PATCH", path, body(priority=1), If_Match=old).headers["ETag"]
    before = database.read(tickets_as_kept)
    refused = engineer("PATCH", path, body(priority=2), If_Match=old)
    assert (refused.status_code, refused.headers["ETag"]) == (412, new)
    assert database.read(tickets_as_kept) == before
    assert engineer("PATCH", path, body(priority=2), If_Match=new).status_code == 200


@pytest.mark.parametrize(
    ("person", "number", "status", "error"),
    [
        (CUSTOMER, ASSIGNED, 403, "Only staff may do this"),
        (BOT, ASSIGNED, 403, "Only staff may do this"),
        (STRANGER, ASSIGNED, 404, "Ticket not found"),
        (ENGINEER, HIDDEN, 404, "Ticket not found"),
        (ADMIN, 2025999, 404, "Ticket not found"),
    ],
)
def test_who_may_not_is_refused(
    shared_api: ApiFor, shared_database: Database, person: Person, number: int, status: int, error: str
) -> None:
    """What is out of sight looks like what is not there, whatever is sent."""
    before = shared_database.read(tickets_as_kept)
    for sent in (body(title="Mine"), body(title="", product_id=99), body(**TRANSFER)):
        answer = shared_api(person)("PATCH", f"/tickets/{number}", sent)
        assert (answer.status_code, answer.json()) == (status, {"error": error})
    assert shared_database.read(tickets_as_kept) == before


def test_faults_stand_under_their_paths(shared_api: ApiFor, shared_database: Database) -> None:
    """Those of reading and those of the texts together."""
    before = shared_database.read(tickets_as_kept)
    answer = shared_api(ADMIN)(
        "PATCH", f"/tickets/{RAISED}", body(title=" ", description="", priority=6, category=None)
    )
    assert answer.status_code == 422
    assert answer.json()["errors"].keys() == {
        *("ticket.title", "ticket.description", "ticket.priority", "ticket.category")
    }
    answer = shared_api(ADMIN)("PATCH", f"/tickets/{RAISED}", body(title=" ", product_id=99))
    assert answer.json()["errors"].keys() == {"ticket.title", "ticket.product_id"}
    assert shared_database.read(tickets_as_kept) == before


def test_who_puts_it_out_of_their_sight_is_answered(api: ApiFor) -> None:
    """With what they have made of it; from then on it is not there for them."""
    stranger, admin = api(STRANGER), api(ADMIN)
    admin("PATCH", f"/tickets/{RAISED}", body(ticket_type="routine_maintenance"))
    answer = stranger("PATCH", f"/tickets/{RAISED}", body(ticket_type="project_support"))
    assert (answer.status_code, answer.json()["data"]["ticket"]["ticket_type"]) == (200, "project_support")
    assert stranger("PATCH", f"/tickets/{RAISED}", body(priority=1)).status_code == 404
    assert stranger("GET", f"/tickets/{RAISED}").status_code == 404


def test_a_transfer_needs_its_own_permission(shared_api: ApiFor, shared_database: Database) -> None:
    """403 before what else is wrong with it."""
    before = shared_database.read(tickets_as_kept)
    answer = shared_api(ENGINEER)("PATCH", f"/tickets/{RAISED}", body(customer_id=HARBOUR, title=""))
    assert (answer.status_code, answer.json()) == (403, {"error": "You need the permission to transfer tickets"})
    assert shared_database.read(tickets_as_kept) == before


def paths_of(number: int) -> list[str]:
    """Every GET of either version that a customer could be told of a ticket by."""
    given = {
        "/tickets/get_ticket_notes": f"/tickets/get_ticket_notes?ticket_number={number}",
        "/tickets/tickets_by_type": "/tickets/tickets_by_type?type=customer_support&status=in_progress",
        "/tickets/tickets_by_category": "/tickets/tickets_by_category?category=fault",
        "/tickets/tickets_of_customer": f"/tickets/tickets_of_customer?customer_id={HARBOUR}",
        "/tickets/search": f"/tickets/search?q={number}",
    }
    found = {path for version in ("2021", "2024") for method, path in own_endpoints(version) if method == "GET"}
    of_others = ("bot", "{note}", "{image}", "{file}", "watchers", "tags")
    own = sorted(path for path in found if path.startswith("/tickets") and not any(map(path.count, of_others)))
    assert given.keys() <= {*own}
    shown = [given.get(path, path.replace("{ticket}", str(number))) for path in own]
    return [*shown, f"/tickets/{number}/history?order=desc", f"/tickets/{number}/history?format=csv"]


def test_the_new_customer_learns_nothing_of_before(api: ApiFor) -> None:
    """No answer of any path has a word of the old texts, notes, people or customer, or counts what was; the old
    customer finds the ticket no more.
    """
    admin = api(ADMIN)
    new = {"email": "aminath@school.example", "full_name": "Aminath Of School", "nick_name": "Ami"}
    made = admin(
        "POST", "/users", {"user": new | {"user_type": "customer", "roles": ["customer"], "customer_id": SCHOOL}}
    )
    owner = api(Person(made.json()["id"], new["email"], new["full_name"], "Ami", "customer", "customer", SCHOOL))
    given = {"title": "Trouble", "description": "storm", "category": "fault", "ticket_type": "customer_support"}
    raised = owner(
        "POST", "/tickets", {"ticket": given | {"product_id": 3, "reference": "PO-OLD", "customer_name": "Old Contact"}}
    )
    number = raised.json()["id"]
    owner("POST", "/tickets/add_ticket_note", {"ticket_number": number, "ticket_note": {"note": "OLD NOTE"}})
    admin("POST", f"/tickets/{number}/assign", body(assigned_to_id=STRANGER.id))
    admin("POST", f"/tickets/{number}/assign", body(assigned_to_id=ENGINEER.id))
    for status in ("on_hold", "in_progress"):
        admin("POST", f"/tickets/{number}/status_update", body(status=status))
    admin("PATCH", f"/tickets/{number}", body(title="Trouble two", eco_id=2))
    assert admin("PATCH", f"/tickets/{number}", body(**TRANSFER)).status_code == 200
    admin("PATCH", f"/tickets/{number}", body(reference="H-1"))
    admin("POST", "/tickets/add_ticket_note", {"ticket_number": number, "ticket_note": {"note": "Welcome"}})
    harbour = {version: api(CUSTOMER, version) for version in ("2021", "2024")}
    told = 0
    for version, asks in harbour.items():
        for path in paths_of(number):
            answer = asks("GET", path)
            assert answer.status_code == 200, (path, answer.text)
            told += "For the harbour" in answer.text
            seen = answer.text.replace("Trouble 2025", "").replace("No signal since the storm", "") + str(
                answer.headers
            )
            assert [secret for secret in SECRETS if secret in seen] == [], (version, path)
    assert told > 10
    ticket = harbour["2024"]("GET", f"/tickets/{number}").json()["data"]["ticket"]
    assert [row["status"] for row in ticket["ticket_statuses"]] == ["in_progress"]
    assert [row["assigned_to"] for row in ticket["ticket_assignments"]] == [ENGINEER.full_name]
    assert ticket["raised_by"] == ADMIN.full_name
    history = harbour["2024"]("GET", f"/tickets/{number}/history").json()["data"]["history"]
    assert [(entry["number"], entry["kind"]) for entry in history] == [(1, "raised"), (2, "edited"), (3, "note_added")]
    for row in (*ticket["ticket_statuses"], *ticket["ticket_assignments"]):
        assert row["created_at"] >= history[0]["at"]
    for path in (
        f"/tickets/{number}",
        f"/tickets/{number}/history",
        f"/tickets/get_ticket_notes?ticket_number={number}",
    ):
        assert owner("GET", path).status_code == 404
    desk = admin("GET", f"/tickets/{number}").json()["data"]["ticket"]
    assert (desk["raised_by"], len(desk["ticket_statuses"]), len(desk["ticket_assignments"])) == (
        "Aminath Of School",
        3,
        2,
    )


def test_given_back_the_old_customer_sees_nothing_of_before_either(api: ApiFor) -> None:
    """Their own history begins anew: what was is the desk's."""
    admin, customer = api(ADMIN), api(CUSTOMER)
    admin("PATCH", f"/tickets/{ASSIGNED}", body(**(TRANSFER | {"customer_id": LONE})))
    assert customer("GET", f"/tickets/{ASSIGNED}").status_code == 404
    admin("PATCH", f"/tickets/{ASSIGNED}", body(**(TRANSFER | {"title": "Back"})))
    ticket = customer("GET", f"/tickets/{ASSIGNED}").json()["data"]["ticket"]
    assert (ticket["title"], ticket["ticket_notes"]) == ("Back", [])
    history = customer("GET", f"/tickets/{ASSIGNED}/history").json()["data"]["history"]
    assert [(entry["number"], entry["kind"]) for entry in history] == [(1, "raised")]
