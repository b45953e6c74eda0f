"""Logins in the audit trail: a row for each session that begins and for each failure at a user; for guesses at names
that nobody has, and for what the limit refuses, a sum a minute. What was typed is kept nowhere.
"""

import asyncio
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

import cast
from account_rows import rows
from by_keesa import disable_user
from guards import HASHES, guard
from keesa.accounts.attempts import Limits
from keesa.accounts.audit import unknown_logins
from keesa.accounts.audit.reading import Act, ActFilter, list_acts
from keesa.accounts.audit.unknown_logins import MINUTE, MOST_NAMES, REST, Gathered, UnknownLogins, write
from keesa.accounts.keys import FixedKeys, KeyRing
from keesa.accounts.login import Credentials, Guard, log_in
from keesa.accounts.name_hashes import NameHashes
from keesa.api.gathered_logins import GatheredLogins
from keesa.app import serve_from
from keesa.config import Config
from keesa.db import Database, Tx
from keesa.db.steps import run_to_the_end
from keesa.errors import TooManyAttempts, Unauthorized, Unavailable
from logins import bearer
from logins import log_in as log_in_over
from places import Place, opened

NOON: Final = cast.at("2025-04-01T12:00")
HOME: Final = "203.0.113.7"
WRONG: Final = "wrong"
TYPED: Final = "my secret password typed as a name"


@pytest.fixture
def watch() -> Guard:
    return guard(1000, 1000, 1000)


def acts(database: Database, thing: str = "session") -> list[Act]:
    """The oldest first."""
    asked = ActFilter(thing=thing)
    return list(database.read(lambda tx: run_to_the_end(list_acts(tx, 500, None, asked))).acts)[::-1]


def enter(database: Database, watch: Guard, email: str, password: str = WRONG, at: int = NOON) -> None:
    log_in(database, Credentials(email, password, HOME, "curl/8", "r1"), "2024", watch, at)


def fail(database: Database, watch: Guard, email: str, at: int = NOON) -> None:
    with pytest.raises(Unauthorized):
        enter(database, watch, email, at=at)


def kept_texts(database: Database) -> str:
    """All that the tables of logins and of the trail hold."""
    tables = ("audit", "audit_people", "login_failures", "unknown_logins", "login_networks", "settings")
    return "".join(repr(rows(database, f"SELECT * FROM {name}")) for name in tables)


def test_a_login_stands_in_the_trail_with_its_session(database: Database, watch: Guard) -> None:
    """Who, from where, with what; in the transaction that opens the session."""
    enter(database, watch, cast.ENGINEER.email, cast.PASSWORD)
    [act] = acts(database)
    assert (act.action, act.via, act.actor_id, act.person_id) == ("session.begin", "session", 2, 2)
    assert (act.address, act.request_id, act.at) == (HOME, "r1", NOON)
    assert act.changes == {"version": (None, "2024"), "device": (None, "curl/8")}


def test_a_failure_at_a_user_stands_there_too(database: Database, watch: Guard) -> None:
    """Done by nobody who is known; a disabled user is one."""
    database.write(lambda tx: disable_user(tx, cast.STRANGER.email, NOON))
    fail(database, watch, cast.ENGINEER.email)
    fail(database, watch, cast.STRANGER.email)
    found = acts(database)
    assert [(act.action, act.via, act.actor_id, act.person_id) for act in found] == [
        ("session.fail", "nobody", None, 2),
        ("session.fail", "nobody", None, 3),
    ]
    assert {(act.address, act.request_id) for act in found} == {(HOME, "r1")}
    assert watch.unknown.take() is None


def test_guesses_at_names_that_nobody_has_leave_a_sum(database: Database, watch: Guard) -> None:
    """Nothing of what was typed is kept, and the trail gets one row when they are written, by Keesa itself."""
    for name, at in ((TYPED, NOON), (TYPED, NOON + 1), (TYPED, NOON + MINUTE), ("another", NOON)):
        fail(database, watch, name, at)
    assert acts(database) == []
    gathered = watch.unknown.take()
    assert gathered is not None
    database.write(lambda tx: write(tx, gathered, NOON + MINUTE))
    [act] = acts(database)
    assert (act.action, act.via, act.actor_id, act.address) == ("session.fail_unknown", "keesa", 0, None)
    assert act.changes == {"failures": (None, 4), "names": (None, 2)}
    assert rows(database, "SELECT * FROM unknown_logins ORDER BY minute, failures") == [
        {"minute": NOON, "name_hash": HASHES.of("another"), "failures": 1},
        {"minute": NOON, "name_hash": HASHES.of(TYPED), "failures": 2},
        {"minute": NOON + MINUTE, "name_hash": HASHES.of(TYPED), "failures": 1},
    ]
    assert "typed" not in kept_texts(database)


def test_what_the_limit_refuses_is_summed_up(database: Database) -> None:
    """Of whomever: no row a guess, whatever is sent."""
    watch = guard(1, 1000, 1000)
    fail(database, watch, cast.ENGINEER.email)
    before = kept_texts(database)
    for _ in range(3):
        with pytest.raises(TooManyAttempts):
            enter(database, watch, cast.ENGINEER.email)
    assert kept_texts(database) == before
    gathered = watch.unknown.take()
    assert gathered == Gathered({}, 3)
    database.write(lambda tx: write(tx, gathered, NOON))
    assert [(act.action, act.changes) for act in acts(database)][1:] == [("session.refuse", {"logins": (None, 3)})]


def test_the_counts_of_two_processes_add_up(database: Database) -> None:
    """Of the same name in the same minute."""
    for failures in (2, 3):
        database.write(lambda tx, failures=failures: write(tx, Gathered({(NOON, "x"): failures}, 0), NOON))  # type: ignore[misc]
    assert rows(database, "SELECT failures FROM unknown_logins") == [{"failures": 5}]


def test_the_memory_for_names_is_bounded() -> None:
    """Beyond it they count together, also over many minutes, and none is lost."""
    unknown = UnknownLogins()
    for number in range(3 * MOST_NAMES):
        unknown.count_failure(f"name {number}", NOON + number * MINUTE)
    gathered = unknown.take()
    assert gathered is not None
    assert sum(gathered.failures.values()) == 3 * MOST_NAMES
    assert len(gathered.failures) == MOST_NAMES + 1
    assert [failures for (_, name), failures in gathered.failures.items() if name == REST] == [2 * MOST_NAMES]
    unknown.put_back(gathered)
    assert unknown.take() == gathered


def test_the_kept_counts_are_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go, and what is older than its time."""
    monkeypatch.setattr(unknown_logins, "MOST_KEPT", 2)
    past = {(NOON - unknown_logins.KEPT - MINUTE, "old"): 1}
    newer = {(NOON + number * MINUTE, "x"): 1 for number in range(3)}
    database.write(lambda tx: write(tx, Gathered({**past, **newer}, 0), NOON))
    minutes = [row["minute"] for row in rows(database, "SELECT minute FROM unknown_logins ORDER BY minute")]
    assert minutes == [NOON + MINUTE, NOON + 2 * MINUTE]


def test_they_are_written_from_time_to_time_and_at_the_end(
    database: Database, watch: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be written is kept for the next time."""
    gathered = GatheredLogins(database, watch.unknown)
    write_to, broken, written = database.awrite, [True], asyncio.Event()

    async def awrite(work: Any) -> Any:  # noqa: ANN401 - as the database takes it
        if broken.pop() if broken else False:
            raise Unavailable("not now")
        done = await write_to(work)
        written.set()
        return done

    monkeypatch.setattr(database, "awrite", awrite)
    monkeypatch.setattr("keesa.api.periodic.INTERVAL", 0.01)

    async def serve() -> None:
        gathered.start()
        watch.unknown.count_failure("a", NOON)
        await written.wait()
        watch.unknown.count_failure("b", NOON)
        await gathered.stop()
        await gathered.stop()

    asyncio.run(asyncio.wait_for(serve(), 30))
    assert broken == []
    assert [act.changes["failures"] for act in acts(database)] == [(None, 1), (None, 1)]


def test_a_server_that_stops_writes_what_it_has(place: Place, config: Config) -> None:
    """Guesses of its last minute too; and a logout is the act of whose session it was."""
    with opened(place) as database, TestClient(serve_from(database, config)) as client:
        assert client.post("/api/v1/auth/login", json={"user": TYPED, "password": WRONG}).status_code == 401
        tokens = log_in_over(client, cast.ENGINEER)
        assert client.delete("/api/v1/auth/logout", headers=bearer(tokens["access"])).status_code == 200
    with opened(place) as database:
        found = [(act.action, act.actor_id, act.address) for act in acts(database)]
    assert found == [
        ("session.begin", 2, "testclient"),
        ("session.end", 2, "testclient"),
        ("session.fail_unknown", 0, None),
    ]


def test_hashes_of_names_need_the_secret() -> None:
    """Equal with the same one, on every worker and node; with another one nothing fits, and none shows a length."""
    other = NameHashes(FixedKeys(KeyRing(b"another secret of the same length as it")))
    assert HASHES.of("a") == HASHES.of("a") != HASHES.of("b")
    assert other.of("a") != HASHES.of("a")
    assert {len(HASHES.of(name)) for name in ("", "a", "x" * 100_000, "\ud800")} == {32}


def test_both_failures_send_as_many_statements(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a user, and at a name that nobody has: the time that the answer takes tells nobody which it was."""
    asked: list[str] = []
    write_to = database.write

    def counting(work: Any) -> Any:  # noqa: ANN401 - as the database takes it
        def counted(tx: Tx) -> Any:  # noqa: ANN401 - as it gives it
            kind = type(tx)
            with pytest.MonkeyPatch.context() as patch:
                for name in ("all", "run"):
                    method = getattr(kind, name)
                    patch.setattr(kind, name, _noting(method, name, asked))
                return work(tx)

        return write_to(counted)

    monkeypatch.setattr(database, "write", counting)
    watch = Guard(Limits(1000, 1000, 1000), HASHES, UnknownLogins())
    sent = []
    for email in (cast.ENGINEER.email, "nobody@keesa.example"):
        asked.clear()
        fail(database, watch, email)
        sent.append(list(asked))
    assert sent[0] == sent[1]
    assert len(sent[0]) > 5


def _noting(method: Any, name: str, asked: list[str]) -> Any:  # noqa: ANN401 - a method
    def noted(tx: Tx, sql: str, **params: object) -> Any:  # noqa: ANN401 - as it gives it
        asked.append(name)
        return method(tx, sql, **params)

    return noted
