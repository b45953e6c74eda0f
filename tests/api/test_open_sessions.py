"""Sessions over HTTP: everybody sees and ends their own, and who looks after all those of others."""

from typing import Any, Final

import pytest
from starlette.testclient import TestClient

import cast
from account_rows import rows
from asking import Api, ApiFor
from by_keesa import create_role
from cast import ADMIN, CUSTOMER, ENGINEER, STRANGER
from keesa.accounts.roles import NewRole
from keesa.accounts.sessions import REFRESH_LIFETIME, device_of, open_session
from keesa.clock import now
from keesa.db import Database, Tx
from logins import bearer, log_in

BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def sessions_of(caller: Api, path: str = "/me/sessions") -> list[dict[str, Any]]:
    answer = caller("GET", path)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]["sessions"]
    return found


def ends(database: Database) -> list[dict[str, Any]]:
    """Of sessions, as the trail has them."""
    return rows(database, "SELECT actor_id, thing_id FROM audit WHERE action = 'session.end' ORDER BY id")


def test_a_login_is_seen_with_its_device(client: TestClient) -> None:
    """The newest first; the current one says so, and no token or uid of a token is shown."""
    first = log_in(client, ENGINEER, "2021", User_Agent="curl/8.5")
    second = log_in(client, ENGINEER, User_Agent=BROWSER)
    caller = Api(client, second["access"])
    listed = sessions_of(caller)
    assert [(each["device"], each["version"], each["current"]) for each in listed] == [
        (BROWSER, "2024", True),
        ("curl/8.5", "2021", False),
    ]
    assert {each["address"] for each in listed} == {"testclient"}
    assert list(listed[0]) == [
        *("id", "version", "device", "address", "created_at", "last_used_at", "expires_at", "current")
    ]
    assert [each["current"] for each in sessions_of(Api(client, first["access"]))] == [False, True]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("", None),
        (" \t", None),
        ("a\x1b]0;b\x07c\x9bd\n", "a]0;bcd"),
        ("x" * 100_000, "x" * 255),
        ("\u00e9 1.0", "\u00e9 1.0"),
    ],
)
def test_what_a_client_calls_itself_is_one_short_line(sent: str, kept: str | None) -> None:
    """Nothing in it drives a terminal, and nobody fills the database with it."""
    assert device_of(sent) == kept


def test_one_ends_a_session_of_their_own(client: TestClient, database: Database) -> None:
    """With both of its tokens, at the next request; one that is gone, or another's, is 404."""
    lost, kept = log_in(client, ENGINEER), log_in(client, ENGINEER)
    stranger = log_in(client, STRANGER)
    caller = Api(client, kept["access"])
    [theirs] = sessions_of(Api(client, stranger["access"]))
    [lost_id] = [each["id"] for each in sessions_of(caller) if not each["current"]]
    assert client.get("/api/v1/tickets", headers=bearer(lost["access"])).status_code == 200
    assert caller("DELETE", f"/me/sessions/{lost_id}").status_code == 204
    assert client.get("/api/v1/tickets", headers=bearer(lost["access"])).status_code == 401
    assert client.post("/api/v1/auth/refresh", headers={"X-Refresh-Token": lost["refresh"]}).status_code == 401
    for gone in (lost_id, theirs["id"], "x", "0" * 16):
        refused = caller("DELETE", f"/me/sessions/{gone}")
        assert (refused.status_code, refused.json()) == (404, {"error": "Session not found"})
    assert [each["current"] for each in sessions_of(caller)] == [True]
    assert ends(database) == [{"actor_id": ENGINEER.id, "thing_id": lost_id}]


def test_a_logout_is_an_end_too(client: TestClient, database: Database) -> None:
    """In the trail, once, with the session's id; as is ending the current one from the list."""
    for way in ("/auth/logout", "/me/sessions/"):
        caller = Api(client, log_in(client, ENGINEER)["access"])
        [session] = sessions_of(caller)
        ended = caller("DELETE", way + (session["id"] if way.endswith("/") else ""))
        assert ended.is_success
        assert caller("GET", "/tickets").status_code == 401
        assert ends(database)[-1] == {"actor_id": ENGINEER.id, "thing_id": session["id"]}
    assert len(ends(database)) == 2


def give_role(tx: Tx, user_id: int) -> None:
    role_id = create_role(tx, NewRole("lookout", {"sessions": ["read", "write"]}, ()))
    tx.run("INSERT INTO user_roles (user_id, role_id, position) VALUES (:id, :role, 7)", id=user_id, role=role_id)


def test_staff_with_the_permission_end_sessions_of_all_but_admins(api: ApiFor, database: Database) -> None:
    """An admin ends those of admins too; a customer's user none, whatever their role says."""
    admin, engineer, stranger, customer = (api(each) for each in (ADMIN, ENGINEER, STRANGER, CUSTOMER))
    [admins], [strangers], [engineers] = (sessions_of(each) for each in (admin, stranger, engineer))
    assert engineer("GET", "/sessions").status_code == 403
    database.write(lambda tx: give_role(tx, ENGINEER.id))
    refused = engineer("DELETE", f"/sessions/{admins['id']}")
    assert (refused.status_code, refused.json()) == (403, {"error": "Only admins may end the sessions of admins"})
    assert engineer("DELETE", f"/sessions/{strangers['id']}").status_code == 204
    assert stranger("GET", "/tickets").status_code == 401
    assert admin("DELETE", f"/sessions/{engineers['id']}").status_code == 204
    assert engineer("GET", "/tickets").status_code == 401
    move = "UPDATE user_roles SET user_id = :new WHERE user_id = :old AND position = 7"
    database.write(lambda tx: tx.run(move, old=ENGINEER.id, new=CUSTOMER.id))
    for method, path in (("GET", "/sessions"), ("DELETE", f"/sessions/{admins['id']}")):
        refused = customer(method, path)
        assert (refused.status_code, refused.json()) == (403, {"error": "Only staff may do this"})


def test_the_list_of_all_goes_on_where_it_was(api: ApiFor, database: Database) -> None:
    """In pages, the newest first, while sessions are added; what has expired is left out, whose they are is shown."""
    admin = api(ADMIN)
    begun = now()
    for number in range(4):
        database.write(lambda tx, at=begun - number: open_session(tx, ENGINEER.id, "2024", at))  # type: ignore[misc]
    database.write(lambda tx: open_session(tx, STRANGER.id, "2024", begun - 2 * REFRESH_LIFETIME))
    first = admin("GET", "/sessions?limit=3").json()["data"]
    api(STRANGER)
    second = admin("GET", f"/sessions?limit=3&after={first['next']}").json()["data"]
    users = [each["user"] for each in first["sessions"] + second["sessions"]]
    assert sorted(users) == [ADMIN.full_name, *[ENGINEER.full_name] * 4]
    times = [each["created_at"] for each in first["sessions"] + second["sessions"]]
    assert (times, second["next"]) == (sorted(times, reverse=True), None)
    own = sessions_of(admin, f"/sessions?user_id={ENGINEER.id}")
    assert {each["user_id"] for each in own} == {ENGINEER.id}
    assert len(own) == 4
    assert admin("GET", "/sessions?after=x").status_code == 422


def test_an_api_token_sees_no_sessions_of_its_user_s(api: ApiFor, client: TestClient, database: Database) -> None:
    """Those of all it may see, with the permission; it ends none."""
    program = Api(client, cast.api_token(database, ADMIN))
    [session] = sessions_of(api(ADMIN))
    assert program("GET", "/me/sessions").status_code == 403
    assert [each["current"] for each in sessions_of(program, "/sessions")] == [False]
    for path in ("/me/sessions/", "/sessions/"):
        assert program("DELETE", path + session["id"]).status_code == 403
