"""The rows that writers hold for rules which have no row of their own."""

import pytest

from keesa.db import Database, Tx
from keesa.db.rules import Rule, hold
from keesa.db.tables import RIGHTS
from undone import undone


def test_each_rule_has_its_row(tx: Tx) -> None:
    """And there is no row without a rule: the migrations and the program agree."""
    assert {row["name"] for row in tx.all("SELECT name FROM rules")} == {rule.value for rule in Rule}
    for rule in Rule:
        hold(tx, rule)


def test_a_rule_without_its_row_is_an_error(shared_database: Database) -> None:
    """Nothing would be held, and nobody would notice."""
    with undone(shared_database) as tx:
        tx.run("DELETE FROM rules WHERE name = :name", name=Rule.ROLES.value)
        with pytest.raises(LookupError, match="'roles'"):
            hold(tx, Rule.ROLES)


def test_the_server_may_lock_the_rows_and_no_more() -> None:
    """Who looks after users and roles over the API writes under some of these rules; nobody adds or removes one."""
    assert RIGHTS["rules"] == ("SELECT", "UPDATE")
