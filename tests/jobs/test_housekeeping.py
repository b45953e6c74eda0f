"""What Keesa clears by itself: what is of the past goes, in parts, and what is not stays."""

from functools import partial
from typing import Any, Final

import pytest

from acting import CLOCK, rows
from cast import A_YEAR, ADMIN, BOT, CAST, ENGINEER, Person
from doing_jobs import do_due, let_due
from file_rows import no_place
from keesa import housekeeping
from keesa.accounts.sessions import open_session
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.housekeeping import NAMES, kinds_of
from keesa.jobs import clearing
from keesa.jobs.kinds import HOUR, MINUTE, Kind

DAY: Final = 24 * HOUR
KINDS: Final = {kind.name: kind for kind in kinds_of(CLOCK, no_place)}


def clear(desk: Database, name: str) -> None:
    """Have the job of that name done, to its end."""
    kind: Kind = KINDS[name]
    for _ in range(50):
        do_due(desk, kind)
        let_due(desk)
        if do_due(desk, kind).tally:
            return
    raise AssertionError("it finds no end")


def put(desk: Database, table: str, *found: dict[str, Any]) -> None:
    def work(tx: Tx) -> None:
        for row in found:
            columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            tx.run(f"INSERT INTO {table} ({columns}) VALUES ({values})", **row)

    desk.write(work)


def kept(desk: Database, table: str, column: str) -> list[Any]:
    return [row[column] for row in desk.read(lambda tx: rows(tx, f"SELECT {column} FROM {table} ORDER BY {column}"))]


def test_the_names_are_those_of_the_kinds() -> None:
    """Each recurs, and none acts outside: a restored copy needs them too."""
    kinds = kinds_of(CLOCK, no_place)
    assert [kind.name for kind in kinds] == [*NAMES]
    assert [kind.name for kind in kinds if kind.sends or kind.schedule is None] == []


def test_sessions_of_the_past(desk: Database) -> None:
    """Those of which both tokens have expired."""
    for person, age in ((ADMIN, 0), (ENGINEER, 10 * DAY), (BOT, 11 * DAY)):
        desk.write(lambda tx, person=person, age=age: open_session(tx, person.id, "2024", now() - age))  # type: ignore[misc]
    clear(desk, "clear_sessions")
    assert kept(desk, "sessions", "user_id") == [ADMIN.id, ENGINEER.id]


def test_links_of_the_past(desk: Database) -> None:
    """Those that are no longer good."""
    link = {"user_id": ADMIN.id, "created_by_id": ADMIN.id, "created_at": 0}
    good, past = now() + HOUR, now() - 1
    put(desk, "password_links", *(link | {"hash": f"{at}", "expires_at": at} for at in (good, past)))
    clear(desk, "clear_password_links")
    assert kept(desk, "password_links", "hash") == [f"{good}"]


def test_failed_logins_of_the_past(desk: Database) -> None:
    """Those that count no more, of users and of names that nobody has."""
    failure, at = {"failures": 1}, now()
    put(desk, "login_failures", *(failure | {"subject": f"{ago}", "since": at - ago * MINUTE} for ago in (1, 61)))
    put(desk, "unknown_logins", *(failure | {"name_hash": "x", "minute": at - age * DAY} for age in (1, 91)))
    clear(desk, "clear_logins")
    assert kept(desk, "login_failures", "subject") == ["1"]
    assert len(kept(desk, "unknown_logins", "minute")) == 1


def test_networks_of_the_past(desk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all users, a few in each transaction."""
    monkeypatch.setattr(housekeeping, "USERS", 2)

    def networks(person: Person) -> list[dict[str, Any]]:
        network = {"user_id": person.id, "sign_in": 1}
        return [network | {"network": f"{person.id} {age}", "last_at": now() - age * DAY} for age in (1, 91)]

    put(desk, "login_networks", *(row for person in CAST for row in networks(person)))
    clear(desk, "clear_login_networks")
    assert kept(desk, "login_networks", "network") == [f"{person.id} 1" for person in CAST]


def test_tokens_of_the_past(desk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each user the newest stay, as many as an owner is shown; those that are good stay all."""
    monkeypatch.setattr(housekeeping, "USERS", 1)
    token = {"name": "t", "version": "2024", "created_by_id": 1, "created_at": 0}
    for person in (ENGINEER, BOT):
        own = token | {"user_id": person.id}
        past = [own | {"hash": f"{person.id} {n}", "expires_at": now() - 1} for n in range(53)]
        put(desk, "api_tokens", *past, own | {"hash": f"{person.id} good", "expires_at": now() + A_YEAR})
    clear(desk, "clear_tokens")
    for person in (ENGINEER, BOT):
        sql = "SELECT hash FROM api_tokens WHERE user_id = :id ORDER BY id"
        hashes = [row["hash"] for row in desk.read(partial(rows, sql=sql, id=person.id))]
        assert hashes == [*(f"{person.id} {n}" for n in range(3, 53)), f"{person.id} good"]


def test_keys_of_the_past(desk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of more than a week ago, the oldest first."""
    monkeypatch.setattr(housekeeping, "ROWS", 2)
    key = {"user_id": ADMIN.id, "request": "", "seen_as": "", "tickets": "[]", "status": 200, "headers": "[]"}
    made = [now() - age * DAY for age in (9, 8, 8, 8, 8, 6, 1)]
    put(desk, "idempotency_keys", *(key | {"key": f"k{n}", "created_at": at} for n, at in enumerate(made)))
    clear(desk, "clear_idempotency_keys")
    assert kept(desk, "idempotency_keys", "key") == ["k5", "k6"]


def test_rates_of_the_past(desk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those who have not asked for an hour."""
    monkeypatch.setattr(housekeeping, "ROWS", 2)
    since = [now() - age * MINUTE for age in (61, 61, 61, 59, 0)]
    put(desk, "request_rates", *({"subject": f"s{n}", "since": at, "taken": 1} for n, at in enumerate(since)))
    clear(desk, "clear_request_rates")
    assert kept(desk, "request_rates", "subject") == ["s3", "s4"]


def test_uploads_of_the_past(desk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """With their pieces, so many rows at a time; not those whose time is to come."""
    monkeypatch.setattr(housekeeping, "ROWS", 2)
    desk.write(lambda tx: tx.run("DELETE FROM uploads"))
    sent = {"user_id": ADMIN.id, "length": 3, "name": "", "media_type": "", "created_at": 0}
    ends = {"a": now() - 1, "b": now() - 1, "c": now() + MINUTE}
    put(desk, "uploads", *(sent | {"id": name, "expires_at": at} for name, at in ends.items()))
    piece = {"size": 1}
    pieces = [{"upload_id": name, "start": n, "place": f"{name}{n}"} for name in ends for n in range(3)]
    put(desk, "upload_pieces", *(piece | each for each in pieces))
    clear(desk, "clear_uploads")
    assert (kept(desk, "uploads", "id"), kept(desk, "upload_pieces", "place")) == (["c"], ["c0", "c1", "c2"])


def test_jobs_that_were_given_up_long_ago(desk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """After 90 days, and before where there are too many of a kind; none that waits."""
    monkeypatch.setattr(clearing, "MOST_KEPT", 2)
    job = {"payload": "{}", "queued_at": 0, "run_at": now() + A_YEAR}
    ages = [("few", 91), ("few", 89), *(("many", age) for age in (4, 3, 2, 1)), ("waits", None)]
    put(
        desk,
        "jobs",
        *(
            job | {"kind": kind, "key": f"{kind} {age}", "given_up_at": None if age is None else now() - age * DAY}
            for kind, age in ages
        ),
    )
    clear(desk, "clear_jobs")
    found = [key for key in kept(desk, "jobs", "key") if key != "recurring"]
    assert found == ["few 89", "many 1", "many 2", "waits None"]


def test_a_transaction_clears_so_many_at_the_most(desk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more is left to the next one, between which others write."""
    monkeypatch.setattr(housekeeping, "ROWS", 3)
    put(desk, "request_rates", *({"subject": f"s{n}", "since": 0, "taken": 1} for n in range(7)))
    kind = KINDS["clear_request_rates"]
    left = []
    do_due(desk, kind)
    let_due(desk)
    for _ in range(3):
        do_due(desk, kind)
        left.append(len(kept(desk, "request_rates", "subject")))
    assert left == [4, 1, 0]
