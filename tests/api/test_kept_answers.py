"""Answers that are given again while nothing in the database has changed: which, to whom, and until when."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from ipaddress import ip_network
from typing import Final

import httpx2
import pytest
from httpx2 import Response
from starlette.testclient import TestClient
from starlette.types import ASGIApp

import cast
from asking import Api, ApiFor
from by_keesa import revoke_permission
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, STRANGER, TYPED
from good_requests import Good, good_requests
from keesa import maintenance
from keesa.app import VERSIONS, serve_from
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database, Tx, open_database
from keesa.web import dispatcher
from keesa.web.answer_cache import AnswerCache
from keesa.web.replies import Answered
from places import Place
from raw_asgi import RawAnswer, ask_raw

KEPT: Final = {
    *(("2021", path) for path in ("/tickets", "/tickets/{ticket}", "/tickets/tickets_by_type")),
    *(("2021", path) for path in ("/tickets/get_ticket_notes", "/openapi.json")),
    *(("2024", path) for path in ("/tickets", "/tickets/{ticket}", "/tickets/rows", "/tickets/tickets_by_type")),
    ("2024", "/tickets/search"),
    *(("2024", path) for path in ("/tickets/tickets_by_category", "/tickets/tickets_of_customer")),
    ("2024", "/tickets/counts"),
    *(("2024", path) for path in ("/tickets/get_ticket_notes", "/tickets/{ticket}/notes", "/users/assignable")),
    *(("2024", path) for path in ("/statuses", "/products", "/ticket_types", "/categories", "/tags", "/openapi.json")),
}
"""By version. Who adds one has read what `Route.kept` says of it."""
GOOD: Final = [good for good in good_requests() if good.route.kept]
ADDRESS: Final = re.compile(rb"http://desk/api/v1/files/[^\"]+")
LATER: Final = 400 * 24 * 60 * 60 * 1000
"""Milliseconds."""
LISTS: Final = ("/tickets", f"/tickets/{ASSIGNED}", "/tickets/rows", "/products")
STRANGE: Final = {
    "X-Request-Id": "another",
    "User-Agent": "Another/1.0",
    "Accept": "application/json;q=0.3, */*;q=0.1",
    "Accept-Language": "dv",
    "Cookie": "theme=dark",
    "Origin": "https://example.com",
    "Forwarded": "for=198.51.100.7",
}


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each answer that might have been given again: whether it was."""
    found: list[bool] = []
    find = AnswerCache.find

    def told(*asked: object) -> object:
        try:
            answer = find(*asked)  # type: ignore[arg-type]  # as they come
        except Answered:
            found.append(True)
            raise
        found.append(answer is not None)
        return answer

    monkeypatch.setattr(AnswerCache, "find", told)
    return found


@pytest.fixture
def other(place: Place) -> Iterator[Database]:
    """The same database, open once more: what is written through it, the API is told nothing of."""
    opened = open_database(place.data, place.url)
    yield opened
    opened.close()


def raw(app: ASGIApp, good: Good, token: str, **headers: str) -> RawAnswer:
    """The answer to the good request as it is sent."""
    sent = {"Authorization": token, "Keesa-Version": good.version} | headers
    request = httpx2.Request("GET", f"http://desk/api/v1{good.path}", params=good.query, json=good.body, headers=sent)
    return ask_raw(app, "GET", request.url.raw_path.decode(), request.headers.raw, [request.content])


ONE_S_OWN: Final = ("x-request-id", "ratelimit")
"""Headers that no two answers share."""


def without(answer: RawAnswer, *names: str) -> RawAnswer:
    return answer._replace(headers=[(name, value) for name, value in answer.headers if name not in names])


def test_these_are_kept() -> None:
    """Of all routes these, and each of them only reads."""
    found = {(version.name, route.path) for version in VERSIONS for route in version.routes if route.kept}
    assert found == KEPT
    assert {route.method for version in VERSIONS for route in version.routes if route.kept} == {"GET"}


@pytest.mark.parametrize("good", GOOD, ids=str)
def test_what_is_kept_hangs_on_the_database_and_the_request_alone(
    shared_database: Database, shared_config: Config, monkeypatch: pytest.MonkeyPatch, good: Good
) -> None:
    """Made anew in another session, a year later, with other headers, it is the same to the byte; but for addresses of
    images, and the `ETag` of what would show some: they are others each day.
    """
    app = serve_from(shared_database, replace(shared_config, cache_mib=0))
    first = raw(app, good, cast.token(shared_database, ADMIN))
    later = now() + LATER
    monkeypatch.setattr(dispatcher, "now", lambda: later)
    second = raw(app, good, cast.token(shared_database, ADMIN), **STRANGE)
    assert first.status == 200
    shows_images = good.route.path.startswith("/tickets") and b'"image_urls":' in first.body
    but = (*ONE_S_OWN, "etag") if shows_images else ONE_S_OWN
    shown = [without(each._replace(body=ADDRESS.sub(b"", each.body)), *but) for each in (first, second)]
    assert shown[0] == shown[1]
    assert ("etag" in but) == (second.header("etag") != first.header("etag"))


@pytest.mark.parametrize("good", GOOD, ids=str)
def test_it_is_given_again_as_it_was_sent(
    shared_client: TestClient, shared_database: Database, kept: list[bool], good: Good
) -> None:
    """To the same user in whatever session, until something is written."""
    answers, headers = list[Response](), {"Keesa-Version": str(good.version)}
    while len(kept) < 50 and kept[-1:] != [True]:  # PostgreSQL's own upkeep writes too, now and then
        headers["Authorization"] = cast.token(shared_database, ADMIN)  # which is a write
        for _ in range(2):
            asked = shared_client.build_request("GET", f"/api/v1{good.path}", params=good.query, json=good.body)
            asked.headers.update(headers)
            answers.append(shared_client.send(asked))
    assert kept[-1:] == [True]
    assert kept[0] is False
    assert {answer.content for answer in answers} == {answers[0].content}
    one, other = ({**answer.headers, **dict.fromkeys(ONE_S_OWN, "")} for answer in answers[-2:])
    assert one == other


def test_many_at_once_are_given_it_again(shared_database: Database, shared_config: Config, kept: list[bool]) -> None:
    """On however many connections they come."""
    app = serve_from(shared_database, shared_config)
    headers = {"Authorization": cast.token(shared_database, ADMIN), "Accept-Encoding": "identity"}

    async def ask_together() -> set[bytes]:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://desk/api/v1", headers=headers) as client:
            answers = [await asyncio.gather(*(client.get("/tickets") for _ in range(8))) for _ in range(20)]
        return {answer.content for some in answers for answer in some}

    assert len(asyncio.run(ask_together())) == 1
    assert kept.count(True) > len(kept) / 2


@pytest.mark.parametrize("path", LISTS)
def test_any_write_lets_it_be_made_anew(
    api: ApiFor, database: Database, other: Database, kept: list[bool], path: str
) -> None:
    """Through this process or another one, and whatever it writes."""
    admin = api(ADMIN)
    for writer in (database, other, database, other):
        assert admin("GET", path).status_code == 200
        writer.write(lambda tx: tx.run("UPDATE users SET nick_name = nick_name WHERE id = :id", id=STRANGER.id))
    assert kept == [False] * 4


def rename(tx: Tx, title: str, ticket: int = ASSIGNED) -> None:
    """As an act of the domain would, with a new revision."""
    sql = "UPDATE tickets SET title = :title, revision = $new_revision WHERE id = :id"
    tx.run(sql, title=title, id=ticket)


def test_what_was_changed_shows_at_once(api: ApiFor, other: Database) -> None:
    """In each list, in a row that the API was told nothing of."""
    admin = api(ADMIN)
    for title in ("First", "Second", "First"):
        other.write(partial(rename, title=title))
        assert title in admin("GET", "/tickets").text
        assert admin("GET", f"/tickets/{ASSIGNED}").json()["data"]["ticket"]["title"] == title
        assert title in admin("GET", "/tickets/rows").text


def test_each_user_has_their_own(api: ApiFor) -> None:
    """The same path shows each what they see, in whatever order they ask."""
    everybody = [api(person) for person in (ADMIN, ENGINEER, CUSTOMER, STRANGER)]
    first = [one("GET", "/tickets/rows").json()["data"]["rows"] for one in everybody]
    again = [one("GET", "/tickets/rows").json()["data"]["rows"] for one in reversed(everybody)]
    assert again[::-1] == first
    assert len({str(shown) for shown in first}) > 2


def test_each_version_has_its_own(api: ApiFor) -> None:
    """Though path and user are the same."""
    admin = api(ADMIN)
    for _ in range(2):
        for version, closed in (("2021", "not closed"), ("2024", None)):
            answer = admin("GET", f"/tickets/{ASSIGNED}", Keesa_Version=version)
            assert answer.headers["Keesa-Version"] == version
            assert answer.json()["data"]["ticket"]["closed_date"] == closed


def test_each_query_has_its_own(api: ApiFor) -> None:
    """In whatever order they are asked."""
    admin = api(ADMIN)
    for limit in (1, 2, 3, 2, 1):
        assert len(admin("GET", f"/tickets/rows?limit={limit}").json()["data"]["rows"]) == limit


def test_each_prefix_has_its_own(shared_database: Database, shared_config: Config) -> None:
    """The path at which the client finds the server stands in the way to the next page."""
    app = serve_from(shared_database, replace(shared_config, trusted_proxies=(ip_network("192.0.2.0/24"),)))
    token = cast.token(shared_database, ADMIN).encode()
    for prefix in ("/desk", "", "/other", "/desk"):
        headers = [(b"authorization", token), *([(b"x-forwarded-prefix", prefix.encode())] if prefix else [])]
        link = ask_raw(app, "GET", "/api/v1/products?limit=1", headers, [b""]).header("link")
        assert link.startswith(f"<{prefix}/api/v1/products?")


def test_an_api_token_has_its_own(client: TestClient, database: Database) -> None:
    """It may do less than its user."""
    token = cast.token(database, ADMIN)
    less = cast.api_token(database, ADMIN, permissions=["tickets:write"])
    for sent, status in [(token, 200), (less, 403), (token, 200), (less, 403)]:
        assert client.get("/api/v1/tickets", headers={"Authorization": sent}).status_code == status


def test_who_may_no_longer_read_is_refused(api: ApiFor, client: TestClient, database: Database) -> None:
    """The permission, the session and maintenance are looked at each time."""
    engineer, admin = api(ENGINEER), api(ADMIN)
    for one in (engineer, admin, engineer, admin):
        assert one("GET", "/tickets").status_code == 200
    database.write(lambda tx: revoke_permission(tx, ENGINEER.role, "tickets", "read"))
    assert engineer("GET", "/tickets").status_code == 403
    database.write(maintenance.switch_on)
    assert admin("GET", "/tickets").status_code == 503
    database.write(maintenance.switch_off)
    assert admin("GET", "/tickets").status_code == 200
    assert client.delete("/api/v1/auth/logout", headers={"Authorization": admin.token}).status_code == 200
    assert admin("GET", "/tickets").status_code == 401


def by_type(api: Api, body: bytes, **headers: str) -> tuple[int, int | None]:
    """Status and count."""
    sent = {"Authorization": api.token, "Content-Type": "application/json"} | headers
    answer = api.client.request("GET", "/api/v1/tickets/tickets_by_type", content=body, headers=sent)
    return answer.status_code, answer.json()["data"]["count"] if answer.status_code == 200 else None


def test_the_body_of_a_get_counts(api: ApiFor) -> None:
    """What it asks for, and what its headers say of it."""
    admin = api(ADMIN)
    body = b'{"ticket": {"type": "%s", "status": "open"}}'
    for _ in range(2):
        assert by_type(admin, body % b"customer_support") == (200, 2)
        assert by_type(admin, body % b"project_support") == (200, 0)
        assert by_type(admin, body % b"customer_support", **{"Content-Type": "text/plain"}) == (400, None)
        assert by_type(admin, body % b"customer_support", **{"Content-Encoding": "gzip"}) == (415, None)
        assert by_type(admin, b"") == (422, None)


def test_a_list_that_is_kept_is_csv_still(api: ApiFor, kept: list[bool]) -> None:
    """By the query, and by `Accept`."""
    admin = api(ADMIN)
    for _ in range(2):
        assert admin("GET", "/products").headers["Content-Type"] == "application/json"
        assert admin("GET", "/products", Accept="text/csv").headers["Content-Type"].startswith("text/csv")
        assert admin("GET", "/products?format=csv").headers["Content-Type"].startswith("text/csv")
        assert admin("GET", "/products?format=json").headers["Content-Type"] == "application/json"
        assert admin("GET", "/products?format=xml").status_code == 422
    assert len(kept) == 2


def test_what_the_client_has_is_not_sent_again(api: ApiFor, other: Database) -> None:
    """304 while it is that, also where it was kept; the whole when it has changed."""
    admin, path = api(ADMIN), f"/tickets/{ASSIGNED}"
    etag = admin("GET", path).headers["ETag"]
    for _ in range(3):
        assert admin("GET", path).headers["ETag"] == etag
        assert admin("GET", path, If_None_Match=etag).status_code == 304
        other.write(lambda tx: tx.run("UPDATE users SET disabled_at = NULL WHERE id = :id", id=STRANGER.id + 1000))
    other.write(lambda tx: tx.run("UPDATE tickets SET revision = 5 WHERE id = :id", id=ASSIGNED))
    changed = admin("GET", path, If_None_Match=etag)
    assert (changed.status_code, changed.headers["ETag"] == etag) == (200, False)


def test_a_304_keeps_what_is_kept(api: ApiFor, other: Database, kept: list[bool]) -> None:
    """A client that asks whether there is anything new lets the endpoint run once a change elsewhere, not each time."""
    admin, path = api(ADMIN), f"/tickets/{ASSIGNED}"
    etag = admin("GET", path).headers["ETag"]
    other.write(partial(rename, title="Another", ticket=TYPED))
    kept.clear()
    for _ in range(50):
        assert admin("GET", path, If_None_Match=etag).status_code == 304
    assert kept.count(True) > 40


def test_nothing_is_kept_where_the_operator_wants_nothing_kept(
    database: Database, config: Config, kept: list[bool]
) -> None:
    """`KEESA_CACHE_MIB=0`."""
    with TestClient(serve_from(database, replace(config, cache_mib=0))) as client:
        headers = {"Authorization": cast.token(database, ADMIN)}
        for _ in range(3):
            assert client.get("/api/v1/tickets", headers=headers).status_code == 200
    assert kept == [False] * 3


def test_a_304_is_given_again_to_who_has_never_asked_for_all(api: ApiFor, kept: list[bool]) -> None:
    """A client that always names what it has costs no list; whoever wants the whole answer then gets it."""
    admin = api(ADMIN)
    etag = admin("GET", "/tickets", Accept_Encoding="identity").headers["ETag"]
    fresh = api(ADMIN)  # a write, after which nothing kept is of this state
    kept.clear()
    while len(kept) < 50 and kept[-1:] != [True]:  # on PostgreSQL one may come to another connection
        assert fresh("GET", "/tickets", Accept_Encoding="gzip", If_None_Match=etag).status_code == 304
    assert kept[-1] is True
    whole = fresh("GET", "/tickets", Accept_Encoding="gzip")
    assert (whole.status_code, len(whole.json()["data"]["tickets"])) == (200, 5)
