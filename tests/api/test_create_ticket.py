"""`POST /tickets` in both versions' forms."""

import json
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from acting import rows, tickets_as_kept
from asking import Api, ApiFor
from cast import ADMIN, BOT, BY, CUSTOMER, ENGINEER, HARBOUR, SCHOOL, Person, token
from keesa.accounts.sessions import Version
from keesa.app import serve_from
from keesa.config import Config
from keesa.db import Database, Tx
from keesa.directory.customers import retire_customer
from keesa.directory.keyed_lists import add_key
from keesa.directory.phones import FAULT
from keesa.directory.products import NewProduct, add_product
from new_tickets import ABSENT, BODIES, BODY_2021, BODY_2024, Body, changed
from stopped_clock import stop_clock

LARGEST = 2**63 - 1
DONE = {"2021": 200, "2024": 201}
VERSIONS: tuple[Version, ...] = ("2021", "2024")


def text(answer: dict[str, Any]) -> str:
    """The answer as it must be written: these fields, in this order, and no other."""
    return json.dumps(answer, separators=(",", ":"), ensure_ascii=False)


def test_2024_answers_the_new_ticket(api: ApiFor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flat, field for field."""
    stop_clock(monkeypatch, "2025-03-10T09:05:12.250")
    answer = api(ENGINEER)("POST", "/tickets", BODY_2024)
    assert answer.status_code == 201
    assert answer.text == text(
        {
            "id": 2025006,
            "ticket_number": "2025006",
            "title": "Link to the harbour office is down",
            "description": "No signal since the storm",
            "status": "open",
            "category": "network",
            "ticket_type": "customer_support",
            "priority": 2,
            "customer_id": HARBOUR,
            "product_id": 3,
            "raised_by_id": ENGINEER.id,
            "raised_by": "Hassan Waheed",
            "created_at": "2025-03-10T09:05:12.250+05:00",
        }
    )


def test_2021_answers_the_number(api: ApiFor, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing else."""
    stop_clock(monkeypatch, "2025-03-10T09:05:12.250")
    answer = api(ENGINEER, "2021")("POST", "/tickets", BODY_2021)
    assert answer.status_code == 200
    assert answer.text == text({"success": {"ticket_number": "2025006"}})


def test_the_ticket_is_there_at_once(shared_api: ApiFor) -> None:
    """By its number, with all that was given, in either version."""
    number = shared_api(ENGINEER, "2021")("POST", "/tickets", BODY_2021).json()["success"]["ticket_number"]
    for version in VERSIONS:
        ticket = shared_api(ENGINEER, version)("GET", f"/tickets/{number}").json()["data"]["ticket"]
        wanted = {
            "id": int(number),
            "title": "Link to the harbour office is down",
            "customer": "Fulhadhoo Harbour",
            "description": "No signal since the storm",
            "status": "open",
            "contact_number": 7775678,
            "contact_name": "Fathimath",
            "raised_by": "Hassan Waheed",
            "assigned_to": None,
            "ticket_type": "customer_support",
            "category": "network",
            "ticket_notes": [],
        }
        assert {field: ticket[field] for field in wanted} == wanted


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("ticket", "beside", "owner"),
    [
        ({"customer_id": HARBOUR}, {}, (HARBOUR, None)),
        ({}, {"customer_id": SCHOOL}, (SCHOOL, None)),
        ({"eco_id": 2}, {}, (SCHOOL, 2)),
        ({}, {"eco_id": 2}, (SCHOOL, 2)),
        ({"customer_id": SCHOOL}, {"eco_id": 2}, (SCHOOL, 2)),
        ({"eco_id": 1}, {"customer_id": HARBOUR}, (HARBOUR, 1)),
        ({"customer_id": SCHOOL, "eco_id": 2}, {"customer_id": SCHOOL, "eco_id": 2}, (SCHOOL, 2)),
        ({"customer_id": None, "eco_id": 1}, {"customer_id": HARBOUR, "eco_id": None}, (HARBOUR, 1)),
        ({"customer_id": "1"}, {"customer_id": 1.0}, (HARBOUR, None)),
    ],
)
def test_the_customer_and_the_eco_may_stand_inside_the_ticket_or_beside_it(
    shared_api: ApiFor,
    shared_database: Database,
    version: Version,
    ticket: Body,
    beside: Body,
    owner: tuple[int, int | None],
) -> None:
    """In both versions; an ECO alone tells the customer."""
    nobody = {"customer_id": ABSENT}
    answer = shared_api(ADMIN, version)("POST", "/tickets", changed(BODIES[version], nobody | ticket, nobody | beside))
    assert answer.status_code == DONE[version], answer.text
    newest = "SELECT customer_id, eco_id FROM tickets ORDER BY id DESC LIMIT 1"
    (kept,) = shared_database.read(lambda tx: rows(tx, newest))
    assert tuple(kept.values()) == owner


@pytest.mark.parametrize(
    ("fields", "contact"),
    [
        ({}, ("Ibrahim", 7771234)),
        ({"customer_name": "Fathimath"}, ("Fathimath", 7771234)),
        ({"customer_name": "Fathimath", "customer_contact": "7775678"}, ("Fathimath", 7775678)),
        ({"customer_name": None, "customer_contact": None}, ("Ibrahim", 7771234)),
    ],
)
def test_in_2024_the_contact_is_the_customers_own_where_none_is_given(
    shared_api: ApiFor, fields: Body, contact: tuple[str, int]
) -> None:
    """The fields of 2021 are understood."""
    admin = shared_api(ADMIN)
    number = admin("POST", "/tickets", changed(BODY_2024, fields)).json()["id"]
    ticket = admin("GET", f"/tickets/{number}").json()["data"]["ticket"]
    assert (ticket["contact_name"], ticket["contact_number"]) == contact


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("given", "number", "shown"),
    [
        ("0777123", 777123, "0777123"),
        ("+960 777-1234", 9607771234, "+960 777-1234"),
        ("(960)\u00a0777\u20111234", 9607771234, "(960)\u00a0777\u20111234"),
        (" 777.12/34 ", 7771234, "777.12/34"),
        ("7771234", 7771234, "7771234"),
        (7771234, 7771234, "7771234"),
        (7771234.0, 7771234, "7771234"),
        (0, 0, "0"),
    ],
)
def test_a_telephone_number_is_understood_and_shown_as_it_was_written(
    shared_api: ApiFor, version: Version, given: object, number: int, shown: str
) -> None:
    """The integer as documented, in lists and by itself; the writing in 2024."""
    admin, old = shared_api(ADMIN), shared_api(ADMIN, "2021")
    answer = shared_api(ADMIN, version)(
        "POST", "/tickets", changed(BODIES[version], {"customer_contact": given})
    ).json()
    raised = answer["id"] if version == "2024" else answer["success"]["ticket_number"]
    ticket = admin("GET", f"/tickets/{raised}").json()["data"]["ticket"]
    listed = admin("GET", "/tickets?limit=1").json()["data"]["tickets"][0]
    assert [(each["contact_number"], each["contact_phone"]) for each in (ticket, listed)] == [(number, shown)] * 2
    past = old("GET", f"/tickets/{raised}").json()["data"]["ticket"]
    assert past["contact_number"] == number
    assert "contact_phone" not in past


@pytest.mark.parametrize("version", VERSIONS)
def test_a_contact_that_is_no_telephone_number_is_told_by_its_field(
    shared_api: ApiFor, shared_database: Database, version: Version
) -> None:
    """With whatever else is wrong; nothing is kept."""
    before = shared_database.read(tickets_as_kept)
    body = changed(BODIES[version], {"customer_contact": "call the office", "priority": 9})
    answer = shared_api(ADMIN, version)("POST", "/tickets", body)
    assert answer.status_code == 422
    assert f"ticket.customer_contact {FAULT}" in answer.json()["error"]
    assert "ticket.priority must be" in answer.json()["error"]
    assert shared_database.read(tickets_as_kept) == before


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("owner", "eco_id"), [({}, None), ({"customer_id": None}, None), ({"eco_id": 1}, 1), ({"eco_id": "1"}, 1)]
)
def test_a_customers_user_need_not_name_their_customer(
    api: ApiFor, database: Database, version: Version, owner: Body, eco_id: int | None
) -> None:
    """Theirs is taken; an ECO of theirs alone does too. Staff must name one."""
    body = changed(BODIES[version], {"customer_id": ABSENT}, {"customer_id": ABSENT} | owner)
    answer = api(CUSTOMER, version)("POST", "/tickets", body)
    assert answer.status_code == DONE[version], answer.text
    newest = "SELECT customer_id, eco_id FROM tickets ORDER BY id DESC LIMIT 1"
    assert database.read(lambda tx: rows(tx, newest)) == [{"customer_id": HARBOUR, "eco_id": eco_id}]
    if eco_id is None:
        refused = api(ENGINEER, version)("POST", "/tickets", body)
        assert refused.status_code == 422
        assert "customer_id is missing: give it, or eco_id" in refused.json()["error"]


@pytest.mark.parametrize("owner", [{}, {"customer_id": "harbour"}, {"eco_id": "x"}])
def test_a_customers_user_is_told_what_is_wrong_and_not_that_the_customer_is_missing(
    shared_api: ApiFor, owner: Body
) -> None:
    """Where other fields are not good, and where their customer or ECO cannot be read."""
    body = changed(BODY_2024, {"priority": 9}, {"customer_id": ABSENT} | owner)
    answer = shared_api(CUSTOMER)("POST", "/tickets", body)
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {"ticket.priority", *owner}


@pytest.mark.parametrize("person", [ADMIN, BOT, CUSTOMER])
def test_a_retired_customer_is_told_by_its_field(api: ApiFor, database: Database, person: Person) -> None:
    """422 in both versions, for its own user too; by an ECO alone it is that one's field."""
    database.write(lambda tx: retire_customer(tx, BY, HARBOUR))
    answer = api(person)("POST", "/tickets", BODY_2024)
    assert (answer.status_code, answer.json()["errors"]) == (422, {"customer_id": ["is retired"]})
    answer = api(person)("POST", "/tickets", changed(BODY_2024, {}, {"customer_id": ABSENT, "eco_id": 1}))
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"eco_id": ["belongs to a customer that is retired"]}
    answer = api(person, "2021")("POST", "/tickets", BODY_2021)
    assert (answer.status_code, answer.json()) == (422, {"error": "ticket.customer_id is retired"})


@pytest.mark.parametrize(("given", "kept"), [(ABSENT, 3), (None, 3), (1, 1), (5, 5), ("4", 4), (2.0, 2)])
def test_the_priority_is_3_unless_another_is_given(shared_api: ApiFor, given: object, kept: int) -> None:
    """1 to 5; a number may come as a numeric string, and 2.0 is the same number as 2."""
    answer = shared_api(ADMIN)("POST", "/tickets", changed(BODY_2024, {"priority": given}))
    assert answer.json()["priority"] == kept


def test_numbers_may_come_as_numeric_strings(shared_api: ApiFor) -> None:
    """All of them; a string is kept as it was written, even where it is a number."""
    numbers = {"title": "007", "customer_id": "2", "priority": "1", "product_id": "24", "customer_contact": "3300000"}
    answer = shared_api(ADMIN)("POST", "/tickets", changed(BODY_2021, numbers)).json()
    assert (answer["title"], answer["customer_id"], answer["priority"], answer["product_id"]) == ("007", 2, 1, 24)


def test_what_administrators_have_added_may_be_chosen(api: ApiFor, database: Database) -> None:
    """A product, a type and a category of the desk's own."""

    def add(tx: Tx) -> int:
        add_key(tx, BY, "ticket_types", "site_survey", "Site Survey")
        add_key(tx, BY, "ticket_categories", "solar", "Solar")
        return add_product(tx, BY, NewProduct(name="Panel")).id

    fields = {"ticket_type": "site_survey", "category": "solar", "product_id": database.write(add)}
    answer = api(ADMIN)("POST", "/tickets", changed(BODY_2024, fields))
    assert answer.status_code == 201
    assert {field: answer.json()[field] for field in fields} == fields


def test_the_monthly_form_of_numbers_is_a_setting(
    database: Database, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Year, month and number, for desks that have always had it."""
    stop_clock(monkeypatch, "2025-03-10T09:05")
    with TestClient(serve_from(database, replace(config, number_form="monthly"))) as client:
        admin = Api(client, token(database, ADMIN))
        numbers = [admin("POST", "/tickets", BODY_2024).json()["ticket_number"] for _ in range(2)]
    assert numbers == ["2503001", "2503002"]


def test_a_ticket_that_is_refused_leaves_no_gap(api: ApiFor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one has the next number."""
    stop_clock(monkeypatch, "2025-03-10T09:05")
    admin = api(ADMIN)
    answers = [
        admin("POST", "/tickets", body)
        for body in (BODY_2024, changed(BODY_2024, {"product_id": 99}), changed(BODY_2024, {"title": 5}), BODY_2024)
    ]
    assert [answer.status_code for answer in answers] == [201, 422, 422, 201]
    assert [answers[0].json()["id"], answers[3].json()["id"]] == [2025006, 2025007]


@pytest.mark.parametrize("person", [ADMIN, ENGINEER, CUSTOMER, BOT])
def test_everybody_with_the_permission_may_raise_one(shared_api: ApiFor, person: Person) -> None:
    """A customer's user for their customer; a bot for any."""
    answer = shared_api(person)("POST", "/tickets", BODY_2024)
    assert answer.status_code == 201
    assert answer.json()["raised_by_id"] == person.id


def test_without_a_token_nothing_is_raised(shared_client: TestClient, shared_database: Database) -> None:
    """401, whatever the body."""
    before = shared_database.read(tickets_as_kept)
    for body in (BODY_2024, {}):
        assert shared_client.post("/api/v1/tickets", json=body).status_code == 401
    assert shared_database.read(tickets_as_kept) == before


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("ticket", "beside"),
    [
        ({"customer_id": SCHOOL}, {"customer_id": ABSENT}),
        ({"customer_id": ABSENT}, {"customer_id": SCHOOL}),
        ({"customer_id": 99}, {"customer_id": ABSENT}),
        ({"customer_id": SCHOOL, "title": 5, "category": "fire"}, {"customer_id": ABSENT}),
    ],
)
def test_a_customers_user_is_refused_another_customer(
    shared_api: ApiFor, shared_database: Database, version: Version, ticket: Body, beside: Body
) -> None:
    """403, be that customer there or not, and whatever else is wrong."""
    before = shared_database.read(tickets_as_kept)
    answer = shared_api(CUSTOMER, version)("POST", "/tickets", changed(BODIES[version], ticket, beside))
    assert (answer.status_code, answer.json()) == (403, {"error": "You have nothing to do with this customer"})
    assert shared_database.read(tickets_as_kept) == before


def test_another_customers_eco_is_unknown_to_a_customers_user(shared_api: ApiFor) -> None:
    """As is one that is nobody's: who has it is not told."""
    answers = [
        shared_api(CUSTOMER)("POST", "/tickets", changed(BODY_2024, {}, {"customer_id": ABSENT, "eco_id": eco_id}))
        for eco_id in (2, 99)
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert (
        answers[0].json() == answers[1].json() == {"error": "eco_id is unknown", "errors": {"eco_id": ["is unknown"]}}
    )


TYPES = (
    "is unknown, must be one of roc_support, project_support, remote_support, cross_department_support,"
    " customer_support, eco_support, routine_maintenance"
)
CATEGORIES = "is unknown, must be one of service_order, fault, survey, network, hardware, software"
ID = "must be an integer of 1 or more"
PRIORITY = "must be an integer from 1 to 5"
CONTACT = FAULT

FAULTS: list[tuple[Body, Body, dict[str, list[str]]]] = [
    ({"category": "fire"}, {}, {"ticket.category": [CATEGORIES]}),
    ({"category": "Fault"}, {}, {"ticket.category": [CATEGORIES]}),
    ({"ticket_type": "fire"}, {}, {"ticket.ticket_type": [TYPES]}),
    ({"title": ABSENT}, {}, {"ticket.title": ["is missing"]}),
    ({"title": None}, {}, {"ticket.title": ["is missing"]}),
    ({"title": " "}, {}, {"ticket.title": ["must not be empty"]}),
    ({"title": "x" * 256}, {}, {"ticket.title": ["must have at most 255 characters"]}),
    ({"title": "NUL \0"}, {}, {"ticket.title": ["must not contain NUL characters"]}),
    ({"title": 5}, {}, {"ticket.title": ["must be a string"]}),
    ({"title": ["x"]}, {}, {"ticket.title": ["must be a string"]}),
    ({"description": "<p><br></p>"}, {}, {"ticket.description": ["must not be empty"]}),
    ({"description": "<script>x</script>"}, {}, {"ticket.description": ["must not be empty"]}),
    ({"description": "x" * 65_537}, {}, {"ticket.description": ["must have at most 65536 characters"]}),
    ({"description": {"html": "x"}}, {}, {"ticket.description": ["must be a string"]}),
    ({"reference": "x" * 256}, {}, {"ticket.reference": ["must have at most 255 characters"]}),
    ({"reference": 17}, {}, {"ticket.reference": ["must be a string"]}),
    ({"customer_name": ""}, {}, {"ticket.customer_name": ["must not be empty"]}),
    ({"customer_contact": -1}, {}, {"ticket.customer_contact": [CONTACT]}),
    ({"customer_contact": 10**15}, {}, {"ticket.customer_contact": [CONTACT]}),
    ({"customer_contact": 10**30}, {}, {"ticket.customer_contact": [CONTACT]}),
    ({"customer_contact": ""}, {}, {"ticket.customer_contact": [CONTACT]}),
    ({"customer_contact": "the harbour office"}, {}, {"ticket.customer_contact": [CONTACT]}),
    ({"customer_contact": 777.5}, {}, {"ticket.customer_contact": ["must be a string or an integer"]}),
    ({"product_id": ABSENT}, {}, {"ticket.product_id": ["is missing"]}),
    ({"product_id": 0}, {}, {"ticket.product_id": [ID]}),
    ({"product_id": LARGEST + 1}, {}, {"ticket.product_id": [ID]}),
    ({"product_id": 10**400}, {}, {"ticket.product_id": [ID]}),
    ({"product_id": "9" * 400}, {}, {"ticket.product_id": [ID]}),
    ({"product_id": True}, {}, {"ticket.product_id": [ID]}),
    ({"product_id": 3.5}, {}, {"ticket.product_id": [ID]}),
    ({"product_id": "3.0"}, {}, {"ticket.product_id": [ID]}),
    ({"product_id": " 3"}, {}, {"ticket.product_id": [ID]}),
    ({"product_id": "3e0"}, {}, {"ticket.product_id": [ID]}),
    ({"product_id": "\u0663"}, {}, {"ticket.product_id": [ID]}),
    ({"product_id": "WIFI"}, {}, {"ticket.product_id": [ID]}),
    ({"product_id": [3]}, {}, {"ticket.product_id": [ID]}),
    ({"priority": 0}, {}, {"ticket.priority": [PRIORITY]}),
    ({"priority": 6}, {}, {"ticket.priority": [PRIORITY]}),
    ({"priority": "high"}, {}, {"ticket.priority": [PRIORITY]}),
    ({"priority": False}, {}, {"ticket.priority": [PRIORITY]}),
    ({}, {"customer_id": ABSENT}, {"customer_id": ["is missing: give it, or eco_id"]}),
    ({}, {"customer_id": 99}, {"customer_id": ["is unknown"]}),
    ({}, {"customer_id": "harbour"}, {"customer_id": [ID]}),
    ({"customer_id": True}, {"customer_id": ABSENT}, {"ticket.customer_id": [ID]}),
    ({}, {"eco_id": 2}, {"eco_id": ["belongs to another customer than 1"]}),
    ({}, {"eco_id": -2}, {"eco_id": [ID]}),
    ({"customer_id": SCHOOL}, {}, {"customer_id": ["is given twice, and differs"]}),
    ({"eco_id": 2}, {"eco_id": 1}, {"eco_id": ["is given twice, and differs"]}),
    ({"eco_id": 2, "customer_id": 2}, {"customer_id": "1", "eco_id": 1}, {
        "customer_id": ["is given twice, and differs"],
        "eco_id": ["is given twice, and differs"],
    }),
    (
        {"title": 5, "category": "fire", "priority": 9, "product_id": ABSENT},
        {"customer_id": 99},
        {
            "customer_id": ["is unknown"],
            "ticket.title": ["must be a string"],
            "ticket.category": [CATEGORIES],
            "ticket.priority": [PRIORITY],
            "ticket.product_id": ["is missing"],
        },
    ),
    (
        {"customer_id": SCHOOL, "category": "fire", "title": ""},
        {},
        {
            "customer_id": ["is given twice, and differs"],
            "ticket.category": [CATEGORIES],
            "ticket.title": ["must not be empty"],
        },
    ),
    ({}, {"customer_id": 99, "eco_id": "x"}, {"customer_id": ["is unknown"], "eco_id": [ID]}),
    ({}, {"customer_id": ABSENT, "eco_id": "x"}, {"eco_id": [ID]}),
]  # fmt: skip


@pytest.mark.parametrize(("ticket", "beside", "faults"), FAULTS)
def test_2024_names_every_fault_by_its_field(
    shared_api: ApiFor, shared_database: Database, ticket: Body, beside: Body, faults: dict[str, list[str]]
) -> None:
    """What cannot be read and what breaks a rule at once; nothing is kept."""
    before = shared_database.read(tickets_as_kept)
    answer = shared_api(ADMIN)("POST", "/tickets", changed(BODY_2024, ticket, beside))
    assert answer.status_code == 422
    assert answer.json()["errors"] == faults
    assert all(f"{field} {sentence}" in answer.json()["error"] for field, (sentence,) in faults.items())
    assert shared_database.read(tickets_as_kept) == before


def test_an_unfit_product_is_answered_with_the_known_ones(shared_api: ApiFor) -> None:
    """By id and name."""
    answer = shared_api(ADMIN)("POST", "/tickets", changed(BODY_2024, {"product_id": 25}))
    (sentence,) = answer.json()["errors"]["ticket.product_id"]
    assert sentence.startswith("is unknown, must be one of 1 (PABX), 2 (Switch), 3 (Router), 4 (WIFI), ")
    assert sentence.endswith(", 24 (Eco)")


def test_2021_tells_all_of_it_in_one_sentence(shared_api: ApiFor, shared_database: Database) -> None:
    """Under that version's names, and under no other key."""
    before = shared_database.read(tickets_as_kept)
    body = changed(
        BODY_2021, {"customer_name": ABSENT, "customer_contact": ABSENT, "customer_id": 99, "category": "fire"}
    )
    answer = shared_api(ADMIN, "2021")("POST", "/tickets", body)
    assert answer.status_code == 422
    assert list(answer.json()) == ["error"]
    assert sorted(answer.json()["error"].split("; ")) == [
        f"ticket.category {CATEGORIES}",
        "ticket.customer_contact is missing",
        "ticket.customer_id is unknown",
        "ticket.customer_name is missing",
    ]
    assert shared_database.read(tickets_as_kept) == before


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("body", [{}, {"ticket": None}, {"ticket": []}, {"ticket": "x"}, {"customer_id": 1}])
def test_a_body_without_a_ticket_is_refused(
    shared_api: ApiFor, shared_database: Database, version: Version, body: Body
) -> None:
    """One that is no object is told apart from none."""
    before = shared_database.read(tickets_as_kept)
    answer = shared_api(ADMIN, version)("POST", "/tickets", body)
    assert answer.status_code == 422
    assert ("ticket must be an object" if body.get("ticket") is not None else "ticket is missing") in answer.text
    assert shared_database.read(tickets_as_kept) == before


@pytest.mark.parametrize("body", [[], [BODY_2024], "x", 5, True])
def test_a_body_that_is_no_object_is_refused(shared_api: ApiFor, body: object) -> None:
    """As it can have no fields."""
    answer = shared_api(ADMIN)("POST", "/tickets", body)
    assert (answer.status_code, answer.json()["errors"]) == (422, {"body": ["must be a JSON object"]})
