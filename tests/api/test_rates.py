"""What a caller is told of their rate, and what they are answered when they ask too often."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from ipaddress import ip_network
from typing import Any, Final, TypeAlias

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

import cast
from asking import Api
from cast import ADMIN, ENGINEER
from keesa.accounts.api_token_form import new_api_token
from keesa.accounts.sessions import Version
from keesa.api.request_shares import RequestShares
from keesa.app import serve_from
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database
from keesa.errors import Unavailable
from keesa.web.rates import TOO_MANY
from logins import LOGOUT, REFRESH, log_in, refresh_header, try_password
from raw_asgi import ask_raw
from scraping import BEARER, TOKEN, scrape
from stopped_clock import stop_clock

Serve: TypeAlias = Callable[..., AbstractContextManager[TestClient]]
ROOT: Final = "/api/v1"
NOON: Final = now() // 1000 * 1000
"""When the clock stands still."""


@pytest.fixture
def serve(database: Database, config: Config, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """The API with such settings, its clock stopped."""
    stop_clock(monkeypatch, NOON)

    @contextmanager
    def serving(address: str = "testclient", **settings: Any) -> Iterator[TestClient]:  # noqa: ANN401 - those of the configuration
        app = serve_from(database, replace(config, **settings))
        with TestClient(app, client=(address, 50_000), raise_server_exceptions=False) as client:
            yield client

    return serving


def told(answer: Response) -> tuple[str | None, str | None]:
    return answer.headers.get("RateLimit-Policy"), answer.headers.get("RateLimit")


def statuses(ask: Callable[[], Response], times: int) -> list[int]:
    return [ask().status_code for _ in range(times)]


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_every_answer_tells_what_is_left(serve: Serve, database: Database, version: Version) -> None:
    """In the form of structured fields, on errors too: how many a minute, how many are left of them, for how long."""
    with serve(requests_per_user=100) as client:
        api = Api(client, cast.token(database, ADMIN, version))
        answers = [
            api("GET", "/tickets"),
            api("HEAD", "/tickets"),
            api("GET", "/tickets/1"),
            api("GET", "/nothing"),
            api("PUT", "/tickets"),
            api("POST", "/tickets", {}),
            api("GET", "/tickets", Keesa_Version="1999"),
            api("GET", "/tickets?%ff"),
            api("GET", "/coffee"),
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 404, 404, 405, 422, 400, 400, 418]
        for number, answer in enumerate(answers[:-1], 1):
            assert told(answer) == ('"user";q=100;w=60', f'"user";r={100 - number};t=60')
        assert told(answers[-1]) == ('"address";q=1200;w=60', '"address";r=1199;t=60')


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_one_request_too_many_is_429(
    serve: Serve, database: Database, monkeypatch: pytest.MonkeyPatch, version: Version
) -> None:
    """With the seconds to wait, in the shape of the version; and after them it goes on."""
    with serve(requests_per_user=3) as client:
        api = Api(client, cast.token(database, ADMIN, version))
        assert statuses(lambda: api("GET", "/me"), 3) == [200] * 3
        stop_clock(monkeypatch, NOON + 17_250)
        refused = api("GET", "/me")
        assert (refused.status_code, refused.json()) == (429, {"error": TOO_MANY})
        assert refused.headers["Retry-After"] == "43"
        assert refused.headers["Keesa-Version"] == "2024"
        assert told(refused) == ('"user";q=3;w=60', '"user";r=0;t=43')
        assert api("POST", "/tickets", {}, Keesa_Version=version).headers["Keesa-Version"] == version
        stop_clock(monkeypatch, NOON + 60_000)
        assert told(api("GET", "/me")) == ('"user";q=3;w=60', '"user";r=2;t=60')


def test_user_token_and_address_are_counted_apart(serve: Serve, database: Database) -> None:
    """A program that runs wild with a token locks out neither its user nor another token of theirs; two sessions of a
    user count together; and what shows nothing counts for its address.
    """
    with serve(requests_per_user=4, requests_per_token=3, requests_per_address=5) as client:
        sessions = [Api(client, cast.token(database, ADMIN)) for _ in range(2)]
        bots = [Api(client, cast.api_token(database, ADMIN)) for _ in range(2)]
        assert statuses(lambda: bots[0]("GET", "/me"), 5) == [200, 200, 200, 200, 429]  # the first for the address
        assert statuses(lambda: bots[1]("GET", "/me"), 5) == [200, 200, 200, 200, 429]
        assert [api("GET", "/me").status_code for api in sessions * 3] == [200] * 4 + [429] * 2
        assert Api(client, cast.token(database, ENGINEER))("GET", "/me").status_code == 200
        assert statuses(lambda: client.get(f"{ROOT}/openapi.json"), 4) == [200] * 3 + [429]
        assert bots[0]("GET", "/me").status_code == 429


@pytest.mark.parametrize("sent", ["", "Bearer nonsense", "keesa_misspelt", None])
def test_what_is_no_token_counts_for_the_address(serve: Serve, sent: str | None) -> None:
    """Also what has the form of an API token, which anybody may make up by the million."""
    with serve(requests_per_address=3) as client:
        answers = [
            client.get(f"{ROOT}/me", headers={"Authorization": new_api_token() if sent is None else sent})
            for _ in range(4)
        ]
        assert [answer.status_code for answer in answers] == [401] * 3 + [429]
        assert told(answers[0])[0] == '"address";q=3;w=60'


def test_logins_count_for_their_address(serve: Serve) -> None:
    """Right ones and wrong ones, behind a trusted proxy for the client's own; an IPv6 address by its network."""
    proxies = (ip_network("127.0.0.1"),)
    with serve("127.0.0.1", requests_per_address=2, trusted_proxies=proxies) as client:
        for addresses in (["203.0.113.7"] * 3, ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:3"]):
            answers = [
                try_password(client, ENGINEER.email, cast.PASSWORD, X_Forwarded_For=address) for address in addresses
            ]
            assert [answer.status_code for answer in answers] == [200, 200, 429]


def test_renewing_and_ending_a_session_counts_for_the_session(serve: Serve) -> None:
    """So that whoever has a token of one that has ended takes nothing from its user."""
    with serve(requests_per_user=3) as client:
        tokens = log_in(client, ADMIN)
        renewed = [client.post(REFRESH["2024"], headers=refresh_header(tokens["refresh"])) for _ in range(4)]
        assert [answer.status_code for answer in renewed] == [200] * 3 + [429]
        assert told(renewed[0]) == ('"session";q=3;w=60', '"session";r=2;t=60')
        access = renewed[0].json()["access"]
        api = Api(client, access)
        assert statuses(lambda: api("GET", "/me"), 4) == [200] * 3 + [429]
        ended = client.delete(LOGOUT, headers={"Authorization": access})
        assert ended.status_code == 200


def test_health_metrics_and_options_are_free(serve: Serve) -> None:
    """Who looks after the server, and the questions that browsers ask before the request itself."""
    with serve(requests_per_address=1, metrics_token=TOKEN) as client:
        assert client.get(f"{ROOT}/openapi.json").status_code == 200
        for _ in range(3):
            for path in ("/health", "/ready", "/"):
                assert client.get(path).status_code == 200
            assert client.get("/metrics", headers=BEARER).status_code == 200
            asked = client.options(f"{ROOT}/tickets")
            assert (asked.status_code, told(asked)) == (204, (None, None))
        assert client.get(f"{ROOT}/openapi.json").status_code == 429


def test_no_body_is_read_of_who_asks_too_often(serve: Serve, database: Database) -> None:
    """Nor is anything written, or the database asked."""
    with serve(requests_per_user=1) as client:
        sent = [(b"authorization", cast.token(database, ADMIN).encode()), (b"content-type", b"application/json")]

        def chunks(*given: bytes) -> Iterator[bytes]:
            yield from given
            raise AssertionError("the body was read")

        assert ask_raw(client.app, "GET", f"{ROOT}/me", sent).status == 200
        before = database.load().writes
        refused = ask_raw(client.app, "POST", f"{ROOT}/tickets", sent, chunks())
        assert (refused.status, refused.header("retry-after")) == (429, "60")
        assert database.load().writes == before


@pytest.mark.parametrize("kind", ["user", "token", "address"])
def test_no_limit_at_all(serve: Serve, database: Database, kind: str) -> None:
    """0 counts nothing, and the answers tell of nothing."""
    with serve(**{f"requests_per_{kind}": 0}) as client:
        sent = {"user": cast.token, "token": cast.api_token, "address": lambda *_: ""}[kind](database, ADMIN)
        client.get(f"{ROOT}/me", headers={"Authorization": sent})  # the first with a token is the address's
        assert told(client.get(f"{ROOT}/me", headers={"Authorization": sent})) == (None, None)


def test_requests_go_on_where_shares_cannot_be_taken(
    serve: Serve, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each worker counts by itself then; the metrics tell of it."""

    async def fail(*_: object) -> None:
        raise Unavailable("The database is too busy, please try again later")

    monkeypatch.setattr(RequestShares, "take", fail)
    with serve(requests_per_user=5, metrics_token=TOKEN) as client:
        api = Api(client, cast.token(database, ADMIN))
        assert statuses(lambda: api("GET", "/me"), 7) == [200] * 5 + [429] * 2


def test_the_metrics_tell_of_refusals_and_shares(serve: Serve, database: Database) -> None:
    """By whose they were."""
    with serve(requests_per_user=2, metrics_token=TOKEN) as client:
        api = Api(client, cast.token(database, ADMIN))
        assert statuses(lambda: api("GET", "/me"), 5) == [200] * 2 + [429] * 3
        found = scrape(client)
        assert found.value("keesa_rate_refusals_total", subject="user") == 3
        assert found.value("keesa_rate_refusals_total") == 3
        assert found.value("keesa_rate_shares_total") == 2
        assert found.value("keesa_rate_shares_missed_total") == 0
        assert found.value("keesa_rate_subjects") == 1


@pytest.mark.parametrize("limit", [1, 130])
def test_the_shared_row_has_what_was_taken(serve: Serve, database: Database, limit: int) -> None:
    """By the subject, from the window's first request on."""
    with serve(requests_per_user=limit) as client:
        api = Api(client, cast.token(database, ADMIN))
        assert statuses(lambda: api("GET", "/me"), limit + 1).count(200) == limit
        [row] = database.read(lambda tx: tx.all("SELECT subject, since, taken FROM request_rates"))
    assert (row["subject"], row["since"]) == (f"user {ADMIN.id}", NOON)
    assert row["taken"] == limit
