"""Logging in below the API: what is counted against whom, for how long, and how much work each answer takes."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest
from argon2 import PasswordHasher, extract_parameters

import cast
from keesa.accounts import passwords
from keesa.accounts.actors import Actor
from keesa.accounts.login import WINDOW, Credentials, Limits, log_in
from keesa.accounts.users import change_password, disable_user
from keesa.db import Database, Tx
from keesa.errors import TooManyAttempts, Unauthorized

LIMITS: Final = Limits(per_user=3, per_address=5)
HOME: Final = "203.0.113.7"
ELSEWHERE: Final = "198.51.100.9"
NOON: Final = cast.at("2025-04-01T12:00")
SECOND: Final = 1000


class CountingHasher:
    """argon2 itself, which notes the parameters of each check and each new hash."""

    def __init__(self) -> None:
        self.checks: list[str] = []
        self.hashes = 0
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

    def verify(self, password_hash: str, password: str) -> bool:
        self.checks.append(str(extract_parameters(password_hash)))
        return self._hasher.verify(password_hash, password)

    def hash(self, password: str) -> str:
        self.hashes += 1
        return self._hasher.hash(password)


@pytest.fixture
def hasher(monkeypatch: pytest.MonkeyPatch) -> CountingHasher:
    counting = CountingHasher()
    monkeypatch.setattr(passwords, "_hasher", counting)
    return counting


@pytest.fixture
def quiet(shared_database: Database) -> Database:
    """The shared database, as it was before anybody came."""

    def forget(tx: Tx) -> None:
        tx.run("DELETE FROM login_failures")
        tx.run("DELETE FROM sessions")
        tx.run("UPDATE users SET sign_in_count = 0")

    shared_database.write(forget)
    return shared_database


def enter(
    database: Database,
    password: str = cast.PASSWORD,
    *,
    person: cast.Person = cast.ENGINEER,
    address: str = HOME,
    at: int = NOON,
    limits: Limits = LIMITS,
) -> Actor:
    actor, _ = log_in(database, Credentials(person.email, password, address), "2024", limits, at)
    return actor


def fail(database: Database, *, person: cast.Person = cast.ENGINEER, address: str = HOME, at: int = NOON) -> None:
    with pytest.raises(Unauthorized, match=r"^Invalid credentials$"):
        enter(database, "wrong", person=person, address=address, at=at)


def retry_after(database: Database, *, person: cast.Person = cast.ENGINEER, address: str = HOME, at: int = NOON) -> int:
    """The seconds that the right password is told to wait."""
    with pytest.raises(TooManyAttempts) as refused:
        enter(database, person=person, address=address, at=at)
    return refused.value.retry_after


def test_the_right_password_opens_a_session_of_the_user(quiet: Database) -> None:
    """The actor is the user, as roles make them."""
    actor = enter(quiet)
    assert (actor.id, actor.roles, actor.sign_in_count) == (cast.ENGINEER.id, ("harbour_crew",), 1)


def test_too_many_failures_shut_the_user_out(quiet: Database) -> None:
    """After three, where three are allowed, the right password is refused too, from any address."""
    for _ in range(3):
        fail(quiet)
    assert retry_after(quiet) == 900
    assert retry_after(quiet, address=ELSEWHERE) == 900


def test_nobody_else_is_shut_out_with_them(quiet: Database) -> None:
    """Another user logs in from the same address."""
    for _ in range(3):
        fail(quiet)
    assert enter(quiet, person=cast.ADMIN).id == cast.ADMIN.id


def test_too_many_failures_shut_the_address_out(quiet: Database) -> None:
    """Of whatever users; but no other address."""
    for person in (cast.ENGINEER, cast.ADMIN, cast.STRANGER, cast.BOT, cast.CUSTOMER):
        fail(quiet, person=person)
    assert retry_after(quiet) == 900
    assert enter(quiet, address=ELSEWHERE).id == cast.ENGINEER.id


def test_unknown_and_disabled_users_are_counted_alike(database: Database) -> None:
    """The limit tells nobody which users there are."""
    nobody = cast.Person(77, "nobody@keesa.example", "Nobody", "Nobody", "staff", "reader")
    database.write(lambda tx: disable_user(tx, cast.STRANGER.email, NOON))
    for person, address in ((nobody, "192.0.2.1"), (cast.STRANGER, "192.0.2.2"), (cast.ENGINEER, "192.0.2.3")):
        for _ in range(3):
            fail(database, person=person, address=address)
        assert retry_after(database, person=person, address=address) == 900


@pytest.mark.parametrize("written", ["ENGINEER@keesa.example", "  engineer@keesa.example\t", "Engineer@Keesa.Example"])
def test_another_spelling_of_the_address_does_not_count_anew(quiet: Database, written: str) -> None:
    """It is one user, however it is written."""
    for _ in range(3):
        fail(quiet)
    with pytest.raises(TooManyAttempts):
        log_in(quiet, Credentials(written, cast.PASSWORD, HOME), "2024", LIMITS, NOON)


def test_the_window_passes(quiet: Database) -> None:
    """Fifteen minutes after the first failure all is forgotten; until then the answer says how long."""
    for minute in range(3):
        fail(quiet, at=NOON + minute * 60 * SECOND)
    assert retry_after(quiet, at=NOON + 2 * 60 * SECOND) == 780
    assert retry_after(quiet, at=NOON + WINDOW - 1500) == 2
    assert retry_after(quiet, at=NOON + WINDOW - 1) == 1
    assert enter(quiet, at=NOON + WINDOW).id == cast.ENGINEER.id


def test_knocking_does_not_prolong_the_wait(quiet: Database) -> None:
    """What is refused unseen is no failure."""
    for _ in range(3):
        fail(quiet)
    for minute in range(14):
        retry_after(quiet, at=NOON + minute * 60 * SECOND)
    assert enter(quiet, at=NOON + WINDOW).id == cast.ENGINEER.id


def test_a_new_window_counts_from_nought(quiet: Database) -> None:
    """The failures of the last one do not add to it."""
    for _ in range(2):
        fail(quiet)
    for _ in range(2):
        fail(quiet, at=NOON + WINDOW)
    assert enter(quiet, at=NOON + WINDOW).id == cast.ENGINEER.id


def test_successes_do_not_count(quiet: Database) -> None:
    """A busy desk behind one address is never shut out."""
    assert [enter(quiet).sign_in_count for _ in range(7)] == list(range(1, 8))


def test_a_success_forgets_the_user_s_failures(quiet: Database) -> None:
    """Two, a success, and two more are not four."""
    for _ in range(2):
        fail(quiet)
    enter(quiet)
    for _ in range(2):
        fail(quiet)
    assert enter(quiet).sign_in_count == 2


def test_a_success_does_not_forget_the_address_s_failures(quiet: Database) -> None:
    """Who has an account cannot wash the address with it, to go on guessing others' passwords."""
    for person in (cast.ADMIN, cast.STRANGER, cast.BOT, cast.CUSTOMER):
        fail(quiet, person=person)
    enter(quiet)
    fail(quiet, person=cast.ADMIN)
    assert retry_after(quiet) == 900


def test_failures_at_once_are_all_counted(quiet: Database) -> None:
    """None is lost between one's reading and another's writing."""
    many = Limits(1000, 1000)

    def guess(number: int) -> None:
        with pytest.raises(Unauthorized):
            enter(quiet, f"guess {number}", limits=many)

    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(guess, range(24)))
    rows = quiet.read(lambda tx: tx.all("SELECT subject, failures FROM login_failures ORDER BY subject"))
    assert [(row["subject"], row["failures"]) for row in rows] == [
        (f"address {HOME}", 24),
        (f"user {cast.ENGINEER.email}", 24),
    ]


def test_failures_of_the_past_are_cleared_away(quiet: Database) -> None:
    """The table holds one window, not history."""
    fail(quiet, person=cast.ADMIN, address=ELSEWHERE)
    fail(quiet, at=NOON + WINDOW)
    rows = quiet.read(lambda tx: tx.all("SELECT subject FROM login_failures ORDER BY subject"))
    assert [row["subject"] for row in rows] == [f"address {HOME}", f"user {cast.ENGINEER.email}"]


def test_an_endless_email_address_is_only_wrong(quiet: Database) -> None:
    """A million characters are answered like any unknown user, and not kept."""
    letters = random.Random(1)  # noqa: S311 - no secret: text that cannot be compressed
    endless = "".join(letters.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=1_000_000))
    with pytest.raises(Unauthorized, match=r"^Invalid credentials$"):
        log_in(quiet, Credentials(f"{endless}@keesa.example", "wrong", HOME), "2024", LIMITS, NOON)
    kept = quiet.read(lambda tx: tx.value("SELECT max(length(subject)) AS value FROM login_failures"))
    assert kept < 300


def test_a_password_that_changes_during_its_check_opens_nothing(
    database: Database, hasher: CountingHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever knew the old one is out, also who is at the door at that moment."""
    verify = hasher.verify

    def slowly(password_hash: str, password: str) -> bool:
        good = verify(password_hash, password)
        database.write(lambda tx: change_password(tx, cast.ENGINEER.email, "another password"))
        return good

    monkeypatch.setattr(hasher, "verify", slowly)
    with pytest.raises(Unauthorized, match=r"^Invalid credentials$"):
        enter(database)
    assert database.read(lambda tx: tx.value("SELECT count(*) AS value FROM sessions")) == 0


def test_every_wrong_login_takes_the_same_work(database: Database, hasher: CountingHasher) -> None:
    """One argon2 check, with the same parameters: for a wrong password, an unknown user, a disabled one, and a
    password too long to be one.
    """
    nobody = cast.Person(77, "nobody@keesa.example", "Nobody", "Nobody", "staff", "reader")
    database.write(lambda tx: disable_user(tx, cast.STRANGER.email, NOON))
    many = Limits(1000, 1000)
    work = set()
    for person, password in (
        (cast.ENGINEER, "wrong"),
        (cast.ENGINEER, "x" * 100_000),
        (nobody, cast.PASSWORD),
        (cast.STRANGER, cast.PASSWORD),
    ):
        hasher.checks.clear()
        with pytest.raises(Unauthorized):
            enter(database, password, person=person, limits=many)
        work.add(tuple(hasher.checks))
    assert len(work) == 1
    assert len(work.pop()) == 1


@pytest.mark.parametrize("email", [cast.ENGINEER.email, "nobody@keesa.example"])
def test_the_first_login_of_a_process_takes_the_same_work_for_all(
    quiet: Database, hasher: CountingHasher, email: str
) -> None:
    """The hash that unknown users are checked against is made for whoever comes first."""
    passwords._nobodys_hash.cache_clear()  # noqa: SLF001 - a process that has just started
    with pytest.raises(Unauthorized):
        log_in(quiet, Credentials(email, "wrong", HOME), "2024", LIMITS, NOON)
    assert (hasher.hashes, len(hasher.checks)) == (1, 1)


def test_who_is_shut_out_costs_no_work(quiet: Database, hasher: CountingHasher) -> None:
    """The limit is there for the CPU's sake too."""
    for _ in range(3):
        fail(quiet)
    hasher.checks.clear()
    retry_after(quiet)
    assert hasher.checks == []
