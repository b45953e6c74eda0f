"""Answers in fewer bytes, over the whole API: who accepts it gets what the others get, and knows it apart."""

import json
from functools import partial
from typing import Final

import pytest
from starlette.testclient import TestClient

import cast
from asking import Api, ApiFor
from cast import ADMIN, ASSIGNED, PASSWORD
from following import without_cursors
from good_requests import Good, good_requests, with_cursor
from keesa.db import Database
from keesa.web.compression import SMALLEST
from raw_asgi import RawAnswer, ask_raw
from unpacking import unpacked

CODINGS: Final = ("gzip", "zstd")
READS: Final = [good for good in good_requests() if good.route.method == "GET"]
TICKET: Final = f"/api/v1/tickets/{ASSIGNED}"
LONG: Final = "/api/v1/openapi.json"
NOT_OF_THE_BODY: Final = ("x-request-id", "content-length", "content-encoding", "etag", "ratelimit")


@pytest.fixture(scope="module")
def token(shared_database: Database) -> str:
    return cast.token(shared_database, ADMIN)


def ask(client: TestClient, path: str, token: str, method: str = "GET", body: bytes = b"", **headers: str) -> RawAnswer:
    sent = {"authorization": token, "content-type": "application/json"} | headers
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()]
    return ask_raw(client.app, method, path, lines, [body])


def coding_of(answer: RawAnswer) -> str | None:
    return next((value for name, value in answer.headers if name == "content-encoding"), None)


def others(answer: RawAnswer) -> list[tuple[str, str]]:
    return [(name, value) for name, value in answer.headers if name not in NOT_OF_THE_BODY]


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("good", [good for good in READS if not good.route.in_ranges], ids=str)
def test_every_read_holds_the_same(
    shared_client: TestClient, shared_database: Database, token: str, good: Good, coding: str
) -> None:
    """But for the headers that tell of the bytes themselves, whether it is made, or kept and given again."""
    body = b"" if good.body is None else json.dumps(good.body).encode()
    query = "&".join(f"{name}={value}" for name, value in with_cursor(good.query, shared_database).items())
    for _ in range(2):
        asked = partial(ask, shared_client, f"/api/v1{good.path}?{query}", token, body=body, keesa_version=good.version)
        plain, packed = asked(), asked(accept_encoding=f"{coding}, identity;q=0")
        assert (plain.status, coding_of(plain)) == (200, None)
        assert (packed.status, coding_of(packed)) == (200, coding)
        assert without_cursors(unpacked(packed.body, coding)) == without_cursors(plain.body)
        assert others(packed) == others(plain)
        assert "Accept-Encoding" in plain.header("vary").split(", ")


@pytest.mark.parametrize("coding", CODINGS)
def test_head_tells_of_the_compressed_answer(shared_client: TestClient, token: str, coding: str) -> None:
    """The headers of GET, its length and its tag among them."""
    for path in (TICKET, LONG):
        get, head = (
            ask(shared_client, path, token, way, accept_encoding=coding, x_request_id="1") for way in ("GET", "HEAD")
        )
        assert coding_of(get) == coding
        told, also = ([each for each in answer.headers if each[0] != "ratelimit"] for answer in (get, head))
        assert (also, head.body) == (told, b"")
        assert get.header("content-length") == str(len(get.body))


def test_a_short_answer_is_not_worth_it(shared_client: TestClient, token: str) -> None:
    """Nor is an error."""
    for path in ("/api/v1/tickets/999", "/api/v1/statuses", "/api/v1/nothing"):
        answer = ask(shared_client, path, token, accept_encoding="gzip")
        assert len(answer.body) < SMALLEST
        assert coding_of(answer) is None


@pytest.mark.parametrize("coding", CODINGS)
def test_a_tag_is_of_the_bytes_and_names_the_state(shared_client: TestClient, token: str, coding: str) -> None:
    """Each coding has its own; whichever a client has, it has the state, and is told so by the same name."""
    plain, packed = (
        ask(shared_client, TICKET, token, accept_encoding=each).header("etag") for each in ("identity", coding)
    )
    assert packed == f'{plain[:-1]}-{coding}"'
    for accepted in ("identity", *CODINGS):
        for known in (plain, packed, f"W/{packed}"):
            same = ask(shared_client, TICKET, token, accept_encoding=accepted, if_none_match=known)
            assert (same.status, same.body, same.header("etag")) == (304, b"", known.removeprefix("W/"))
        other = ask(shared_client, TICKET, token, accept_encoding=accepted, if_none_match='"1-gzip", "gzip"')
        assert other.status == 200


def test_what_was_read_compressed_can_be_changed(api: ApiFor) -> None:
    """Its tag is what `If-Match` takes, and that of another state is not."""
    admin = api(ADMIN)
    for priority, coding in enumerate((*CODINGS, "identity"), 1):
        etag = admin("GET", f"/tickets/{ASSIGNED}", Accept_Encoding=coding).headers["ETag"]
        body = {"ticket": {"title": f"Router {priority} is down"}}
        changed = admin("PATCH", f"/tickets/{ASSIGNED}", body, If_Match=etag)
        assert changed.status_code == 200
        assert admin("PATCH", f"/tickets/{ASSIGNED}", body, If_Match=etag).status_code == 412
        assert changed.headers["ETag"].count("-") == 1


@pytest.mark.parametrize("path", ["/auth/login", "/auth"])
def test_what_answers_a_change_is_never_compressed(shared_client: TestClient, path: str) -> None:
    """It may hold a secret beside what the client has sent, whose length would tell of it (BREACH)."""
    body = json.dumps({"user": ADMIN.email, "password": PASSWORD}).encode()
    answer = ask(shared_client, f"/api/v1{path}", "", "POST", body, accept_encoding="gzip, identity;q=0")
    assert (answer.status, coding_of(answer)) == (200, None)
    assert len(json.loads(answer.body)) in (4, 5)
    assert "Accept-Encoding" not in answer.header("vary")


def lists(api: Api, coding: str) -> list[bytes]:
    return [api("GET", path, Accept_Encoding=coding).content for path in ("/tickets", "/tickets/rows?format=csv")]


def test_a_change_shows_in_every_coding(api: ApiFor) -> None:
    """Whichever was kept."""
    admin = api(ADMIN)
    for title in ("Router is down", "Router is up", "Router is down"):
        assert admin("PATCH", f"/tickets/{ASSIGNED}", {"ticket": {"title": title}}).status_code == 200
        for _ in range(2):
            for found in (lists(admin, coding) for coding in ("identity", *CODINGS)):
                assert all(title.encode() in each for each in found)


def test_a_csv_file_is_compressed_while_it_is_made(shared_api: ApiFor) -> None:
    """The same lines, without a length."""
    admin, path = shared_api(ADMIN), "/products?format=csv"
    plain = admin("GET", path, Accept_Encoding="identity")
    for coding in CODINGS:
        packed = admin("GET", path, Accept_Encoding=coding)
        assert packed.headers["Content-Encoding"] == coding
        assert packed.content == plain.content
        assert "Content-Length" not in packed.headers


def test_pages_beside_the_api_are_compressed_too(shared_client: TestClient) -> None:
    """What a browser or Prometheus asks for."""
    for path in ("/password?token=x", "/metrics"):
        plain, packed = (ask(shared_client, path, "", accept_encoding=coding) for coding in ("identity", "gzip"))
        if plain.status != 200:
            assert path == "/metrics"
            continue
        assert coding_of(packed) == "gzip"
        assert len(packed.body) < len(plain.body)
        assert packed.headers.count(("vary", "Accept-Encoding")) == 1
