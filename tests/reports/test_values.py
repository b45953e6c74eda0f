"""Reports by what a desk has many of: page by page every value that has any, whatever little one page looks at."""

from dataclasses import replace
from datetime import date
from random import Random
from typing import Final

import pytest

from acting import CLOCK, actor_of
from asking import ApiFor
from cast import ADMIN, ENGINEER, at
from counted_reports import fold_part, fold_whole, lines_by, tickets_of
from held_reports import all_of, listed, numbers
from keesa.db import Database, Tx
from keesa.reports import values
from keesa.reports.periods import Period
from keesa.tickets.assigning import assign
from keesa.tickets.raising import raise_ticket
from keesa.tickets.status import change_status
from new_tickets import DRAFT

CUSTOMERS: Final = range(900, 1070)
"""Of three and of four digits."""
PERIODS: Final = (
    Period(date(2025, 1, 1), date(2025, 12, 31)),
    Period(date(2025, 11, 1), date(2026, 2, 28)),
    Period(date(2026, 4, 1), date(2026, 4, 30)),
)


@pytest.fixture
def many(full: Database) -> Database:
    """With customers of whom each has a ticket or two, of two years, some of them closed."""
    dice = Random(5)  # noqa: S311 - dice, no secret

    def work(tx: Tx) -> None:
        admin = actor_of(tx, ADMIN)
        for customer_id in CUSTOMERS:
            tx.run(
                "INSERT INTO customers (id, name, contact_name, contact_number) VALUES (:id, :name, 'Adam', 7000000)",
                id=customer_id,
                name=f"Customer {customer_id}",
            )
            for _ in range(dice.choice((0, 1, 1, 2))):
                raised = at(f"{dice.choice(('2025-03', '2025-12', '2026-02', '2026-04'))}-11T09:00")
                kind = dice.choice(("eco_support", "remote_support", "customer_support"))
                draft = replace(DRAFT, customer_id=customer_id, ticket_type=kind)
                ticket = raise_ticket(tx, admin, draft, raised, CLOCK, "yearly")
                if dice.random() < 0.5:
                    closed = raised + dice.choice((1, 40)) * 24 * 3_600_000
                    assign(tx, admin, ticket.id, ENGINEER.id, closed)
                    day = CLOCK.local(closed).date().isoformat()
                    change_status(tx, admin, ticket.id, "closed", day, closed, CLOCK)

    full.write(work)
    return full


def test_a_page_has_fifty_values_at_the_most(many: Database, api: ApiFor) -> None:
    """Whatever its limit is; the rest follows."""
    fold_whole(many)
    path = "/reports/tickets?limit=500&by=customer_id&from=2025-01-01&to=2026-12-31"
    data = api(ADMIN)("GET", path).json()["data"]
    assert len(data["lines"]) == values.LARGEST < len(all_of(api(ADMIN), path, "lines"))
    assert data["next"]


@pytest.mark.parametrize(("windows", "most"), [(values.WINDOWS, values.MOST_WINDOWS), ((4, 9), 1)])
def test_every_value_is_told_once(
    many: Database, api: ApiFor, monkeypatch: pytest.MonkeyPatch, windows: tuple[int, ...], most: int
) -> None:
    """In order, with the numbers that plain Python counts, before it is folded, half folded and whole."""
    monkeypatch.setattr(values, "WINDOWS", windows)
    monkeypatch.setattr(values, "MOST_WINDOWS", most)
    for folded in ("nothing", "half", "whole"):
        if folded == "half":
            assert many.write(lambda tx: fold_part(tx, 250))
        elif folded == "whole":
            fold_whole(many)
        for person in (ADMIN, ENGINEER):
            tickets = many.read(lambda tx, person=person: tickets_of(tx, actor_of(tx, person)))  # type: ignore[misc]
            for period in PERIODS:
                path = f"/reports/tickets?limit=8&by=customer_id&from={period.first}&to={period.last}"
                lines = all_of(api(person), path, "lines")
                told = [(line["value"], *numbers(line)) for line in lines]
                assert told == sorted(lines_by(tickets, "customer_id", period), key=lambda line: int(line[0] or 0))


def test_each_of_many_numbers_is_what_its_list_counts(many: Database, api: ApiFor) -> None:
    """Folded in part."""
    assert many.write(lambda tx: fold_part(tx, 250))
    period, looked_at = PERIODS[1], 0
    for person in (ADMIN, ENGINEER):
        path = f"/reports/tickets?limit=50&by=customer_id&from={period.first}&to={period.last}"
        for line in all_of(api(person), path, "lines")[::7]:
            for counted in ("raised", "closed", "open"):
                assert listed(api(person), line[f"{counted}_list"]) == line[counted]
                looked_at += 1
    assert looked_at > 40


def test_a_page_looks_at_few_values(many: Database, api: ApiFor, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it may be short, or empty, and yet have a next one; its cursor goes on behind what was looked at."""
    fold_whole(many)
    monkeypatch.setattr(values, "WINDOWS", (9,))
    monkeypatch.setattr(values, "MOST_WINDOWS", 1)
    path = "/reports/tickets?limit=8&by=customer_id&from=2026-04-01&to=2026-04-30"
    pages, after = [], ""
    while after is not None:
        data = api(ADMIN)("GET", f"{path}{after and f'&after={after}'}").json()["data"]
        pages.append(len(data["lines"]))
        after = data["next"]
    assert max(pages) <= 8
    assert min(pages[:-1]) < 8
    assert len(pages) > 10
