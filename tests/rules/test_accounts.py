"""Sessions and logins on two nodes at once: at most so many of a user, one token of a refresh, nobody who is out."""

from functools import partial
from typing import Any, Final

import pytest

from account_rows import rows
from by_keesa import change_password, disable_user, enable_user
from cast import CUSTOMER, ENGINEER, STRANGER
from keesa.accounts import api_token_changes, attempts, sessions
from keesa.accounts.api_token_changes import NewApiToken, create_token
from keesa.accounts.attempts import Limits, counters
from keesa.accounts.audit.recording import keesa_itself
from keesa.accounts.passwords import new_password
from keesa.accounts.refreshing import refresh
from keesa.accounts.sessions import ACCESS_LIFETIME, MOST, REFRESH_LIFETIME, Session
from keesa.clock import now
from keesa.db import Database, Tx, Work
from keesa.errors import Invalid, Unauthorized
from meeting import Nodes

LIMITS: Final = Limits(10, 100, 300)
NETWORK: Final = "192.0.2.1"


def opening(at: int, user_id: int = ENGINEER.id) -> Work[Session]:
    """What a login with a good password does."""
    return lambda tx: sessions.open_session(tx, user_id, "2024", at)[1]


def of_engineer(database: Database) -> list[dict[str, Any]]:
    return rows(database, "SELECT * FROM sessions WHERE user_id = :id ORDER BY sign_in", id=ENGINEER.id)


def test_logins_at_once_never_pass_the_most_sessions(nodes: Nodes) -> None:
    """With one session less than a user may have, two logins end the oldest, and each sign-in is counted."""
    at = now()
    opened = [nodes.one.write(opening(at)) for _ in range(MOST - 1)]
    met = nodes.meet(opening(at), "INSERT INTO sessions", lambda other: other.write(opening(at)))
    assert met.errors == []
    found = of_engineer(nodes.one)
    assert [row["sign_in"] for row in found] == [*range(2, MOST + 2)]
    newest = {row["refresh_uid"] for row in found}
    assert newest == {session.refresh_uid for session in [*opened[1:], *met.values]}


def making_a_token(tx: Tx) -> int:
    by = keesa_itself(now())
    new = NewApiToken(name="One more", expires_at=by.at + 60_000, user_id=ENGINEER.id)
    return create_token(tx, by, new).token.id


def test_tokens_made_at_once_never_pass_the_most(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a user: where there is place for one, two get one, and the other is told."""
    monkeypatch.setattr(api_token_changes, "MOST", 3)
    for _ in range(2):
        nodes.one.write(making_a_token)
    met = nodes.meet(making_a_token, "INSERT INTO api_tokens", lambda other: other.write(making_a_token))
    assert met.waited
    assert [type(error) for error in met.errors] == [Invalid]
    assert len(rows(nodes.one, "SELECT id FROM api_tokens WHERE user_id = :id", id=ENGINEER.id)) == 3


def test_logins_at_once_never_pass_the_most_networks(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are remembered of a user: the last ones, by the order of their logins."""
    monkeypatch.setattr(attempts, "NETWORKS_KEPT", 2)

    def from_network(network: str) -> Work[None]:
        def work(tx: Tx) -> None:
            actor, _ = sessions.open_session(tx, ENGINEER.id, "2024", now())
            attempts.remember_network(tx, ENGINEER.id, network, actor.sign_in_count, now())

        return work

    for network in ("a", "b"):
        nodes.one.write(from_network(network))
    met = nodes.meet(from_network("c"), "INSERT INTO login_networks", lambda other: other.write(from_network("d")))
    assert met.errors == []
    kept = rows(nodes.one, "SELECT network, sign_in FROM login_networks ORDER BY sign_in")
    assert [row["sign_in"] for row in kept] == [3, 4]
    assert {row["network"] for row in kept} == {"c", "d"}


@pytest.mark.parametrize("leaving", ["disabled", "another password"])
def test_nobody_who_is_put_out_stays_by_a_login_at_once(nodes: Nodes, leaving: str) -> None:
    """A session that is being opened is ended too."""
    password = new_password("a quite different one")

    def put_out(tx: Tx) -> None:
        if leaving == "disabled":
            disable_user(tx, ENGINEER.email, now())
        else:
            change_password(tx, ENGINEER.email, password)

    met = nodes.meet(opening(now()), "INSERT INTO sessions", lambda other: other.write(put_out))
    assert met.errors == []
    assert of_engineer(nodes.one) == []


@pytest.mark.parametrize("before", ["DELETE FROM sessions", "UPDATE users"])
def test_nobody_logs_in_beside_being_disabled(nodes: Nodes, before: str) -> None:
    """Whoever comes when it has begun waits, and is refused."""
    met = nodes.meet(
        lambda tx: disable_user(tx, ENGINEER.email, now()), before, lambda other: other.write(opening(now()))
    )
    assert isinstance(met.second.error, Unauthorized)
    assert of_engineer(nodes.one) == []


def test_a_login_after_the_user_was_let_in_again_is_no_victim_of_what_came_before(nodes: Nodes) -> None:
    """Who disables one that is disabled already ends no session that is opened after the user is enabled."""
    nodes.one.write(lambda tx: disable_user(tx, ENGINEER.email, now()))

    def return_and_log_in(other: Database) -> Session:
        other.write(lambda tx: enable_user(tx, ENGINEER.email))
        return other.write(opening(now()))

    met = nodes.meet(lambda tx: disable_user(tx, ENGINEER.email, now()), "DELETE FROM sessions", return_and_log_in)
    assert met.errors == []
    assert [row["refresh_uid"] for row in of_engineer(nodes.one)] == [met.second.value.refresh_uid]


def refreshing(session: Session, at: int) -> Work[Any]:
    return lambda tx: refresh(tx, *sessions.find_by_refresh(tx, session.refresh_uid), at)


def test_two_refreshes_of_one_token_give_the_same(nodes: Nodes) -> None:
    """To the letter, and it is the one that the session has."""
    at = now()
    session = nodes.one.write(opening(at))
    met = nodes.meet(
        refreshing(session, at), "UPDATE sessions", lambda other: other.write(refreshing(session, at + 1000))
    )
    assert met.errors == []
    assert met.first.value == met.second.value
    assert [row["access_uid"] for row in of_engineer(nodes.one)] == [met.first.value["uid"]]


def test_two_refreshes_settle_on_one_after_an_older_program_s_too(nodes: Nodes) -> None:
    """One that replaced the token without a word of what the new one says."""
    at = now()
    session = nodes.one.write(opening(at))
    nodes.one.write(refreshing(session, at))
    nodes.one.write(lambda tx: tx.run("UPDATE sessions SET access_uid = 'of the older one'"))
    whatever_it_is = r"UPDATE sessions[^?]*WHERE refresh_uid = :refresh_uid\s*\Z"
    met = nodes.meet(refreshing(session, at), whatever_it_is, lambda other: other.write(refreshing(session, at)))
    assert met.errors == []
    assert met.first.value == met.second.value


@pytest.mark.parametrize("first", ["logout", "refresh"])
def test_a_logout_beside_a_refresh_ends_both_tokens(nodes: Nodes, first: str) -> None:
    """Whichever came first: the refresh is refused, or what it gave has ended."""
    session = nodes.one.write(opening(now()))
    works = {"refresh": refreshing(session, now()), "logout": ending(session)}
    first_work, second_work = works.pop(first), works.popitem()[1]
    met = nodes.meet(first_work, "UPDATE sessions|DELETE FROM sessions", lambda other: other.write(second_work))
    assert all(isinstance(error, Unauthorized) for error in met.errors)
    assert of_engineer(nodes.one) == []


def ending(session: Session) -> Work[None]:
    return lambda tx: sessions.end(tx, keesa_itself(now()), session)


def test_of_two_logouts_at_once_one_is_the_second(nodes: Nodes) -> None:
    """It is told that the session has ended."""
    session = nodes.one.write(opening(now()))

    def leave_and_linger(tx: Tx) -> None:
        sessions.end(tx, keesa_itself(now()), session)
        tx.all("SELECT 1 AS lingering")

    met = nodes.meet(leave_and_linger, "lingering", lambda other: other.write(ending(session)))
    assert [type(error) for error in met.errors] == [Unauthorized]


def test_a_login_waits_for_no_other_user_s_sessions_of_the_past(nodes: Nodes) -> None:
    """What one login clears away, another one passes over."""
    at = now()
    past = at - REFRESH_LIFETIME - ACCESS_LIFETIME - 1000
    for person in (STRANGER, CUSTOMER):
        nodes.one.write(opening(past, person.id))

    def log_in_and_linger(tx: Tx) -> None:
        sessions.open_session(tx, ENGINEER.id, "2024", at)
        tx.all("SELECT 1 AS lingering")

    met = nodes.meet(log_in_and_linger, "lingering", lambda other: other.write(opening(at, STRANGER.id)))
    assert met.errors == []
    assert not met.waited
    assert len(rows(nodes.one, "SELECT * FROM sessions WHERE expires_at < :at", at=at)) == 0


def test_failures_at_once_are_all_counted(nodes: Nodes) -> None:
    """Of one user from one address, on both nodes."""
    asked, at = counters(ENGINEER.email, NETWORK, LIMITS), now()

    def fail(tx: Tx) -> None:
        attempts.count_failure(tx, asked, at)

    met = nodes.meet(fail, "ORDER BY since DESC", lambda other: other.write(fail))
    assert met.errors == []
    assert [row["failures"] for row in rows(nodes.one, "SELECT failures FROM login_failures")] == [2, 2, 2]


@pytest.mark.parametrize(("count", "age"), [(1, 2 * attempts.USER_WINDOW), (9, 1000)], ids=["past", "too many"])
def test_a_failed_login_waits_for_none_of_another_s_clearing(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch, count: int, age: int
) -> None:
    """Rows of the past, and those beyond the most: who else clears them away has them alone."""
    monkeypatch.setattr(attempts, "MOST_COUNTED", 8)
    at = now()
    for number in range(count):
        nodes.one.write(partial(keep_failure, f"early {number}", at - age))

    def failing(name: str, network: str) -> Work[None]:
        asked = counters(f"{name}@keesa.example", network, LIMITS)

        def work(tx: Tx) -> None:
            attempts.count_failure(tx, asked, at)
            tx.all("SELECT 1 AS lingering")

        return work

    met = nodes.meet(failing("one", "192.0.2.1"), "lingering", lambda other: other.write(failing("other", "192.0.2.2")))
    assert met.errors == []
    assert not met.waited


def keep_failure(subject: str, at: int, tx: Tx) -> None:
    tx.run("INSERT INTO login_failures (subject, failures, since) VALUES (:subject, 1, :at)", subject=subject, at=at)
