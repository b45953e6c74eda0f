"""Who sees which ticket, for any people, roles, customers and tickets, on every path that tells of tickets.

The rule is `sees` in tests/support/worlds.py. What the API shows and lets change must be that: nothing more, and in
the lists nothing less.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

import pytest
from httpx2 import Response
from hypothesis import assume, given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from acting import rows
from asking import Api, of_one
from built_worlds import CLOSED_ON, build
from cast import SECRET
from deterministic import deterministic
from keesa.accounts.actors import USER_TYPES, UserType
from keesa.accounts.sessions import ACCESS_LIFETIME, open_session
from keesa.accounts.tokens import Signer
from keesa.attachments import removing
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.notes.changing import NOT_YOURS
from keesa.tickets.watching import UNFIT
from route_tables import Endpoint, endpoints, own_endpoints
from ticket_acts import CHANGES, EVERYBODY, OF_ALL, WRITING, asked_of, known_to
from ticket_paths import NO_TICKET, READING, Asked
from worlds import KINDS, MISSING, USER_IDS, Relation, Ticket, World, sees, worlds

WITHOUT_TICKETS: Final = {
    ("POST", "/tickets"),
    ("GET", "/openapi.json"),
    ("GET", "/coffee"),
    ("GET", "/files/{address}"),  # for whom its address was made: tests/api/test_served_files.py
    ("BREW", "/coffee"),
    *(
        (method, path)
        for method, path in endpoints()
        if path.split("/")[1]
        in (
            *("auth", "me", "users", "roles", "permissions", "sessions", "tokens", "audit"),
            *("customers", "ecos", "products", "ticket_types", "categories", "statuses", "tags", "canned_answers"),
            "uploads",
        )
        and (method, path) not in READING
    ),
}
"""What answers nothing of a ticket that was there before: beside a few, all that is of another noun."""
ONLY_STAFF: Final = {"error": "Only staff may do this"}


def test_every_path_is_asked_or_known_to_tell_nothing() -> None:
    """A new one must be put into one of the three."""
    assert READING.keys() | WRITING | WITHOUT_TICKETS == endpoints()


@pytest.fixture
def entered(shared_client: TestClient, shared_database: Database) -> Callable[[World], Api]:
    """Builds a world, and is its actor's API."""

    def enter(world: World) -> Api:
        def work(tx: Tx) -> str:
            build(tx, world)
            actor, session = open_session(tx, world.actor.id, "2024", now())
            return Signer(SECRET.encode()).access(actor, session, now() + ACCESS_LIFETIME).token

        return Api(shared_client, shared_database.write(work))

    return enter


# What is shown


@pytest.mark.parametrize("user_type", USER_TYPES)
@deterministic(8)
@given(data=st.data())
def test_every_path_shows_what_the_rule_allows_and_nothing_else(
    entered: Callable[[World], Api], user_type: UserType, data: st.DataObject
) -> None:
    """In each version's own form, whoever asks; what is missing and what is out of sight look alike."""
    world = data.draw(worlds(user_type))
    api = entered(world)
    for version in ("2021", "2024"):
        for endpoint in sorted(READING.keys() & own_endpoints(version)):
            for asked in READING[endpoint](world, version):
                check(world, asked, api("GET", asked.path, asked.body, Keesa_Version=version))


def check(world: World, asked: Asked, answer: Response) -> None:
    assert answer.status_code == asked.status, (asked, answer.text)
    if asked.sentence is not None:
        assert answer.json() == {"error": asked.sentence}, asked
        assert not {"ETag", "Link", "Location"} & answer.headers.keys()
    told = world.marks_in(answer.text + answer.headers.get("Link", ""))
    assert (told and told <= asked.wanted) if asked.partly and asked.wanted else told == asked.wanted, asked
    if asked.told is not None:
        assert asked.told(answer.json()["data"]) == asked.telling, asked


# What is done


@pytest.mark.parametrize("user_type", USER_TYPES)
@deterministic(7)
@given(data=st.data())
def test_nobody_acts_on_a_ticket_that_the_rule_refuses(
    entered: Callable[[World], Api], shared_database: Database, user_type: UserType, data: st.DataObject
) -> None:
    """Out of sight is 404, and changes nothing; who may not act at all is refused alike for every ticket. No answer
    tells of a ticket that its asker does not see, and the audit trail of none at all.
    """
    world = data.draw(worlds(user_type))
    api = entered(world)
    acts = shared_database.read(number_of_acts)
    for ticket in world.tickets:
        before = shared_database.read(partial(everything_of, ticket))
        for endpoint in sorted(WRITING):
            for path, body in asked_of(endpoint, ticket, world):
                answer = of_one(api(endpoint[0], path, body)) if "bulk" in path else api(endpoint[0], path, body)
                assert world.marks_in(answer.text) <= known_to(world), (path, body)
                after = shared_database.read(partial(everything_of, ticket))
                assert may_have_changed(world, endpoint, ticket, answer) or after == before
                before = after
    assert shared_database.read(number_of_acts) == acts


def may_have_changed(world: World, endpoint: Endpoint, ticket: Ticket, answer: Response) -> bool:
    """Once the answer has been found to be what it should be."""
    if not world.actor.of_desk and endpoint not in OF_ALL:
        assert (answer.status_code, answer.json()) == (403, ONLY_STAFF)
    elif ticket not in world.seen:
        assert (answer.status_code, answer.json()) == (404, {"error": NO_TICKET})
    elif endpoint[0] in ("PATCH", "DELETE") and answer.status_code == 403:
        assert answer.json()["error"] in (NOT_YOURS, removing.NOT_YOURS)
    else:
        assert answer.status_code in (200, 201, 204, 404, 422), answer.text
        return True
    return False


def everything_of(ticket: Ticket, tx: Tx) -> list[object]:
    tables = {"tickets": "id", "ticket_notes": "ticket_id", "ticket_statuses": "ticket_id"}
    for table in ("attachments", "ticket_events", "internal_notes", "ticket_causes", "ticket_watchers", "ticket_tags"):
        tables[table] = "ticket_id"
    return [
        rows(tx, f"SELECT * FROM {table} WHERE {key} = :id ORDER BY 1, 2", id=ticket.id)
        for table, key in {**tables, "ticket_mentions": "ticket_id"}.items()
    ]


def number_of_acts(tx: Tx) -> int:
    return int(tx.value("SELECT count(*) AS value FROM audit"))


# Another ticket, and other people


@pytest.mark.parametrize("user_type", ["admin", "staff", "customer"])
@deterministic(5)
@given(data=st.data())
def test_who_is_named_sees_the_ticket(
    entered: Callable[[World], Api], shared_database: Database, user_type: UserType, data: st.DataObject
) -> None:
    """A watcher who does not is refused like one who does not exist, and nobody is mentioned who does not."""
    world = data.draw(worlds(user_type))
    api = entered(world)
    for ticket in world.seen:
        who_see = [user.id for user in world.users if user.of_desk and sees(world, user, ticket)]
        if world.actor.of_desk:
            answers = {user_id: have_watch(api, ticket, user_id) for user_id in (*USER_IDS, 999)}
            assert answers[999].status_code == 422
            assert UNFIT in answers[999].text
            assert [user_id for user_id, answer in answers.items() if answer.text != answers[999].text] == who_see
        mentioned = who_see if world.actor.of_desk else []
        note = {"note": {"note": f"Look, {EVERYBODY}", "internal": world.actor.of_desk}}
        answer = api("POST", f"/tickets/{ticket.id}/notes", note)
        assert answer.json()["mentioned"] == mentioned
        assert shared_database.read(partial(mentioned_in, ticket)) == ticket.mentioned.union(mentioned)


def have_watch(api: Api, ticket: Ticket, user_id: int) -> Response:
    return api("POST", f"/tickets/{ticket.id}/watchers", {"watcher": {"user_id": user_id}})


def mentioned_in(ticket: Ticket, tx: Tx) -> set[int]:
    return {row["user_id"] for row in rows(tx, "SELECT * FROM ticket_mentions WHERE ticket_id = :id", id=ticket.id)}


@pytest.mark.parametrize("user_type", ["admin", "staff"])
@deterministic(5)
@given(data=st.data())
def test_a_ticket_out_of_sight_is_none_beside_another_one(
    entered: Callable[[World], Api], user_type: UserType, data: st.DataObject
) -> None:
    """To whom a ticket is to be related, or from which one, it is answered to the byte as for a number of none."""
    world = data.draw(worlds(user_type))
    api = entered(world)
    for ticket in world.seen:
        for kind in KINDS:
            for method, path, body in (("POST", "", True), ("DELETE", f"/{kind}/{{other}}", False)):
                answers = {
                    other: api(
                        method,
                        f"/tickets/{ticket.id}/relations{path.format(other=other)}",
                        {"relation": {"kind": kind, "ticket_number": other}} if body else None,
                    )
                    for other in (MISSING, *(each.id for each in world.tickets if each not in world.seen))
                }
                assert {answer.status_code for answer in answers.values()} == {422 if body else 404}
                assert {answer.content for answer in answers.values()} == {answers[MISSING].content}


@deterministic(6)
@given(data=st.data())
def test_a_child_out_of_sight_is_counted_and_not_named(entered: Callable[[World], Api], data: st.DataObject) -> None:
    """Where its parent is closed with all that is seen below it."""
    drawn = data.draw(worlds("staff"))
    unseen = [ticket for ticket in drawn.tickets if ticket not in drawn.seen]
    assume(drawn.seen and unseen)
    parent = min(drawn.seen, key=lambda ticket: ticket.id)
    tickets = [replace(parent, assigned_to_id=drawn.actor.id), *(each for each in drawn.tickets if each != parent)]
    below = tuple(Relation(each.id, "child_of", parent.id, taken_back=False) for each in tickets[1:])
    world = replace(drawn, tickets=tuple(tickets), relations=below)
    closed = {"status": "closed", "closed_date": CLOSED_ON, "close_children": True}
    answer = entered(world)("POST", f"/tickets/{parent.id}/status_update", {"ticket": closed})
    assert answer.json()["children_unseen"] == sum(ticket.status != "closed" for ticket in unseen)
    assert world.marks_in(answer.text) == {
        ticket.number for ticket in world.seen if ticket.id != parent.id and ticket.status != "closed"
    }


@pytest.mark.parametrize("user_type", ["admin", "staff"])
@deterministic(8)
@given(data=st.data(), change=st.sampled_from(CHANGES))
def test_a_ticket_out_of_sight_is_none_among_many(
    entered: Callable[[World], Api],
    shared_database: Database,
    user_type: UserType,
    data: st.DataObject,
    change: dict[str, Any],
) -> None:
    """Its result is that of a number of none but for the number, and the others' are their own; it stays as it is."""
    world = data.draw(worlds(user_type))
    api = entered(world)
    mains = {ticket for ticket in world.tickets if world.duplicates_of(ticket) & world.seen}  # they count with those
    unseen = [ticket for ticket in world.tickets if ticket not in world.seen]
    before = [shared_database.read(partial(everything_of, ticket)) for ticket in unseen if ticket not in mains]
    numbers = data.draw(st.permutations([MISSING, *(ticket.id for ticket in world.tickets)]))
    answer = api("POST", "/tickets/bulk", {"tickets": [{"ticket_number": n} for n in numbers], "change": change})
    results = dict(zip(numbers, answer.json()["data"]["results"], strict=True))
    none = {"ticket_number": str(MISSING), "status": 404, "error": NO_TICKET, "errors": None}
    for number in (MISSING, *(ticket.id for ticket in unseen)):
        assert list(results[number].items()) == list((none | {"ticket_number": str(number)}).items())
    assert all(results[ticket.id]["error"] != NO_TICKET for ticket in world.seen)
    assert world.marks_in(answer.text) == {ticket.number for ticket in world.tickets}
    after = [shared_database.read(partial(everything_of, ticket)) for ticket in unseen if ticket not in mains]
    assert after == before
    if "note" in change:
        for ticket in world.seen:
            who_see = {user.id for user in world.users if user.of_desk and sees(world, user, ticket)}
            assert shared_database.read(partial(mentioned_in, ticket)) == ticket.mentioned | who_see
