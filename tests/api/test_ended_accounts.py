"""A user who is disabled, or whose password or roles change: what counts at their next request."""

from typing import Final

import pytest
from starlette.testclient import TestClient

import cast
from by_keesa import change_password, disable_user
from keesa.accounts.passwords import new_password
from keesa.accounts.sessions import Version
from keesa.clock import now
from keesa.db import Database, Tx
from logins import REFRESH, bearer, log_in, refresh_header, try_password

TICKETS: Final = "/api/v1/tickets"


def statuses(client: TestClient, tokens: dict[str, str]) -> tuple[int, int]:
    """What the access token and the refresh token are answered."""
    access = client.get(TICKETS, headers=bearer(tokens["access"])).status_code
    return access, client.post(REFRESH["2024"], headers=refresh_header(tokens["refresh"])).status_code


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_a_disabled_user_is_out_at_once(client: TestClient, database: Database, version: Version) -> None:
    """Both tokens end, and the right password opens nothing any more; nobody else notices."""
    tokens, admin = log_in(client, cast.ENGINEER, version), log_in(client, cast.ADMIN)
    database.write(lambda tx: disable_user(tx, cast.ENGINEER.email, now()))
    assert statuses(client, tokens) == (401, 401)
    refused = try_password(client, cast.ENGINEER.email, cast.PASSWORD, version)
    assert (refused.status_code, refused.json()) == (401, {"error": "Invalid credentials"})
    assert statuses(client, admin)[0] == 200


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_a_changed_password_ends_every_session(client: TestClient, database: Database, version: Version) -> None:
    """The old one opens nothing any more, the new one does."""
    sessions = [log_in(client, cast.ENGINEER, version), log_in(client, cast.ENGINEER)]
    another = new_password("another password")
    database.write(lambda tx: change_password(tx, cast.ENGINEER.email, another))
    assert [statuses(client, tokens) for tokens in sessions] == [(401, 401), (401, 401)]
    assert try_password(client, cast.ENGINEER.email, cast.PASSWORD, version).status_code == 401
    assert try_password(client, cast.ENGINEER.email, "another password", version).status_code == 200


def test_a_role_that_is_taken_away_counts_at_once(client: TestClient, database: Database) -> None:
    """Rights are read from the database, not from the token, which still tells of them."""
    tokens = log_in(client, cast.ENGINEER)

    def dismiss(tx: Tx) -> None:
        tx.run("DELETE FROM user_roles WHERE user_id = :id", id=cast.ENGINEER.id)

    database.write(dismiss)
    answer = client.get(TICKETS, headers=bearer(tokens["access"]))
    assert (answer.status_code, answer.json()) == (403, {"error": "You need the permission to read tickets"})


def test_a_permission_is_for_one_action(client: TestClient, database: Database) -> None:
    """Who may only read is refused every change, and is told what is missing."""
    reader = cast.Person(8, "reader@keesa.example", "Reader", "Reader", "staff", "reader")
    database.write(lambda tx: cast.add_person(tx, reader))
    headers = bearer(log_in(client, reader)["access"])
    assert client.get(TICKETS, headers=headers).status_code == 200
    for path in ("", "/add_ticket_note", "/2025001/status_update", "/2025001/assign"):
        answer = client.post(f"{TICKETS}{path}", json={}, headers=headers)
        assert (answer.status_code, answer.json()) == (403, {"error": "You need the permission to write tickets"})
