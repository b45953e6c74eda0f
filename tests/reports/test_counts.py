"""Each number of a report is what its list counts, and what plain Python counts, whatever has become of the tickets."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, Final

import pytest

from acting import CLOCK, actor_of, rows
from asking import ApiFor
from cast import ADMIN, CUSTOMER, ENGINEER, Person
from counted_reports import (
    change_some,
    counted,
    counted_anew,
    fold_part,
    fold_whole,
    kept,
    tickets_of,
)
from doing_jobs import do_due, let_due
from file_rows import no_place
from held_reports import PEOPLE, all_of, asked, assert_listed, assert_right, listed, numbers, reports
from keesa.db import Database, Tx
from keesa.errors import Unavailable
from keesa.housekeeping import kinds_of
from keesa.reports import recounting
from keesa.reports.periods import Period, parts_of

CHANGES: Final = 120


def test_each_number_is_what_its_list_counts(full: Database, other: Database, api: ApiFor) -> None:
    """After changes of any kind through two connections, before anything is folded, half folded and whole; for an
    admin, members of staff and a customer's user.
    """
    assert full.write(lambda tx: fold_part(tx, 90))
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(change_some, (full, other), (1, 2), (CHANGES, CHANGES)))
    callers = {person: api(person) for person in PEOPLE}
    before = {person: reports(callers[person], person) for person in PEOPLE}
    for person in PEOPLE:
        assert_right(full, person, before[person])
        assert_listed(callers[person], before[person])
    left = full.read(lambda tx: tx.value("SELECT count(*) AS value FROM report_changes"))
    assert full.write(lambda tx: fold_part(tx, left // 2))
    assert {person: reports(callers[person], person) for person in PEOPLE} == before
    fold_whole(full)
    assert full.read(lambda tx: rows(tx, "SELECT * FROM report_changes")) == []
    assert {person: reports(callers[person], person) for person in PEOPLE} == before


@pytest.mark.parametrize("first", [date(2025, 2, 10), date(2025, 3, 3)])
def test_months_are_whole_but_the_first_and_the_last(full: Database, api: ApiFor, first: date) -> None:
    """Of a period that begins and ends within months: each line has its own days' tickets, and no others."""
    fold_whole(full)
    period = Period(first, date(2026, 1, 10))
    tickets = full.read(lambda tx: tickets_of(tx, actor_of(tx, ADMIN)))
    lines = asked(api(ADMIN), "month", period)
    assert [numbers(line) for line in lines] == [counted(tickets, part) for part in parts_of(period, "month")]
    assert sum(line["raised"] > 0 for line in lines) == 2


def test_two_that_fold_at_once_fold_each_difference_once(full: Database, other: Database) -> None:
    """While tickets go on changing; in the end all is counted as by plain Python."""
    with ThreadPoolExecutor(3) as threads:
        changing = threads.submit(change_some, full, 3, CHANGES)
        for each in [threads.submit(fold_whole, some, 7) for some in (full, other)]:
            each.result()
        changing.result()
    fold_whole(other)
    assert full.read(kept) == full.read(counted_anew)


def test_what_is_broken_off_has_folded_nothing(full: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever its transaction ends: the differences are there, the counts as before."""
    fold_whole(full)
    change_some(full, 4, 30)
    before = full.read(kept), full.read(lambda tx: rows(tx, "SELECT * FROM report_changes ORDER BY id"))

    def broken(tx: Tx) -> None:
        fold_part(tx, 20)
        raise Unavailable("It ends here")

    with pytest.raises(Unavailable):
        full.write(broken)
    assert (full.read(kept), full.read(lambda tx: rows(tx, "SELECT * FROM report_changes ORDER BY id"))) == before
    monkeypatch.setattr(recounting, "KEPT", 0)
    [kind] = [kind for kind in kinds_of(CLOCK, no_place) if kind.name == "fold_reports"]
    for _ in range(20):
        do_due(full, kind)
        let_due(full)
    assert full.read(lambda tx: rows(tx, "SELECT * FROM report_changes")) == []
    assert full.read(kept) == full.read(counted_anew)


def test_few_differences_stay(full: Database) -> None:
    """The job leaves what a report reads beside the counts for next to nothing."""
    assert full.write(lambda tx: recounting.fold(tx, CLOCK)) is True
    rounds = [full.write(lambda tx: recounting.fold(tx, CLOCK)) for _ in range(5)]
    assert rounds[-1] is False
    left = full.read(lambda tx: tx.value("SELECT count(*) AS value FROM report_changes"))
    assert 0 < left <= recounting.KEPT


Refused = Callable[[Person, str], dict[str, Any]]


@pytest.fixture
def refused(full: Database, api: ApiFor) -> Refused:
    del full

    def of(person: Person, query: str) -> dict[str, Any]:
        answer = api(person)("GET", f"/reports/{query}")
        assert answer.status_code == 422, answer.text
        errors: dict[str, Any] = answer.json()["errors"]
        return errors

    return of


def test_nobody_has_counted_what_is_not_theirs(refused: Refused) -> None:
    """Staff their ticket types alone, customers' users nothing but their customer; each by name."""
    assert {*refused(ENGINEER, "tickets?ticket_type=routine_maintenance")} == {"ticket_type"}
    assert {*refused(ENGINEER, "tickets?customer_id=1")} == {"customer_id"}
    assert {*refused(CUSTOMER, "tickets?customer_id=1")} == {"customer_id"}
    assert {*refused(CUSTOMER, "oldest?ticket_type=eco_support")} == {"ticket_type"}
    for by in ("customer_id", "assigned_to_id"):
        assert refused(CUSTOMER, f"tickets?by={by}") == {"by": ["is the desk's alone"]}


def test_faults_are_named(refused: Refused) -> None:
    """Of days, of what is counted by months alone, and of what cannot be joined."""
    assert {*refused(ADMIN, "tickets?from=soon&to=2026-02-30")} == {"from", "to"}
    assert {*refused(ADMIN, "tickets?from=2026-03-02&to=2026-03-01")} == {"to"}
    assert {*refused(ADMIN, "tickets?by=category&from=2026-03-02&to=2026-03-31")} == {"from"}
    assert {*refused(ADMIN, "times?from=2026-03-01&to=2026-03-30")} == {"to"}
    assert {*refused(ADMIN, "tickets?from=1990-01-01&to=2026-03-30")} == {"to"}
    assert {*refused(ADMIN, "tickets?by=day&from=2020-01-01&to=2026-03-30")} == {"to"}
    assert {*refused(ADMIN, "tickets?customer_id=1&ticket_type=eco_support")} == {"ticket_type"}
    assert {*refused(ADMIN, "workload?customer_id=1")} == {"customer_id"}
    assert {*refused(ADMIN, "tickets?ticket_type=lost")} == {"ticket_type"}
    assert {*refused(ADMIN, "tickets?by=colour")} == {"by"}


def test_an_admin_has_one_customers_tickets_counted(full: Database, api: ApiFor) -> None:
    """As the customer's own user, with a filter that names the customer."""
    admin, customer = api(ADMIN), api(CUSTOMER)
    for by in ("month", "priority"):
        path = f"/reports/tickets?by={by}&from=2026-01-01&to=2026-01-31"
        of_admin = all_of(admin, f"{path}&customer_id=1", "lines")
        of_customer = all_of(customer, path, "lines")
        assert [numbers(line) for line in of_admin] == [numbers(line) for line in of_customer]
        assert [listed(admin, line["raised_list"]) for line in of_admin] == [line["raised"] for line in of_customer]
    del full
