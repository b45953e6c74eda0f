"""Bad paths and queries to every endpoint that takes one: refused with a sentence, and nothing is changed."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest
from starlette.testclient import TestClient

from bad_values import NO_INTEGERS
from cast import ASSIGNED
from good_requests import Good, good_requests
from keesa.db import Database
from raw_asgi import ask_raw
from refusing import refusal, sender
from route_tables import filled
from unchanged import unchanged

REQUESTS: Final = good_requests()
WITH_TICKET: Final = [good for good in REQUESTS if "{ticket}" in good.route.path]
WITH_QUERY: Final = [good for good in REQUESTS if good.route.signature.query]
WITH_STAND_INS: Final = [good for good in REQUESTS if good.route.body_from_query]

NO_TICKETS: Final = (
    *("x", "-1", "0", "1.5", "1e3", "null", "9" * 19, "9" * 5_000, f"{ASSIGNED}.0", f"+{ASSIGNED}", f"0x{ASSIGNED:x}"),
    *("%20", "%00", f"{ASSIGNED}%00", f"%20{ASSIGNED}", f"{ASSIGNED}%0A", "%2E%2E", "%25s", ":number", "{ticket}"),
    *("%FF", "%C3", "%ED%A0%80", "%F0%9F%98%80", "%D9%A2%D9%A0%D9%A2%D9%A5", "'", "%27%20OR%201=1--", ";", "%zz"),
)
UNREADABLE: Final = {
    "broken UTF-8 in a value": "a=%FF",
    "broken UTF-8 in a name": "%C3=1",
    "surrogate": "a=%ED%A0%80",
    "surrogates in two": "a=%ED%A0%BD%ED%B8%80",
    "overlong": "a=%C0%AF",
    "too many fields": "&".join(f"a{number}=1" for number in range(101)),
}
NO_TEXTS: Final = ("\0", "a\0b")
HUGE: Final = (str(2**63), str(10**29))
NO_COUNTS: Final = tuple(value for value in NO_INTEGERS if isinstance(value, str) and value not in HUGE)
NO_WORDS: Final = {
    "q": ("", "*", "-link", '"link', "x" * 256, "\0"),
    "order": ("", "up", "DESC", "desc ", "asc,desc", "\0", "1"),
    "status": ("", "lost", "OPEN", "4", "-1", "1.0", "9" * 5_000, "\0", "0\0", "\u0660"),
    "name": NO_TEXTS,
    "after": ("", "x", "MTI=x", "WzFd", "\0"),
    "with_retired": ("", "1", "TRUE", "yes", "\0"),
    "with_disabled": ("", "1", "TRUE", "yes", "\0"),
    "email": NO_TEXTS,
    "role": NO_TEXTS,
    "user_type": ("", "boss", "ADMIN", "admin ", "1", "\0"),
    **dict.fromkeys(("thing", "thing_id", "action", "request_id"), ("\0", "a\0b", "x" * 256)),
    **dict.fromkeys(("from", "to"), ("", "yesterday", "2025-13-01", "2025-03-04T25:00", "-1", "9" * 255, "\0")),
    **dict.fromkeys(
        (
            *("raised_from", "raised_to", "updated_since", "held_until_from", "held_until_to"),
            *("closed_from", "closed_to", "open_at", "first_answered_from", "first_answered_to"),
        ),
        ("", "yesterday", "2025-13-01", "-1", "9" * 255, "\0"),
    ),
    **dict.fromkeys(
        ("watched", "mentioned", "answered", "unassigned", "first_answered"), ("", "1", "TRUE", "yes", "\0")
    ),
    "reference": (*NO_TEXTS, "x" * 256),
    "sort": ("", "up", "RAISED", "raised ", "raised,changed", "\0"),
    "group": ("", "lost", "OPEN", "open ", "\0"),
    "category": ("", "lost", "FAULT", "fault ", "1", "\0", "x" * 60_000),
}


@pytest.mark.parametrize("good", WITH_TICKET, ids=str)
def test_a_path_that_names_no_ticket(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """Whatever stands where its number should: 404, as for any other ticket that is not there."""
    send = sender(shared_client, shared_database, good)
    before, after = map(filled, good.route.path.split("{ticket}"))
    with unchanged(shared_database):
        for text in NO_TICKETS:
            error = refusal(send(path=f"{before}{text}{after}"), 404)
            assert error == {"error": "Ticket not found"}, text


@pytest.mark.parametrize(
    "path", ["/%2F", "/%00", "/%FF", "/tickets%00", "/auth/%F0%9F%98%80", "/" + "x" * 60_000, "/.."]
)
def test_a_path_of_nothing(shared_client: TestClient, path: str) -> None:
    """404 below the API's prefix."""
    refusal(shared_client.get(f"/api/v1{path}"), 404)


@pytest.mark.parametrize("good", REQUESTS, ids=str)
def test_a_query_that_cannot_be_read(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """Whether the endpoint takes a query or not: 400."""
    send = sender(shared_client, shared_database, good)
    with unchanged(shared_database):
        for name, query in UNREADABLE.items():
            assert "query" in refusal(send(query=query), 400)["error"], name


def test_a_query_of_raw_bytes(shared_client: TestClient) -> None:
    """Which an HTTP server in front may let through: 400."""
    answer = ask_raw(shared_client.app, "GET", "/api/v1/openapi.json?a=é")
    assert answer.status == 400
    assert b"query" in answer.body


@pytest.mark.parametrize("good", WITH_QUERY, ids=str)
def test_a_field_with_a_bad_value(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """422 names the field."""
    send = sender(shared_client, shared_database, good)
    with unchanged(shared_database):
        for name, values in bad_fields(good):
            for value in values:
                error = refusal(send(query=good.query | {name: value}), 422)
                assert re.search(rf"\b{re.escape(name)}(\.\d+)? ", error["error"]), value
                assert {each.split(".")[0] for each in error.get("errors", [name])} == {name}, value


@pytest.mark.parametrize("good", WITH_QUERY, ids=str)
def test_a_required_field_that_is_missing(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """422 says so; every other field may be left out."""
    send = sender(shared_client, shared_database, good)
    required = {field.encode_name for field in query_fields(good) if field.required}
    for name in good.query:
        answer = send(query={field: value for field, value in good.query.items() if field != name})
        if name in required:
            assert f"{name} is missing" in refusal(answer, 422)["error"]
        else:
            assert answer.status_code == good.route.status


@pytest.mark.parametrize("good", WITH_STAND_INS, ids=str)
def test_a_stand_in_for_a_field_of_the_body(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """With a bad value it is refused under the name of the body's field, whichever of its own names it came by."""
    send = sender(shared_client, shared_database, good)
    with unchanged(shared_database):
        for path, names in good.route.body_from_query.items():
            for name in names:
                others = {field: text for field, text in stand_ins(good).items() if field not in names}
                assert f"{path} is missing" in refusal(send(query=others, content=b""), 422)["error"]
                for value in NO_TEXTS:
                    error = refusal(send(query=others | {name: value}, content=b""), 422)
                    assert f"{path} must" in error["error"]


@pytest.mark.parametrize("good", WITH_STAND_INS, ids=str)
def test_a_query_does_not_mend_a_bad_body(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """It stands in for what the body lacks, not for what it has wrong: an unreadable one stays 400, a bad one 422."""
    send = sender(shared_client, shared_database, good)
    refusal(send(query=stand_ins(good), content=b"{"), 400)
    refusal(send(query=stand_ins(good), content=b"[]"), 422)
    path = next(iter(good.route.body_from_query)).split(".")[0]
    refusal(send(query=stand_ins(good), body={path: []}), 422)


@pytest.mark.parametrize("good", [good for good in WITH_QUERY if "page" in good.query], ids=str)
def test_a_page_past_the_end_of_every_list(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """However far: it is empty, and no fault."""
    send = sender(shared_client, shared_database, good)
    pages = [name for name in good.query if name.endswith("page")]
    for far in (str(2**31), str(2**62), str(2**63 - 1), *HUGE):
        for limit in ("1", "500", *HUGE):
            answer = send(query=good.query | dict.fromkeys(pages, far) | {"limit": limit})
            assert answer.status_code == 200, (far, limit, answer.text)
            assert answer.json()["data"]["tickets"] == []


def query_fields(good: Good) -> tuple[msgspec.structs.FieldInfo, ...]:
    assert good.route.signature.query
    return msgspec.structs.fields(good.route.signature.query)


def bad_fields(good: Good) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each field of the query, and what it must not hold."""
    for field in query_fields(good):
        yield field.encode_name, NO_WORDS.get(field.encode_name, NO_COUNTS)
    if "customer_id" in good.query:
        yield "customer_id", HUGE


def stand_ins(good: Good) -> dict[str, str]:
    """The good body as the query says it, each field by the first of its names."""
    return {names[0]: str(found(good.body, path)) for path, names in good.route.body_from_query.items()}


def found(body: Any, path: str) -> object:  # noqa: ANN401 - JSON
    for name in path.split("."):
        body = body[name]
    return body
