"""`/tags`, the desk's list, and `/tickets/<id>/tags`."""

import pytest

from asking import Api, ApiFor
from by_keesa import grant_permission
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, TAG
from keesa.db import Database
from unchanged import unchanged

FLOOD = {"id": TAG, "name": "Flood", "retired": False}
PATH = f"/tickets/{ASSIGNED}/tags"


@pytest.fixture
def admin(api: ApiFor) -> Api:
    return api(ADMIN)


def test_a_tag_is_added_renamed_and_retired(admin: Api) -> None:
    """201 with where it is found; each answer has its state, and a change of another state is 412."""
    made = admin("POST", "/tags", {"tag": {"name": "Storm"}})
    number = made.json()["id"]
    tag, path = {"id": number, "name": "Storm", "retired": False}, f"/tags/{number}"
    assert (made.status_code, made.json(), made.headers["Location"]) == (201, tag, f"/api/v1{path}")
    state = made.headers["ETag"]
    assert admin("GET", path, **{"If-None-Match": state}).status_code == 304
    renamed = admin("PATCH", path, {"tag": {"name": "Storm damage"}}, **{"If-Match": state})
    tag |= {"name": "Storm damage"}
    assert renamed.json() == {"data": {"tag": tag}}
    assert admin("DELETE", path, **{"If-Match": state}).status_code == 412
    for _ in range(2):
        retired = admin("DELETE", path)
        assert (retired.status_code, retired.content) == (204, b"")
    assert admin("GET", path).json() == {"data": {"tag": tag | {"retired": True}}}
    assert admin("GET", "/tags").json() == {"data": {"tags": [FLOOD], "next": None}}
    page = admin("GET", "/tags?with_retired=true&limit=1")
    assert page.json()["data"]["tags"] == [FLOOD]
    following = page.headers["Link"].removeprefix("</api/v1").partition(">")[0]
    assert admin("GET", following).json() == {"data": {"tags": [tag | {"retired": True}], "next": None}}
    assert admin("PATCH", path, {"tag": {"retired": False}}).json() == {"data": {"tag": tag}}
    assert admin("GET", "/tags?format=csv").text.splitlines()[1:] == [
        f"{TAG},Flood,false",
        f"{number},Storm damage,false",
    ]


def test_every_fault_is_named(admin: Api, database: Database) -> None:
    """By its path in the body, and nothing is kept; what is not there is 404."""
    with unchanged(database):
        answer = admin("POST", "/tags", {"tag": {"name": "FLOOD"}})
        assert answer.json()["errors"] == {"tag.name": ["is taken by another tag"]}
        answer = admin("PATCH", f"/tags/{TAG}", {"tag": {"name": None, "retired": None}})
        assert list(answer.json()["errors"]) == ["tag.name", "tag.retired"]
        for number in ("999", "x", "%00", "9" * 30):
            for method, body in (("GET", None), ("PATCH", {"tag": {}}), ("DELETE", None)):
                answer = admin(method, f"/tags/{number}", body)
                assert (answer.status_code, answer.json()) == (404, {"error": "Tag not found"})


def test_the_list_is_changed_with_the_permission_alone(api: ApiFor, database: Database) -> None:
    """Which a role gives; customers are refused whatever they have."""
    new = {"tag": {"name": "Storm"}}
    answer = api(ENGINEER)("POST", "/tags", new)
    assert (answer.status_code, answer.json()) == (403, {"error": "You need the permission to write tags"})
    for role in ("harbour_crew", "customer"):
        database.write(lambda tx, role=role: grant_permission(tx, role, "tags", "write"))  # type: ignore[misc]
    assert api(ENGINEER)("POST", "/tags", new).status_code == 201
    for method in ("GET", "POST"):
        answer = api(CUSTOMER)(method, "/tags", new if method == "POST" else None)
        assert (answer.status_code, answer.json()) == (403, {"error": "Only staff may do this"})


def test_a_ticket_has_tags(api: ApiFor, admin: Api) -> None:
    """Put on with 201, taken off with 204, as often as one likes; customers have no sign of it."""
    customer, engineer = api(CUSTOMER), api(ENGINEER)
    before = customer("GET", f"/tickets/{ASSIGNED}").content
    for _ in range(2):
        made = engineer("POST", PATH, {"tag": {"id": TAG}})
        assert (made.status_code, made.json()) == (201, FLOOD)
    admin("DELETE", f"/tags/{TAG}")
    assert engineer("GET", PATH).json() == {"data": {"tags": [FLOOD | {"retired": True}]}}
    assert customer("GET", f"/tickets/{ASSIGNED}").content == before
    assert customer("GET", PATH).json() == {"error": "Only staff may do this"}
    for _ in range(2):
        assert engineer("DELETE", f"{PATH}/{TAG}").status_code == 204
    assert engineer("GET", PATH).json() == {"data": {"tags": []}}
    assert engineer("DELETE", f"{PATH}/999").json() == {"error": "Tag not found"}
    assert engineer("POST", PATH, {"tag": {"id": TAG}}).json()["errors"] == {
        "tag.id": ["is that of a tag that is retired"]
    }
    assert engineer("POST", PATH, {"tag": {"id": 999}}).json()["errors"] == {
        "tag.id": ["is unknown, must be the id of a tag"]
    }
