"""Ticket numbers: their two forms, the year that counts, and that none comes twice; nor is left out, on SQLite."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from acting import CLOCK, actor_of, rows
from cast import ENGINEER, at
from keesa.clock import Clock
from keesa.db import Database, Tx, open_database
from keesa.tickets.numbers import LARGEST, NumberForm, keep_number, next_number, parse_number
from keesa.tickets.raising import raise_ticket
from new_tickets import DRAFT
from places import Place
from undone import undone


def take(tx: Tx, when: str, form: NumberForm = "yearly", clock: Clock = CLOCK) -> int:
    return next_number(tx, at(when), clock, form)


@pytest.mark.parametrize(
    ("form", "when", "numbers"),
    [
        ("yearly", "2024-06-28T10:15", [2024001, 2024002]),
        ("monthly", "2021-02-26T01:06", [2102001, 2102002]),
        ("monthly", "2030-12-05T10:00", [3012001, 3012002]),
    ],
)
def test_a_number_is_its_time_and_a_running_number(tx: Tx, form: NumberForm, when: str, numbers: list[int]) -> None:
    """The year, or year and month, stand in front; the running number begins at 001."""
    assert [take(tx, when, form), take(tx, when, form)] == numbers


def test_each_year_and_each_month_begins_anew(tx: Tx) -> None:
    """A late ticket of an earlier year goes on where that year was left; where numbers are drawn, behind that."""
    yearly = [take(tx, when) for when in ("2026-01-05T10:00", "2027-01-05T10:00", "2026-12-05T10:00")]
    monthly = [take(tx, when, "monthly") for when in ("2026-01-05T10:00", "2026-02-05T10:00", "2026-01-06T10:00")]
    assert yearly[:2] == [2026001, 2027001]
    assert monthly[:2] == [2601001, 2602001]
    if tx.writes_alone:
        assert (yearly[2], monthly[2]) == (2026002, 2601002)
    assert 2026001 < yearly[2] < 2026010
    assert 2601001 < monthly[2] < 2601010


def test_the_numbers_go_on_after_the_tickets_that_are_there(tx: Tx) -> None:
    """The cast has 2025001 to 2025005; where numbers are drawn, other tests may have drawn some."""
    number = take(tx, "2025-03-10T09:00")
    assert number == 2025006 if tx.writes_alone else number > 2025005


@pytest.mark.parametrize(
    ("zone", "number"), [("Indian/Maldives", 2030001), ("UTC", 2029001), ("Pacific/Kiritimati", 2030001)]
)
def test_the_configured_zone_decides_the_year(tx: Tx, zone: str, number: int) -> None:
    """Half past midnight on 1 January in the Maldives is still 31 December in UTC."""
    assert take(tx, "2030-01-01T00:30", clock=Clock(ZoneInfo(zone))) == number


@pytest.mark.parametrize(
    ("form", "prefix", "numbers"),
    [("yearly", "2030", [2030999, 20301000, 20301001]), ("monthly", "3006", [3006999, 30061000, 30061001])],
)
def test_after_999_the_running_number_has_four_digits(
    tx: Tx, form: NumberForm, prefix: str, numbers: list[int]
) -> None:
    """Three digits are the least, not the most."""
    keep_number(tx, int(f"{prefix}998"))
    assert [take(tx, "2030-06-05T10:00", form) for _ in numbers] == numbers


def test_no_number_of_either_form_is_one_of_the_other(tx: Tx) -> None:
    """A desk may change its form at any time from 2013 to 2099."""
    months = [f"{year}-{month:02}-05T10:00" for year in range(2013, 2100) for month in range(1, 13)]
    taken = [take(tx, when, form) for when in months for form in get_args(NumberForm)]
    assert len(set(taken)) == 2 * len(months)


def test_a_number_is_never_used_again(tx: Tx) -> None:
    """Not even that of a ticket which the operator has taken out of the database."""
    number = take(tx, "2025-03-10T09:00")
    for table in ("attachments", "ticket_notes", "ticket_statuses", "ticket_events"):
        tx.run(f"DELETE FROM {table}")
    tx.run("DELETE FROM tickets")
    later = take(tx, "2025-03-10T09:00")
    assert later == number + 1 if tx.writes_alone else later > number


def test_the_number_of_a_ticket_that_is_not_kept(shared_database: Database) -> None:
    """It goes back with everything else that its transaction did; where numbers are drawn it is left out."""
    taken = []
    for _ in range(2):
        with undone(shared_database) as tx:
            raised = raise_ticket(tx, actor_of(tx, ENGINEER), DRAFT, at("2025-03-10T09:00"), CLOCK, "yearly")
            taken.append(raised.id)
            alone = tx.writes_alone
    assert taken == [2025006, 2025006] if alone else taken[0] < taken[1]


def test_two_tickets_raised_at_once_never_get_the_same_number(database: Database) -> None:
    """Eight threads raise tickets, and every third of these fails: all numbers differ, and SQLite's have no gap."""
    engineer, when = database.read(lambda tx: actor_of(tx, ENGINEER)), at("2026-03-10T09:00")

    def attempt(turn: int) -> int | None:
        def work(tx: Tx) -> int:
            raised = raise_ticket(tx, engineer, DRAFT, when, CLOCK, "yearly")
            if turn % 3 == 0:
                raise LookupError("the power is gone")
            return raised.id

        with suppress(LookupError):
            return database.write(work)
        return None

    with ThreadPoolExecutor(8) as pool:
        numbers = [number for number in pool.map(attempt, range(96)) if number is not None]
    assert len(set(numbers)) == 64
    if database.read(lambda tx: tx.writes_alone):
        assert sorted(numbers) == list(range(2026001, 2026065))
    kept = database.read(lambda tx: rows(tx, "SELECT id FROM tickets WHERE id > 2026000 ORDER BY id"))
    assert [row["id"] for row in kept] == sorted(numbers)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2024001", 2024001),
        ("0", 0),
        (str(LARGEST), LARGEST),
        (str(LARGEST + 1), None),
        ("9" * 5000, None),
        ("", None),
        ("-1", None),
        ("+1", None),
        (" 1", None),
        ("1.0", None),
        ("1e3", None),
        ("0x10", None),
        ("1_000", None),
        ("٢٠٢٤٠٠١", None),
        ("²", None),
        ("tickets_by_type", None),
    ],
)
def test_a_number_is_read_from_its_digits_alone(text: str, number: int | None) -> None:
    """What no ticket can have as its number is none, and no error."""
    assert parse_number(text) == number


def test_two_nodes_begin_a_year_together(place: Place) -> None:
    """The first tickets of a year, raised on both at once: each year begins with 001, and no number comes twice."""
    nodes = [open_database(place.data, place.url) for _ in range(2)]
    years = [2030, 2031, 2032, 2033]
    together = threading.Barrier(8, timeout=60)

    def raise_some(turn: int) -> list[int]:
        numbers = []
        for year in years:
            together.wait()
            when = f"{year}-01-01T00:00"
            numbers.append(nodes[turn % 2].write(lambda tx, when=when: take(tx, when)))  # type: ignore[misc]  # likewise
        return numbers

    with ThreadPoolExecutor(8) as pool:
        taken = [number for numbers in pool.map(raise_some, range(8)) for number in numbers]
    for node in nodes:
        node.close()
    assert len(set(taken)) == len(taken)
    assert {year: min(number for number in taken if number // 1000 == year) % 1000 for year in years} == dict.fromkeys(
        years, 1
    )
