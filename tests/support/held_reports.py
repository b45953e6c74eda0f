"""Reports as the API tells them, held against their lists and against plain Python over all tickets."""

import math
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qs

from acting import actor_of
from asking import Api
from cast import ADMIN, CUSTOMER, ENGINEER, STRANGER, Person
from counted_reports import counted, lines_by, loads_of, tickets_of, waits_of
from keesa.db import Database
from keesa.reports.facts import DIMENSIONS, OF_CUSTOMERS
from keesa.reports.periods import Period, parts_of

JANUARY: Final = Period(date(2026, 1, 1), date(2026, 1, 31))
SPRING: Final = Period(date(2026, 2, 1), date(2026, 5, 31))
MIDDLE: Final = Period(date(2026, 1, 6), date(2026, 1, 17))
"""In which and behind which tickets are raised."""
PEOPLE: Final = (ADMIN, ENGINEER, STRANGER, CUSTOMER)


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
