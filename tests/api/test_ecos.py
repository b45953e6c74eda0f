"""ECOs over the API: listed page by page, shown, made, renamed, moved to another customer and retired."""

from typing import Final

import pytest
from httpx2 import Response

from acting import rows
from asking import Api, ApiFor
from by_keesa import grant_permission
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, HARBOUR, LONE, SCHOOL
from keesa.db import Database
from new_tickets import ABSENT, BODY_2021, BODY_2024, changed
from unchanged import unchanged

ROUTER: Final = {"id": 1, "name": "Router of Fulhadhoo Harbour", "customer_id": HARBOUR, "retired": False}
BY_ECO: Final = changed(BODY_2024, {}, {"customer_id": ABSENT, "eco_id": 1})


@pytest.fixture
def admin(api: ApiFor) -> Api:
    return api(ADMIN)


def listed(answer: Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [eco["id"] for eco in answer.json()["data"]["ecos"]]


def test_the_list_is_walked_by_its_cursor(admin: Api) -> None:
    """Of a customer, by part of a name, with those that are retired; each with its keys in their order."""
    answer = admin("GET", "/ecos?limit=2")
    assert list(answer.json()["data"]["ecos"][0].items()) == list(ROUTER.items())
    assert answer.headers["Link"] == f'</api/v1/ecos?limit=2&after={answer.json()["data"]["next"]}>; rel="next"'
    rest = admin("GET", answer.headers["Link"].removeprefix("</api/v1").partition(">")[0])
    assert (listed(answer), listed(rest), rest.json()["data"]["next"]) == ([1, 2], [3], None)
    assert listed(admin("GET", "/ecos?name=SCHOOL")) == listed(admin("GET", f"/ecos?customer_id={SCHOOL}")) == [2]
    admin("DELETE", "/ecos/2")
    assert (listed(admin("GET", "/ecos")), listed(admin("GET", "/ecos?with_retired=true"))) == ([1, 3], [1, 2, 3])


def test_a_customers_user_finds_their_own_alone(api: ApiFor) -> None:
    """Any other is 404, as one that nobody has."""
    customer = api(CUSTOMER)
    assert listed(customer("GET", f"/ecos?customer_id={SCHOOL}")) == []
    assert (listed(customer("GET", "/ecos")), customer("GET", "/ecos/1").json()) == ([1], {"data": {"eco": ROUTER}})
    for number in (2, 99):
        answer = customer("GET", f"/ecos/{number}")
        assert (answer.status_code, answer.json()) == (404, {"error": "ECO not found"})


@pytest.mark.parametrize("number", ["99", "x", "0", str(2**63)])
def test_one_that_is_not_there_is_not_found(admin: Api, number: str) -> None:
    """Whatever is asked of it; and who moves it to nobody is told of that first where it is there."""
    for method, body in (("GET", None), ("PATCH", {"eco": {"customer_id": 99}}), ("DELETE", None)):
        answer = admin(method, f"/ecos/{number}", body)
        assert (answer.status_code, answer.json()) == (404, {"error": "ECO not found"})


def test_ecos_are_the_desk_s_to_change(api: ApiFor, database: Database) -> None:
    """A customer's users and bots are refused, whatever their role gives them."""
    for person, role in ((CUSTOMER, "customer"), (BOT, "bot")):
        database.write(lambda tx, role=role: grant_permission(tx, role, "ecos", "write"))  # type: ignore[misc]
        caller = api(person)
        with unchanged(database):
            for method, path in (("POST", "/ecos"), ("PATCH", "/ecos/1"), ("DELETE", "/ecos/1")):
                answer = caller(method, path, {"eco": 1} if method != "DELETE" else None)
                assert (answer.status_code, answer.json()) == (403, {"error": "Only staff may do this"})


def test_an_eco_is_made_and_has_tickets_at_once(admin: Api) -> None:
    """201 with the flat object, where it is found and its state."""
    answer = admin("POST", "/ecos", {"eco": {"name": "Mast", "customer_id": str(SCHOOL)}})
    number = answer.json()["id"]
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/v1/ecos/{number}")
    assert answer.json() == {"id": number, "name": "Mast", "customer_id": SCHOOL, "retired": False}
    shown = admin("GET", f"/ecos/{number}")
    assert (shown.json(), shown.headers["ETag"]) == ({"data": {"eco": answer.json()}}, answer.headers["ETag"])
    raised = admin("POST", "/tickets", changed(BODY_2024, {}, {"customer_id": ABSENT, "eco_id": number}))
    assert (raised.status_code, raised.json()["customer_id"]) == (201, SCHOOL)


def test_a_change_is_of_a_state(admin: Api, database: Database) -> None:
    """304 where it is known already, 412 where another is there by now; what changes nothing leaves the state."""
    tag = admin("GET", "/ecos/1").headers["ETag"]
    same = admin("GET", "/ecos/1", **{"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    assert admin("PATCH", "/ecos/1", {"eco": {}}, **{"If-Match": tag}).headers["ETag"] == tag
    renamed = admin("PATCH", "/ecos/1", {"eco": {"name": "Modem"}}, **{"If-Match": tag})
    assert (renamed.status_code, renamed.json()) == (200, {"data": {"eco": ROUTER | {"name": "Modem"}}})
    with unchanged(database):
        for method, body in (("PATCH", {"eco": {"customer_id": LONE}}), ("DELETE", None)):
            stale = admin(method, "/ecos/1", body, **{"If-Match": tag})
            assert (stale.status_code, stale.headers["ETag"]) == (412, renamed.headers["ETag"])


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"name": ""}, {"eco.name": "must have something to read"}),
        ({"name": None}, {"eco.name": "must be a string"}),
        ({"customer_id": None}, {"eco.customer_id": "must be an integer of 1 or more"}),
        ({"customer_id": 99, "name": "\n"}, {"eco.customer_id": "there is no customer 99", "eco.name": "must not"}),
        ({"retired": None}, {"eco.retired": "must be true or false"}),
    ],
)
def test_every_fault_is_named_where_it_is(
    admin: Api, database: Database, fields: dict[str, object], faults: dict[str, str]
) -> None:
    """By its path in the body; nothing is kept."""
    with unchanged(database):
        answer = admin("PATCH", "/ecos/1", {"eco": fields})
        assert answer.status_code == 422
        errors = answer.json()["errors"]
        assert errors.keys() == faults.keys()
        assert [path for path, sentence in faults.items() if not errors[path][0].startswith(sentence)] == []


def test_an_eco_moves_to_another_customer(api: ApiFor, database: Database) -> None:
    """Its users see it no more, theirs do; its tickets stay where they are. Not to one that is retired."""
    admin, customer = api(ADMIN), api(CUSTOMER)
    raised = customer("POST", "/tickets", BY_ECO).json()["id"]
    moved = admin("PATCH", "/ecos/1", {"eco": {"customer_id": SCHOOL}})
    assert moved.json() == {"data": {"eco": ROUTER | {"customer_id": SCHOOL}}}
    assert customer("GET", "/ecos/1").status_code == 404
    assert customer("GET", f"/tickets/{raised}").status_code == 200
    assert customer("POST", "/tickets", BY_ECO).json()["errors"] == {"eco_id": ["is unknown"]}
    assert admin("POST", "/tickets", BY_ECO).json()["customer_id"] == SCHOOL
    admin("DELETE", f"/customers/{LONE}")
    refused = admin("PATCH", "/ecos/1", {"eco": {"customer_id": LONE}})
    assert (refused.status_code, refused.json()["errors"]) == (422, {"eco.customer_id": ["is retired"]})
    acts = "SELECT via, request_id IS NULL AS nobody FROM audit WHERE action = 'eco.change'"
    [act] = database.read(lambda tx: rows(tx, acts))
    assert (act["via"], bool(act["nobody"])) == ("session", False)


def test_a_retired_eco_gets_no_tickets(api: ApiFor, database: Database) -> None:
    """422 in both versions, beside what else is wrong; its old ones keep it, and `PATCH` brings it back."""
    admin = api(ADMIN)
    database.write(lambda tx: tx.run("UPDATE tickets SET eco_id = 1 WHERE id = :id", id=ASSIGNED))
    for _ in range(2):
        assert admin("DELETE", "/ecos/1").status_code == 204
    assert admin("GET", "/ecos/1").json()["data"]["eco"]["retired"] is True
    for person in (ADMIN, CUSTOMER):
        answer = api(person)("POST", "/tickets", changed(BY_ECO, {"title": ""}))
        assert answer.status_code == 422
        assert answer.json()["errors"] == {"ticket.title": ["must not be empty"], "eco_id": ["is retired"]}
    of_2021 = api(ADMIN, "2021")("POST", "/tickets", changed(BODY_2021, {}, {"eco_id": 1}))
    assert (of_2021.status_code, of_2021.json()) == (422, {"error": "eco_id is retired"})
    assert admin("GET", f"/tickets/{ASSIGNED}").status_code == 200
    assert admin("PATCH", "/ecos/1", {"eco": {"retired": False}}).json() == {"data": {"eco": ROUTER}}
    assert admin("POST", "/tickets", BY_ECO).status_code == 201
