"""The documented world that `--demo` fills an empty database with: its people, its tickets, and what comes after."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from starlette.testclient import TestClient

from acting import CLOCK, actor_of, by, rows, tickets_as_kept
from asking import Api
from by_keesa import create_user
from cast import SECRET, Person, at, hashed, token
from keesa.accounts.actors import SYSTEM
from keesa.accounts.passwords import NewPassword, given_password
from keesa.accounts.sessions import Version
from keesa.accounts.users import NewUser
from keesa.app import serve_from
from keesa.clock import now
from keesa.config import DEFAULT_ZONE, Config
from keesa.db import Database, Tx, open_database
from keesa.db.engine import Work
from keesa.db.migrate import migrate
from keesa.demo.world import fill_if_empty
from keesa.directory.customers import NewCustomer, create_customer
from keesa.directory.ecos import create_eco
from keesa.directory.reference import keys, products
from keesa.notes.notes import add_note
from keesa.rich_text.html import rich_text
from keesa.tickets.lists import list_groups
from keesa.tickets.numbers import NumberForm
from keesa.tickets.pages import Page
from keesa.tickets.raising import raise_ticket
from keesa.tickets.statuses import STATUSES
from listing import tickets
from new_tickets import DRAFT
from places import NewPlace, Place
from undone import undone

JOHN_DOE = Person(4, "user@example.com", "John Doe", "John", "admin", "admin")


@pytest.fixture(scope="module")
def demo_place(
    engine: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Place]:
    """One for the whole file."""
    data = tmp_path_factory.mktemp("documented")
    if engine == "sqlite":
        yield Place(data, None)
        return
    server = request.getfixturevalue("postgres")
    server.create_database("documented")
    yield Place(data, server.url("documented"))
    server.drop_database("documented")


@pytest.fixture(scope="module")
def demo(demo_place: Place) -> Iterator[Database]:
    database = open_database(demo_place.data, demo_place.url)
    migrate(database)
    assert fill_if_empty(database, DEFAULT_ZONE)
    yield database
    database.close()


@pytest.fixture
def world(demo: Database) -> Iterator[Tx]:
    """An open transaction, undone after the test."""
    with undone(demo) as tx:
        yield tx


@pytest.fixture(scope="module")
def client(demo: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    config = Config(data=tmp_path_factory.mktemp("unused"), secret=SECRET, log_format="json")
    with TestClient(serve_from(demo, config), raise_server_exceptions=False) as opened:
        yield opened


def test_the_people_of_the_documents_are_there(world: Tx) -> None:
    """With the ids, names and nicks that the samples show; all of them may log in."""
    found = rows(world, "SELECT id, email, full_name, nick_name, user_type, customer_id FROM users ORDER BY id")
    people = [tuple(row.values()) for row in found if row["id"] != SYSTEM.id]
    assert people[:6] == [
        (1, "jane.doe@example.com", "Jane Doe", "Jane", "staff", None),
        (2, "john.smith@example.com", "John Smith", "Smith", "staff", None),
        (3, "doe@example.com", "Doe", "Doe", "staff", None),
        (4, "user@example.com", "John Doe", "John", "admin", None),
        (5, "jane.smith@example.com", "Jane Smith", "Jane", "staff", None),
        (6, "customer@example.com", "Aminath Shifa", "Shifa", "customer", 20),
    ]
    assert {user_type for *_, user_type, _ in people} == {"admin", "staff", "customer", "bot"}
    assert [row["id"] for row in rows(world, "SELECT id FROM users WHERE disabled_at IS NOT NULL")] == [SYSTEM.id]


@pytest.mark.parametrize("email", ["user@example.com", "customer@example.com", "bot@example.com"])
def test_they_log_in_with_the_printed_password(client: TestClient, email: str) -> None:
    """Not only the admin of the samples."""
    answer = client.post("/api/v1/auth/login", json={"user": email, "password": "Password123"})
    assert answer.status_code == 200, answer.text


def test_the_customers_the_eco_and_the_product_of_the_documents_are_there(world: Tx) -> None:
    """By the ids that the samples send."""
    customers = {row["id"]: row["name"] for row in rows(world, "SELECT id, name FROM customers")}
    assert [customers[number] for number in (20, 21, 22)] == ["Customer A", "Customer X", "Customer Y"]
    assert rows(world, "SELECT customer_id FROM ecos WHERE id = 1") == [{"customer_id": 20}]
    assert products(world)[4] == "WIFI"


JOHN = "John Doe (John)"
TICKETS_2021: dict[int, dict[str, Any]] = {
    2011046: {
        "id": 2011046,
        "title": "fix our Fax line",
        "customer": "Customer X",
        "description": "Fix fax line issues ",
        "status": "open",
        "contact_number": 7000111,
        "contact_name": "John",
        "raised_on": "2020-11-07T14:04:19.033+05:00",
        "raised_by": "John Doe",  # Jane Doe in print: but John Doe is shown it as one of his own
        "assigned_to": "Doe",
        "ticket_type": "roc_support",
        "category": "service_order",
        "image_urls": [],
        "closed_date": "not closed",
        "ticket_notes": [
            {
                "comment": "<div><strong>sample comment<br></strong>something</div><ul><li>bullets</li></ul>",
                "added_on": "2020-11-22T12:07:36.811+05:00",
                "commented_by": JOHN,
            }
        ],
    },
    2009004: {
        "id": 2009004,
        "title": "MoE DS Monitoring",
        "customer": "Customer X",
        "description": "Check monitoring for 2 schools",
        "status": "open",
        "contact_number": 7000111,
        "contact_name": "Mr. Doe",
        "raised_on": "2020-09-01T10:58:37.528+05:00",
        "raised_by": "John Doe",
        "assigned_to": "John Doe",
        "ticket_type": "customer_support",
        "category": None,
        "image_urls": [],
        "closed_date": "not closed",
        "ticket_notes": [
            {
                "comment": "auto discovery in progress",
                "added_on": "2020-09-01T11:06:12.223+05:00",
                "commented_by": JOHN,
            },
            {
                "comment": "N Manadhoo\r\nM Muli\r\nSh Maaungoodhoo",
                "added_on": "2020-10-13T10:07:59.727+05:00",
                "commented_by": JOHN,
            },
        ],
    },
    2012001: {
        "id": 2012001,
        "title": "588 port change",
        "customer": "Customer Y",
        "description": "588 port change",
        "status": "closed",
        "contact_number": 7000011,
        "contact_name": "John",
        "raised_on": "2020-12-01T10:58:50.050+05:00",
        "raised_by": "John Doe",
        "assigned_to": "John Doe",
        "ticket_type": None,
        "category": "service_order",
        "image_urls": [],
        "closed_date": "2020-12-01T00:00:00.000+05:00",
        "ticket_notes": [
            {"comment": "port changed", "added_on": "2020-11-30T18:30:30.714+05:00", "commented_by": JOHN}
        ],
    },
}


@pytest.mark.parametrize("number", TICKETS_2021)
def test_2021_shows_its_tickets_as_printed(client: TestClient, demo: Database, number: int) -> None:
    """With their notes, statuses, dates and assignees."""
    answer = Api(client, token(demo, JOHN_DOE, "2021"))("GET", f"/tickets/{number}")
    assert list(answer.json()["data"]["ticket"].items()) == list(TICKETS_2021[number].items())


SUMMARY_2024: dict[str, Any] = {"id": 2024001, "ticket_number": "2024001", "title": "Network issue"}
PEOPLE_2024: dict[str, Any] = {
    "raised_on": "2024-06-28T10:15:30.000+05:00",
    "raised_by": "Jane Doe",
    "assigned_to": "John Smith",
    "ticket_type": "customer_support",
    "category": "network",
}
OF_CATEGORY_2024: dict[str, Any] = {
    **SUMMARY_2024,
    "customer": "Customer A",
    "description": "Connection problems",
    "status": "open",
    "priority": 3,
    **PEOPLE_2024,
    "closed_date": None,
}
OF_CUSTOMER_2024: dict[str, Any] = {
    **SUMMARY_2024,
    "status": "open",
    "priority": 3,
    **{field: value for field, value in PEOPLE_2024.items() if field != "raised_by"},
}
FOR_BOT_2024: dict[str, Any] = {
    **SUMMARY_2024,
    "customer_id": 20,
    "status": "open",
    "description": "Connection problems",
}
LISTED_2024: dict[str, Any] = {
    **SUMMARY_2024,
    "customer": "Customer A",
    "description": "Connection problems",
    "status": "open",
    "priority": 3,
    "contact_number": 7735241,
    "contact_name": "John",
    **PEOPLE_2024,
    "image_urls": [],
    "closed_date": None,
    "ticket_notes": [
        {
            "comment": "Issue investigation started",
            "added_on": "2024-06-28T10:30:00.000+05:00",
            "commented_by": JOHN,
        },
        {"comment": "Investigating the issue", "added_on": "2024-06-28T12:30:15.000+05:00", "commented_by": JOHN},
        {
            "comment": "Issue has been partially resolved",
            "added_on": "2024-06-28T14:45:00.000+05:00",
            "commented_by": "Jane Smith (Jane)",
        },
    ],
}
"""The three notes are those of all samples: two print the second one alone, one none, and `get_ticket_notes` the first
and the third. Two samples print another title, three another description.
"""
DETAIL_2024: dict[str, Any] = {
    **{field: value for field, value in LISTED_2024.items() if field != "ticket_notes"},
    "ticket_statuses": [{"id": 1, "status": "open", "created_at": "2024-06-28T10:15:30.000+05:00"}],
    "ticket_notes": LISTED_2024["ticket_notes"],
}


def documented(shown: dict[str, Any], printed: dict[str, Any]) -> list[tuple[str, Any]]:
    """What is shown, without what Keesa adds behind the documented keys."""
    return list(shown.items())[: len(printed)]


def test_2021_lists_to_its_user_what_is_printed(client: TestClient, demo: Database) -> None:
    """2011046 comes first; the other one was raised by and is assigned to the same user, as its own sample prints."""
    listed = Api(client, token(demo, JOHN_DOE, "2021"))("GET", "/tickets").json()["data"]["tickets"]
    assert [list(ticket.items()) for ticket in listed] == [
        list(TICKETS_2021[number].items()) for number in (2011046, 2009004)
    ]


def test_2021_lists_the_type_of_the_sample_from_the_printed_ticket_on(client: TestClient, demo: Database) -> None:
    """`?limit=10&order=asc` of customer_support and open; the other one is of the 2024 document."""
    wanted = {"ticket": {"type": "customer_support", "status": "open"}}
    api = Api(client, token(demo, JOHN_DOE, "2021"))
    data = api("GET", "/tickets/tickets_by_type?limit=10&order=asc", wanted).json()["data"]
    first, second = data["tickets"]
    assert {field: value for field, value in first.items() if field != "priority"} == TICKETS_2021[2009004]
    assert (first["priority"], list(first)[5], second["id"]) == (5, "priority", 2024001)


@pytest.mark.parametrize(
    ("path", "body", "printed", "tickets"),
    [
        ("/tickets/tickets_by_category?category=network&limit=10&page=1", None, OF_CATEGORY_2024, 10),
        ("/tickets/tickets_of_customer?customer_id=20&status=open&limit=10", None, OF_CUSTOMER_2024, 1),
        (
            "/tickets/tickets_by_type?limit=10&order=desc",
            {"ticket": {"type": "customer_support", "status": "open"}},
            LISTED_2024,
            2,
        ),
    ],
)
def test_2024_lists_its_ticket_first_as_printed(
    client: TestClient, demo: Database, path: str, body: object, printed: dict[str, Any], tickets: int
) -> None:
    """By each sample that asks for a list of some of the tickets."""
    listed = Api(client, token(demo, JOHN_DOE))("GET", path, body).json()["data"]["tickets"]
    assert documented(listed[0], printed) == list(printed.items())
    assert len(listed) == tickets


def test_2024_lists_its_ticket_on_the_first_page(client: TestClient, demo: Database) -> None:
    """Among the open ones, behind those of later years."""
    listed = Api(client, token(demo, JOHN_DOE))("GET", "/tickets").json()["data"]["tickets"]
    (shown,) = (ticket for ticket in listed if ticket["id"] == 2024001)
    assert documented(shown, LISTED_2024) == list(LISTED_2024.items())


def test_2024_shows_its_ticket_as_printed(client: TestClient, demo: Database) -> None:
    """With its people, dates and first status; it is assigned, so that its status may be changed."""
    ticket = Api(client, token(demo, JOHN_DOE))("GET", "/tickets/2024001").json()["data"]["ticket"]
    assert documented(ticket, DETAIL_2024) == list(DETAIL_2024.items())


def test_2024_verifies_its_ticket_for_bots_as_printed(client: TestClient, demo: Database) -> None:
    """Field for field."""
    answer = Api(client, token(demo, JOHN_DOE))("GET", "/tickets/2024001/get_specific_ticket_for_bot?customer_id=20")
    assert list(answer.json()["data"]["ticket"].items()) == list(FOR_BOT_2024.items())


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_the_printed_notes_of_2024_have_the_printed_numbers(
    client: TestClient, demo: Database, version: Version
) -> None:
    """271 and 272; between them stands the one that another sample prints."""
    answer = Api(client, token(demo, JOHN_DOE, version))(
        "GET", "/tickets/get_ticket_notes", {"ticket_number": "2024001"}
    )
    first, between, last = answer.json()["data"]["notes"]
    assert list(first.values()) == [271, "Issue investigation started", "John Doe", "John", "10:30 06/28/2024"]
    assert list(last.values()) == [272, "Issue has been partially resolved", "Jane Smith", "Jane", "14:45 06/28/2024"]
    assert between["note"] == "Investigating the issue"


def test_the_printed_notes_of_2021_are_there(client: TestClient, demo: Database) -> None:
    """Under other numbers: those that are printed are 2024's."""
    answer = Api(client, token(demo, JOHN_DOE, "2021"))("GET", "/tickets/get_ticket_notes?ticket_number=2008022")
    john = {"user_name": "John Doe", "user_nick": "John"}
    assert answer.json()["data"] == {
        "count": 2,
        "notes": [
            {"id": 269, "note": "digital phone type changed", **john, "commented_on": "18:30 11/08/2020"},
            {"id": 270, "note": "port changed", **john, "commented_on": "20:30 11/08/2020"},
        ],
    }


@pytest.mark.parametrize("field", ["status", "ticket_type", "category"])
def test_the_further_tickets_are_of_every_kind(world: Tx, field: str) -> None:
    """So that each list has something to show."""
    known = {
        "status": STATUSES,
        "ticket_type": keys(world, "ticket_types"),
        "category": keys(world, "ticket_categories"),
    }
    found = rows(world, f"SELECT {field}, count(*) AS tickets FROM tickets GROUP BY {field}")
    counted = {row[field]: row["tickets"] for row in found if row[field] is not None}
    assert counted.keys() == set(known[field])
    assert min(counted.values()) >= 5


def test_they_are_of_every_month_and_every_customer(world: Tx) -> None:
    """From the summer of 2024 until now."""
    found = rows(world, "SELECT raised_at, customer_id FROM tickets WHERE id > 2024001")
    months = {CLOCK.local(row["raised_at"]).strftime("%Y-%m") for row in found}
    first, last = date(2024, 7, 1), CLOCK.local(now()).date()
    passed = range(first.year * 12 + first.month - 1, last.year * 12 + last.month - 1)
    assert {f"{month // 12}-{month % 12 + 1:02}" for month in passed} <= months
    assert {row["customer_id"] for row in found} == {row["id"] for row in rows(world, "SELECT id FROM customers")}


def test_there_are_pages_to_turn(world: Tx) -> None:
    """More than the twenty of a page, in each of the three groups."""
    john = actor_of(world, JOHN_DOE)
    for page in (1, 2):
        found = tickets(world, list_groups(world, john, Page(page), (None, None, None)))
        assert {"open", "closed"} <= {ticket.status for ticket in found}
        assert {"in_progress", "on_hold"} & {ticket.status for ticket in found}


@pytest.mark.parametrize("user_id", [1, 2, 3, 4, 5, 6, 7])
def test_everybody_but_the_bot_has_something_to_see(world: Tx, user_id: int) -> None:
    """And some of it is not closed."""
    somebody = actor_of(world, replace(JOHN_DOE, id=user_id))
    found = tickets(world, list_groups(world, somebody, Page(), (None, None, None)))
    assert any(ticket.status != "closed" for ticket in found)


def test_their_histories_hold_together(world: Tx) -> None:
    """The last status of each is the one it has, nothing lies in the future, and who works on it is assigned."""
    last = "SELECT status FROM ticket_statuses WHERE ticket_id = tickets.id ORDER BY id DESC LIMIT 1"
    change = "EXISTS (SELECT 1 FROM ticket_statuses WHERE ticket_id = tickets.id AND created_at"
    note = "EXISTS (SELECT 1 FROM ticket_notes WHERE ticket_id = tickets.id AND created_at"
    broken = {
        "without a history": f"({last}) IS NULL",
        "of another last status": f"status <> ({last})",
        "worked on by nobody": "status <> 'open' AND assigned_to_id IS NULL",
        "raised in the future": "raised_at > :now",
        "changed in the future": f"{change} > :now)",
        "noted in the future": f"{note} > :now)",
        "changed before it was raised": f"{change} < raised_at)",
    }
    found = {
        name: [row["id"] for row in rows(world, f"SELECT id FROM tickets WHERE {condition}", now=now())]
        for name, condition in broken.items()
    }
    assert found == {name: [] for name in broken}


def test_a_second_start_fills_nothing(demo: Database) -> None:
    """Nor does it change what is there."""
    before = demo.read(tickets_as_kept)
    assert not fill_if_empty(demo, DEFAULT_ZONE)
    assert demo.read(tickets_as_kept) == before


def test_a_database_in_use_is_not_filled(shared_database: Database) -> None:
    """One user is enough."""
    assert not fill_if_empty(shared_database, DEFAULT_ZONE)
    assert shared_database.read(lambda tx: rows(tx, "SELECT id FROM users WHERE email = 'user@example.com'")) == []


def test_of_two_starts_at_once_one_fills_it(empty_place: Place) -> None:
    """And the other finds it filled: half of it is never seen."""

    def start(_: int) -> bool:
        database = open_database(empty_place.data, empty_place.url)
        try:
            migrate(database)
            return fill_if_empty(database, DEFAULT_ZONE)
        finally:
            database.close()

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(start, range(2))) == [False, True]


def test_the_next_ticket_has_the_next_number(world: Tx) -> None:
    """Of this year; its raiser is user 4, as printed."""
    john, year = actor_of(world, JOHN_DOE), CLOCK.local(now()).year
    this_year = rows(
        world, "SELECT id FROM tickets WHERE id > :first AND id < :last", first=year * 1000, last=year * 1000 + 999
    )
    last = max((row["id"] for row in this_year), default=year * 1000)
    raised = [raise_ticket(world, john, DRAFT, now(), CLOCK, "yearly") for _ in range(2)]
    assert [ticket.id for ticket in raised] == [last + 1, last + 2]
    assert (raised[0].raised_by_id, raised[0].raised_by) == (4, "John Doe")


@pytest.mark.parametrize(
    ("form", "when", "number"),
    [
        ("yearly", "2024-12-31T23:59", None),
        ("monthly", "2020-08-31T10:00", 2008023),
        ("monthly", "2020-12-31T10:00", 2012002),
    ],
)
def test_numbers_of_either_form_go_on_after_the_documented_ones(
    world: Tx, form: NumberForm, when: str, number: int | None
) -> None:
    """2008022 and the others are of the monthly form."""
    taken = {row["id"] for row in rows(world, "SELECT id FROM tickets")}
    raised = raise_ticket(world, actor_of(world, JOHN_DOE), DRAFT, at(when), CLOCK, form).id
    assert raised not in taken
    wanted = number or max(ticket for ticket in taken if ticket // 1000 == 2024) + 1
    assert raised == wanted if world.writes_alone else wanted <= raised < wanted + 1000  # other tests draw numbers too


def test_new_rows_have_ids_of_their_own(world: Tx) -> None:
    """A note, a user, a customer and an ECO come after those that were given theirs."""
    john = actor_of(world, JOHN_DOE)
    last_note = rows(world, "SELECT max(id) AS id FROM ticket_notes")[0]["id"]
    add_note(world, john, 2024001, rich_text("Looked at it again"), now())
    assert rows(world, "SELECT max(id) AS id FROM ticket_notes")[0]["id"] == last_note + 1 > 272
    harbour = NewCustomer(name="Vilufushi Harbour", contact_name="Moosa", contact_number=7700109)
    assert create_customer(world, by(john), harbour) == 23
    assert create_eco(world, by(john), "Mast at the jetty", 23) == 2
    new = NewUser(
        email="new@example.com",
        full_name="Ali New",
        nick_name="Ali",
        user_type="staff",
        password=hashed(),
        roles=["engineer"],
    )
    assert create_user(world, new, now()) == 9


def test_the_password_of_all_is_hashed_once_and_before_the_transaction(
    new_place: NewPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other process waits for it, and where the database has people already nothing is hashed at all."""
    place = new_place(None)
    database = open_database(place.data, place.url)
    migrate(database)
    hashed_in: list[bool] = []
    filling = False
    migrating = database.migrating

    def noting(password: str) -> NewPassword:
        hashed_in.append(filling)
        return given_password(password)

    def watched(work: Work[bool]) -> bool:
        nonlocal filling
        filling = True
        return migrating(work)

    monkeypatch.setattr("keesa.demo.world.given_password", noting)
    monkeypatch.setattr(database, "migrating", watched)
    assert [fill_if_empty(database, DEFAULT_ZONE) for _ in range(2)] == [True, False]
    assert hashed_in == [False]
    database.close()
