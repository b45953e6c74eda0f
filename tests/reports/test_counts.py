"""Each number of a report is what its list counts, and what plain Python counts, whatever has become of the tickets."""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest

from acting import CLOCK, actor_of, rows
from asking import Api, ApiFor
from cast import ADMIN, CUSTOMER, ENGINEER, STRANGER, Person
from counted_reports import (
    change_some,
    counted,
    counted_anew,
    fold_part,
    fold_whole,
    kept,
    lines_by,
    loads_of,
    tickets_of,
    waits_of,
)
from doing_jobs import do_due, let_due
from file_rows import no_place
from furnished_tickets import furnish
from keesa.clock import Clock
from keesa.db import Database, Tx, open_database
from keesa.errors import Unavailable
from keesa.housekeeping import kinds_of
from keesa.reports import folding, reading
from keesa.reports.facts import DIMENSIONS, OF_CUSTOMERS
from keesa.reports.periods import Period, parts_of
from places import Place

JANUARY: Final = Period(date(2026, 1, 1), date(2026, 1, 31))
SPRING: Final = Period(date(2026, 2, 1), date(2026, 5, 31))
MIDDLE: Final = Period(date(2026, 1, 6), date(2026, 1, 17))
"""In which and behind which tickets are raised."""
PEOPLE: Final = (ADMIN, ENGINEER, STRANGER, CUSTOMER)
CHANGES: Final = 120


@pytest.fixture
def full(database: Database) -> Database:
    """Many tickets, and everybody of the desk may have them counted."""

    def work(tx: Tx) -> None:
        furnish(tx)
        tx.run(
            "INSERT INTO role_permissions (role_id, resource, action, position)"
            " SELECT id, 'reports', 'read', 99 FROM roles WHERE name IN ('harbour_crew', 'school_crew')"
        )

    database.write(work)
    return database


@pytest.fixture
def other(full: Database, place: Place) -> Iterator[Database]:
    """Another connection to the same database."""
    opened = open_database(place.data, place.url)
    yield opened
    opened.close()
    del full


def all_of(caller: Api, path: str, array: str) -> list[Any]:
    """Page after page."""
    found, after = [], ""
    for _ in range(200):
        answer = caller("GET", f"{path}{after}")
        assert answer.status_code == 200, answer.text
        data = answer.json()["data"]
        found += data[array]
        if data["next"] is None:
            return found
        after = f"&after={data['next']}"
    raise AssertionError("no end")


def listed(caller: Api, query: str) -> int:
    assert set(map(len, parse_qs(query).values())) == {1}
    return len(all_of(caller, f"/tickets/rows?limit=500&{query}", "rows"))


def asked(caller: Api, by: str, period: Period) -> list[dict[str, Any]]:
    return all_of(caller, f"/reports/tickets?limit=3&by={by}&from={period.first}&to={period.last}", "lines")


def numbers(line: dict[str, Any]) -> tuple[int, int, int]:
    return line["raised"], line["closed"], line["open"]


def dimensions_for(person: Person) -> tuple[str, ...]:
    return tuple(OF_CUSTOMERS if person is CUSTOMER else DIMENSIONS)


def reports(caller: Api, person: Person) -> dict[str, Any]:
    """All that there are, by what they were asked for."""
    found: dict[str, Any] = {}
    for period in (JANUARY, MIDDLE, SPRING):
        for by in ("day", "week", "month", *(dimensions_for(person) if period.is_of_months else ())):
            found[f"{by} {period.first}"] = asked(caller, by, period)
        if not period.is_of_months:
            continue
        path = f"/reports/times?from={period.first}&to={period.last}"
        found[f"times {period.first}"] = all_of(caller, path, "times")
    if person is not CUSTOMER:
        found["workload"] = all_of(caller, "/reports/workload?limit=2", "loads")
    found["oldest"] = [ticket["id"] for ticket in all_of(caller, "/reports/oldest?limit=50", "tickets")]
    return found


def assert_right(database: Database, person: Person, found: dict[str, Any]) -> None:
    """By plain Python over all tickets."""
    tickets = database.read(lambda tx: tickets_of(tx, actor_of(tx, person)))
    assert len(tickets) > 20 or person is STRANGER
    for period in (JANUARY, MIDDLE, SPRING):
        for step in ("day", "week", "month"):
            parts = parts_of(period, step)
            lines = found[f"{step} {period.first}"]
            assert [(line["from"], line["to"]) for line in lines] == [
                (part.first.isoformat(), part.last.isoformat()) for part in parts
            ]
            assert [numbers(line) for line in lines] == [counted(tickets, part) for part in parts]
        if not period.is_of_months:
            continue
        for by in dimensions_for(person):
            lines = [(line["value"], *numbers(line)) for line in found[f"{by} {period.first}"]]
            assert len(lines) == len({*lines})
            assert {*lines} == {*lines_by(tickets, by, period)}, by
        for line, column in zip(found[f"times {period.first}"], ("first_answer_at", "closed_at"), strict=True):
            assert_times(line, waits_of(tickets, column, period))
    if person is not CUSTOMER:
        assert {load["assigned_to_id"]: load["open"] for load in found["workload"]} == loads_of(tickets)
        assert [-load["open"] for load in found["workload"]] == sorted(-load["open"] for load in found["workload"])


def assert_times(line: dict[str, Any], waits: list[int]) -> None:
    """Within 5 %, and a second."""
    assert line["tickets"] == len(waits)
    for name, share in (("median", 50), ("in_90", 90), ("in_99", 99)):
        if not waits:
            assert line[name] is None
            continue
        exact = waits[math.ceil(len(waits) * share / 100) - 1] / 1000
        assert abs(line[name] - exact) <= exact * 0.05 + 1, (name, exact, line)


def assert_listed(caller: Api, found: dict[str, Any]) -> None:
    """Each number is what its list counts."""
    looked_at = 0
    for name, lines in found.items():
        few = lines[::5] if name.startswith("day") else lines  # each is a list to read
        for line in few if name != "oldest" else ():
            for key in ("raised", "closed", "open"):
                if (query := line.get(f"{key}_list")) is not None:
                    assert listed(caller, query) == line[key], (name, query)
                    looked_at += 1
            if "list" in line:
                assert listed(caller, line["list"]) == line.get("tickets", line.get("open")), (name, line)
    assert looked_at > 50


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
    monkeypatch.setattr(folding, "KEPT", 0)
    [kind] = [kind for kind in kinds_of(CLOCK, no_place) if kind.name == "fold_reports"]
    for _ in range(20):
        do_due(full, kind)
        let_due(full)
    assert full.read(lambda tx: rows(tx, "SELECT * FROM report_changes")) == []
    assert full.read(kept) == full.read(counted_anew)


def test_few_differences_stay(full: Database) -> None:
    """The job leaves what a report reads beside the counts for next to nothing."""
    assert full.write(lambda tx: folding.fold(tx, CLOCK)) is True
    rounds = [full.write(lambda tx: folding.fold(tx, CLOCK)) for _ in range(5)]
    assert rounds[-1] is False
    left = full.read(lambda tx: tx.value("SELECT count(*) AS value FROM report_changes"))
    assert 0 < left <= folding.KEPT


def test_another_zone_counts_anew(full: Database, api: ApiFor, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its days; until that is done a report is refused, since its days would be others."""
    fold_whole(full)
    elsewhere = Clock(ZoneInfo("America/Los_Angeles"))
    assert full.write(lambda tx: folding.hold_counts(tx, elsewhere))
    assert api(ADMIN)("GET", "/reports/tickets").status_code == 503
    while full.write(lambda tx: fold_part(tx, 100, elsewhere)):
        pass
    assert full.read(kept) == full.read(lambda tx: counted_anew(tx, elsewhere))
    assert full.read(kept) != full.read(counted_anew)
    fold_whole(full)
    fold_whole(full)
    assert api(ADMIN)("GET", "/reports/tickets").status_code == 200
    monkeypatch.setattr(reading, "MOST", 3)
    change_some(full, 5, 30)
    assert api(ADMIN)("GET", "/reports/tickets").status_code == 503


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
