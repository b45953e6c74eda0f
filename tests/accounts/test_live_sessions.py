"""Sessions as rows: opened, found, renewed and ended, below the API."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

import pytest

import cast
from account_rows import rows
from by_keesa import change_password, disable_user
from keesa.accounts import sessions
from keesa.accounts.audit.recording import keesa_itself
from keesa.accounts.refreshing import refresh
from keesa.accounts.sessions import ACCESS_LIFETIME, MOST, OVERLAP, REFRESH_LIFETIME, Session, Version
from keesa.accounts.tokens import Signer
from keesa.clock import now
from keesa.db import Database, Tx, migrate, open_database
from keesa.errors import Unauthorized
from older_schemas import migrate_before
from places import Place

SESSIONS_MIGRATION: Final = 6
NOON: Final = cast.at("2025-04-01T12:00")


def open_one(
    database: Database, person: cast.Person = cast.ENGINEER, version: Version = "2024", at: int = NOON
) -> Session:
    return database.write(lambda tx: sessions.open_session(tx, person.id, version, at))[1]


def assert_ended(database: Database, session: Session) -> None:
    with pytest.raises(Unauthorized, match=r"^Your session has ended"):
        database.read(lambda tx: sessions.find_by_access(tx, session.access_uid))
    with pytest.raises(Unauthorized, match=r"^Your session has ended"):
        database.read(lambda tx: sessions.find_by_refresh(tx, session.refresh_uid))


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_a_session_is_found_by_either_uid(shared_database: Database, version: Version) -> None:
    """With its user, its version and its expiry."""
    session = open_one(shared_database, version=version)
    assert (session.version, session.expires_at) == (version, NOON + REFRESH_LIFETIME)
    by_access = shared_database.read(lambda tx: sessions.find_by_access(tx, session.access_uid))
    by_refresh = shared_database.read(lambda tx: sessions.find_by_refresh(tx, session.refresh_uid))
    assert by_access == by_refresh
    assert (by_access[0].id, by_access[1]) == (cast.ENGINEER.id, session)


def test_an_access_uid_is_no_refresh_uid(shared_database: Database) -> None:
    """Nor the reverse."""
    session = open_one(shared_database)
    with pytest.raises(Unauthorized):
        shared_database.read(lambda tx: sessions.find_by_refresh(tx, session.access_uid))
    with pytest.raises(Unauthorized):
        shared_database.read(lambda tx: sessions.find_by_access(tx, session.refresh_uid))


def test_no_two_sessions_share_anything(shared_database: Database) -> None:
    """Uids and CSRF secrets are each one's own."""
    opened = [open_one(shared_database) for _ in range(10)]
    parts = {part for one in opened for part in (one.access_uid, one.refresh_uid, one.csrf_secret)}
    assert len(parts) == 30


def test_opening_a_session_counts_the_sign_in(database: Database) -> None:
    """And what is counted is what the actor says."""
    counted = [
        database.write(lambda tx: sessions.open_session(tx, cast.ENGINEER.id, "2021", NOON))[0].sign_in_count
        for _ in range(3)
    ]
    assert counted == [1, 2, 3]


def renew(database: Database, session: Session, at: int = NOON) -> dict[str, Any]:
    """What the access token that a refresh gives says."""

    def work(tx: Tx) -> dict[str, Any]:
        return refresh(tx, *sessions.find_by_refresh(tx, session.refresh_uid), at)

    return database.write(work)


def find(database: Database, access_uid: str) -> Session:
    return database.read(lambda tx: sessions.find_by_access(tx, access_uid))[1]


def test_a_renewed_session_has_a_new_access_uid_and_nothing_else(shared_database: Database) -> None:
    """The refresh uid, the expiry and the CSRF secret stay."""
    session = open_one(shared_database)
    payload = renew(shared_database, session)
    assert (payload["uid"] == session.access_uid, payload["ruid"]) == (False, session.refresh_uid)
    assert find(shared_database, payload["uid"]) == replace(session, access_uid=payload["uid"])


@pytest.mark.parametrize("later", [0, 1, OVERLAP - 1, 1 - OVERLAP])
def test_a_refresh_within_a_minute_gives_the_same_token(database: Database, later: int) -> None:
    """To the letter, though the user has logged in again and has got another role meanwhile."""
    session = open_one(database)
    first = renew(database, session)
    open_one(database)
    database.write(lambda tx: tx.run("UPDATE users SET nick_name = 'Has' WHERE id = :id", id=cast.ENGINEER.id))
    database.write(lambda tx: tx.run("DELETE FROM user_roles WHERE user_id = :id", id=cast.ENGINEER.id))
    again = renew(database, session, NOON + later)
    signer = Signer(cast.SECRET.encode())
    assert signer.sign(again) == signer.sign(first)
    assert list(again) == list(first)


@pytest.mark.parametrize("later", [OVERLAP, 24 * OVERLAP, -OVERLAP, -2 * 24 * 3600 * 1000])
def test_a_later_refresh_gives_a_new_token(database: Database, later: int) -> None:
    """So does one after the clock was set back by more than that: the token ends an hour from now, not in two days."""
    session = open_one(database)
    first, second = renew(database, session), renew(database, session, NOON + later)
    assert second["uid"] != first["uid"]
    assert second["exp"] == (NOON + later + ACCESS_LIFETIME) // 1000


def test_a_replaced_token_is_good_for_a_minute(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was replaced last, and no longer, also where the clock is set back."""
    session = open_one(database)
    first = renew(database, session)
    monkeypatch.setattr(sessions, "now", lambda: NOON)
    assert find(database, session.access_uid) == find(database, first["uid"])
    for at in (NOON + OVERLAP, NOON - OVERLAP):
        monkeypatch.setattr(sessions, "now", lambda at=at: at)
        with pytest.raises(Unauthorized):
            find(database, session.access_uid)
        find(database, first["uid"])
    monkeypatch.setattr(sessions, "now", lambda: NOON + OVERLAP)
    second = renew(database, session, NOON + OVERLAP)
    assert find(database, first["uid"]) == find(database, second["uid"])
    with pytest.raises(Unauthorized):
        find(database, session.access_uid)


def test_refreshes_at_once_all_get_one_token(shared_database: Database) -> None:
    """Whoever comes first makes it."""
    session = open_one(shared_database)
    with ThreadPoolExecutor(6) as crowd:
        renewed = list(crowd.map(lambda _: renew(shared_database, session), range(6)))
    assert len({str(one) for one in renewed}) == 1
    assert find(shared_database, renewed[0]["uid"]).refresh_uid == session.refresh_uid


def test_a_token_that_an_older_keesa_has_replaced_is_not_given_again(database: Database) -> None:
    """As while nodes are upgraded one by one: the older one keeps nothing of the tokens that it gives."""
    session = open_one(database)
    first = renew(database, session)
    database.write(lambda tx: tx.run("UPDATE sessions SET access_uid = 'of the older one'"))
    second = renew(database, session)
    assert first["uid"] != second["uid"]
    assert find(database, second["uid"]).refresh_uid == session.refresh_uid


def test_an_ended_session_is_found_no_more(shared_database: Database) -> None:
    """It can be neither renewed nor ended again."""
    session = open_one(shared_database)
    shared_database.write(lambda tx: sessions.end(tx, keesa_itself(now()), session))
    assert_ended(shared_database, session)
    with pytest.raises(Unauthorized, match=r"^Your session has ended"):
        shared_database.write(lambda tx: sessions.end(tx, keesa_itself(now()), session))
    actor, _ = shared_database.read(lambda tx: sessions.find_by_access(tx, open_one(shared_database).access_uid))
    with pytest.raises(Unauthorized, match=r"^Your session has ended"):
        shared_database.write(lambda tx: refresh(tx, actor, session, NOON))


def test_of_logouts_at_once_one_ends_the_session(shared_database: Database) -> None:
    """The others hear that it has ended."""
    session = open_one(shared_database)

    def end(_: int) -> bool:
        try:
            shared_database.write(lambda tx: sessions.end(tx, keesa_itself(now()), session))
        except Unauthorized:
            return False
        return True

    with ThreadPoolExecutor(6) as crowd:
        assert sorted(crowd.map(end, range(6))) == [False] * 5 + [True]


def test_a_disabled_user_has_no_session(database: Database) -> None:
    """Those that are open end; nobody else's do."""
    sessions_of_user = [open_one(database), open_one(database, version="2021")]
    other = open_one(database, cast.ADMIN)
    database.write(lambda tx: disable_user(tx, cast.ENGINEER.email, NOON))
    for session in sessions_of_user:
        assert_ended(database, session)
    assert [row["user_id"] for row in rows(database, "SELECT user_id FROM sessions")] == [cast.ADMIN.id]
    assert database.read(lambda tx: sessions.find_by_access(tx, other.access_uid))[1] == other
    with pytest.raises(Unauthorized, match=r"^Invalid credentials$"):
        open_one(database)


def test_a_session_of_a_disabled_user_is_dead_even_if_its_row_is_there(database: Database) -> None:
    """As when the user was disabled by hand, in the database."""
    session = open_one(database)
    database.write(lambda tx: tx.run("UPDATE users SET disabled_at = 1 WHERE id = :id", id=cast.ENGINEER.id))
    assert_ended(database, session)


def test_a_changed_password_ends_the_user_s_sessions(database: Database) -> None:
    """Who knew the old one is out."""
    session, other = open_one(database), open_one(database, cast.ADMIN)
    database.write(lambda tx: change_password(tx, cast.ENGINEER.email, cast.hashed()))
    assert_ended(database, session)
    assert database.read(lambda tx: sessions.find_by_access(tx, other.access_uid))[1] == other


def test_sessions_of_the_past_are_cleared_away(database: Database) -> None:
    """By the next login, once the last access token that they may have given has expired too."""
    past, recent = open_one(database), open_one(database, at=NOON + 1)
    opened = open_one(database, at=NOON + REFRESH_LIFETIME + ACCESS_LIFETIME + 1)
    kept = {row["refresh_uid"] for row in rows(database, "SELECT refresh_uid FROM sessions")}
    assert past.refresh_uid not in kept
    assert kept == {recent.refresh_uid, opened.refresh_uid}


def test_a_user_has_at_most_fifty_sessions(database: Database) -> None:
    """One more ends the one that was opened first, whatever the clock said then; nobody else's end."""
    other = open_one(database, cast.ADMIN)
    opened = [open_one(database, at=NOON - number * 1000) for number in range(MOST)]
    assert find(database, opened[0].access_uid) == opened[0]
    opened += [open_one(database, at=NOON - number * 1000) for number in range(3)]
    for session in opened[:3]:
        assert_ended(database, session)
    for session in [*opened[3:], other]:
        assert find(database, session.access_uid) == session


def test_logins_at_once_do_not_pass_fifty_sessions(database: Database) -> None:
    """None of them overlooks another's."""
    for _ in range(MOST - 1):
        open_one(database)
    with ThreadPoolExecutor(6) as crowd:
        list(crowd.map(lambda _: open_one(database), range(6)))
    [row] = rows(database, "SELECT count(*) AS kept FROM sessions")
    assert row["kept"] == MOST


def test_an_older_desk_s_many_sessions_end_with_the_upgrade(
    empty_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but the newest fifty of a user's; who has fewer keeps all, and the next login counts them too."""
    database = open_database(empty_place.data, empty_place.url)
    migrate_before(monkeypatch, database, SESSIONS_MIGRATION)
    for person, number in ((cast.ENGINEER, MOST + 7), (cast.ADMIN, 3)):
        database.write(lambda tx, person=person, number=number: open_as_before(tx, person, number))  # type: ignore[misc]  # defaults in a lambda
    migrate.migrate(database)
    kept = {row["refresh_uid"] for row in rows(database, "SELECT refresh_uid FROM sessions")}
    assert kept == {f"{cast.ENGINEER.id} {at}" for at in range(7, MOST + 7)} | {
        f"{cast.ADMIN.id} {at}" for at in range(3)
    }
    open_one(database)
    kept = {row["refresh_uid"] for row in rows(database, "SELECT refresh_uid FROM sessions")}
    assert (f"{cast.ENGINEER.id} 7" in kept, f"{cast.ENGINEER.id} 8" in kept, len(kept)) == (False, True, MOST + 3)
    database.close()


def open_as_before(tx: Tx, person: cast.Person, number: int) -> None:
    """The person, and sessions of theirs as an older Keesa kept them, one a millisecond."""
    tx.run(
        "INSERT INTO users (id, email, full_name, nick_name, user_type, password_hash, created_at)"
        " VALUES (:id, :email, :email, :email, :user_type, '', 1)",
        id=person.id,
        email=person.email,
        user_type=person.user_type,
    )
    for at in range(number):
        tx.run(
            "INSERT INTO sessions (refresh_uid, access_uid, user_id, version, csrf_secret, created_at, expires_at)"
            " VALUES (:uid, :uid, :user_id, '2024', '', :at, :ends)",
            uid=f"{person.id} {at}",
            user_id=person.id,
            at=at,
            ends=NOON + REFRESH_LIFETIME,
        )
