"""Sessions as rows: opened, found, renewed and ended, below the API."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

import cast
from account_rows import rows
from keesa.accounts import sessions
from keesa.accounts.sessions import ACCESS_LIFETIME, REFRESH_LIFETIME, Session, Version
from keesa.accounts.users import change_password, disable_user
from keesa.db import Database
from keesa.errors import Unauthorized

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


def test_a_renewed_session_has_a_new_access_uid_and_csrf_secret(shared_database: Database) -> None:
    """The old uid is nobody's; the refresh uid and the expiry stay."""
    session = open_one(shared_database)
    renewed = shared_database.write(lambda tx: sessions.renew(tx, session))
    assert renewed.access_uid != session.access_uid
    assert renewed.csrf_secret != session.csrf_secret
    assert (renewed.refresh_uid, renewed.expires_at) == (session.refresh_uid, session.expires_at)
    _, found = shared_database.read(lambda tx: sessions.find_by_access(tx, renewed.access_uid))
    assert found == renewed
    with pytest.raises(Unauthorized):
        shared_database.read(lambda tx: sessions.find_by_access(tx, session.access_uid))


def test_of_refreshes_at_once_one_access_token_is_left(shared_database: Database) -> None:
    """The last of them; the others ended as soon as it came."""
    session = open_one(shared_database)
    with ThreadPoolExecutor(6) as crowd:
        renewed = list(crowd.map(lambda _: shared_database.write(lambda tx: sessions.renew(tx, session)), range(6)))
    _, kept = shared_database.read(lambda tx: sessions.find_by_refresh(tx, session.refresh_uid))
    assert len({one.access_uid for one in renewed}) == 6
    assert kept in renewed


def test_an_ended_session_is_found_no_more(shared_database: Database) -> None:
    """It can be neither renewed nor ended again."""
    session = open_one(shared_database)
    shared_database.write(lambda tx: sessions.end(tx, session))
    assert_ended(shared_database, session)
    for verb in (sessions.renew, sessions.end):
        with pytest.raises(Unauthorized, match=r"^Your session has ended"):
            shared_database.write(lambda tx, verb=verb: verb(tx, session))  # type: ignore[misc]  # a default in a lambda


def test_of_logouts_at_once_one_ends_the_session(shared_database: Database) -> None:
    """The others hear that it has ended."""
    session = open_one(shared_database)

    def end(_: int) -> bool:
        try:
            shared_database.write(lambda tx: sessions.end(tx, session))
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
    database.write(lambda tx: change_password(tx, cast.ENGINEER.email, "another password"))
    assert_ended(database, session)
    assert database.read(lambda tx: sessions.find_by_access(tx, other.access_uid))[1] == other


def test_sessions_of_the_past_are_cleared_away(database: Database) -> None:
    """By the next login, once the last access token that they may have given has expired too."""
    past, recent = open_one(database), open_one(database, at=NOON + 1)
    opened = open_one(database, at=NOON + REFRESH_LIFETIME + ACCESS_LIFETIME + 1)
    kept = {row["refresh_uid"] for row in rows(database, "SELECT refresh_uid FROM sessions")}
    assert past.refresh_uid not in kept
    assert kept == {recent.refresh_uid, opened.refresh_uid}
