"""The audit trail as it is kept: it grows, and what stands in it stays, whoever tries to change it."""

import sqlite3
from typing import Any, Final

import msgspec
import psycopg
import pytest

import cast
from account_rows import rows
from acting import CLOCK, actor_of
from keesa.accounts.actors import SYSTEM
from keesa.accounts.audit import pruning
from keesa.accounts.audit.reading import Act, ActFilter, Position, find_act, list_acts
from keesa.accounts.audit.recording import Requester, keesa_itself, record, record_nothing
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.db.steps import run_to_the_end
from keesa.errors import Invalid, NotFound, Refused, Unavailable

NOON: Final = cast.at("2025-04-01T12:00")
DAY: Final = 24 * 3600 * 1000
REFUSED: Final = (sqlite3.Error, psycopg.Error, Unavailable)


def by(tx: Tx, person: cast.Person, at: int = NOON, **more: Any) -> Requester:  # noqa: ANN401 - as a requester has it
    return Requester(actor=actor_of(tx, person), at=at, via="session", **more)


def fill(database: Database) -> Database:
    """Three acts of two people, a day apart, and a login that failed."""

    def add(tx: Tx) -> None:
        admin = by(tx, cast.ADMIN, address="203.0.113.7", request_id="r1")
        record(tx, admin, "user.create", 4, {}, {"user_type": "customer", "full_name": "Maree"}, person_id=4)
        engineer = by(tx, cast.ENGINEER, NOON + DAY, request_id="r2")
        record(tx, engineer, "customer.change", 2, {"name": "a", "retired": False}, {"name": "b", "retired": True})
        again = by(tx, cast.ADMIN, NOON + 2 * DAY, request_id="r3")
        record(tx, again, "user.change", 2, {"user_type": "staff"}, {"user_type": "admin"}, person_id=2)
        nobody = Requester(actor=SYSTEM, at=NOON + 2 * DAY + 1, via="nobody", address="192.0.2.1")
        record(tx, nobody, "session.fail", None, person_id=3)

    database.write(add)
    return database


@pytest.fixture(scope="module")
def trail(shared_database: Database) -> Database:
    """For all tests that leave it as it is, but for acts of today."""
    return fill(shared_database)


@pytest.fixture
def own_trail(database: Database) -> Database:
    return fill(database)


def every(database: Database, limit: int = 500, **asked: Any) -> list[Act]:  # noqa: ANN401 - the fields of a filter
    return list(database.read(lambda tx: run_to_the_end(list_acts(tx, limit, None, ActFilter(**asked)))).acts)


def listed(database: Database, **asked: Any) -> list[Act]:  # noqa: ANN401 - as above
    """Of the days of `trail`; the cast came later."""
    return every(database, **({"since": NOON, "until": NOON + 3 * DAY} | asked))


def actions(database: Database, **asked: Any) -> list[str]:  # noqa: ANN401 - as above
    return [act.action for act in listed(database, **asked)]


CHANGES: Final = {
    "update": "UPDATE audit SET action = 'x.y'",
    "update of one": "UPDATE audit SET actor_id = NULL WHERE id = 2",
    "delete": "DELETE FROM audit",
    "people": "UPDATE audit_people SET address = '192.0.2.1'",
    "replace": "INSERT INTO audit (id, at, action, via, thing, changes, names_people)"
    " VALUES (2, 0, 'x.y', 'keesa', 'x', '{}', 0) ON CONFLICT (id) DO UPDATE SET action = excluded.action",
    "pruning without an act": "INSERT INTO audit_prunings (audit_id, through) VALUES (3, 2)",
    "pruning of what comes": "INSERT INTO audit_prunings (audit_id, through) VALUES (4, 4)",
}
OF_SQLITE: Final = {
    "insert or replace": "INSERT OR REPLACE INTO audit (id, at, action, via, thing, changes, names_people)"
    " VALUES (2, 0, 'x.y', 'keesa', 'x', '{}', 0)",
    "replace people": "REPLACE INTO audit_people (audit_id, at, changes)"
    " SELECT min(audit_id), 0, '{}' FROM audit_people",
    "update or replace": "UPDATE OR REPLACE audit SET id = 3 WHERE id = 2",
    "an id that would stop all": "INSERT INTO audit (id, at, action, via, thing, changes, names_people)"
    " VALUES (-1, 0, 'x.y', 'keesa', 'x', '{}', 0)",
}
OF_POSTGRES: Final = {
    "truncate": "TRUNCATE audit CASCADE",
    "truncate people": "TRUNCATE audit_people",
    "truncate prunings": "TRUNCATE audit_prunings",
}


def kept(database: Database) -> list[list[dict[str, Any]]]:
    tables = ("audit", "audit_people", "audit_prunings")
    return [rows(database, f"SELECT * FROM {name} ORDER BY 1") for name in tables]


def test_nothing_in_it_is_changed(trail: Database, engine: str) -> None:
    """By no statement, also of who owns the tables; nor are rows taken away, or put in the place of others."""
    before = kept(trail)
    for name, sql in (CHANGES | (OF_SQLITE if engine == "sqlite" else OF_POSTGRES)).items():
        with pytest.raises(REFUSED, match=r"trail cannot be changed|constraint"):
            trail.write(lambda tx, sql=sql: tx.run(sql))  # type: ignore[misc]  # a default in a lambda
        assert kept(trail) == before, name


def test_an_act_is_kept_with_its_transaction(trail: Database) -> None:
    """What is undone has left no trace."""

    def fail(tx: Tx) -> None:
        record(tx, keesa_itself(NOON), "desk.try", None, {}, {"tried": True})
        raise Refused("undone")

    with pytest.raises(Refused):
        trail.write(fail)
    assert every(trail, action="desk.try") == []


def test_the_statements_that_add_nothing_are_those_that_add(trail: Database) -> None:
    """As many, so that who waits for them learns nothing; and no row comes of them."""
    before = every(trail)
    trail.write(record_nothing)
    assert every(trail) == before


@pytest.mark.parametrize("field", ["password", "password_hash", "token", "secret", "link", "hash"])
def test_a_secret_is_refused(trail: Database, field: str) -> None:
    """It would stand there for ever."""
    with pytest.raises(ValueError, match=field):
        trail.write(lambda tx: record(tx, keesa_itself(NOON), "user.change", 1, {}, {field: "x"}))


def test_an_act_tells_all_of_it(trail: Database) -> None:
    """Who, from where, by which request, what was and what is; what names a person too."""
    [act] = listed(trail, action="user.create")
    assert (act.actor_id, act.actor, act.via, act.address) == (1, cast.ADMIN.full_name, "session", "203.0.113.7")
    assert (act.thing, act.thing_id, act.person_id, act.request_id, act.at) == ("user", "4", 4, "r1", NOON)
    assert act.changes == {"user_type": (None, "customer"), "full_name": (None, "Maree")}
    assert act.erased is False
    assert trail.read(lambda tx: find_act(tx, act.id)) == act


@pytest.mark.parametrize("act_id", [999, None])
def test_a_missing_act_is_not_found(trail: Database, act_id: int | None) -> None:
    with pytest.raises(NotFound, match="Act not found"):
        trail.read(lambda tx: find_act(tx, act_id))


FILTERS: Final[dict[str, tuple[dict[str, Any], list[str]]]] = {
    "nothing": ({}, ["session.fail", "user.change", "customer.change", "user.create"]),
    "thing": ({"thing": "customer"}, ["customer.change"]),
    "thing and id": ({"thing": "user", "thing_id": "2"}, ["user.change"]),
    "action": ({"action": "user.create"}, ["user.create"]),
    "from": ({"since": NOON + DAY}, ["session.fail", "user.change", "customer.change"]),
    "to": ({"until": NOON + DAY}, ["user.create"]),
    "request": ({"request_id": "r2"}, ["customer.change"]),
    "who acted, and is acted on": ({"person": 2}, ["user.change", "customer.change"]),
    "who is acted on": ({"person": 4}, ["user.create"]),
    "whom it names alone": ({"person": 3}, ["session.fail"]),
    "person and time": ({"person": 2, "until": NOON + 2 * DAY}, ["customer.change"]),
    "all of it": ({"person": 1, "thing": "user", "action": "user.change", "request_id": "r3"}, ["user.change"]),
    "none of it": ({"person": 5}, []),
}


def test_filters_find_what_fits_them(trail: Database) -> None:
    """The newest first; of several all must fit. An act that is found in two ways is there once."""
    for name, (asked, expected) in FILTERS.items():
        assert actions(trail, **asked) == expected, name


def test_pages_stay_as_they_are_while_acts_come(own_trail: Database) -> None:
    """Each act on one page, once, whatever was added meanwhile: at its time, or with a clock that was set back."""
    expected = every(own_trail)
    seen: list[Act] = []
    after: Position | None = None
    while True:
        page = own_trail.read(lambda tx, after=after: run_to_the_end(list_acts(tx, 1, after)))  # type: ignore[misc]
        seen += [act for act in page.acts if act.action != "desk.late"]
        after = page.next_after
        if after is None:
            break
        own_trail.write(lambda tx: record(tx, keesa_itself(now()), "desk.late", None))
        own_trail.write(lambda tx: record(tx, keesa_itself(NOON - 5 * DAY), "desk.late", None))
    assert seen == expected
    with pytest.raises(Invalid, match="limit"):
        every(own_trail, 501)


def test_it_stays_readable_where_a_person_is_erased(own_trail: Database) -> None:
    """What named them is gone, and said to be gone; that it was done, by whom and when, is still there."""
    statement = "DELETE FROM audit_people WHERE person_id = 4"
    assert own_trail.write(lambda tx: tx.changed(statement)) >= 1
    [act] = listed(own_trail, action="user.create")
    assert (act.actor_id, act.thing_id, act.at) == (1, "4", NOON)
    assert (act.address, act.person_id, act.changes) == (None, None, {"user_type": (None, "customer")})
    assert act.erased is True
    assert [each.erased for each in listed(own_trail, thing="user", thing_id="2")] == [False]
    assert b"Maree" not in msgspec.json.encode(listed(own_trail))


def test_what_is_old_is_left_out_by_an_act(own_trail: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """In batches; the act tells of how many and until when, and nothing newer goes with them."""
    monkeypatch.setattr(pruning, "BATCH", 1)
    before = NOON + DAY + 1
    found = own_trail.read(lambda tx: pruning.find_older(tx, before))
    assert found is None, "the cast's own act is newer, and has the first id"
    own_trail.write(lambda tx: record(tx, keesa_itself(now()), "desk.try", None))
    newest = now() + 1000
    found = own_trail.read(lambda tx: pruning.find_older(tx, newest))
    assert found is not None
    own_trail.write(lambda tx: pruning.begin(tx, keesa_itself(newest), found, newest, CLOCK))
    steps = list(iter(lambda: own_trail.write(lambda tx: pruning.leave_out(tx, found.through)), 0))
    assert steps == [1] * found.rows
    [act] = every(own_trail)
    assert act.action == "audit.prune"
    assert act.changes == {
        "before": (None, CLOCK.iso(newest)),
        "acts": (None, found.rows),
        "through": (None, found.through),
    }
    assert rows(own_trail, "SELECT * FROM audit_people") == []
    with pytest.raises(REFUSED, match="trail cannot be changed"):
        own_trail.write(lambda tx: tx.run("DELETE FROM audit"))


@pytest.mark.parametrize(("text", "days"), [("30d", 30), ("90d", 90), ("18m", 540), ("2y", 730), ("1000y", 365_000)])
def test_ages_are_read(text: str, days: int) -> None:
    assert pruning.read_age(text) == days * DAY


@pytest.mark.parametrize("text", ["", "2", "y", "0d", "29d", "-5y", "2 y", "2Y", "1001y", "999999y", "1.5y", "٢y"])
def test_other_ages_are_refused(text: str) -> None:
    """A month is kept at the least: who has come in cannot take their own traces away."""
    with pytest.raises(Refused, match="at least 30d"):
        pruning.read_age(text)
