"""Products, ticket types, categories and statuses over the API: read by who uses tickets, changed by the desk."""

from typing import Any, Final

import pytest

import cast
from asking import Api, ApiFor
from by_keesa import grant_permission, revoke_permission
from cast import ADMIN, BOT, CUSTOMER, ENGINEER
from keesa.db import Database
from new_tickets import BODY_2021, BODY_2024, changed
from unchanged import unchanged

ENTRY: Final = {"key": "roc_support", "name": "ROC Support", "position": 1, "retired": False}
ROUTER: Final = {
    "id": 3,
    "name": "Router",
    "position": 3,
    "default_ticket_type": None,
    "default_category": None,
    "retired": False,
}
KEYED: Final = {
    "ticket_types": ("ticket_type", "roc_support", "Ticket type not found"),
    "categories": ("category", "service_order", "Category not found"),
}


@pytest.fixture
def admin(api: ApiFor) -> Api:
    return api(ADMIN)


def every(caller: Api, name: str, query: str = "") -> list[dict[str, Any]]:
    """What all pages have."""
    found, path = [], f"/{name}?limit=5{query}"
    while True:
        answer = caller("GET", path)
        assert answer.status_code == 200, answer.text
        found += answer.json()["data"][name]
        if answer.json()["data"]["next"] is None:
            return found
        path = answer.headers["Link"].removeprefix("</api/v1").partition(">")[0]


def test_the_lists_have_all_in_their_order(admin: Api) -> None:
    """Page by page, each entry with its keys in their order."""
    products = every(admin, "products")
    assert [product["id"] for product in products] == [product["position"] for product in products] == [*range(1, 25)]
    assert list(products[2].items()) == list(ROUTER.items())
    assert list(every(admin, "ticket_types")[0].items()) == list(ENTRY.items())
    categories = [entry["key"] for entry in every(admin, "categories")]
    assert categories == ["service_order", "fault", "survey", "network", "hardware", "software"]


def test_the_statuses_are_four(admin: Api) -> None:
    """With their positions, and the groups that lists show them in."""
    assert admin("GET", "/statuses").json()["data"] == {
        "statuses": [
            {"key": "open", "position": 0, "group": "open"},
            {"key": "in_progress", "position": 1, "group": "active"},
            {"key": "on_hold", "position": 2, "group": "active"},
            {"key": "closed", "position": 3, "group": "closed"},
        ],
        "next": None,
    }


@pytest.mark.parametrize("action", ["read", "write"])
def test_who_may_use_tickets_reads_the_lists(api: ApiFor, database: Database, action: str) -> None:
    """One of the two permissions is enough; whoever has neither is told of both."""
    other = {"read": "write", "write": "read"}[action]
    database.write(lambda tx: revoke_permission(tx, "harbour_crew", "tickets", other))
    engineer = api(ENGINEER)
    paths = ("/products", "/products/3", "/ticket_types", "/ticket_types/roc_support", "/categories", "/statuses")
    assert {engineer("GET", path).status_code for path in paths} == {200}
    database.write(lambda tx: revoke_permission(tx, "harbour_crew", "tickets", action))
    for path in paths:
        answer = engineer("GET", path)
        assert (answer.status_code, answer.json()) == (
            403,
            {"error": "You need the permission to read tickets, or to write tickets"},
        )


def test_the_lists_are_the_desk_s_to_change(api: ApiFor, database: Database) -> None:
    """Who lacks the permission is refused whatever the body; customers and bots whatever they have."""
    for person, role, sentence in (
        (ENGINEER, None, "You need the permission to write reference"),
        (CUSTOMER, "customer", "Only staff may do this"),
        (BOT, "bot", "Only staff may do this"),
    ):
        if role:
            database.write(lambda tx, role=role: grant_permission(tx, role, "reference", "write"))  # type: ignore[misc]
        caller = api(person)
        with unchanged(database):
            for name, one in (("products", "3"), ("ticket_types", "roc_support"), ("categories", "nothing")):
                for method, path in (("POST", ""), ("PATCH", f"/{one}"), ("DELETE", f"/{one}")):
                    answer = caller(method, f"/{name}{path}", {} if method != "DELETE" else None)
                    assert (answer.status_code, answer.json()) == (403, {"error": sentence})


@pytest.mark.parametrize("name", KEYED)
def test_an_entry_is_added_renamed_moved_and_retired(admin: Api, name: str) -> None:
    """201 with where it is found; each answer has its state, and a change of another state is 412."""
    noun, first, _ = KEYED[name]
    made = admin("POST", f"/{name}", {noun: {"key": "solar_power", "name": "Solar"}})
    last = len(every(admin, name))
    entry = {"key": "solar_power", "name": "Solar", "position": last, "retired": False}
    path = f"/{name}/solar_power"
    assert (made.status_code, made.json(), made.headers["Location"]) == (201, entry, f"/api/v1{path}")
    tag = made.headers["ETag"]
    assert admin("GET", path, **{"If-None-Match": tag}).status_code == 304
    moved = admin("PATCH", path, {noun: {"name": "Sun", "position": 1}}, **{"If-Match": tag})
    entry |= {"name": "Sun", "position": 1}
    assert moved.json() == {"data": {noun: entry}}
    assert [each["key"] for each in every(admin, name)][:2] == ["solar_power", first]
    assert admin("DELETE", path, **{"If-Match": tag}).status_code == 412
    for _ in range(2):
        retired = admin("DELETE", path)
        assert (retired.status_code, retired.content) == (204, b"")
    assert admin("GET", path).json() == {"data": {noun: entry | {"retired": True}}}
    assert every(admin, name)[0]["key"] == first
    assert every(admin, name, "&with_retired=true")[0]["key"] == "solar_power"
    assert admin("PATCH", path, {noun: {"retired": False}}).json() == {"data": {noun: entry}}


@pytest.mark.parametrize("name", KEYED)
def test_every_fault_of_an_entry_is_named(admin: Api, database: Database, name: str) -> None:
    """By its path in the body, and nothing is kept; what is not there is 404."""
    noun, first, missing = KEYED[name]
    with unchanged(database):
        taken = admin("POST", f"/{name}", {noun: {"key": first, "name": ""}})
        assert (taken.status_code, list(taken.json()["errors"])) == (422, [f"{noun}.key", f"{noun}.name"])
        last = len(every(admin, name))
        answer = admin("PATCH", f"/{name}/{first}", {noun: {"position": last + 1, "name": "\n"}})
        assert answer.json()["errors"][f"{noun}.position"] == [f"must be from 1 to {last}"]
        assert list(answer.json()["errors"]) == [f"{noun}.name", f"{noun}.position"]
        answer = admin("PATCH", f"/{name}/{first}", {noun: {"position": None, "name": None, "retired": None}})
        assert len(answer.json()["errors"]) == 3
        for key in ("nothing", "ROC%20Support", "%00", "x" * 300):
            for method, body in (("GET", None), ("PATCH", {noun: {}}), ("DELETE", None)):
                found = admin(method, f"/{name}/{key}", body)
                assert (found.status_code, found.json()) == (404, {"error": missing})


def test_a_product_is_added_changed_and_retired(admin: Api) -> None:
    """With its words, of which null takes one away."""
    made = admin("POST", "/products", {"product": {"name": "Mast", "default_category": "fault"}})
    number = made.json()["id"]
    product = {"id": number, "name": "Mast", "position": 25, "default_ticket_type": None, "default_category": "fault"}
    product |= {"retired": False}
    assert (made.status_code, made.json(), made.headers["Location"]) == (201, product, f"/api/v1/products/{number}")
    path, tag = f"/products/{number}", made.headers["ETag"]
    assert admin("GET", path, **{"If-None-Match": tag}).status_code == 304
    change = {"default_ticket_type": "eco_support", "default_category": None, "position": 2}
    changed = admin("PATCH", path, {"product": change}, **{"If-Match": tag})
    assert changed.json() == {"data": {"product": product | change}}
    assert [each["id"] for each in every(admin, "products")][:3] == [1, number, 2]
    assert admin("DELETE", path, **{"If-Match": tag}).status_code == 412
    assert admin("DELETE", path).status_code == 204
    assert number not in [each["id"] for each in every(admin, "products")]
    faulty = {"name": "PABX", "position": 0, "default_ticket_type": "tea", "default_category": 1, "retired": None}
    answer = admin("PATCH", path, {"product": faulty | {"position": 30}})
    assert list(answer.json()["errors"]) == ["product.default_category", "product.retired"]
    answer = admin("PATCH", path, {"product": {"name": "PABX", "position": 30, "default_ticket_type": "tea"}})
    assert list(answer.json()["errors"]) == ["product.name", "product.position", "product.default_ticket_type"]
    for missing in ("99", "x", "0"):
        assert admin("GET", f"/products/{missing}").json() == {"error": "Product not found"}


def test_what_is_needed_does_not_retire(admin: Api, database: Database) -> None:
    """422 with what stands against it, by `DELETE` and by `PATCH`."""
    admin("PATCH", "/products/3", {"product": {"default_ticket_type": "eco_support"}})
    sentence = "is not possible: it is the default of product 3 (Router)"
    with unchanged(database):
        answer = admin("DELETE", "/ticket_types/eco_support")
        assert (answer.status_code, answer.json()["errors"]) == (422, {"retired": [sentence]})
        answer = admin("PATCH", "/ticket_types/eco_support", {"ticket_type": {"retired": True}})
        assert (answer.status_code, answer.json()["errors"]) == (422, {"ticket_type.retired": [sentence]})


def test_new_tickets_have_nothing_that_is_retired(api: ApiFor, admin: Api) -> None:
    """The error names what they may have; old tickets keep it, and are still found by it."""
    for path in ("/ticket_types/project_support", "/categories/fault", "/products/3"):
        assert admin("DELETE", path).status_code == 204
    words = {"ticket_type": "project_support", "category": "fault", "product_id": 3}
    answer = admin("POST", "/tickets", changed(BODY_2024, words))
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert errors.keys() == {f"ticket.{word}" for word in words}
    for (sentence,) in errors.values():
        assert sentence.startswith("is retired, must be one of ")
        assert not {"project_support", "fault", "3 (Router)"} & set(sentence.partition(" one of ")[2].split(", "))
    for word, value in words.items():
        alone = admin("POST", "/tickets", changed(BODY_2024, {"product_id": 4} | {word: value}))
        assert (alone.status_code, list(alone.json()["errors"])) == (422, [f"ticket.{word}"])
    of_2021 = api(ADMIN, "2021")("POST", "/tickets", changed(BODY_2021, {"category": "fault", "product_id": 4}))
    assert of_2021.json()["error"].startswith("ticket.category is retired, must be one of service_order, survey, ")
    ticket = admin("GET", f"/tickets/{cast.HIDDEN}").json()["data"]["ticket"]
    assert (ticket["ticket_type"], ticket["category"]) == ("project_support", "fault")
    listed = admin("GET", "/tickets/tickets_by_type?type=project_support&status=closed").json()["data"]
    assert [each["id"] for each in listed["tickets"]] == [cast.HIDDEN]
    assert admin("GET", "/tickets/tickets_by_category?category=fault").json()["data"]["tickets"]
