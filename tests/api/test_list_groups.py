"""`GET /tickets`: in 2024 three groups, each with a page of its own; in 2021 one's own that are not closed."""

import json
from collections import Counter
from typing import Any

import pytest
from starlette.testclient import TestClient

import plain_answers
from asking import Api, ApiFor
from cast import (
    ADMIN,
    ASSIGNED,
    BOT,
    CUSTOMER,
    ENGINEER,
    HIDDEN,
    RAISED,
    SEEN_BY,
    STRANGER,
    STRANGERS,
    TYPED,
    Person,
)
from keesa.db import Database
from keesa.tickets.statuses import STATUSES, Status
from kept_tickets import Shelved, shelve
from plain_answers import Question, World

GROUPS: dict[str, tuple[Status, ...]] = {
    "open_page": ("open",),
    "active_page": ("in_progress", "on_hold"),
    "closed_page": ("closed",),
}
CAST = {
    "open_page": [ASSIGNED, RAISED],
    "active_page": [STRANGERS, TYPED],
    "closed_page": [HIDDEN],
}
"""The cast's tickets as an admin sees them, newest first."""
EACH = 45
"""Tickets of each status that the shelf below adds, newest last."""
SHELF: dict[str, list[int]] = {
    "open_page": [2026000 + number for number in range(EACH, 0, -1)],
    "active_page": [2026000 + number for number in range(3 * EACH, EACH, -1)],
    "closed_page": [2026000 + number for number in range(4 * EACH, 3 * EACH, -1)],
}
ALL = {group: SHELF[group] + CAST[group] for group in GROUPS}


@pytest.fixture(scope="module")
def full_database(shared_database: Database) -> Database:
    """Of each status 45 tickets more, all newer than those of the cast."""
    shelf = [
        Shelved(
            number=2026001 + position * EACH + number,
            status=status,
            raised=f"2025-06-0{position + 1}T{number // 60 + 9:02}:{number % 60:02}",
        )
        for position, status in enumerate(STATUSES)
        for number in range(EACH)
    ]
    shared_database.write(lambda tx: shelve(tx, shelf))
    return shared_database


@pytest.fixture
def admin(full_database: Database, shared_api: ApiFor) -> Api:
    assert full_database
    return shared_api(ADMIN)


def groups(caller: Api, query: str = "") -> dict[str, list[int]]:
    """The ids of the three groups; the answer must hold them one after the other."""
    tickets = caller("GET", f"/tickets{query}").json()["data"]["tickets"]
    found = {
        group: [ticket["id"] for ticket in tickets if ticket["status"] in statuses]
        for group, statuses in GROUPS.items()
    }
    assert [ticket["id"] for ticket in tickets] == [number for group in found.values() for number in group]
    return found


def test_2024_shows_a_page_of_each_group(admin: Api) -> None:
    """The twenty newest open ones, then active ones, then closed ones."""
    assert groups(admin) == {group: numbers[:20] for group, numbers in ALL.items()}


@pytest.mark.parametrize("turned", GROUPS)
@pytest.mark.parametrize(("page", "limit"), [(1, 7), (2, 7), (3, 20), (7, 7), (8, 7), (1000, 20), (1, 500)])
def test_each_group_is_paged_by_itself(admin: Api, turned: str, page: int, limit: int) -> None:
    """To turn the pages of one leaves the others where they are; behind the end there is nothing."""
    wanted = {group: numbers[:limit] for group, numbers in ALL.items()}
    wanted[turned] = ALL[turned][(page - 1) * limit : page * limit]
    assert groups(admin, f"?limit={limit}&{turned}={page}") == wanted


@pytest.mark.parametrize("turned", GROUPS)
@pytest.mark.parametrize("limit", [1, 10, 13])
def test_a_client_that_pages_one_tab_loses_nothing(admin: Api, turned: str, limit: int) -> None:
    """It sees every ticket of that tab once, and on every page those of the other tabs."""
    pages = [groups(admin, f"?limit={limit}&{turned}={page}") for page in range(1, len(ALL[turned]) // limit + 2)]
    assert Counter(number for page in pages for number in page[turned]) == Counter(ALL[turned])
    for other in GROUPS.keys() - {turned}:
        assert all(page[other] == ALL[other][:limit] for page in pages)


def test_all_three_may_be_turned_at_once(admin: Api) -> None:
    """Each to its own page; `page` is for those that have none of their own."""
    assert groups(admin, "?limit=10&open_page=2&active_page=3&closed_page=4") == {
        "open_page": ALL["open_page"][10:20],
        "active_page": ALL["active_page"][20:30],
        "closed_page": ALL["closed_page"][30:40],
    }
    assert groups(admin, "?limit=10&page=2&closed_page=1") == {
        "open_page": ALL["open_page"][10:20],
        "active_page": ALL["active_page"][10:20],
        "closed_page": ALL["closed_page"][:10],
    }


def test_the_order_may_be_turned(admin: Api) -> None:
    """Within each group; the groups stay where they are."""
    assert groups(admin, "?order=asc&limit=500") == {group: numbers[::-1] for group, numbers in ALL.items()}


def test_a_limit_above_500_is_500(database: Database, api: ApiFor) -> None:
    """For each group, however far above."""
    shelf = [Shelved(number=2026001 + number, status="closed") for number in range(510)]
    database.write(lambda tx: shelve(tx, shelf))
    admin = api(ADMIN)
    shown = [len(groups(admin, f"?limit={limit}")["closed_page"]) for limit in (500, 501, 10**20)]
    assert shown == [500, 500, 500]


@pytest.mark.parametrize("person", [ENGINEER, STRANGER, CUSTOMER, BOT])
def test_others_are_shown_what_they_see(api: ApiFor, person: Person) -> None:
    """In the same groups and order."""
    seen = groups(api(person))
    assert seen == {
        group: [number for number in numbers if number in SEEN_BY[person]] for group, numbers in CAST.items()
    }


def test_2024_shows_the_documented_fields(api: ApiFor, database: Database) -> None:
    """Field for field, with the notes and without the history."""
    caller, question = api(ENGINEER), Question(ENGINEER, "2024", "/tickets")
    _, wanted = database.read(lambda tx: plain_answers.answer(World(tx), caller.token, question))
    assert any(ticket["ticket_notes"] for ticket in wanted["data"]["tickets"])
    assert caller("GET", "/tickets").text == json.dumps(wanted, separators=(",", ":"))


def test_2021_shows_the_documented_fields(api: ApiFor) -> None:
    """Neither a number nor a priority, and `not closed`."""
    answer = api(STRANGER, "2021")("GET", "/tickets")
    ticket: dict[str, Any] = {
        "id": STRANGERS,
        "title": "Trouble 2025004",
        "customer": "Fulhadhoo Harbour",
        "description": "No signal since the storm",
        "status": "on_hold",
        "contact_number": 7771234,
        "contact_name": "Ibrahim",
        "raised_on": "2025-03-04T09:00:00.000+05:00",
        "raised_by": "Aishath Rasheed",
        "assigned_to": "Ibrahim Latheef",
        "ticket_type": "routine_maintenance",
        "category": "fault",
        "image_urls": [],
        "closed_date": "not closed",
        "ticket_notes": [],
    }
    assert answer.text == json.dumps({"data": {"tickets": [ticket]}}, separators=(",", ":"))


OWN = {ADMIN: [STRANGERS, TYPED, ASSIGNED], ENGINEER: [ASSIGNED, RAISED], STRANGER: [STRANGERS], CUSTOMER: [], BOT: []}


@pytest.mark.parametrize("person", OWN)
def test_2021_shows_what_one_raised_or_is_assigned_until_it_is_closed(api: ApiFor, person: Person) -> None:
    """In one list, newest first; what one sees for another reason is not in it."""
    tickets = api(person, "2021")("GET", "/tickets").json()["data"]["tickets"]
    assert [ticket["id"] for ticket in tickets] == OWN[person]


def test_2021_shows_all_of_them_unless_a_limit_is_named(admin: Api, shared_api: ApiFor) -> None:
    """135 and three; `limit`, `page` and `order` are understood."""
    assert admin
    old = shared_api(ADMIN, "2021")
    every = [*SHELF["active_page"], *SHELF["open_page"], *OWN[ADMIN]]

    def listed(query: str) -> list[int]:
        return [ticket["id"] for ticket in old("GET", f"/tickets{query}").json()["data"]["tickets"]]

    assert listed("") == every
    assert listed("?limit=10&page=2") == every[10:20]
    assert listed("?order=asc") == every[::-1]


def test_without_a_token_nothing_is_listed(shared_client: TestClient) -> None:
    """401."""
    assert shared_client.get("/api/v1/tickets").status_code == 401


@pytest.mark.parametrize("field", ["limit", "page", *GROUPS])
@pytest.mark.parametrize("value", ["0", "-1", "many", "", "1.5", "1e2", "0x10", "%201", "%D9%A3", "null"])
def test_a_page_that_cannot_be_is_refused(shared_api: ApiFor, field: str, value: str) -> None:
    """422 names the field."""
    answer = shared_api(ADMIN)("GET", f"/tickets?{field}={value}")
    assert (answer.status_code, answer.json()["errors"]) == (422, {field: [answer.json()["errors"][field][0]]})
    assert answer.json()["errors"][field][0].startswith("must be an integer of 1 or more")


def test_every_fault_of_the_query_is_found(shared_api: ApiFor) -> None:
    """Not only the first."""
    answer = shared_api(ADMIN)("GET", "/tickets?limit=0&open_page=x&order=newest")
    assert answer.json()["errors"].keys() == {"limit", "open_page", "order"}
    assert answer.json()["errors"]["order"] == ["must be one of asc, desc"]
