"""Roles and permissions over the API."""

from typing import Any

import pytest

from asking import Api, ApiFor
from cast import ADMIN, ENGINEER, READER_ROLE
from keesa.accounts.permissions import ENFORCED, MEANINGS
from keesa.db import Database
from unchanged import unchanged


@pytest.fixture
def admin(api: ApiFor) -> Api:
    return api(ADMIN)


def shown(caller: Api, role_id: int) -> dict[str, Any]:
    role: dict[str, Any] = caller("GET", f"/roles/{role_id}").json()["data"]["role"]
    return role


def test_roles_are_listed_page_by_page(admin: Api) -> None:
    """By id, with what each gives and how many have it; those that are retired where they are asked for."""
    admin("DELETE", f"/roles/{READER_ROLE}")
    seen, path = list[dict[str, Any]](), "/roles?limit=3"
    while path:
        answer = admin("GET", path)
        seen += answer.json()["data"]["roles"]
        path = answer.headers.get("Link", "").removeprefix("</api/v1").partition(">")[0]
    assert [role["id"] for role in seen] == [1, 2, 3, 4, 5, 6, 7]
    assert list(seen[5].items()) == [
        ("id", 6),
        ("name", "harbour_crew"),
        ("permissions", {"tickets": ["read", "write"]}),
        ("ticket_types", ["eco_support"]),
        ("retired", False),
        ("members", 1),
    ]
    everything = admin("GET", "/roles?with_retired=true").json()["data"]["roles"]
    assert [(role["id"], role["retired"]) for role in everything[-2:]] == [(7, False), (8, True)]


def test_a_role_is_made_changed_and_retired(admin: Api) -> None:
    """201 with where it is; a change gives what is named and leaves the rest; who is retired is brought back."""
    given = {"name": "north_crew", "permissions": {"tickets": ["read"], "boats": ["sail"]}}
    made = admin("POST", "/roles", {"role": given})
    assert (made.status_code, made.headers["Location"]) == (201, "/api/v1/roles/9")
    assert made.json() == {"id": 9, **given, "ticket_types": [], "retired": False, "members": 0}
    path, etag = "/roles/9", made.headers["ETag"]
    assert admin("GET", path, If_None_Match=etag).status_code == 304
    changed = admin("PATCH", path, {"role": {"name": "far_north", "ticket_types": ["roc_support"]}}, If_Match=etag)
    assert changed.json()["data"]["role"] == made.json() | {"name": "far_north", "ticket_types": ["roc_support"]}
    assert admin("DELETE", path, If_Match=etag).status_code == 412
    for _ in range(2):
        assert admin("DELETE", path).status_code == 204
    assert shown(admin, 9)["retired"] is True
    assert admin("PATCH", f"/users/{ENGINEER.id}", {"user": {"roles": ["far_north"]}}).status_code == 422
    assert admin("PATCH", path, {"role": {"retired": False}}).json()["data"]["role"]["retired"] is False
    assert admin("PATCH", f"/users/{ENGINEER.id}", {"user": {"roles": ["far_north"]}}).status_code == 200


def test_permissions_are_in_the_order_in_which_they_are_given(admin: Api) -> None:
    """Whatever it was before."""
    for permissions in ({"b": ["z", "y"], "a": ["x"]}, {"a": ["x"], "b": ["y", "z"]}, {"b": ["z"]}, {}):
        admin("PATCH", f"/roles/{READER_ROLE}", {"role": {"permissions": permissions}})
        found = shown(admin, READER_ROLE)["permissions"]
        assert (found, list(found)) == (permissions, list(permissions))


def test_a_change_of_a_role_counts_for_its_members_at_the_next_request(admin: Api, api: ApiFor) -> None:
    """In a session that goes on."""
    engineer = api(ENGINEER)
    assert engineer("GET", "/customers").status_code == 403
    admin("PATCH", "/roles/6", {"role": {"permissions": {"customers": ["read"]}}})
    assert engineer("GET", "/customers").status_code == 200
    assert engineer("GET", "/tickets").status_code == 403


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "engineer"}, "name"),
        ({"name": " "}, "name"),
        ({"permissions": {"tickets": ["re\tad"]}}, "permissions"),
        ({"ticket_types": ["diving"]}, "ticket_types"),
        ({"name": None}, "name"),
        ({"permissions": None}, "permissions"),
        ({"retired": None}, "retired"),
    ],
)
def test_a_fault_is_told_at_its_field(
    shared_api: ApiFor, shared_database: Database, wrong: dict[str, object], field: str
) -> None:
    """And the role is as it was."""
    caller = shared_api(ADMIN)
    with unchanged(shared_database):
        answer = caller("PATCH", f"/roles/{READER_ROLE}", {"role": wrong})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [f"role.{field}"])


def test_a_role_that_is_not_there_is_not_found(shared_api: ApiFor) -> None:
    """Nor one that can be none."""
    for path in ("/roles/99", "/roles/x"):
        for method, body in (("GET", None), ("PATCH", {"role": {"name": "x"}}), ("DELETE", None)):
            answer = shared_api(ADMIN)(method, path, body)
            assert (answer.status_code, answer.json()) == (404, {"error": "Role not found"})


def test_every_permission_is_told_with_its_meaning(admin: Api) -> None:
    """Keesa's own first, in their order; then the words of other systems, which it does not know, however long."""
    words = {"boats": ["sail", "moor"], "ދޯނި" * 60: ["ފަހަރު" * 40]}
    admin("POST", "/roles", {"role": {"name": "sailors", "permissions": words}})
    seen, path = list[tuple[str, str, str | None]](), "/permissions?limit=4"
    while path:
        answer = admin("GET", path)
        seen += [tuple(word.values()) for word in answer.json()["data"]["permissions"]]
        path = answer.headers.get("Link", "").removeprefix("</api/v1").partition(">")[0]
    own = [(*permission, MEANINGS[permission]) for permission in ENFORCED]
    assert seen[: len(own)] == own
    others = {(resource, action, None) for resource, actions in words.items() for action in actions}
    assert set(seen[len(own) :]) == others | {("projects", "read", None), ("projects", "write", None)}
    assert len(set(seen)) == len(seen)
