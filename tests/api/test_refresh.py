"""Refreshing: a new access token for the old one, which ends a minute later, while the refresh token stays."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest
from starlette.testclient import TestClient

import cast
from documented_shapes import SHAPES_2021, SHAPES_2024, differences
from jwts import payload_of, signed
from keesa.accounts import sessions
from keesa.accounts.sessions import OVERLAP, REFRESH_LIFETIME, Version
from keesa.accounts.tokens import Signer
from keesa.app import serve_from
from keesa.clock import Clock, now
from keesa.config import DEFAULT_ZONE, Config
from keesa.db import Database, open_database
from keesa.web import dispatcher
from logins import LOGOUT, REFRESH, bearer, log_in, refresh_header
from places import Place

VERSIONS: Final[tuple[Version, ...]] = ("2021", "2024")
PAYLOAD_KEYS: Final = {
    "2021": "exp user_id role uid ruid",
    "2024": "exp user_id email full_name nick_name roles user_type permissions sign_in_count uid ruid",
}


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> Version:
    chosen: Version = request.param
    return chosen


@pytest.fixture
def tokens(shared_client: TestClient, version: Version) -> dict[str, str]:
    """Those of a new session of the version's."""
    return log_in(shared_client, cast.ENGINEER, version)


def refresh(client: TestClient, token: str, version: Version) -> dict[str, str]:
    answer = client.post(REFRESH[version], headers=refresh_header(token))
    assert answer.status_code == 200, answer.text
    renewed: dict[str, str] = answer.json()
    return renewed


def opens(client: TestClient, access: str) -> bool:
    status = client.get("/api/v1/tickets", headers=bearer(access)).status_code
    assert status in (200, 401)
    return status == 200


def test_2021_answers_its_documented_keys(shared_client: TestClient) -> None:
    """`csrf` and the access token with its time, and nothing else."""
    tokens = log_in(shared_client, cast.ENGINEER, "2021")
    answer = refresh(shared_client, tokens["refresh"], "2021")
    assert not list(differences(answer, SHAPES_2021["refresh_token"], extras=False))
    assert answer["csrf"] != tokens["csrf"]


def test_2024_answers_its_documented_keys(shared_client: TestClient) -> None:
    """The access token with its time; no csrf."""
    answer = refresh(shared_client, log_in(shared_client, cast.ENGINEER)["refresh"], "2024")
    assert not list(differences(answer, SHAPES_2024["refresh"], extras=False))


def wait(monkeypatch: pytest.MonkeyPatch, milliseconds: int) -> None:
    """From here on the server's clock is so much later."""
    for module in (dispatcher, sessions):
        monkeypatch.setattr(module, "now", lambda: now() + milliseconds)


def test_the_new_access_token_works_and_the_old_one_ends(
    shared_client: TestClient, tokens: dict[str, str], version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute later, so that requests that are under way and tabs that have not heard are not thrown out."""
    renewed = refresh(shared_client, tokens["refresh"], version)["access"]
    assert [opens(shared_client, access) for access in (tokens["access"], renewed)] == [True, True]
    wait(monkeypatch, OVERLAP)
    assert [opens(shared_client, access) for access in (tokens["access"], renewed)] == [False, True]


def test_the_refresh_token_may_be_used_again(
    shared_client: TestClient, tokens: dict[str, str], version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not replaced; each use, a minute after the last one, ends the access token before the one before."""
    issued = [tokens["access"]]
    for number in range(3):
        wait(monkeypatch, number * OVERLAP)
        issued.append(refresh(shared_client, tokens["refresh"], version)["access"])
    assert len(set(issued)) == 4
    assert [opens(shared_client, access) for access in issued] == [False, False, True, True]


@pytest.mark.parametrize("path", VERSIONS)
def test_a_refresh_within_a_minute_answers_with_the_same_token(
    shared_client: TestClient, tokens: dict[str, str], version: Version, path: Version
) -> None:
    """And its time, at either endpoint, though the user has logged in again since: so all tabs settle on one."""
    first = refresh(shared_client, tokens["refresh"], version)
    log_in(shared_client, cast.ENGINEER, version)
    again = refresh(shared_client, tokens["refresh"], path)
    assert (again["access"], again["access_expires_at"]) == (first["access"], first["access_expires_at"])
    assert opens(shared_client, again["access"])


def test_tabs_and_workers_that_refresh_at_once_settle_on_one_token(
    place: Place, client: TestClient, config: Config
) -> None:
    """Twelve requests at two processes: one token, and the one that all had is good meanwhile."""
    tokens = log_in(client, cast.ENGINEER)
    with TestClient(serve_from(open_database(place.data, place.url), config)) as other, ThreadPoolExecutor(12) as crowd:
        asked = [client, other] * 6
        answers = list(crowd.map(lambda one: refresh(one, tokens["refresh"], "2024"), asked))
        assert len({answer["access"] for answer in answers}) == 1
        for one in (client, other):
            assert opens(one, answers[0]["access"])
            assert opens(one, tokens["access"])


def test_the_new_access_token_is_of_the_same_session(
    shared_client: TestClient, tokens: dict[str, str], version: Version
) -> None:
    """A new `uid`, the old `ruid`, an hour to live, and the login's count."""
    before, started = payload_of(tokens["access"]), now() // 1000
    answer = refresh(shared_client, tokens["refresh"], version)
    after = payload_of(answer["access"])
    assert after["uid"] != before["uid"]
    assert {key: value for key, value in after.items() if key not in ("uid", "exp")} == {
        key: value for key, value in before.items() if key not in ("uid", "exp")
    }
    assert started + 3600 <= after["exp"] <= now() // 1000 + 3600
    assert answer["access_expires_at"] == Clock(DEFAULT_ZONE).iso(after["exp"] * 1000)


@pytest.mark.parametrize("path", VERSIONS)
def test_the_payload_is_that_of_the_version_that_opened_the_session(
    shared_client: TestClient, tokens: dict[str, str], version: Version, path: Version
) -> None:
    """Whichever of the two refresh endpoints is called."""
    renewed = refresh(shared_client, tokens["refresh"], path)
    assert list(payload_of(renewed["access"])) == PAYLOAD_KEYS[version].split()


def test_a_refresh_does_not_extend_the_session(
    shared_client: TestClient, shared_database: Database, tokens: dict[str, str], version: Version
) -> None:
    """It ends ten days after the login, however often it was refreshed."""
    uid = payload_of(tokens["refresh"])["uid"]
    refresh(shared_client, tokens["refresh"], version)
    _, session = shared_database.read(lambda tx: sessions.find_by_refresh(tx, uid))
    assert session.expires_at // 1000 == payload_of(tokens["refresh"])["exp"]


def test_the_last_access_token_of_a_session_lives_its_hour(client: TestClient, database: Database) -> None:
    """Also where it was got a moment before the refresh token expired, and others log in meanwhile."""
    opened = now() - REFRESH_LIFETIME + 60_000
    actor, session = database.write(lambda tx: sessions.open_session(tx, cast.ENGINEER.id, "2024", opened))
    renewed = refresh(client, Signer(cast.SECRET.encode()).refresh(actor, session).token, "2024")["access"]
    database.write(lambda tx: sessions.open_session(tx, cast.ADMIN.id, "2024", now() + 120_000))
    assert opens(client, renewed)


@pytest.mark.parametrize("form", ["{}", "Bearer {}"])
def test_the_token_is_the_last_word_of_the_header(
    shared_client: TestClient, tokens: dict[str, str], version: Version, form: str
) -> None:
    """As with the access token's header."""
    refresh(shared_client, form.format(tokens["refresh"]), version)


def test_the_samples_empty_form_is_no_error(
    shared_client: TestClient, tokens: dict[str, str], version: Version
) -> None:
    """The documents' samples send a form's content type, with an empty multipart body."""
    headers = refresh_header(tokens["refresh"]) | {"Content-Type": "application/x-www-form-urlencoded"}
    assert shared_client.post(REFRESH[version], headers=headers, content=b"--x--\r\n").status_code == 200


@pytest.mark.parametrize("path", VERSIONS)
def test_no_refresh_token_is_401(shared_client: TestClient, tokens: dict[str, str], path: Version) -> None:
    """It comes in its own header: the Authorization header does not stand in for it."""
    for headers in ({}, {"X-Refresh-Token": ""}, bearer(tokens["refresh"]), bearer(tokens["access"])):
        answer = shared_client.post(REFRESH[path], headers=headers)
        assert (answer.status_code, list(answer.json())) == (401, ["error"])
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_bad_refresh_token_is_401(shared_client: TestClient, tokens: dict[str, str], version: Version) -> None:
    """An access token, an expired one, a forged one; and none of them ends the session."""
    payload = payload_of(tokens["refresh"])
    for token in (
        tokens["access"],
        signed(payload | {"exp": now() // 1000 - 1}),
        signed(payload, secret=cast.SECRET[::-1]),
        signed(payload, header={"alg": "none"}),
    ):
        assert shared_client.post(REFRESH[version], headers=refresh_header(token)).status_code == 401
    assert opens(shared_client, tokens["access"])


def test_a_session_that_has_ended_is_not_refreshed(
    shared_client: TestClient, tokens: dict[str, str], version: Version
) -> None:
    """A logout counts for the refresh token too."""
    shared_client.delete(LOGOUT, headers=bearer(tokens["access"]))
    assert shared_client.post(REFRESH[version], headers=refresh_header(tokens["refresh"])).status_code == 401
