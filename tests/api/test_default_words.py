"""A customer's user need not know the words by which the desk sorts tickets: the product has them."""

from typing import Final

import pytest

from acting import rows, tickets_as_kept
from asking import ApiFor
from cast import ADMIN, BOT, BY, CUSTOMER, ENGINEER, Person
from keesa.accounts.sessions import Version
from keesa.db import Database, Tx
from keesa.directory.products import ProductChanges, change_product
from new_tickets import ABSENT, BODIES, BODY_2024, Body, changed

VERSIONS: Final[tuple[Version, ...]] = ("2021", "2024")
WITH_BOTH, WITH_TYPE, WITHOUT = 3, 4, 5
"""Products, by what they have."""


@pytest.fixture(scope="module", autouse=True)
def _words(shared_database: Database) -> None:
    def give(product: int, changes: ProductChanges) -> None:
        shared_database.write(lambda tx: change_product(tx, BY, product, changes))

    give(WITH_BOTH, ProductChanges(default_ticket_type="eco_support", default_category="hardware"))
    give(WITH_TYPE, ProductChanges(default_ticket_type="remote_support"))


def newest(tx: Tx) -> tuple[str, str]:
    [found] = rows(tx, "SELECT ticket_type, category FROM tickets ORDER BY id DESC LIMIT 1")
    return found["ticket_type"], found["category"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("product", "given", "kept"),
    [
        (WITH_BOTH, {}, ("eco_support", "hardware")),
        (WITH_BOTH, {"category": "survey"}, ("eco_support", "survey")),
        (WITH_BOTH, {"ticket_type": "roc_support", "category": None}, ("roc_support", "hardware")),
        (WITH_TYPE, {"category": "survey"}, ("remote_support", "survey")),
        (WITHOUT, {"ticket_type": "roc_support", "category": "survey"}, ("roc_support", "survey")),
    ],
)
def test_the_product_s_words_stand_in(
    shared_api: ApiFor,
    shared_database: Database,
    version: Version,
    product: int,
    given: dict[str, object],
    kept: tuple[str, str],
) -> None:
    """For those that are missing; what is given counts. Through an ECO too."""
    ticket = {"ticket_type": ABSENT, "category": ABSENT, "product_id": product} | given
    for beside in ({}, {"eco_id": 1}):
        answer = shared_api(CUSTOMER, version)("POST", "/tickets", changed(BODIES[version], ticket, beside))
        assert answer.status_code == {"2021": 200, "2024": 201}[version], answer.text
        if version == "2024":
            assert (answer.json()["ticket_type"], answer.json()["category"]) == kept
        assert shared_database.read(newest) == kept


MISSING: Final = ["is missing"]


@pytest.mark.parametrize(
    ("person", "product", "faults"),
    [
        (CUSTOMER, WITHOUT, {"ticket.category": MISSING, "ticket.ticket_type": MISSING}),
        (CUSTOMER, WITH_TYPE, {"ticket.category": MISSING}),
        (ADMIN, WITH_BOTH, {"ticket.category": MISSING, "ticket.ticket_type": MISSING}),
        (ENGINEER, WITH_BOTH, {"ticket.category": MISSING, "ticket.ticket_type": MISSING}),
        (BOT, WITH_BOTH, {"ticket.category": MISSING, "ticket.ticket_type": MISSING}),
    ],
)
def test_who_has_no_words_is_told_so(
    shared_api: ApiFor, shared_database: Database, person: Person, product: int, faults: dict[str, list[str]]
) -> None:
    """The desk sorts by its own: no product's words stand in for those of staff. Nothing is kept."""
    before = shared_database.read(tickets_as_kept)
    body = changed(BODY_2024, {"ticket_type": ABSENT, "category": None, "product_id": product})
    answer = shared_api(person)("POST", "/tickets", body)
    assert answer.status_code == 422
    assert list(answer.json()["errors"].items()) == list(faults.items())
    assert shared_database.read(tickets_as_kept) == before


WORDLESS: Final[Body] = {"ticket_type": ABSENT, "category": ABSENT}


FAULTS: Final[list[tuple[Body, Body, list[str]]]] = [
    (WORDLESS, {}, ["ticket.category is missing", "ticket.ticket_type is missing"]),
    (
        WORDLESS | {"title": ABSENT, "product_id": ABSENT},
        {},
        [f"ticket.{field} is missing" for field in ("title", "category", "ticket_type", "product_id")],
    ),
    (
        WORDLESS | {"title": "", "priority": 9},
        {"customer_id": 99, "eco_id": "x"},
        [
            "ticket.title must not be empty",
            "customer_id is unknown",
            "ticket.category is missing",
            "ticket.ticket_type is missing",
            "ticket.priority must be an integer from 1 to 5",
            "eco_id must be an integer of 1 or more",
        ],
    ),
    (
        {"category": ABSENT, "customer_id": 2},
        {},
        ["customer_id is given twice, and differs", "ticket.category is missing"],
    ),
    (
        {"category": 5, "ticket_type": ABSENT, "product_id": "x"},
        {},
        [
            "ticket.category must be a string",
            "ticket.ticket_type is missing",
            "ticket.product_id must be an integer of 1 or more",
        ],
    ),
]


@pytest.mark.parametrize(("ticket", "beside", "sentences"), FAULTS)
def test_the_sentence_is_as_it_was(shared_api: ApiFor, ticket: Body, beside: Body, sentences: list[str]) -> None:
    """Every fault at once, in the order of the body, as where each field were needed by everybody."""
    answer = shared_api(ADMIN)("POST", "/tickets", changed(BODY_2024, ticket, beside))
    assert (answer.status_code, answer.json()["error"]) == (422, "; ".join(sentences))


@pytest.mark.parametrize("ticket", [ABSENT, None, 5, "x"])
def test_without_a_ticket_its_words_are_not_missing(shared_api: ApiFor, ticket: object) -> None:
    """They would stand in it."""
    body = {} if ticket is ABSENT else {"ticket": ticket}
    for person in (ADMIN, CUSTOMER):
        answer = shared_api(person)("POST", "/tickets", body | {"customer_id": 1})
        assert list(answer.json()["errors"]) == ["ticket"]
