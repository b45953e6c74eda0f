"""Users over the API: listed and found page by page, shown, made, changed, disabled."""

from typing import Any, Final

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from account_rows import rows
from asking import Api, ApiFor
from by_keesa import grant_permission
from cast import ADMIN, BOT, CUSTOMER, ENGINEER, HARBOUR, PASSWORD, STRANGER
from keesa.accounts.administering import LAST_ADMINISTRATOR
from keesa.db import Database
from logins import bearer, log_in, try_password
from unchanged import unchanged

NEW: Final = {
    "email": "Nasreen@Keesa.example",
    "full_name": "Nasreen Ali",
    "nick_name": "Nas",
    "user_type": "staff",
    "roles": ["reader", "engineer"],
}


@pytest.fixture
def admin(api: ApiFor) -> Api:
    return api(ADMIN)


@pytest.fixture
def reading(shared_api: ApiFor) -> Api:
    """The same, for what changes nothing."""
    return shared_api(ADMIN)


def listed(answer: Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [user["id"] for user in answer.json()["data"]["users"]]


def shown(caller: Api, user_id: int) -> dict[str, Any]:
    user: dict[str, Any] = caller("GET", f"/users/{user_id}").json()["data"]["user"]
    return user


def test_a_user_is_shown_with_all_that_administrators_look_after(reading: Api) -> None:
    """Each key in its place; never a password."""
    user = shown(reading, CUSTOMER.id)
    times = {key: user.pop(key) for key in ("created_at", "last_login_at")}
    assert list(user.items()) == [
        ("id", CUSTOMER.id),
        ("email", CUSTOMER.email),
        ("full_name", CUSTOMER.full_name),
        ("nick_name", CUSTOMER.nick_name),
        ("user_type", "customer"),
        ("customer_id", HARBOUR),
        ("roles", ["customer"]),
        ("disabled", False),
        ("has_password", True),
        ("sign_in_count", 0),
    ]
    assert times["last_login_at"] is None
    assert times["created_at"].endswith("+05:00")


def test_a_login_is_told(client: TestClient, admin: Api) -> None:
    """When it was, and how many there were."""
    log_in(client, ENGINEER)
    user = shown(admin, ENGINEER.id)
    assert user["sign_in_count"] == 1
    assert user["last_login_at"] >= user["created_at"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("name=HASSAN", [ENGINEER.id]),
        ("name=maree", [CUSTOMER.id]),
        ("name=%25", []),
        ("email=STRANGER@", [STRANGER.id]),
        ("email=keesa&user_type=bot", [BOT.id]),
        ("user_type=staff", [ENGINEER.id, STRANGER.id]),
        ("role=school_crew", [STRANGER.id]),
        ("role=nobody", []),
        (f"customer_id={HARBOUR}", [CUSTOMER.id]),
        ("name=hassan&role=school_crew", []),
    ],
)
def test_users_are_found(reading: Api, query: str, found: list[int]) -> None:
    """By a part of a name or an address in whatever case, by type, role and customer, and by several of them."""
    assert listed(reading("GET", f"/users?{query}")) == found


@pytest.mark.parametrize("query", ["user_type=boss", "customer_id=x", "after=x", "limit=0", "with_disabled=maybe"])
def test_a_bad_query_is_refused(reading: Api, query: str) -> None:
    """And names the field."""
    answer = reading("GET", f"/users?{query}")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [query.partition("=")[0]])


def test_pages_are_walked_by_their_cursor(admin: Api) -> None:
    """By `next`, or by the `Link`; who is disabled is left out, unless they are asked for."""
    admin("DELETE", f"/users/{STRANGER.id}")
    for query, expected in (("", [1, 2, 4, 5]), ("&with_disabled=true", [1, 2, 3, 4, 5]), ("&email=e", [1, 2, 4, 5])):
        seen, path = list[int](), f"/users?limit=2{query}"
        while path:
            answer = admin("GET", path)
            seen += listed(answer)
            link = answer.headers.get("Link", "")
            path = link.removeprefix("</api/v1").partition(">")[0]
            assert (answer.json()["data"]["next"] is None) is (not path)
        assert seen == expected


def test_those_to_whom_tickets_are_assigned_are_told_to_the_desk(shared_api: ApiFor, admin: Api, api: ApiFor) -> None:
    """Members of the desk that are not disabled, by name alone, to whoever may change tickets there."""
    found = shared_api(ENGINEER)("GET", "/users/assignable")
    assert listed(found) == [ADMIN.id, ENGINEER.id, STRANGER.id]
    assert list(found.json()["data"]["users"][0]) == ["id", "full_name", "nick_name"]
    assert listed(shared_api(ENGINEER)("GET", "/users/assignable?name=IBBE")) == [STRANGER.id]
    admin("DELETE", f"/users/{STRANGER.id}")
    assert listed(api(ENGINEER)("GET", "/users/assignable?limit=1&after=MQ")) == [ENGINEER.id]
    assert listed(api(ENGINEER)("GET", "/users/assignable")) == [ADMIN.id, ENGINEER.id]


def test_a_user_is_made_without_a_password(admin: Api, client: TestClient) -> None:
    """201 with the whole of them, and where they are; they cannot log in before they have set one."""
    made = admin("POST", "/users", {"user": NEW})
    assert made.status_code == 201
    user = made.json()
    assert (user["id"], user["email"], user["roles"]) == (6, "nasreen@keesa.example", ["reader", "engineer"])
    assert (user["has_password"], user["last_login_at"]) == (False, None)
    assert made.headers["Location"] == "/api/v1/users/6"
    found = admin("GET", made.headers["Location"].removeprefix("/api/v1"))
    assert (found.json()["data"]["user"], found.headers["ETag"]) == (user, made.headers["ETag"])
    for password in ("", "!", PASSWORD):
        assert try_password(client, "nasreen@keesa.example", password).status_code == 401


def test_every_fault_of_a_new_user_is_told(reading: Api, shared_database: Database) -> None:
    """At the field's own place in the body; a password is none that a user has, as nobody chooses another's."""
    wrong = {"email": ADMIN.email, "full_name": " ", "nick_name": "", "roles": ["boss"], "customer_id": 99}
    with unchanged(shared_database):
        answer = reading("POST", "/users", {"user": NEW | {"password": "a long password"}})
        assert (answer.status_code, set(answer.json()["errors"])) == (422, {"user.password"})
        answer = reading("POST", "/users", {"user": NEW | wrong})
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {f"user.{field}" for field in wrong}


def test_a_user_is_changed(admin: Api) -> None:
    """What is left out stays; roles are all that they are to have."""
    given = {"email": "Moosa@keesa.example", "roles": ["engineer", "reader"], "user_type": "bot"}
    user = admin("PATCH", f"/users/{ENGINEER.id}", {"user": given}).json()["data"]["user"]
    assert user == shown(admin, ENGINEER.id)
    assert (user["email"], user["roles"], user["user_type"]) == ("moosa@keesa.example", ["engineer", "reader"], "bot")
    assert user["full_name"] == ENGINEER.full_name


def test_a_customer_s_user_changes_customers_and_becomes_staff(admin: Api) -> None:
    """The customer is null for any other type, and nothing else may be null."""
    path = f"/users/{CUSTOMER.id}"
    assert admin("PATCH", path, {"user": {"customer_id": 2}}).json()["data"]["user"]["customer_id"] == 2
    assert admin("PATCH", path, {"user": {"user_type": "staff"}}).status_code == 422
    assert admin("PATCH", path, {"user": {"user_type": "staff", "customer_id": None}}).status_code == 200
    for field in ("email", "full_name", "nick_name", "user_type", "roles", "disabled"):
        answer = admin("PATCH", path, {"user": {field: None}})
        assert (answer.status_code, list(answer.json()["errors"])) == (422, [f"user.{field}"])


def test_a_change_counts_at_the_next_request(admin: Api, api: ApiFor) -> None:
    """The session goes on, with what the user may do then; who is disabled has none any more."""
    engineer = api(ENGINEER)
    assert engineer("GET", "/users").status_code == 403
    admin("PATCH", f"/users/{ENGINEER.id}", {"user": {"roles": ["admin"]}})
    assert engineer("GET", "/users").status_code == 200
    assert admin("DELETE", f"/users/{ENGINEER.id}").status_code == 204
    assert engineer("GET", "/users").status_code == 401
    admin("PATCH", f"/users/{ENGINEER.id}", {"user": {"disabled": False}})
    assert engineer("GET", "/users").status_code == 401


def test_who_is_disabled_again_stays_so(admin: Api, database: Database) -> None:
    """It changes nothing, and stands not in the trail a second time."""
    admin("DELETE", f"/users/{ENGINEER.id}")
    with unchanged(database):
        assert admin("DELETE", f"/users/{ENGINEER.id}").status_code == 204
        assert admin("PATCH", f"/users/{ENGINEER.id}", {"user": {"disabled": True}}).status_code == 200
    assert shown(admin, ENGINEER.id)["disabled"] is True


def test_conditions_are_kept(admin: Api) -> None:
    """304 for who has it, 412 for who has seen another state, and nothing is changed then."""
    path = f"/users/{ENGINEER.id}"
    etag = admin("GET", path).headers["ETag"]
    assert admin("GET", path, If_None_Match=etag).status_code == 304
    assert admin("PATCH", path, {"user": {"nick_name": "Has"}}, If_Match=etag).status_code == 200
    assert admin("DELETE", path, If_Match=etag).status_code == 412
    assert admin("PATCH", path, {"user": {"nick_name": "No"}}, If_Match=etag).status_code == 412
    assert (shown(admin, ENGINEER.id)["nick_name"], shown(admin, ENGINEER.id)["disabled"]) == ("Has", False)


def test_the_desk_is_not_locked_out_of_itself(admin: Api, database: Database) -> None:
    """409 in one sentence, for each way to it."""
    with unchanged(database):
        for answer in (
            admin("DELETE", f"/users/{ADMIN.id}"),
            admin("PATCH", f"/users/{ADMIN.id}", {"user": {"roles": []}}),
            admin("PATCH", "/roles/1", {"role": {"permissions": {}}}),
        ):
            assert (answer.status_code, answer.json()) == (409, {"error": LAST_ADMINISTRATOR})


def test_nobody_gives_more_than_they_have(database: Database, api: ApiFor) -> None:
    """403, before anything is changed."""
    database.write(lambda tx: grant_permission(tx, "harbour_crew", "users", "write"))
    engineer = api(ENGINEER)
    with unchanged(database):
        for answer in (
            engineer("POST", "/users", {"user": NEW | {"user_type": "admin"}}),
            engineer("POST", "/users", {"user": NEW | {"roles": ["admin"]}}),
            engineer("PATCH", f"/users/{ENGINEER.id}", {"user": {"roles": ["admin"]}}),
            engineer("PATCH", f"/users/{ADMIN.id}", {"user": {"nick_name": "Mine"}}),
            engineer("DELETE", f"/users/{ADMIN.id}"),
            engineer("POST", f"/users/{STRANGER.id}/password_link"),
        ):
            assert answer.status_code == 403, answer.text


@pytest.mark.parametrize("path", ["/users/0", "/users/99", "/users/x", f"/users/{2**63}"])
def test_keesa_itself_is_nobody(reading: Api, shared_database: Database, path: str) -> None:
    """Not found, as whoever is not there."""
    with unchanged(shared_database):
        for method, body in (("GET", None), ("PATCH", {"user": {"nick_name": "x"}}), ("DELETE", None)):
            answer = reading(method, path, body)
            assert (answer.status_code, answer.json()) == (404, {"error": "User not found"})


def test_the_trail_names_who_did_it_and_from_where(admin: Api, database: Database) -> None:
    """The request too."""
    admin("PATCH", f"/users/{ENGINEER.id}", {"user": {"nick_name": "Has"}}, X_Request_Id="request-7")
    [row] = rows(
        database,
        "SELECT action, via, actor_id, request_id, person_id, address, audit_people.changes FROM audit"
        " JOIN audit_people ON audit_id = id WHERE actor_id = :id",
        id=ADMIN.id,
    )
    assert tuple(row.values()) == (
        *("user.change", "session", ADMIN.id, "request-7", ENGINEER.id, "testclient"),
        '{"nick_name":["Hassan","Has"]}',
    )


def test_a_session_of_one_disabled_is_gone_for_its_token_too(client: TestClient, admin: Api) -> None:
    """The refresh token as well."""
    tokens = log_in(client, ENGINEER)
    admin("DELETE", f"/users/{ENGINEER.id}")
    assert client.get("/api/v1/me", headers=bearer(tokens["access"])).status_code == 401
    refreshed = client.post("/api/v1/auth/refresh", headers={"X-Refresh-Token": tokens["refresh"]})
    assert refreshed.status_code == 401
