"""A page by what a desk has many of looks at as few rows of counts, however many there are."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any, Final

import pytest

from acting import CLOCK, actor_of
from cast import ENGINEER
from counted_reports import fold_whole
from keesa.db import Database, Tx
from keesa.db.sqlite_tx import DIALECT
from keesa.db.steps import run_to_the_end
from keesa.reports.periods import Period
from keesa.reports.scopes import scope_for
from keesa.reports.values import count_values
from row_plans import plan_of
from undone import undone

MONTH: Final = Period(date(2026, 1, 1), date(2026, 1, 31))
VALUES: Final = 5000
"""That have rows in each of two scopes; as many scopes have a row each, so that one has few on average."""
Asked = dict[str, dict[str, object]]


def many_counts(tx: Tx) -> None:
    numbers = f"WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {VALUES})"
    for scope in ("'customer_id '", "'customer_id 2026'", "'customer ' || (90000000 + n)"):
        tx.run(
            "INSERT INTO report_counts (scope, part, month, counts)"
            f" {numbers} SELECT {scope}, CAST(90000000 + n AS TEXT), '', '{{}}' FROM numbers"
        )
    tx.run("ANALYZE report_counts")


def pages(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the first page asks, and one behind a value."""
    asked: Asked = {}
    each = type(tx).each

    def kept(self: Tx, sql: str, /, **params: object) -> Iterable[tuple[Any, ...]]:
        asked[sql] = params
        return each(self, sql, **params)

    scope = scope_for(tx, actor_of(tx, ENGINEER), None, None)
    with monkeypatch.context() as patched:
        patched.setattr(type(tx), "each", kept)
        for after in (None, "0000000000000000001"):
            run_to_the_end(count_values(tx, CLOCK, scope, "customer_id", MONTH, 50, after))
    return {sql: params for sql, params in asked.items() if "report_counts" in sql}


def conditions(tx: Tx, sql: str, params: dict[str, object]) -> list[str]:
    """By which rows of counts are found: a line for each time that the table is looked into."""
    if tx.writes_alone:
        plan = [row["detail"] for row in tx.all(f"EXPLAIN QUERY PLAN {DIALECT.words(sql)}", **params)]
        return [line for line in plan if "report_counts" in line]
    tx.run("SET LOCAL plan_cache_mode = force_generic_plan")
    return [line for line in plan_of(tx, sql, params) if "Index Cond:" in line or "Seq Scan" in line]


def test_each_row_is_found_by_its_value(full: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the values are for which the statement is planned: none is found by its scope alone, which has as many
    rows as there are customers.
    """
    fold_whole(full)
    with undone(full) as tx:
        asked = pages(tx, monkeypatch)
        many_counts(tx)
        assert len(asked) == 2
        for sql, params in asked.items():
            found = conditions(tx, sql, params)
            assert found
            assert [line for line in found if not re.search(r"\bpart\b", line)] == [], found
