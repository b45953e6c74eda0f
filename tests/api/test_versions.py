"""Two versions at the same paths: pinned by the login, overridden by a header, never mixed."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

import cast
from asking import Api, ApiFor
from documented_shapes import (
    NEW_TICKET_2024,
    NOTES,
    NUMBER,
    ONE_TICKET_2024,
    SHAPES_2021,
    SHAPES_2024,
    TICKET_2021,
    TICKET_2024,
    TICKET_FOR_BOT_2024,
    TICKET_OF_CATEGORY_2024,
    TICKET_OF_CUSTOMER_2024,
    TICKET_OF_TYPE_2021,
    Shape,
    differences,
)
from keesa.accounts.sessions import Version
from logins import LOGIN, REFRESH, bearer, log_in, refresh_header

VERSIONS: Final[tuple[Version, ...]] = ("2021", "2024")
OTHER: Final[dict[Version, Version]] = {"2021": "2024", "2024": "2021"}
VARY: Final = {"authorization", "cookie", "keesa-version"}


class Sample(NamedTuple):
    """A request, and the shape of its answer in each version."""

    method: str
    path: str
    body: object
    shapes: Mapping[str, Shape]


NEW_TICKET: Final = {
    "ticket": {
        "title": "No signal",
        "description": "Since the storm",
        "category": "fault",
        "ticket_type": "eco_support",
        "product_id": 3,
        "customer_name": "Ibrahim",
        "customer_contact": 7771234,
    },
    "customer_id": cast.HARBOUR,
}
NEW_NOTE: Final = {"ticket_note": {"note": "Seen"}, "ticket_number": str(cast.ASSIGNED)}
ADDED_NOTE: Final[Shape] = {"success": {"ticket_number": str(cast.ASSIGNED), "comment": "Seen"}}
CREATED: Final[Shape] = NEW_TICKET_2024 | {
    "title": "No signal",
    "description": "Since the storm",
    "category": "fault",
    "ticket_type": "eco_support",
    "customer_id": cast.HARBOUR,
    "product_id": 3,
    "raised_by": cast.ENGINEER.full_name,
}
NUMBERED: Final[dict[str, Shape]] = {"id": cast.ASSIGNED, "ticket_number": str(cast.ASSIGNED)}
BY_TYPE: Final = "/tickets/tickets_by_type?type=customer_support&status=open"

HARMLESS: Final = {
    "list": Sample(
        "GET",
        "/tickets",
        None,
        {"2021": {"data": {"tickets": [TICKET_2021]}}, "2024": {"data": {"tickets": [TICKET_2024]}}},
    ),
    "by type": Sample(
        "GET",
        BY_TYPE,
        None,
        {
            "2021": {"data": {"count": int, "tickets": [TICKET_OF_TYPE_2021]}},
            "2024": {"data": {"count": int, "tickets": [TICKET_2024]}},
        },
    ),
    "one": Sample(
        "GET",
        f"/tickets/{cast.ASSIGNED}",
        None,
        {
            "2021": {"data": {"ticket": TICKET_2021 | {"id": cast.ASSIGNED, "closed_date": "not closed"}}},
            "2024": {"data": {"ticket": ONE_TICKET_2024 | NUMBERED | {"closed_date": None}}},
        },
    ),
    "notes": Sample(
        "GET", f"/tickets/get_ticket_notes?ticket_number={cast.ASSIGNED}", None, {"2021": NOTES, "2024": NOTES}
    ),
    "422 of a new ticket": Sample(
        "POST",
        "/tickets",
        {},
        {"2021": {"error": str}, "2024": {"error": str, "errors": {"customer_id": [str], "ticket": [str]}}},
    ),
    "422 of a note": Sample(
        "POST",
        "/tickets/add_ticket_note",
        {"ticket_number": str(cast.ASSIGNED), "ticket_note": {"note": ""}},
        {"2021": {"error": str}, "2024": {"error": str, "errors": {"ticket_note.note": [str]}}},
    ),
    "422 of a list": Sample(
        "GET", "/tickets?limit=0", None, {"2021": {"error": str}, "2024": {"error": str, "errors": {"limit": [str]}}}
    ),
    "404": Sample("GET", f"/tickets/{cast.HIDDEN}", None, {"2021": {"error": str}, "2024": {"error": str}}),
}
WRITES: Final = {
    "new ticket": Sample(
        "POST", "/tickets", NEW_TICKET, {"2021": {"success": {"ticket_number": NUMBER}}, "2024": CREATED}
    ),
    "note": Sample("POST", "/tickets/add_ticket_note", NEW_NOTE, {"2021": ADDED_NOTE, "2024": ADDED_NOTE}),
}
ONLY_2024: Final = {
    "by category": Sample(
        "GET",
        "/tickets/tickets_by_category?category=fault",
        None,
        {"2024": {"data": {"tickets": [TICKET_OF_CATEGORY_2024 | {"category": "fault"}]}}},
    ),
    "of customer": Sample(
        "GET",
        f"/tickets/tickets_of_customer?customer_id={cast.HARBOUR}",
        None,
        {"2024": {"data": {"tickets": [TICKET_OF_CUSTOMER_2024]}}},
    ),
    "422 of a list": Sample(
        "GET",
        "/tickets/tickets_by_category?category=none",
        None,
        {"2024": {"error": str, "errors": {"category": [str]}}},
    ),
    "422 of a status": Sample(
        "POST",
        f"/tickets/{cast.ASSIGNED}/status_update",
        {"ticket": {}},
        {"2024": {"error": str, "errors": {"ticket.status": [str]}}},
    ),
}


def assert_answers_as(answer: Response, version: Version, shape: Shape) -> None:
    """The version's shape, to the key, and the version's name; what is added behind belongs to 2024 alone."""
    assert answer.headers["Keesa-Version"] == version
    assert not list(differences(answer.json(), shape, extras=version == "2024"))


def ask(api: Api, sample: Sample, **headers: str) -> Response:
    return api(sample.method, sample.path, sample.body, **headers)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", HARMLESS)
def test_a_session_is_answered_in_the_version_of_its_login(shared_api: ApiFor, name: str, version: Version) -> None:
    """Answers and errors have that version's keys, and none of the other's."""
    answer = ask(shared_api(cast.ENGINEER, version), HARMLESS[name])
    assert_answers_as(answer, version, HARMLESS[name].shapes[version])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", HARMLESS)
def test_the_header_overrides_the_login_s_version(shared_api: ApiFor, name: str, version: Version) -> None:
    """For the one request that has it."""
    api = shared_api(cast.ENGINEER, OTHER[version])
    assert_answers_as(ask(api, HARMLESS[name], Keesa_Version=version), version, HARMLESS[name].shapes[version])
    assert ask(api, HARMLESS[name]).headers["Keesa-Version"] == OTHER[version]


@pytest.mark.parametrize("pinned", VERSIONS)
@pytest.mark.parametrize("asked", [None, *VERSIONS])
@pytest.mark.parametrize("name", WRITES)
def test_what_is_written_is_answered_in_the_same_version(
    api: ApiFor, name: str, pinned: Version, asked: Version | None
) -> None:
    """201 in 2024 and 200 in 2021, and each has its own words for it."""
    answer = ask(api(cast.ENGINEER, pinned), WRITES[name], **{"Keesa_Version": asked} if asked else {})
    assert answer.status_code == {"2021": 200, "2024": 201}[asked or pinned]
    assert_answers_as(answer, asked or pinned, WRITES[name].shapes[asked or pinned])


@pytest.mark.parametrize("asked", [None, *VERSIONS])
@pytest.mark.parametrize("name", ONLY_2024)
def test_what_2021_lacks_is_answered_in_2024_s_shape(shared_api: ApiFor, name: str, asked: Version | None) -> None:
    """To a 2021 session too, and to one that asks for 2021: the answer's header says what it is."""
    for pinned in VERSIONS:
        answer = ask(shared_api(cast.ENGINEER, pinned), ONLY_2024[name], **{"Keesa_Version": asked} if asked else {})
        assert_answers_as(answer, "2024", ONLY_2024[name].shapes["2024"])


@pytest.mark.parametrize("pinned", VERSIONS)
def test_bots_of_either_version_have_their_endpoint(shared_api: ApiFor, pinned: Version) -> None:
    """In 2024's shape."""
    path = f"/tickets/{cast.ASSIGNED}/get_specific_ticket_for_bot?customer_id={cast.HARBOUR}"
    answer = shared_api(cast.BOT, pinned)("GET", path)
    assert_answers_as(
        answer, "2024", {"data": {"ticket": TICKET_FOR_BOT_2024 | NUMBERED | {"customer_id": cast.HARBOUR}}}
    )


@pytest.mark.parametrize("pinned", VERSIONS)
@pytest.mark.parametrize(
    ("path", "answered", "shape"),
    [(REFRESH["2021"], "2021", SHAPES_2021["refresh_token"]), (REFRESH["2024"], "2024", SHAPES_2024["refresh"])],
)
def test_each_document_s_refresh_answers_in_its_own_shape(
    shared_client: TestClient, pinned: Version, path: str, answered: Version, shape: Shape
) -> None:
    """To sessions of both versions, whichever version they ask for: a csrf in 2021, none in 2024."""
    headers = refresh_header(log_in(shared_client, cast.ENGINEER, pinned)["refresh"])
    for asked in ({}, {"Keesa-Version": "2021"}, {"Keesa-Version": "2024"}):
        answer = shared_client.post(path, headers=headers | asked)
        assert answer.headers["Keesa-Version"] == answered
        assert not list(differences(answer.json(), shape, extras=False))


@pytest.mark.parametrize(("version", "shape"), [("2021", SHAPES_2021["auth"]), ("2024", SHAPES_2024["login"])])
def test_each_document_s_login_opens_its_own_session(shared_client: TestClient, version: Version, shape: Shape) -> None:
    """Whichever version is asked for: the path says which document its client was written after."""
    headers = {"Keesa-Version": OTHER[version]}
    who = {"user": cast.ENGINEER.email, "password": cast.PASSWORD}
    answer = shared_client.post(LOGIN[version], json=who, headers=headers)
    assert answer.headers["Keesa-Version"] == version
    assert not list(differences(answer.json(), shape, extras=False))
    later = shared_client.get("/api/v1/tickets", headers=bearer(answer.json()["access"]))
    assert later.headers["Keesa-Version"] == version


@pytest.mark.parametrize("pinned", VERSIONS)
def test_a_refresh_keeps_the_pin(shared_client: TestClient, pinned: Version) -> None:
    """Also through the other version's endpoint."""
    refresh = refresh_header(log_in(shared_client, cast.ENGINEER, pinned)["refresh"])
    access = shared_client.post(REFRESH[OTHER[pinned]], headers=refresh).json()["access"]
    assert shared_client.get("/api/v1/tickets", headers=bearer(access)).headers["Keesa-Version"] == pinned


def test_a_day_of_closing_is_told_in_each_version_s_way(shared_api: ApiFor) -> None:
    """Closed: midnight in both. Not closed: a sentence in 2021, null in 2024."""

    def closed_date(version: Version, number: int) -> Any:  # noqa: ANN401 - a string or null
        return shared_api(cast.ADMIN, version)("GET", f"/tickets/{number}").json()["data"]["ticket"]["closed_date"]

    midnight = "2025-03-08T00:00:00.000+05:00"
    assert [closed_date(version, cast.HIDDEN) for version in VERSIONS] == [midnight, midnight]
    assert [closed_date(version, cast.ASSIGNED) for version in VERSIONS] == ["not closed", None]


@pytest.mark.parametrize("version", ["2022", "", "v2024", "24", "2024.0", "2021,2024", "latest", "٢٠٢٤"])
@pytest.mark.parametrize(("method", "path"), [("GET", "/tickets"), ("POST", "/auth"), ("GET", "/nothing/here")])
def test_any_other_version_is_400(shared_api: ApiFor, method: str, path: str, version: str) -> None:
    """And the sentence names the valid ones."""
    client, token = shared_api(cast.ENGINEER).client, shared_api(cast.ENGINEER).token
    headers = [(b"Keesa-Version", version.encode()), (b"Authorization", token.encode())]
    answer = client.request(method, f"/api/v1{path}", headers=headers)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert "Keesa-Version must be 2021 or 2024" in answer.json()["error"]
    assert answer.headers["Keesa-Version"] == "2024"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/tickets", 200),
        ("HEAD", "/tickets", 200),
        ("GET", "/tickets?limit=x", 422),
        ("POST", "/tickets", 422),
        ("GET", "/tickets/1", 404),
        ("GET", "/nothing", 404),
        ("PUT", "/tickets", 405),
        ("OPTIONS", "/tickets", 204),
        ("GET", "/coffee", 418),
        ("POST", "/auth/login", 422),
        ("DELETE", "/auth/logout_by_refresh", 401),
        ("GET", "/openapi.json", 200),
    ],
)
def test_every_answer_names_its_version(shared_api: ApiFor, method: str, path: str, status: int) -> None:
    """And what it depends on, for caches: the login, and the header that overrides it."""
    answer = shared_api(cast.ENGINEER, "2024")(method, path)
    assert (answer.status_code, answer.headers["Keesa-Version"]) == (status, "2024")
    assert {name.strip().lower() for name in answer.headers["Vary"].split(",")} >= VARY


@pytest.mark.parametrize("asked", VERSIONS)
def test_who_is_not_logged_in_is_told_so_in_the_version_they_ask_for(shared_client: TestClient, asked: Version) -> None:
    """Without asking, in the current one."""
    answer = shared_client.get("/api/v1/tickets", headers={"Keesa-Version": asked})
    assert (answer.status_code, answer.headers["Keesa-Version"]) == (401, asked)
    assert shared_client.get("/api/v1/tickets").headers["Keesa-Version"] == "2024"
