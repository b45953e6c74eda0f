"""Sessions that are cached: for one short statement, and never a moment longer than their users are what they were."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, Final

import jwt
import pytest

import cast
from account_rows import rows
from by_keesa import change_password, disable_user, grant_permission, revoke_permission
from cast import ADMIN, BOT, CUSTOMER, ENGINEER, HARBOUR, RAISED, SCHOOL
from counted_tx import CountedTx
from jwts import signed
from keesa import maintenance
from keesa.accounts import session_cache, sessions, tokens
from keesa.accounts.audit.recording import keesa_itself
from keesa.accounts.refreshing import refresh
from keesa.accounts.session_cache import SessionCache, SessionState
from keesa.accounts.sessions import OVERLAP, Session
from keesa.accounts.tokens import Signer
from keesa.clock import now
from keesa.db import Database, Tx, open_database
from keesa.errors import Unauthorized
from places import Place

NOON: Final = cast.at("2025-04-01T12:00")

Look = SessionState | type[Unauthorized]
"""How things stand, or that the caller is refused."""


@dataclass
class Desk:
    """One process with a cache, a session, and another process that changes things behind its back."""

    database: Database
    elsewhere: Database
    session: Session
    session_cache: SessionCache = field(default_factory=SessionCache)

    def look(self, session_cache: SessionCache | None = None) -> tuple[Look, int]:
        """What a look tells, but for the state of all data that it saw, and the statements that it took."""
        known = session_cache or self.session_cache

        def work(tx: Tx) -> tuple[Look, int]:
            counted = CountedTx(tx)
            try:
                return known.look(counted, self.session.access_uid)._replace(seen=None), counted.statements
            except Unauthorized:
                return Unauthorized, counted.statements

        return self.database.read(work)

    def change(self, sql: str, **params: object) -> None:
        assert self.elsewhere.write(lambda tx: tx.changed(sql, **params)) == 1

    def role_id(self, name: str) -> int:
        found: int = rows(self.database, "SELECT id FROM roles WHERE name = :name", name=name)[0]["id"]
        return found


@pytest.fixture
def elsewhere(place: Place) -> Iterator[Database]:
    """The same database, as another process has it open."""
    opened = open_database(place.data, place.url)
    yield opened
    opened.close()


@pytest.fixture
def desk(database: Database, elsewhere: Database) -> Desk:
    """The engineer's."""
    return Desk(database, elsewhere, open_session(database))


def open_session(database: Database, person: cast.Person = ENGINEER) -> Session:
    return database.write(lambda tx: sessions.open_session(tx, person.id, "2024", now()))[1]


def renew(database: Database, session: Session, at: int | None = None) -> Session:
    """The session with the access token of a refresh."""

    def work(tx: Tx) -> Session:
        actor, found = sessions.find_by_refresh(tx, session.refresh_uid)
        return replace(found, access_uid=refresh(tx, actor, found, now() if at is None else at)["uid"])

    return database.write(work)


def test_a_cached_session_takes_one_statement(desk: Desk) -> None:
    """The first look finds the caller, the next ones only whether that is still true; both tell the same."""
    assert desk.session_cache.cached(desk.session.access_uid) is None
    first, statements = desk.look()
    assert statements == 2
    assert desk.look() == desk.look() == (first, 1)
    assert isinstance(first, SessionState)
    assert first.caller is not None
    assert (first.caller[0].id, first.caller[1]) == (ENGINEER.id, desk.session)
    assert desk.session_cache.cached(desk.session.access_uid) == first.caller


@pytest.mark.parametrize("person", cast.CAST, ids=lambda person: person.nick_name)
def test_each_of_the_cast_is_cached_as_they_are(database: Database, person: cast.Person) -> None:
    """As a new look-up finds them, at the first look and at the second."""
    session, known = open_session(database, person), SessionCache()
    found = database.read(lambda tx: sessions.find_by_access(tx, session.access_uid))
    assert [database.read(lambda tx: known.look(tx, session.access_uid)).caller for _ in range(2)] == [found, found]
    assert found[0].id == person.id


def test_a_session_that_never_was_is_nobody_s(desk: Desk) -> None:
    """And takes one statement, each time."""
    desk.session = Session("no", "such", "2024", "uid", 0)
    for _ in range(2):
        looked, statements = desk.look()
        assert isinstance(looked, SessionState)
        assert (looked.caller, statements) == (None, 1)


def take_role(desk: Desk) -> None:
    desk.change("DELETE FROM user_roles WHERE user_id = :id", id=ENGINEER.id)


def give_role(desk: Desk) -> None:
    sql = "INSERT INTO user_roles (user_id, role_id, position) VALUES (:id, :role_id, 1)"
    desk.change(sql, id=ENGINEER.id, role_id=desk.role_id("school_crew"))


def swap_role(desk: Desk) -> None:
    sql = "UPDATE user_roles SET role_id = :role_id WHERE user_id = :id"
    desk.change(sql, id=ENGINEER.id, role_id=desk.role_id("reader"))


def give_permission(desk: Desk) -> None:
    desk.elsewhere.write(lambda tx: grant_permission(tx, ENGINEER.role, "boats", "sail"))


def take_permission(desk: Desk) -> None:
    desk.elsewhere.write(lambda tx: revoke_permission(tx, ENGINEER.role, "tickets", "write"))


def swap_permission(desk: Desk) -> None:
    sql = "UPDATE role_permissions SET action = 'sail' WHERE role_id = :id AND action = 'read'"
    desk.change(sql, id=desk.role_id(ENGINEER.role))


def rename_role(desk: Desk) -> None:
    desk.change("UPDATE roles SET name = 'crew' WHERE name = :name", name=ENGINEER.role)


def give_type(desk: Desk) -> None:
    sql = "INSERT INTO role_ticket_types (role_id, ticket_type) VALUES (:id, 'roc_support')"
    desk.change(sql, id=desk.role_id(ENGINEER.role))


def take_type(desk: Desk) -> None:
    desk.change("DELETE FROM role_ticket_types WHERE role_id = :id", id=desk.role_id(ENGINEER.role))


def swap_type(desk: Desk) -> None:
    sql = "UPDATE role_ticket_types SET ticket_type = 'roc_support' WHERE role_id = :id"
    desk.change(sql, id=desk.role_id(ENGINEER.role))


def of_user(assignment: str) -> Callable[[Desk], None]:
    return lambda desk: desk.change(f"UPDATE users SET {assignment} WHERE id = :id", id=ENGINEER.id)


CHANGES: Final[dict[str, Callable[[Desk], object]]] = {
    "another full name": of_user("full_name = 'Hassan Ali'"),
    "another nick name": of_user("nick_name = 'Has'"),
    "another address": of_user("email = 'hassan@keesa.example'"),
    "another type": of_user("user_type = 'bot'"),
    "a customer's": of_user(f"user_type = 'customer', customer_id = {HARBOUR}"),
    "disabled alone": of_user("disabled_at = 1"),
    "disabled": lambda desk: desk.elsewhere.write(lambda tx: disable_user(tx, ENGINEER.email, 1)),
    "another password": lambda desk: desk.elsewhere.write(
        lambda tx: change_password(tx, ENGINEER.email, cast.hashed())
    ),
    "a role taken": take_role,
    "a role given": give_role,
    "a role changed for another": swap_role,
    "a permission given": give_permission,
    "a permission taken": take_permission,
    "a permission changed for another": swap_permission,
    "a role's name": rename_role,
    "a ticket type given": give_type,
    "a ticket type taken": take_type,
    "a ticket type changed for another": swap_type,
    "the session ended": lambda desk: desk.elsewhere.write(
        lambda tx: sessions.end(tx, keesa_itself(now()), desk.session)
    ),
    "all sessions ended": lambda desk: desk.elsewhere.write(lambda tx: sessions.end_all_of(tx, ENGINEER.id)),
    "the session renewed": lambda desk: renew(desk.elsewhere, desk.session),
    "maintenance": lambda desk: desk.elsewhere.write(maintenance.switch_on),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_next_look_after_a_change_is_right(desk: Desk, name: str) -> None:
    """As that of a process that has never seen the caller; the change came through another process."""
    before, _ = desk.look()
    CHANGES[name](desk)
    after, _ = desk.look()
    assert after == desk.look(SessionCache())[0]
    assert after != before
    assert desk.look()[0] == after


def test_who_is_disabled_and_enabled_again_is_back(desk: Desk) -> None:
    """Their session had not been ended: refused at one look, known at the next."""
    for _ in range(2):
        assert isinstance(desk.look()[0], SessionState)
        of_user("disabled_at = 1")(desk)
        assert desk.look()[0] is Unauthorized
        assert desk.look()[0] is Unauthorized
        of_user("disabled_at = NULL")(desk)


def test_a_renewed_session_is_looked_up_by_its_new_uid(desk: Desk) -> None:
    """With the CSRF secret that it had; one look finds it, the next ones have it in the cache."""
    desk.look()
    desk.session = renew(desk.elsewhere, desk.session)
    looked, statements = desk.look()
    assert isinstance(looked, SessionState)
    assert looked.caller is not None
    assert (looked.caller[1], statements) == (desk.session, 2)
    assert desk.look() == (looked, 1)


def test_a_replaced_token_is_looked_at_with_one_statement_for_a_minute(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its caller is cached like any other; then it is nobody's, also where the clock was set back by days."""
    desk.look()
    renewed = renew(desk.elsewhere, desk.session, NOON)
    for at in (NOON, NOON + OVERLAP - 1, NOON - OVERLAP + 1):
        monkeypatch.setattr(sessions, "now", lambda at=at: at)
        looked, _ = desk.look()
        assert isinstance(looked, SessionState)
        assert looked.caller is not None
        assert (looked.caller[0].id, looked.caller[1]) == (ENGINEER.id, renewed)
        assert desk.look() == (looked, 1)
    assert isinstance(looked, SessionState)
    for at in (NOON + OVERLAP, NOON - OVERLAP, NOON - 2 * 24 * 3600 * 1000):
        monkeypatch.setattr(sessions, "now", lambda at=at: at)
        assert desk.look() == (looked._replace(caller=None), 1)


def test_what_a_write_sees_is_not_cached(desk: Desk) -> None:
    """A change that is undone, and another that takes its revision: the look after both knows only the second."""

    def undone(tx: Tx) -> None:
        tx.run("UPDATE users SET user_type = 'admin' WHERE id = :id", id=ENGINEER.id)
        seen = desk.session_cache.look(tx, desk.session.access_uid)
        assert seen.caller is not None
        assert seen.caller[0].user_type == "admin"
        raise LookupError

    with pytest.raises(LookupError):
        desk.database.write(undone)
    desk.database.write(lambda tx: tx.run("UPDATE users SET nick_name = 'Has' WHERE id = :id", id=ENGINEER.id))
    state, _ = desk.look()
    assert isinstance(state, SessionState)
    assert state.caller is not None
    assert (state.caller[0].user_type, state.caller[0].nick_name) == ("staff", "Has")


def test_while_offline_nobody_is_looked_up(desk: Desk) -> None:
    """One statement, for the known and for the unknown; afterwards all is as it was."""
    before, _ = desk.look()
    desk.elsewhere.write(maintenance.switch_on)
    for cache in (desk.session_cache, SessionCache()):
        looked, statements = desk.look(cache)
        assert isinstance(looked, SessionState)
        assert (looked.offline, looked.caller, statements) == (True, None, 1)
    desk.elsewhere.write(maintenance.switch_off)
    assert desk.look() == (before, 1)


# What moves the revisions

NAMES: Final[dict[str, str]] = {
    "a user's full name": f"UPDATE users SET full_name = 'Ali' WHERE id = {ADMIN.id}",
    "a user's nick name": f"UPDATE users SET nick_name = 'Ali' WHERE id = {ADMIN.id}",
    "a customer's name": f"UPDATE customers SET name = 'Jetty' WHERE id = {SCHOOL}",
    "every user's name": "UPDATE users SET full_name = full_name || '!'",
}
ACCOUNTS: Final[dict[str, str]] = {
    "a full name": f"UPDATE users SET full_name = 'Ali' WHERE id = {ADMIN.id}",
    "a nick name": f"UPDATE users SET nick_name = 'Ali' WHERE id = {ADMIN.id}",
    "an address": f"UPDATE users SET email = 'a@keesa.example' WHERE id = {ADMIN.id}",
    "a type": f"UPDATE users SET user_type = 'admin' WHERE id = {BOT.id}",
    "a customer": f"UPDATE users SET customer_id = {SCHOOL} WHERE id = {CUSTOMER.id}",
    "disabling": f"UPDATE users SET disabled_at = 1 WHERE id = {BOT.id}",
    "enabling": "UPDATE users SET disabled_at = NULL",
    "a permission given": (
        "INSERT INTO role_permissions (role_id, resource, action, position) VALUES (5, 'boats', 'sail', 9)"
    ),
    "a permission's place": "UPDATE role_permissions SET position = position + 1",
    "a permission taken": "DELETE FROM role_permissions WHERE role_id = 5",
    "a role's name": "UPDATE roles SET name = 'readers' WHERE name = 'reader'",
    "a role given": f"INSERT INTO user_roles (user_id, role_id, position) VALUES ({ADMIN.id}, 2, 1)",
    "a role's place": "UPDATE user_roles SET position = position + 1",
    "a role taken": f"DELETE FROM user_roles WHERE user_id = {BOT.id}",
    "a ticket type given": "INSERT INTO role_ticket_types (role_id, ticket_type) VALUES (5, 'roc_support')",
    "a ticket type changed": "UPDATE role_ticket_types SET ticket_type = 'roc_support' WHERE role_id > 5",
    "a ticket type taken": "DELETE FROM role_ticket_types WHERE role_id = 1",
}
NEITHER: Final[dict[str, str]] = {
    "a sign-in": "UPDATE users SET sign_in_count = sign_in_count + 1",
    "a password": "UPDATE users SET password_hash = 'none'",
    "a customer's contact": "UPDATE customers SET contact_name = 'Ali', contact_number = 1",
    "a ticket": f"UPDATE tickets SET title = 'Title', revision = $new_revision WHERE id = {RAISED}",
    "a note": "UPDATE ticket_notes SET body = 'Body'",
    "sessions": "DELETE FROM sessions",
    "an ECO's name": "UPDATE ecos SET name = 'ECO'",
}


def revisions(database: Database) -> tuple[int, int]:
    [row] = rows(database, "SELECT names, accounts FROM desk_revisions")
    return row["names"], row["accounts"]


def moved(desk: Desk, sql: str) -> tuple[bool, bool]:
    """Whether the statement has moved the revision of the names, and that of the accounts."""
    names, accounts = revisions(desk.database)
    assert desk.elsewhere.write(lambda tx: tx.changed(sql))
    now_names, now_accounts = revisions(desk.database)
    return now_names != names, now_accounts != accounts


@pytest.mark.parametrize("name", NAMES)
def test_names_that_answers_show_move_their_revision(desk: Desk, name: str) -> None:
    """Those of users and of customers."""
    assert moved(desk, NAMES[name])[0]


@pytest.mark.parametrize("name", ACCOUNTS)
def test_what_somebody_is_or_may_do_moves_the_accounts(desk: Desk, name: str) -> None:
    """Through whichever of the tables it comes."""
    assert moved(desk, ACCOUNTS[name])[1]


@pytest.mark.parametrize("name", NEITHER)
def test_what_happens_all_day_moves_nothing(desk: Desk, name: str) -> None:
    """A login, a password, a ticket: else nothing would be cached for long."""
    assert moved(desk, NEITHER[name]) == (False, False)


def test_a_login_moves_nothing(desk: Desk) -> None:
    """Nor does it end what is cached of others."""
    before, _ = desk.look()
    open_session(desk.elsewhere, ADMIN)
    assert desk.look() == (before, 1)


def test_the_cached_sessions_are_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is forgotten is looked up again, and right."""
    monkeypatch.setattr(session_cache, "MOST_CACHED", 8)
    known, opened = SessionCache(), [open_session(database) for _ in range(30)]
    for session in opened:
        assert database.read(lambda tx, uid=session.access_uid: known.look(tx, uid)).caller  # type: ignore[misc]  # a default in a lambda
        assert known.cached(session.access_uid)
    assert 4 <= sum(known.cached(session.access_uid) is not None for session in opened) <= 8
    for session in opened:
        state = database.read(lambda tx, uid=session.access_uid: known.look(tx, uid))  # type: ignore[misc]  # as above
        assert state.caller is not None
        assert state.caller[1] == session


# Tokens that are cached

AT: Final = 1_900_000_000
"""Seconds since 1970."""


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens whose signatures were checked, in their order."""
    checked: list[str] = []
    decode = jwt.decode

    def watch(token: str, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - the library's own
        checked.append(token)
        return decode(token, *arguments, **options)

    monkeypatch.setattr(jwt, "decode", watch)
    return checked


def stop_clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(tokens, "time", SimpleNamespace(time=lambda: seconds))


def token(number: int = 0, expires: int = AT) -> str:
    return signed({"exp": expires, "uid": f"uid {number}"})


def test_a_good_token_is_checked_once(checks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """From then on it is known."""
    stop_clock(monkeypatch, AT - 100)
    signer = Signer(cast.SECRET.encode())
    assert {signer.uid(token()) for _ in range(3)} == {"uid 0"}
    assert checks == [token()]


@pytest.mark.parametrize("late", [0, 0.5, 1, 10**9])
def test_a_cached_token_expires(late: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """At its second, and for good; unless its expiry does not matter."""
    signer = Signer(cast.SECRET.encode())
    stop_clock(monkeypatch, AT - 0.01)
    assert signer.uid(token()) == "uid 0"
    stop_clock(monkeypatch, AT + late)
    for _ in range(2):
        with pytest.raises(Unauthorized, match=r"^Your token has expired$"):
            signer.uid(token())
        assert signer.uid(token(), expired_too=True) == "uid 0"


def test_a_token_that_came_too_late_is_not_good_for_being_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who logs out with it gets nothing with it afterwards."""
    signer = Signer(cast.SECRET.encode())
    stop_clock(monkeypatch, AT + 1)
    assert signer.uid(token(), expired_too=True) == "uid 0"
    with pytest.raises(Unauthorized, match=r"^Your token has expired$"):
        signer.uid(token())


def test_a_bad_token_is_bad_each_time(checks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that differs from a good one only behind its signature's end, or only in its signature."""
    stop_clock(monkeypatch, AT - 100)
    signer, good = Signer(cast.SECRET.encode()), token()
    assert signer.uid(good) == "uid 0"
    head, _, signature = good.rpartition(".")
    for bad in (good + "A", f"{head}.{signature[::-1]}", f"{head}."):
        for _ in range(2):
            with pytest.raises(Unauthorized, match=r"^Your token is invalid$"):
                signer.uid(bad)
    assert len(checks) == 1 + 6


def test_another_secret_has_a_cache_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one signer has found good is bad to one with another secret."""
    stop_clock(monkeypatch, AT - 100)
    assert Signer(cast.SECRET.encode()).uid(token()) == "uid 0"
    with pytest.raises(Unauthorized, match=r"^Your token is invalid$"):
        Signer(b"another secret, of 32 characters and more").uid(token())


def test_the_cached_tokens_are_bounded(checks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many only the last few are known without another check."""
    monkeypatch.setattr(tokens, "MOST_CACHED", 8)
    stop_clock(monkeypatch, AT - 100)
    signer = Signer(cast.SECRET.encode())
    made = [token(number) for number in range(50)]
    assert [signer.uid(each) for each in made] == [f"uid {number}" for number in range(50)]
    assert checks == made
    checks.clear()
    assert [signer.uid(each) for each in reversed(made)] == [f"uid {number}" for number in reversed(range(50))]
    assert 50 - 8 <= len(checks) <= 50 - 4
