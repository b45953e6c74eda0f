"""`Idempotency-Key`: what is sent again under its key is done once, and answered as it was to who may still have it."""

from typing import Final

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

import cast
from account_rows import rows
from asking import Api, ApiFor
from by_keesa import disable_user, revoke_permission
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, HIDDEN, STRANGER, TYPED
from good_requests import Good, good_requests
from keesa.accounts.idempotency import KEPT
from keesa.accounts.permissions import TICKETS_WRITE
from keesa.app import VERSIONS
from keesa.db import Database
from keesa.web.routes import SAFE_METHODS, Access, Runs
from logins import bearer
from new_tickets import BODY_2024
from refusing import refusal, sender
from unchanged import unchanged

KEY: Final = "8e03978e-40d5-43e8-bc93-6894a57f9324"
HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
NOTE: Final = {"ticket_note": {"note": "On my way"}, "ticket_number": str(ASSIGNED)}
CHANGING: Final = [good for good in good_requests() if good.route.method not in SAFE_METHODS]
ENDING: Final = {"DELETE /auth/logout", "DELETE /auth/logout_by_refresh"}
"""What ends the session that it came with: a second time is 401, with and without a key."""
BESIDE: Final = ("login_failures", "login_networks", "users", "audit", "audit_people")
"""What a login writes, by which a refresh of the test's begins."""


def name_of(good: Good) -> str:
    return f"{good.route.method} {good.route.path}"


@pytest.mark.parametrize("good", [each for each in CHANGING if name_of(each) not in ENDING], ids=str)
def test_each_change_sent_twice_is_made_once(client: TestClient, database: Database, good: Good) -> None:
    """Whatever it is, in both versions: the same status, headers and body, with a mark; and not one row is another."""
    send = sender(client, database, good)
    first = send(headers={HEADER: KEY})
    assert first.status_code < 300, first.text
    assert REPLAYED not in first.headers
    with unchanged(database, but=BESIDE):
        second = send(headers={HEADER: KEY})
    assert second.headers[REPLAYED] == "true"
    if good.route.secret:
        assert "already" in refusal(second, 409)["error"]
        return
    assert (second.status_code, second.content) == (first.status_code, first.content)
    told = {*first.headers} - {"x-request-id", "x-csrf-token", "ratelimit"}
    assert {name: second.headers.get(name) for name in told} == {name: first.headers[name] for name in told}


@pytest.mark.parametrize("good", CHANGING, ids=str)
def test_no_secret_is_kept(client: TestClient, database: Database, good: Good) -> None:
    """Of no answer that has a token, a link or the like: its row tells that it was given, and no more."""
    answer = sender(client, database, good)(headers={HEADER: KEY})
    assert answer.status_code < 300, answer.text
    secrets = {value for name, value in (answer.json() if answer.content else {}).items() if name in SECRETS}
    assert bool(secrets) == good.route.secret
    kept = repr(rows(database, "SELECT * FROM idempotency_keys"))
    assert not [secret for secret in secrets if secret in kept]
    assert cast.PASSWORD not in kept


SECRETS: Final = ("access", "refresh", "csrf", "secret", "link")


def test_each_change_of_a_ticket_says_which_it_shows() -> None:
    """In its path, or by what its route reads from the answer: by them a replay asks who sees it."""
    without = {
        (version.name, route.path)
        for version in VERSIONS
        for route in version.routes
        if route.method not in SAFE_METHODS and route.path.startswith("/tickets") and "{ticket}" not in route.path
    }
    said = {
        (version.name, route.path)
        for version in VERSIONS
        for route in version.routes
        if route.shows.__name__ != "nothing"
    }
    assert without <= said


def test_no_change_is_for_anyone_in_one_transaction() -> None:
    """A key needs somebody whose it is, or an endpoint that knows what stands for them."""
    open_to_all = {route.runs for version in VERSIONS for route in version.routes if route.access is Access.ANYONE}
    assert Runs.WRITING not in open_to_all


# What a key is.


@pytest.mark.parametrize("key", ["", " ", "two words", "ä", "x" * 256, '""', "a\tb"])
def test_what_is_no_key_is_400(shared_client: TestClient, shared_database: Database, key: str) -> None:
    """And nothing is done."""
    signed_in = bearer(cast.token(shared_database, ADMIN))
    headers = [(name.encode(), value.encode("latin-1")) for name, value in signed_in.items()]
    with unchanged(shared_database):
        answer = shared_client.post(
            "/api/v1/tickets", json=BODY_2024, headers=[*headers, (HEADER.encode(), key.encode("latin-1"))]
        )
    assert HEADER in refusal(answer, 400)["error"]


def test_two_keys_are_none(shared_client: TestClient, shared_database: Database) -> None:
    """One request has one key."""
    sent = [*bearer(cast.token(shared_database, ADMIN)).items(), (HEADER, "one"), (HEADER, "other")]
    with unchanged(shared_database):
        refusal(shared_client.post("/api/v1/tickets", json=BODY_2024, headers=sent), 400)


def test_quotation_marks_are_none_of_it(api: ApiFor) -> None:
    """A client that sends it as a string of RFC 8941 retries with one that does not."""
    admin = api(ADMIN)
    first, second = (admin("POST", "/tickets", BODY_2024, Idempotency_Key=key) for key in (f'"{KEY}"', KEY))
    assert (first.status_code, second.json(), second.headers[REPLAYED]) == (201, first.json(), "true")


def test_a_read_has_no_key(shared_api: ApiFor, shared_database: Database) -> None:
    """What changes nothing may be sent as often as one likes."""
    admin = shared_api(ADMIN)
    with unchanged(shared_database):
        answers = [admin("GET", "/tickets", Idempotency_Key=KEY) for _ in range(2)]
    assert [(answer.status_code, REPLAYED in answer.headers) for answer in answers] == 2 * [(200, False)]


# Whose it is, and for what.


def test_a_key_is_its_user_s_and_not_its_session_s(api: ApiFor, database: Database) -> None:
    """A retry after a new login is the same; somebody else's key of that name is another."""
    first = raised(api(ENGINEER))
    again, other = raised(api(ENGINEER)), raised(api(ADMIN))
    assert again.json()["id"] == first.json()["id"]
    assert other.json()["id"] != first.json()["id"]
    assert (again.headers.get(REPLAYED), other.headers.get(REPLAYED)) == ("true", None)
    assert count(database) == 2


def test_an_api_token_of_the_user_s_has_their_keys(api: ApiFor, client: TestClient, database: Database) -> None:
    """A program that has been given a token goes on with what a session began."""
    first = raised(api(ENGINEER))
    program = Api(client, cast.api_token(database, ENGINEER))
    assert raised(program).json() == first.json()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/tickets?again=1", BODY_2024),
        ("/tickets/add_ticket_note", NOTE),
        ("/tickets", BODY_2024 | {"eco_id": 1}),
    ],
    ids=["query", "path", "body"],
)
def test_another_request_under_the_key_is_422(api: ApiFor, database: Database, path: str, body: object) -> None:
    """By name, and nothing is done."""
    admin = api(ADMIN)
    assert raised(admin).status_code == 201
    with unchanged(database):
        answer = admin("POST", path, body, Idempotency_Key=KEY)
    assert HEADER in refusal(answer, 422)["error"]


def test_the_other_version_s_answer_is_none(api: ApiFor, database: Database) -> None:
    """The same note for a client of the other version would be answered in a shape that it does not know."""
    admin = api(ADMIN)
    path = "/tickets/add_ticket_note"
    assert admin("POST", path, NOTE, Idempotency_Key=KEY, Keesa_Version="2021").status_code == 200
    with unchanged(database):
        answer = admin("POST", path, NOTE, Idempotency_Key=KEY)
    assert HEADER in refusal(answer, 422)["error"]


def test_a_key_is_forgotten_after_seven_days(api: ApiFor, database: Database) -> None:
    """Then it is a new one, which is known for as long."""
    admin = api(ADMIN)
    first = raised(admin)
    database.write(lambda tx: tx.run("UPDATE idempotency_keys SET created_at = created_at - :kept", kept=KEPT - 60_000))
    assert raised(admin).json() == first.json()
    database.write(lambda tx: tx.run("UPDATE idempotency_keys SET created_at = created_at - :more", more=60_000))
    second = raised(admin)
    assert (second.status_code, REPLAYED in second.headers) == (201, False)
    assert second.json()["id"] != first.json()["id"]
    assert raised(admin).json() == second.json()


# What keeps nothing.


def test_what_is_refused_keeps_nothing(api: ApiFor, database: Database) -> None:
    """Bad input, what is not there, what may not be done: the key is still good for the right request."""
    customer = api(CUSTOMER)
    refused = [
        ("POST", "/tickets", {"ticket": {}}, 422),
        ("POST", f"/tickets/{HIDDEN}/notes", {"note": {"note": "?"}}, 404),
        ("POST", f"/tickets/{ASSIGNED}/assign", {"ticket": {"assigned_to_id": 2}}, 403),
        ("POST", "/tickets/add_ticket_note", {"ticket_note": {"note": " "}, "ticket_number": ASSIGNED}, 422),
    ]
    with unchanged(database):
        for method, path, body, status in refused:
            assert customer(method, path, body, Idempotency_Key=KEY).status_code == status
    done = customer("POST", "/tickets/add_ticket_note", NOTE, Idempotency_Key=KEY)
    assert (done.status_code, REPLAYED in done.headers) == (201, False)


def test_bulk_is_done_once_whatever_became_of_each(api: ApiFor, database: Database) -> None:
    """A ticket that is refused, and one that is out of sight, are told of again as they were."""
    admin = api(ADMIN)
    body = {
        "tickets": [{"ticket_number": ASSIGNED}, {"ticket_number": 99}, {"ticket_number": TYPED, "if_match": '"x"'}],
        "change": {"note": {"note": "Back on line"}},
    }
    first = admin("POST", "/tickets/bulk", body, Idempotency_Key=KEY)
    with unchanged(database):
        second = admin("POST", "/tickets/bulk", body, Idempotency_Key=KEY)
    assert (second.json(), second.headers[REPLAYED]) == (first.json(), "true")
    assert [each["status"] for each in first.json()["data"]["results"]] == [200, 404, 412]


# Who may still have the answer.


def test_who_may_no_more_is_refused(api: ApiFor, database: Database) -> None:
    """The permission is looked at before the key."""
    engineer = api(ENGINEER)
    assert raised(engineer).status_code == 201
    database.write(lambda tx: revoke_permission(tx, "harbour_crew", *TICKETS_WRITE))
    assert raised(engineer).status_code == 403


def test_who_is_disabled_gets_nothing(api: ApiFor, database: Database) -> None:
    """Nor does who has logged out."""
    engineer = api(ENGINEER)
    assert raised(engineer).status_code == 201
    database.write(lambda tx: disable_user(tx, ENGINEER.email, 1))
    assert raised(engineer).status_code == 401


def test_a_ticket_out_of_sight_is_not_found(api: ApiFor, database: Database) -> None:
    """Though it was shown when it was in sight: one that was given to another customer, say."""
    customer = api(CUSTOMER)
    first = customer("POST", "/tickets/add_ticket_note", NOTE, Idempotency_Key=KEY)
    assert first.status_code == 201
    database.write(lambda tx: tx.run("UPDATE tickets SET customer_id = 2 WHERE id = :id", id=ASSIGNED))
    answer = customer("POST", "/tickets/add_ticket_note", NOTE, Idempotency_Key=KEY)
    assert refusal(answer, 404) == {"error": "Ticket not found"}


def test_one_of_many_out_of_sight_hides_the_answer(api: ApiFor, database: Database) -> None:
    """What is left cannot be told from what is not: the key says that it was done."""
    stranger = api(ENGINEER)
    body = {
        "tickets": [{"ticket_number": ASSIGNED}, {"ticket_number": TYPED}],
        "change": {"note": {"note": "Back on line"}},
    }
    first = stranger("POST", "/tickets/bulk", body, Idempotency_Key=KEY)
    assert [each["status"] for each in first.json()["data"]["results"]] == [200, 200]
    assert stranger("POST", "/tickets/bulk", body, Idempotency_Key=KEY).json() == first.json()
    database.write(lambda tx: tx.run("UPDATE tickets SET ticket_type = 'project_support' WHERE id = :id", id=TYPED))
    refusal(stranger("POST", "/tickets/bulk", body, Idempotency_Key=KEY), 409)


def test_what_staff_were_shown_is_no_customer_s(api: ApiFor, database: Database) -> None:
    """Who was staff and is a customer's user now gets no answer that was staff's, which may hold internal notes."""
    engineer, path = api(ENGINEER), f"/tickets/{ASSIGNED}/notes"
    note = {"note": {"note": "Secret", "internal": True}}
    assert engineer("POST", path, note, Idempotency_Key=KEY).status_code == 201
    move = "UPDATE users SET user_type = 'customer', customer_id = 1 WHERE id = :id"
    database.write(lambda tx: tx.run(move, id=ENGINEER.id))
    assert engineer("GET", f"/tickets/{ASSIGNED}").status_code == 200
    again = engineer("POST", path, note, Idempotency_Key=KEY)
    assert (again.status_code, "Secret" in again.text) == (409, False)


def test_a_user_who_is_another_customer_s_gets_none_of_the_first_one_s(api: ApiFor, database: Database) -> None:
    """They raised it, and see it no more."""
    customer = api(CUSTOMER)
    body = {**BODY_2024, "customer_id": None}
    assert raised(customer, body).status_code == 201
    database.write(lambda tx: tx.run("UPDATE users SET customer_id = 2 WHERE id = :id", id=CUSTOMER.id))
    assert raised(customer, body).status_code in (404, 409)


# What makes its own transactions.


def test_a_login_under_a_used_key_opens_no_second_session(client: TestClient, database: Database) -> None:
    """Its tokens were not kept: 409 says that it was made. A wrong password is refused before that is told."""
    login = {"user": ENGINEER.email, "password": cast.PASSWORD}
    first = client.post("/api/v1/auth/login", json=login, headers={HEADER: KEY})
    second = client.post("/api/v1/auth/login", json=login, headers={HEADER: KEY})
    assert (first.status_code, second.status_code, second.headers[REPLAYED]) == (200, 409, "true")
    assert len(rows(database, "SELECT id FROM sessions")) == 1
    wrong = client.post("/api/v1/auth/login", json=login | {"password": "wrong"}, headers={HEADER: KEY})
    assert wrong.status_code == 401
    assert client.post("/api/v1/auth/login", json=login, headers={HEADER: "other"}).status_code == 200


def test_one_s_own_password_is_changed_once(api: ApiFor, database: Database) -> None:
    """The retry would find that the old one is wrong, and count as a guess; under its key it is done."""
    caller = api(ENGINEER)
    given = {"current": cast.PASSWORD, "password": "an even longer password"}
    first = caller("PUT", "/me/password", given, Idempotency_Key=KEY)
    with unchanged(database):
        second = caller("PUT", "/me/password", given, Idempotency_Key=KEY)
    assert (first.status_code, second.status_code, second.headers[REPLAYED]) == (204, 204, "true")
    assert caller("PUT", "/me/password", given, Idempotency_Key="other").status_code == 422


def test_a_link_that_is_used_twice_under_its_key_is_used_once(
    api: ApiFor, client: TestClient, database: Database
) -> None:
    """Nobody's token comes with it: the request is known by what the link holds, and nobody else's by the key alone."""
    link = api(ADMIN)("POST", f"/users/{STRANGER.id}/password_link").json()["link"]
    given = {"token": link.rpartition("=")[2], "password": "an even longer password"}
    first = client.post("/api/v1/auth/password", json=given, headers={HEADER: KEY})
    with unchanged(database):
        second = client.post("/api/v1/auth/password", json=given, headers={HEADER: KEY})
    assert (first.status_code, second.status_code, second.headers[REPLAYED]) == (204, 204, "true")
    other = client.post("/api/v1/auth/password", json=given | {"token": "another"}, headers={HEADER: KEY})
    assert other.status_code == 401
    assert client.post("/api/v1/auth/password", json=given).status_code == 401


def raised(caller: Api, body: object = BODY_2024, key: str = KEY) -> Response:
    return caller("POST", "/tickets", body, Idempotency_Key=key)


def count(database: Database) -> int:
    """Of tickets that were raised with the body of 2024."""
    title = BODY_2024["ticket"]["title"]
    return len(rows(database, "SELECT id FROM tickets WHERE title = :title", title=title))
