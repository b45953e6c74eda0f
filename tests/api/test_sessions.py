"""Logging in: where the credentials may stand, what the answer and its tokens hold, and what is refused."""

from typing import Any, Final
from uuid import UUID

import pytest
from starlette.testclient import TestClient

import cast
from by_keesa import disable_user
from documented_shapes import SHAPES_2021, SHAPES_2024, differences
from jwts import header_of, is_signed, payload_of
from keesa.accounts.sessions import Version
from keesa.clock import Clock, now
from keesa.config import DEFAULT_ZONE
from keesa.db import Database
from logins import LOGIN, bearer, log_in, try_password

VERSIONS: Final[tuple[Version, ...]] = ("2021", "2024")
WHO: Final = {"user": cast.ENGINEER.email, "password": cast.PASSWORD}
URLENCODED: Final = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART: Final = {"Content-Type": "multipart/form-data; boundary=x"}
EMPTY_MULTIPART: Final = b"--x--\r\n"
WRONG: Final = (
    ("engineer@keesa.example", "Password124"),
    ("engineer@keesa.example", ""),
    ("engineer@keesa.example", " Password123"),
    ("engineer@keesa.example", "Password123" * 1_000),
    ("nobody@keesa.example", "Password123"),
    ("disabled@keesa.example", "Password123"),
    ("", "Password123"),
    ("engineer@keesa.example' OR '1'='1", "Password123"),
    (f"{'0123456789' * 26}@keesa.example", "Password123"),
)
JSON_TEXT: Final = b'{"user": "engineer@keesa.example", "password": "Password123"}'

PLACES: Final[dict[str, dict[str, Any]]] = {
    "query": {"params": WHO},
    "urlencoded form": {"data": WHO},
    "multipart form": {"files": {name: (None, value) for name, value in WHO.items()}},
    "JSON": {"json": WHO},
    "JSON without a type": {"content": JSON_TEXT},
    "JSON after a byte order mark": {"content": b"\xef\xbb\xbf" + JSON_TEXT},
    "user in the query, password in a form": {"params": {"user": WHO["user"]}, "data": {"password": WHO["password"]}},
}
SAMPLE_FORMS: Final[dict[str, dict[str, Any]]] = {
    "no body, urlencoded": {"headers": URLENCODED},
    "empty multipart as such": {"headers": MULTIPART, "content": EMPTY_MULTIPART},
    "empty multipart, said to be urlencoded": {"headers": URLENCODED, "content": EMPTY_MULTIPART},
    "nothing, said to be multipart": {"headers": MULTIPART},
    "multipart without a boundary": {"headers": {"Content-Type": "multipart/form-data"}, "content": EMPTY_MULTIPART},
    "multipart cut off": {"headers": MULTIPART, "content": b"--x\r\nContent-Disp"},
    "urlencoded that is no UTF-8": {"headers": URLENCODED, "content": b"user=%FF&password=\xff"},
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("where", PLACES)
def test_credentials_may_stand_anywhere(shared_client: TestClient, version: Version, where: str) -> None:
    """Query, either form and JSON all log in, at both versions' logins."""
    answer = shared_client.post(LOGIN[version], **PLACES[where])
    assert answer.status_code == 200, answer.text
    assert payload_of(answer.json()["access"])["user_id"] == cast.ENGINEER.id


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("form", SAMPLE_FORMS)
def test_a_form_that_is_empty_or_unreadable_is_no_error(shared_client: TestClient, version: Version, form: str) -> None:
    """The documents' samples send an empty multipart body beside the query: the query decides."""
    assert shared_client.post(LOGIN[version], params=WHO, **SAMPLE_FORMS[form]).status_code == 200


def test_a_user_that_is_the_name_of_a_query_field_is_understood(shared_client: TestClient) -> None:
    """The Dart sample of 2021 leaves `user=` out."""
    answer = shared_client.post(f"{LOGIN['2021']}?{cast.ENGINEER.email}&password={cast.PASSWORD}", headers=URLENCODED)
    assert answer.status_code == 200


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("in_query", "in_body", "status"), [("Password123", "wrong", 200), ("wrong", "Password123", 401)]
)
def test_the_query_counts_more_than_the_body(
    shared_client: TestClient, version: Version, in_query: str, in_body: str, status: int
) -> None:
    """Where both hold a password, the query's is tried and the body's is not."""
    answer = shared_client.post(LOGIN[version], params=WHO | {"password": in_query}, json=WHO | {"password": in_body})
    assert answer.status_code == status


def test_the_email_address_is_found_however_it_is_written(shared_client: TestClient) -> None:
    """Capitals and the spaces that a phone's keyboard adds do not matter."""
    assert try_password(shared_client, " Engineer@KEESA.example ", cast.PASSWORD).status_code == 200


def test_2021_answers_its_documented_keys(shared_client: TestClient) -> None:
    """`csrf`, then the two tokens with their times, and nothing else."""
    assert not list(differences(log_in(shared_client, cast.ENGINEER, "2021"), SHAPES_2021["auth"], extras=False))


def test_2024_answers_its_documented_keys(shared_client: TestClient) -> None:
    """The two tokens with their times; no csrf."""
    assert not list(differences(log_in(shared_client, cast.ENGINEER, "2024"), SHAPES_2024["login"], extras=False))


@pytest.mark.parametrize("version", VERSIONS)
def test_both_tokens_are_signed_with_hs256_and_have_the_bare_header(
    shared_client: TestClient, version: Version
) -> None:
    """The header is `{"alg":"HS256"}` to the letter, as the documented tokens have it."""
    tokens = log_in(shared_client, cast.ENGINEER, version)
    for token in (tokens["access"], tokens["refresh"]):
        assert header_of(token) == '{"alg":"HS256"}'
        assert is_signed(token)


def test_the_access_payload_of_2021(shared_client: TestClient) -> None:
    """Its keys in order; `role` is the first role; the rest is the user's."""
    payload = payload_of(log_in(shared_client, cast.ENGINEER, "2021")["access"])
    assert list(payload) == ["exp", "user_id", "role", "uid", "ruid"]
    assert (payload["user_id"], payload["role"]) == (cast.ENGINEER.id, "harbour_crew")


def test_the_access_payload_of_2024(client: TestClient) -> None:
    """Its keys in order, and all that it says of the user."""
    payload = payload_of(log_in(client, cast.ENGINEER, "2024")["access"])
    keys = "exp user_id email full_name nick_name roles user_type permissions sign_in_count uid ruid"
    assert list(payload) == keys.split()
    assert {key: payload[key] for key in keys.split()[1:9]} == {
        "user_id": cast.ENGINEER.id,
        "email": "engineer@keesa.example",
        "full_name": "Hassan Waheed",
        "nick_name": "Hassan",
        "roles": ["harbour_crew"],
        "user_type": "staff",
        "permissions": {"tickets": ["read", "write"]},
        "sign_in_count": 1,
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_the_tokens_of_a_session_are_linked(shared_client: TestClient, version: Version) -> None:
    """`uid` and `ruid` are UUIDs, and the access token's `ruid` is the refresh token's `uid`."""
    tokens = log_in(shared_client, cast.ENGINEER, version)
    access, refresh = payload_of(tokens["access"]), payload_of(tokens["refresh"])
    assert list(refresh) == ["exp", "user_id", "uid"]
    assert refresh["user_id"] == cast.ENGINEER.id
    assert access["ruid"] == refresh["uid"] != access["uid"]
    for uid in (access["uid"], access["ruid"]):
        assert str(UUID(uid)) == uid


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("token", "lifetime"), [("access", 3600), ("refresh", 10 * 24 * 3600)])
def test_how_long_tokens_live(shared_client: TestClient, version: Version, token: str, lifetime: int) -> None:
    """One hour and ten days from the login; the answer tells the same second in the desk's zone."""
    before = now() // 1000
    tokens = log_in(shared_client, cast.ENGINEER, version)
    after = now() // 1000
    expires = payload_of(tokens[token])["exp"]
    assert before + lifetime <= expires <= after + lifetime
    assert tokens[f"{token}_expires_at"] == Clock(DEFAULT_ZONE).iso(expires * 1000)


def test_each_login_is_counted(client: TestClient) -> None:
    """`sign_in_count` grows by one at each login, of either version; a failed one does not count."""
    assert payload_of(log_in(client, cast.ENGINEER)["access"])["sign_in_count"] == 1
    log_in(client, cast.ENGINEER, "2021")
    assert try_password(client, cast.ENGINEER.email, "wrong").status_code == 401
    assert payload_of(log_in(client, cast.ENGINEER)["access"])["sign_in_count"] == 3


def test_sessions_of_one_user_live_side_by_side(shared_client: TestClient) -> None:
    """A login ends no other session of the same user."""
    first, second = log_in(shared_client, cast.ENGINEER), log_in(shared_client, cast.ENGINEER)
    for tokens in (first, second):
        assert shared_client.get("/api/v1/tickets", headers=bearer(tokens["access"])).status_code == 200


@pytest.mark.parametrize("version", VERSIONS)
def test_wrong_credentials_are_all_answered_alike(client: TestClient, database: Database, version: Version) -> None:
    """A wrong password, an unknown user and a disabled one cannot be told apart."""
    disabled = cast.Person(9, "disabled@keesa.example", "Gone", "Gone", "staff", "reader")
    database.write(lambda tx: cast.add_person(tx, disabled))
    database.write(lambda tx: disable_user(tx, disabled.email, now()))
    answers = [try_password(client, email, password, version) for email, password in WRONG]
    assert {(answer.status_code, answer.text, answer.headers["WWW-Authenticate"]) for answer in answers} == {
        (401, '{"error":"Invalid credentials"}', "Bearer")
    }


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({}, {"user": ["is missing"], "password": ["is missing"]}),
        ({"user": "engineer@keesa.example"}, {"password": ["is missing"]}),
        ({"password": "Password123"}, {"user": ["is missing"]}),
        ({"user": None, "password": "Password123"}, {"user": ["is missing"]}),
        ({"user": ["engineer@keesa.example"], "password": {"a": 1}}, {name: ["must be a string"] for name in WHO}),
        ({"user": True, "password": 12345678}, {name: ["must be a string"] for name in WHO}),
        ({"user": "a\0b", "password": "Password123"}, {"user": ["must not contain NUL characters"]}),
    ],
)
def test_missing_and_misshapen_credentials_are_named(
    shared_client: TestClient, given: dict[str, object], faults: dict[str, list[str]]
) -> None:
    """422 with each fault in 2024; in 2021 one sentence that names them all, and no other key."""
    answer = shared_client.post(LOGIN["2024"], json=given)
    assert (answer.status_code, answer.json()["errors"]) == (422, faults)
    old = shared_client.post(LOGIN["2021"], json=given)
    assert (old.status_code, list(old.json())) == (422, ["error"])
    assert all(f"{field} {sentence}" in old.json()["error"] for field, [sentence] in faults.items())


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"content": b'{"user": ', "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"user=a&password=b"}, 400),
        ({"content": JSON_TEXT, "headers": {"Content-Type": "text/plain"}}, 400),
        ({"content": b'{"user": "a", "user": "b"}'}, 400),
        ({"content": JSON_TEXT, "headers": {"Content-Encoding": "gzip"}}, 415),
        ({"content": JSON_TEXT, "headers": {"Content-Type": "application/json; charset=utf-16"}}, 415),
        ({"json": ["engineer@keesa.example", "Password123"]}, 422),
        ({"data": {"user": "engineer@keesa.example"}}, 422),
        ({"headers": MULTIPART, "content": EMPTY_MULTIPART}, 422),
        ({"headers": URLENCODED}, 422),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_unreadable_credentials_open_nothing(
    shared_client: TestClient, shared_database: Database, version: Version, request_: dict[str, Any], status: int
) -> None:
    """Bad input has its own status, and leaves no session and no counted failure behind."""
    kept = "SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM login_failures) AS value"
    before = shared_database.read(lambda tx: tx.value(kept))
    assert shared_client.post(LOGIN[version], **request_).status_code == status
    assert shared_database.read(lambda tx: tx.value(kept)) == before
