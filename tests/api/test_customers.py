"""Customers over the API: listed page by page, found by name, shown, made, changed and retired."""

from typing import Any, Final

import pytest
from httpx2 import Response

import cast
from account_rows import rows
from asking import Api, ApiFor
from by_keesa import grant_permission
from cast import ADMIN, CUSTOMER, ENGINEER, HARBOUR, LONE, SCHOOL
from keesa.db import Database
from keesa.web.cursors import cursor_of
from new_tickets import BODY_2024, changed
from unchanged import unchanged

HARBOUR_SHOWN: Final = {
    "id": HARBOUR,
    "name": "Fulhadhoo Harbour",
    "contact_name": "Ibrahim",
    "contact_number": 7771234,
    "contact_phone": "7771234",
    "retired": False,
    "contacts": [],
}
NEW: Final = {"name": "Kendhoo Clinic", "contact_name": "Aminath", "contact_number": "+960 777-4321"}


@pytest.fixture
def admin(api: ApiFor) -> Api:
    return api(ADMIN)


def listed(answer: Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [customer["id"] for customer in answer.json()["data"]["customers"]]


def make(admin: Api, name: str) -> int:
    made: int = admin("POST", "/customers", {"customer": NEW | {"name": name}}).json()["id"]
    return made


def etag(admin: Api, customer: int = HARBOUR) -> str:
    found: str = admin("GET", f"/customers/{customer}").headers["ETag"]
    return found


def test_the_list_has_all_by_id(admin: Api) -> None:
    """Each with all its keys in their order; where one page holds them, there is no next."""
    answer = admin("GET", "/customers")
    assert listed(answer) == [HARBOUR, SCHOOL, LONE]
    assert list(answer.json()["data"].items())[1:] == [("next", None)]
    assert list(answer.json()["data"]["customers"][0].items()) == list(HARBOUR_SHOWN.items())
    assert "Link" not in answer.headers


def test_pages_are_walked_by_their_cursor(admin: Api) -> None:
    """By `next`, or by the `Link`; nobody comes twice or is left out, though some are made and retired on the way."""
    numbers = [make(admin, f"Island {number}") for number in range(5)]
    seen, path = list[int](), "/customers?limit=2&name=island"
    for step in range(10):
        answer = admin("GET", path)
        seen += listed(answer)
        cursor = answer.json()["data"]["next"]
        if cursor is None:
            break
        link = answer.headers["Link"]
        assert link == f'</api/v1/customers?limit=2&name=island&after={cursor}>; rel="next"'
        path = link.removeprefix("</api/v1").partition(">")[0]
        if step == 0:
            assert admin("DELETE", f"/customers/{numbers[0]}").status_code == 204
            numbers.append(make(admin, "Island of the last day"))
    assert seen == sorted([*numbers, LONE])


@pytest.mark.parametrize(
    ("name", "found"),
    [("harbour", [HARBOUR]), ("HARBOUR", [HARBOUR]), ("o", [HARBOUR, SCHOOL]), ("%", []), ("_", []), ("nowhere", [])],
)
def test_customers_are_found_by_a_part_of_their_name(admin: Api, name: str, found: list[int]) -> None:
    """In whatever case; no sign stands for another."""
    assert listed(admin("GET", f"/customers?name={name}")) == found


def test_the_retired_are_listed_when_asked_for(admin: Api) -> None:
    """They can still be shown."""
    assert admin("DELETE", f"/customers/{LONE}").status_code == 204
    assert listed(admin("GET", "/customers")) == [HARBOUR, SCHOOL]
    assert listed(admin("GET", "/customers?with_retired=true")) == [HARBOUR, SCHOOL, LONE]
    assert admin("GET", f"/customers/{LONE}").json()["data"]["customer"]["retired"] is True


def test_a_customer_s_user_finds_their_own_alone(api: ApiFor) -> None:
    """In the list, by name and by id: nothing tells them of any other."""
    customer = api(CUSTOMER)
    assert listed(customer("GET", "/customers")) == [HARBOUR]
    assert listed(customer("GET", "/customers?name=school")) == []
    assert customer("GET", f"/customers/{HARBOUR}").status_code == 200
    for number in (SCHOOL, 99):
        answer = customer("GET", f"/customers/{number}")
        assert (answer.status_code, answer.json()) == (404, {"error": "Customer not found"})


@pytest.mark.parametrize("number", ["99", "x", "-1", "0", str(2**63), "9" * 30])
def test_who_is_not_there_is_not_found(admin: Api, number: str) -> None:
    """Whatever stands in the path, and whatever is asked of it."""
    for method, body in (("GET", None), ("PATCH", {"customer": {}}), ("DELETE", None)):
        answer = admin(method, f"/customers/{number}", body)
        assert (answer.status_code, answer.json()) == (404, {"error": "Customer not found"})


def test_who_lacks_the_permission_is_refused(api: ApiFor, database: Database) -> None:
    """To read and to write are two; nothing is changed, and a fault of the body is not told."""
    for person, reads in ((CUSTOMER, 200), (ENGINEER, 403)):
        caller = api(person)
        with unchanged(database):
            assert caller("GET", "/customers").status_code == reads
            for method, path in (("POST", ""), ("PATCH", f"/{HARBOUR}"), ("DELETE", f"/{HARBOUR}")):
                answer = caller(method, f"/customers{path}", {"customer": 1} if method != "DELETE" else None)
                assert (answer.status_code, answer.json()) == (
                    403,
                    {"error": "You need the permission to write customers"},
                )


def test_customers_are_the_desk_s_to_change(api: ApiFor, database: Database) -> None:
    """A customer's users and bots are refused, whatever their role gives them."""
    database.write(lambda tx: grant_permission(tx, "customer", "customers", "write"))
    customer = api(CUSTOMER)
    with unchanged(database):
        for method, path in (("POST", ""), ("PATCH", f"/{HARBOUR}"), ("DELETE", f"/{HARBOUR}")):
            answer = customer(method, f"/customers{path}", {"customer": NEW} if method != "DELETE" else None)
            assert (answer.status_code, answer.json()) == (403, {"error": "Only staff may do this"})


def test_a_customer_is_shown_with_the_state_that_it_is_in(admin: Api) -> None:
    """Who has it already is told so, without it; a change makes it another."""
    answer = admin("GET", f"/customers/{HARBOUR}")
    assert answer.json() == {"data": {"customer": HARBOUR_SHOWN}}
    assert answer.headers["Cache-Control"] == "private, no-cache"
    tag = answer.headers["ETag"]
    for method in ("GET", "HEAD"):
        same = admin(method, f"/customers/{HARBOUR}", **{"If-None-Match": tag})
        assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
        assert same.headers["Keesa-Version"] == "2024"
    admin("PATCH", f"/customers/{HARBOUR}", {"customer": {"contact_name": "Ali"}})
    other = admin("GET", f"/customers/{HARBOUR}", **{"If-None-Match": tag})
    assert (other.status_code, other.json()["data"]["customer"]["contact_name"]) == (200, "Ali")


def test_a_customer_is_made_at_once(admin: Api) -> None:
    """201 with the flat object, where it is found and its state; tickets can be raised for it."""
    answer = admin("POST", "/customers", {"customer": NEW})
    made = answer.json()
    number = made["id"]
    assert answer.status_code == 201
    assert made == {
        "id": number,
        **NEW,
        "contact_number": 9607774321,
        "contact_phone": "+960 777-4321",
        "retired": False,
        "contacts": [],
    }
    assert answer.headers["Location"] == f"/api/v1/customers/{number}"
    shown = admin("GET", f"/customers/{number}")
    assert (shown.json(), shown.headers["ETag"]) == ({"data": {"customer": made}}, answer.headers["ETag"])
    raised = admin("POST", "/tickets", changed(BODY_2024, {}, {"customer_id": number}))
    assert (raised.status_code, raised.json()["customer_id"]) == (201, number)


PHONE: Final = "must be a telephone number"
BAD_FIELDS: Final[dict[str, tuple[Any, str]]] = {
    "name": ("", "must have something to read"),
    "contact_name": ("x" * 256, "must have at most 255 characters"),
    "contact_number": ("none", PHONE),
}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_every_fault_is_named_where_it_is(admin: Api, database: Database, method: str) -> None:
    """Those of the types and those of the rules; nothing is kept of the rest."""
    path = "/customers" if method == "POST" else f"/customers/{HARBOUR}"
    with unchanged(database):
        answer = admin(method, path, {"customer": {field: value for field, (value, _) in BAD_FIELDS.items()}})
        assert answer.status_code == 422
        errors = answer.json()["errors"]
        assert errors.keys() == {f"customer.{field}" for field in BAD_FIELDS}
        for field, (_, sentence) in BAD_FIELDS.items():
            assert errors[f"customer.{field}"][0].startswith(sentence)
        values: tuple[object, ...] = (None, 1, [], {})
        for value in values:
            answer = admin(method, path, {"customer": NEW | {"name": value}})
            assert (answer.status_code, list(answer.json()["errors"])) == (422, ["customer.name"])
        assert admin(method, path, {}).json()["errors"] == {"customer": ["is missing"]}


def test_a_change_leaves_alone_what_it_does_not_name(admin: Api) -> None:
    """And changes what it names; tickets show a new name at once. The answer has the new state."""
    answer = admin("PATCH", f"/customers/{HARBOUR}", {"customer": {"name": "Fulhadhoo Port"}})
    assert answer.json() == {"data": {"customer": HARBOUR_SHOWN | {"name": "Fulhadhoo Port"}}}
    assert answer.headers["ETag"] == etag(admin)
    ticket = admin("GET", f"/tickets/{cast.ASSIGNED}").json()["data"]["ticket"]
    assert ticket["customer"] == "Fulhadhoo Port"
    same = admin("PATCH", f"/customers/{HARBOUR}", {"customer": {}})
    assert (same.status_code, same.headers["ETag"]) == (200, answer.headers["ETag"])


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_change_of_another_state_is_refused(admin: Api, database: Database, method: str) -> None:
    """412 where `If-Match` names a state that is over; where it names the one that there is, it is done."""
    body = {"customer": {"contact_name": "Ali"}} if method == "PATCH" else None
    old = etag(admin)
    admin("PATCH", f"/customers/{HARBOUR}", {"customer": {"contact_number": 7}})
    with unchanged(database):
        answer = admin(method, f"/customers/{HARBOUR}", body, **{"If-Match": old})
        assert (answer.status_code, answer.headers["ETag"]) == (412, etag(admin))
    assert admin(method, f"/customers/{HARBOUR}", body, **{"If-Match": etag(admin)}).status_code in (200, 204)


def test_a_retired_customer_gets_no_tickets_and_comes_back(admin: Api) -> None:
    """Its old ones stay in sight. A second time changes nothing."""
    for _ in range(2):
        answer = admin("DELETE", f"/customers/{HARBOUR}")
        assert (answer.status_code, answer.content) == (204, b"")
        assert "Content-Type" not in answer.headers
    raised = admin("POST", "/tickets", changed(BODY_2024, {}, {"customer_id": HARBOUR}))
    assert (raised.status_code, raised.json()["errors"]) == (422, {"customer_id": ["is retired"]})
    assert admin("GET", f"/tickets/{cast.ASSIGNED}").status_code == 200
    back = admin("PATCH", f"/customers/{HARBOUR}", {"customer": {"retired": False}})
    assert back.json()["data"]["customer"]["retired"] is False
    assert admin("POST", "/tickets", changed(BODY_2024, {}, {"customer_id": HARBOUR})).status_code == 201


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("after=x", "after"),
        ("after=WzFd", "after"),
        (f"after={cursor_of(2**63, 0)}", "after"),
        ("with_retired=1", "with_retired"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(admin: Api, query: str, field: str) -> None:
    """By the field that is wrong. Above 500 a limit is 500."""
    answer = admin("GET", f"/customers?{query}")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    assert listed(admin("GET", "/customers?limit=501")) == [HARBOUR, SCHOOL, LONE]


def test_2021_is_answered_alike(api: ApiFor, database: Database) -> None:
    """What only one version has is answered to both, in the shape of the one that has it."""
    answer = api(ADMIN, "2021")("GET", f"/customers/{HARBOUR}")
    assert (answer.headers["Keesa-Version"], answer.json()) == ("2024", {"data": {"customer": HARBOUR_SHOWN}})
    sql = "SELECT retired_at FROM customers WHERE id = :id"
    assert rows(database, sql, id=HARBOUR) == [{"retired_at": None}]


ALI: Final = {"name": "Ali", "contact_number": 9607771, "contact_phone": "+960 777-1", "email": "ali@keesa.example"}
MOOSA: Final = {"name": "Moosa", "contact_number": 7700101, "contact_phone": "7700101", "email": None}


def test_a_customer_has_further_contacts(admin: Api) -> None:
    """Made with them, and changed as a whole: the state moves with them. What was shown may be sent back."""
    made = admin(
        "POST", "/customers", {"customer": NEW | {"contacts": [{"name": "Ali", "contact_number": "+960 777-1"}]}}
    )
    path = f"/customers/{made.json()['id']}"
    assert made.json()["contacts"] == [ALI | {"email": None}]
    changed = admin("PATCH", path, {"customer": {"contacts": [MOOSA, ALI]}}, **{"If-Match": made.headers["ETag"]})
    assert changed.json()["data"]["customer"]["contacts"] == [MOOSA, ALI]
    assert list(changed.json()["data"]["customer"]) == [*HARBOUR_SHOWN]
    assert changed.headers["ETag"] != made.headers["ETag"]
    renamed = admin("PATCH", path, {"customer": {"name": "Clinic"}})
    assert renamed.json()["data"]["customer"]["contacts"] == [MOOSA, ALI]
    assert admin("GET", "/customers?name=clinic").json()["data"]["customers"] == [renamed.json()["data"]["customer"]]
    assert admin("PATCH", path, {"customer": {"contacts": []}}).json()["data"]["customer"]["contacts"] == []


def test_every_fault_of_a_contact_is_named_where_it_is(admin: Api, database: Database) -> None:
    """By its place in the list, be it of the types or of the rules; nothing is kept."""
    bad = [MOOSA, {"name": "", "contact_phone": "x", "email": "ali"}]
    with unchanged(database):
        for method, path in (("POST", "/customers"), ("PATCH", f"/customers/{HARBOUR}")):
            answer = admin(method, path, {"customer": NEW | {"contacts": bad}})
            assert answer.status_code == 422
            assert list(answer.json()["errors"]) == [
                f"customer.contacts.1.{field}" for field in ("name", "contact_phone", "email")
            ]
            answer = admin(method, path, {"customer": NEW | {"contacts": [{"contact_number": 1.5}]}})
            assert list(answer.json()["errors"]) == [
                f"customer.contacts.0.{field}" for field in ("name", "contact_number")
            ]
            for contacts in (None, [MOOSA] * 51):
                answer = admin(method, path, {"customer": NEW | {"contacts": contacts}})
                sentence = "must be a list of at most 50 items"
                assert answer.json()["errors"] == {"customer.contacts": [sentence]}
