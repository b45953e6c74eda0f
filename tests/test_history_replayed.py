"""The history of a ticket, replayed from nothing, gives the ticket as it is: whatever two nodes have done to it."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acting import CLOCK, actor_of
from asking import Api, ApiFor
from cast import ADMIN, CUSTOMER, ENGINEER, HARBOUR, LONE, SCHOOL, STRANGER
from deterministic import deterministic
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.errors import Invalid
from keesa.events.recording import Event
from keesa.notes.notes import add_note
from keesa.rich_text.html import rich_text
from keesa.tickets.assigning import assign
from keesa.tickets.changing import change
from keesa.tickets.editing import TicketChanges, edit_ticket
from keesa.tickets.finding import lock_ticket
from keesa.tickets.raising import raise_ticket
from keesa.tickets.status import change_status
from new_tickets import DRAFT
from places import Place, opened

FIELDS: Final = (
    *("title", "description", "status", "priority", "category", "ticket_type", "reference", "contact_name"),
    *("contact_number", "contact_phone", "closed_date", "product_id", "eco_id", "customer_id"),
)
Step = Callable[[Tx, int], object]
Shown = dict[str, Any]

TEXTS: Final = st.sampled_from(["Slow link", "No signal", "<b>ލިންކް</b>", "5 < 6 & 7"])
GIVEN: Final[dict[str, st.SearchStrategy[Any]]] = {
    "title": TEXTS,
    "description": TEXTS.map(rich_text),
    "priority": st.integers(1, 5),
    "category": st.sampled_from(["fault", "network"]),
    "ticket_type": st.sampled_from(["customer_support", "eco_support"]),
    "product_id": st.integers(1, 4),
    "reference": st.sampled_from(["PO-17", "PO-18", None]),
    "contact_name": st.sampled_from(["Ibrahim", "Ali"]),
    "contact_number": st.sampled_from([7771234, "777 1234", "+960 777-1234"]),
    "eco_id": st.sampled_from([1, 2, None]),
}
"""What an edit may give. An ECO of another customer's is refused, and then nothing is changed."""


def editing(given: Shown) -> Step:
    def work(tx: Tx, number: int) -> None:
        admin = actor_of(tx, ADMIN)
        edit_ticket(tx, admin, lock_ticket(tx, admin, number), TicketChanges(**given), now())

    return work


def transferring(customer_id: int, given: Shown) -> Step:
    anew = {"title": "Anew", "description": rich_text("Anew"), "customer_id": customer_id}
    return editing({name: value for name, value in given.items() if name != "eco_id"} | anew)


def watching(_: object) -> Step:
    """As what customers never learn of."""

    def work(tx: Tx, number: int) -> None:
        admin = actor_of(tx, ADMIN)
        event = Event("watched", thing_id=ADMIN.id, internal=True)
        change(tx, admin, lock_ticket(tx, admin, number), now(), event)

    return work


def moving(status: str) -> Step:
    day = CLOCK.local(now()).date().isoformat()
    return lambda tx, number: change_status(tx, actor_of(tx, ADMIN), number, status, day, now(), CLOCK)


def assigning(user_id: int | None) -> Step:
    return lambda tx, number: assign(tx, actor_of(tx, ADMIN), number, user_id, now())


def noting(text: str) -> Step:
    return lambda tx, number: add_note(tx, actor_of(tx, ADMIN), number, rich_text(text), now())


EDITS: Final = st.fixed_dictionaries({}, optional=GIVEN)
STEPS: Final = st.one_of(
    EDITS.map(editing),
    EDITS.map(editing),
    st.builds(transferring, st.sampled_from([HARBOUR, HARBOUR, SCHOOL, LONE]), EDITS),
    st.none().map(watching),
    st.sampled_from(["open", "in_progress", "on_hold", "closed"]).map(moving),
    st.sampled_from([ADMIN.id, ENGINEER.id, STRANGER.id, None]).map(assigning),
    TEXTS.map(noting),
)


@pytest.fixture
def other_node(place: Place) -> Iterator[Database]:
    with opened(place) as database:
        yield database


@deterministic(12)
@given(one=st.lists(STEPS, max_size=12), other=st.lists(STEPS, max_size=12))
def test_the_history_replayed_is_the_ticket(
    api: ApiFor, database: Database, other_node: Database, one: Sequence[Step], other: Sequence[Step]
) -> None:
    """For the desk, and for the customer who has it, each in what they are shown."""
    number = database.write(lambda tx: raise_ticket(tx, actor_of(tx, ENGINEER), DRAFT, now(), CLOCK, "yearly").id)
    with ThreadPoolExecutor(2) as threads:
        nodes = ((database, one), (other_node, other))
        for done in [threads.submit(take, node, steps, number) for node, steps in nodes]:
            done.result(60)
    ticket = shown(api(ADMIN), number)
    assert replayed(history(api(ADMIN), number)) == ticket
    if ticket["customer_id"] == HARBOUR:
        customer = api(CUSTOMER)
        assert replayed(history(customer, number)) == shown(customer, number)


def take(database: Database, steps: Sequence[Step], number: int) -> None:
    for step in steps:
        try:
            database.write(lambda tx, step=step: step(tx, number))  # type: ignore[misc] # its own step
        except Invalid:
            continue  # as a status while nobody has it


def shown(caller: Api, number: int) -> Shown:
    """What the ticket shows, of what its history tells."""
    ticket = caller("GET", f"/tickets/{number}").json()["data"]["ticket"]
    statuses = [row["status"] for row in ticket["ticket_statuses"]]
    given = [row["assigned_to"] for row in ticket["ticket_assignments"]]
    rest = {"assigned_to": ticket["assigned_to"], "statuses": statuses, "assignments": given}
    return {field: ticket[field] for field in FIELDS} | rest | {"notes": len(ticket["ticket_notes"])}


def history(caller: Api, number: int) -> list[Shown]:
    """In pages, so that their ends are within it."""
    found, after = list[Shown](), ""
    while True:
        page = caller("GET", f"/tickets/{number}/history?limit=5{after}").json()["data"]
        found += page["history"]
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


def replayed(entries: Sequence[Shown]) -> Shown:
    """From nothing. Each field was what the change before it had made of it."""
    state: Shown = dict.fromkeys((*FIELDS, "assigned_to_id"))
    made: Shown = {"assigned_to": None, "statuses": [], "assignments": [], "notes": 0}
    assert [entry["number"] for entry in entries] == list(range(1, len(entries) + 1))
    assert_times([(entry["at"], entry["kind"] == "watched") for entry in entries[1:]])
    for entry in entries:
        made["notes"] = 0 if entry["kind"] == "transferred" else made["notes"] + (entry["kind"] == "note_added")
        for each in entry["changes"]:
            assert state[each["field"]] == each["from"], entry
            state[each["field"]] = each["to"]
            if each["field"] == "status":
                made["statuses"].append(each["to"])
            elif each["field"] == "assigned_to_id":
                made["assigned_to"] = each.get("to_name")
                made["assignments"].append(each.get("to_name"))
    return {field: state[field] for field in FIELDS} | made


def assert_times(times: Sequence[tuple[str, bool]]) -> None:
    """Of what customers see, they come in order, and nothing internal has a say in them: where it had waited for less
    time for the ticket, its own may be after that of the next. That which is internal is never before anything.
    """
    public = [at for at, internal in times if not internal]
    assert public == sorted(public)
    latest = accumulate((at for at, _ in times), max)
    assert [at for (at, internal), last in zip(times, latest, strict=True) if internal and at != last] == []
