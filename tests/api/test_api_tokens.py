"""API tokens over HTTP: taken where a session's access token is, shown once, paged, and never logged."""

from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from httpx2 import Response
from starlette.testclient import TestClient

import cast
from asking import Api, ApiFor
from cast import ADMIN, ASSIGNED, BOT, ENGINEER
from keesa import maintenance
from keesa.accounts.api_token_form import new_api_token
from keesa.clock import now
from keesa.db import Database


@pytest.fixture(scope="module")
def engineer(shared_api: ApiFor) -> Api:
    return shared_api(ENGINEER)


def next_year() -> str:
    return datetime.fromtimestamp((now() + cast.A_YEAR) // 1000, UTC).isoformat()


def new(**said: object) -> dict[str, Any]:
    """A body whose token expires in a year's time, unless it says something else."""
    return {"token": {"name": "Router alarms", "expires_at": next_year()} | said}


def made(caller: Api, **said: object) -> dict[str, Any]:
    answer = caller("POST", "/tokens", new(**said))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def get(client: TestClient, header: str, path: str = "/tickets", **more: str) -> Response:
    return client.get(f"/api/v1{path}", headers={"Authorization": header} | more)


def test_the_secret_is_shown_once(engineer: Api, shared_client: TestClient) -> None:
    """At the making, with where the token is from then on; it is the last word of the header, as any token."""
    answer = engineer("POST", "/tokens", new(permissions=["tickets:read"]))
    assert answer.status_code == 201
    token = answer.json()
    assert answer.headers["Location"] == f"/api/v1/tokens/{token['id']}"
    assert list(token) == [
        *("id", "name", "user_id", "user", "permissions", "version"),
        *("created_at", "expires_at", "ended_at", "last_used_at", "secret"),
    ]
    assert (token["user_id"], token["user"], token["permissions"]) == (
        ENGINEER.id,
        ENGINEER.full_name,
        ["tickets:read"],
    )
    secret = token.pop("secret")
    shown = engineer("GET", f"/tokens/{token['id']}")
    assert shown.json() == {"data": {"token": token}}
    assert shown.headers["ETag"] == answer.headers["ETag"]
    assert token in engineer("GET", "/tokens?limit=500").json()["data"]["tokens"]
    for header in (secret, f"Bearer {secret}", f"Token {secret}"):
        assert get(shared_client, header).status_code == 200


def test_the_version_is_the_token_s(engineer: Api, shared_client: TestClient) -> None:
    """Unless the request names one."""
    secret = made(engineer, version="2021")["secret"]
    assert get(shared_client, secret).headers["Keesa-Version"] == "2021"
    assert get(shared_client, secret, **{"Keesa-Version": "2024"}).headers["Keesa-Version"] == "2024"
    assert get(shared_client, made(engineer)["secret"]).headers["Keesa-Version"] == "2024"


def test_it_does_what_it_was_made_for(engineer: Api, shared_client: TestClient) -> None:
    """And is refused elsewhere, as a user without the permission; its notes are its user's."""
    reader = Api(shared_client, made(engineer, permissions=["tickets:read"])["secret"])
    writer = Api(shared_client, made(engineer, permissions=["tickets:write"])["secret"])
    note = {"ticket_note": {"note": "Back on line"}, "ticket_number": ASSIGNED}
    refused = reader("POST", "/tickets/add_ticket_note", note)
    assert (refused.status_code, refused.json()["error"]) == (403, "You need the permission to write tickets")
    assert writer("GET", f"/tickets/{ASSIGNED}").status_code == 403
    assert writer("POST", "/tickets/add_ticket_note", note).status_code == 201
    notes = reader("GET", f"/tickets/get_ticket_notes?ticket_number={ASSIGNED}").json()["data"]["notes"]
    assert notes[-1]["user_name"] == ENGINEER.full_name


@pytest.mark.parametrize("how", ["ended", "renewed", "expired", "misspelt", "foreign"])
def test_one_that_is_no_good_is_refused(
    engineer: Api, shared_client: TestClient, shared_database: Database, how: str
) -> None:
    """With 401 and a sentence, at the next request."""
    token = made(engineer)
    secret = token["secret"]
    assert get(shared_client, secret).status_code == 200
    sentence = "Your API token is invalid"
    match how:
        case "ended":
            assert engineer("DELETE", f"/tokens/{token['id']}").status_code == 204
            sentence = "Your API token has been ended: make another one"
        case "renewed":
            assert engineer("POST", f"/tokens/{token['id']}/renew").json()["secret"] != secret
        case "expired":
            expire = "UPDATE api_tokens SET expires_at = created_at + 1 WHERE id = :id"
            shared_database.write(lambda tx: tx.run(expire, id=token["id"]))
            sentence = "Your API token has expired: make another one"
        case "misspelt":
            secret = secret[:-1] + ("0" if secret[-1] != "0" else "1")
        case _:
            secret = new_api_token()
    for method in ("GET", "POST"):
        answer = shared_client.request(method, "/api/v1/tickets", headers={"Authorization": secret}, json={})
        assert (answer.status_code, answer.json()) == (401, {"error": sentence})
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_cookie_takes_none(engineer: Api, shared_client: TestClient) -> None:
    """A page has a session; a header that is bad does not fall back to the cookie."""
    secret = made(engineer)["secret"]
    answer = shared_client.get("/api/v1/tickets", headers={"Cookie": f"jwt_access={secret}"})
    assert (answer.status_code, answer.json()) == (401, {"error": "Your token is invalid"})


def test_maintenance_comes_first(api: ApiFor, client: TestClient, database: Database) -> None:
    """Before anything is said of the token, good or ended."""
    secret = made(api(ENGINEER))["secret"]
    database.write(maintenance.switch_on)
    for text in (secret, new_api_token(), secret[:-1]):
        assert get(client, text).status_code == 503


def test_only_who_may_sees_the_list_of_another(shared_api: ApiFor) -> None:
    """An admin sees all, in pages of which the next one is linked."""
    admin = shared_api(ADMIN)
    for _ in range(3):
        made(admin, user_id=BOT.id)
    first = admin("GET", f"/tokens?user_id={BOT.id}&limit=2")
    rest = admin("GET", f"/tokens?user_id={BOT.id}&limit=2&after={first.json()['data']['next']}")
    assert first.headers["Link"] == f'<{rest.request.url.raw_path.decode().replace("%3D", "=")}>; rel="next"'
    ids = [token["id"] for answer in (first, rest) for token in answer.json()["data"]["tokens"]]
    assert ids == sorted(set(ids))
    assert (len(ids), rest.json()["data"]["next"]) == (3, None)
    assert admin("GET", "/tokens?after=x").status_code == 422


def test_a_change_may_ask_for_the_state_that_it_was_seen_in(engineer: Api) -> None:
    """412 where it is another; null empties no field."""
    token = made(engineer)
    path = f"/tokens/{token['id']}"
    seen = engineer("GET", path).headers["ETag"]
    assert engineer("GET", path, If_None_Match=seen).status_code == 304
    changed = engineer("PATCH", path, {"token": {"name": "Alarms"}}, If_Match=seen)
    assert changed.json()["data"]["token"]["name"] == "Alarms"
    assert engineer("PATCH", path, {"token": {"name": "Other"}}, If_Match=seen).status_code == 412
    assert engineer("DELETE", path, If_Match=seen).status_code == 412
    for field in ("name", "permissions", "expires_at"):
        refused = engineer("PATCH", path, {"token": {field: None}})
        assert (refused.status_code, list(refused.json()["errors"])) == (422, [f"token.{field}"])
    assert engineer("DELETE", path, If_Match=changed.headers["ETag"]).status_code == 204


@pytest.mark.parametrize("text", ["soon", "2020-01-01", "2999-01-01", "0001-01-01T00:00:00+00:00", "9999-12-31", ""])
def test_an_expiry_is_a_time_to_come(engineer: Api, text: str) -> None:
    """Within two years; a day alone is its beginning in the desk's zone."""
    refused = engineer("POST", "/tokens", new(expires_at=text))
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["token.expires_at"])
    day = next_year()[:10]
    assert made(engineer, expires_at=day)["expires_at"] == f"{day}T00:00:00.000+05:00"


def test_no_token_is_logged(api: ApiFor, client: TestClient) -> None:
    """Good or bad, wherever it stands in a request; the line of a request with one has its id."""
    token = made(api(ENGINEER))
    secret = token["secret"]
    with structlog.testing.capture_logs() as lines:
        for text in (secret, secret[:-1]):
            get(client, text)
            get(client, "x", f"/tickets?token={text}", Cookie=f"jwt_access={text}")
    assert secret[6:36] not in repr(lines)
    assert [line.get("token_id") for line in lines] == [token["id"], None, None, None]
    assert lines[0]["user_id"] == ENGINEER.id
