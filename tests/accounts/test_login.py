"""Logging in below the API: what is counted against whom, for how long, and how much work each answer takes."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest
from argon2 import extract_parameters

import cast
from by_keesa import change_password, disable_user
from guards import HASHES, guard
from keesa.accounts import attempts, passwords
from keesa.accounts.actors import SYSTEM, Actor
from keesa.accounts.attempts import NETWORKS_KEPT, USER_WINDOW, WINDOW
from keesa.accounts.login import Credentials, Guard, log_in
from keesa.db import Database, Tx
from keesa.errors import TooManyAttempts, Unauthorized
from quick_hashes import QUICK

LIMITS: Final = guard(per_user_and_address=3, per_user=4, per_address=5)
MANY: Final = guard(1000, 1000, 1000)
HOME: Final = "203.0.113.7"
ELSEWHERE: Final = "198.51.100.9"
NOON: Final = cast.at("2025-04-01T12:00")
SECOND: Final = 1000
DAY: Final = 24 * 3600 * SECOND


class CountingHasher:
    """argon2 itself, which notes the parameters of each check and each new hash."""

    def __init__(self) -> None:
        self.checks: list[str] = []
        self.hashes = 0

    def verify(self, password_hash: str, password: str) -> bool:
        self.checks.append(str(extract_parameters(password_hash)))
        return QUICK.verify(password_hash, password)

    def hash(self, password: str) -> str:
        self.hashes += 1
        return QUICK.hash(password)


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
        tx.run("DELETE FROM login_networks")
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
    limits: Guard = LIMITS,
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


def fail_at_all(database: Database) -> None:
    """As many wrong guesses from one address as it may have, at five users."""
    for person in (cast.ENGINEER, cast.ADMIN, cast.STRANGER, cast.BOT, cast.CUSTOMER):
        fail(database, person=person)


def fail_from_many(database: Database) -> None:
    """As many wrong guesses at one user as they may have, from four addresses."""
    for number in range(4):
        fail(database, address=f"192.0.2.{number}")


Guess = Callable[[Database], None]


def failures_of(database: Database, subject: str) -> int:
    row = database.read(lambda tx: tx.one("SELECT failures FROM login_failures WHERE subject = :it", it=subject))
    return row["failures"] if row else 0


def subjects(database: Database) -> list[str]:
    rows = database.read(lambda tx: tx.all("SELECT subject FROM login_failures"))
    return sorted(row["subject"] for row in rows)


def test_the_right_password_opens_a_session_of_the_user(quiet: Database) -> None:
    """The actor is the user, as roles make them."""
    actor = enter(quiet)
    assert (actor.id, actor.roles, actor.sign_in_count) == (cast.ENGINEER.id, ("harbour_crew",), 1)


def test_too_many_failures_shut_the_user_out_from_that_address(quiet: Database) -> None:
    """After three, where three are allowed, the right password is refused too; from elsewhere it is not."""
    for _ in range(3):
        fail(quiet)
    assert retry_after(quiet) == 900
    assert enter(quiet, address=ELSEWHERE).id == cast.ENGINEER.id
    assert retry_after(quiet) == 900


def test_nobody_else_is_shut_out_with_them(quiet: Database) -> None:
    """Another user logs in from the same address."""
    for _ in range(3):
        fail(quiet)
    assert enter(quiet, person=cast.ADMIN).id == cast.ADMIN.id


def test_too_many_failures_shut_the_address_out(quiet: Database) -> None:
    """Of whatever users; but no other address."""
    fail_at_all(quiet)
    assert retry_after(quiet) == 900
    assert enter(quiet, address=ELSEWHERE).id == cast.ENGINEER.id


def test_too_many_failures_from_many_addresses_shut_the_user_out(quiet: Database) -> None:
    """From everywhere that they have not logged in from before, for an hour from the first one."""
    fail_from_many(quiet)
    assert retry_after(quiet) == 3600
    assert retry_after(quiet, at=NOON + USER_WINDOW - 1) == 1
    assert enter(quiet, person=cast.ADMIN).id == cast.ADMIN.id
    assert enter(quiet, at=NOON + USER_WINDOW).id == cast.ENGINEER.id


@pytest.mark.parametrize("guesses", [fail_at_all, fail_from_many])
def test_who_has_logged_in_from_there_before_is_let_through(quiet: Database, guesses: Guess) -> None:
    """A stranger's guesses keep nobody out who comes from where they came from, nor do those of an office's others."""
    enter(quiet, at=NOON - 89 * DAY)
    guesses(quiet)
    assert enter(quiet).id == cast.ENGINEER.id


@pytest.mark.parametrize("guesses", [fail_at_all, fail_from_many])
def test_their_own_failures_from_there_count_all_the_same(quiet: Database, guesses: Guess) -> None:
    """An address that is known gives three guesses like any other."""
    enter(quiet)
    guesses(quiet)
    while (left := failures_of(quiet, f"pair {HOME} {HASHES.of(cast.ENGINEER.email)}")) < 3:
        fail(quiet)
    assert (left, retry_after(quiet)) == (3, 900)


@pytest.mark.parametrize("guesses", [fail_at_all, fail_from_many])
def test_a_network_is_known_for_ninety_days(quiet: Database, guesses: Guess) -> None:
    """From the last login there."""
    enter(quiet, at=NOON - 90 * DAY)
    guesses(quiet)
    retry_after(quiet)


def test_the_networks_of_the_last_twenty_are_known(quiet: Database) -> None:
    """One more forgets the one that was used longest ago, in the order of the logins, whatever the clock said."""
    for number in range(NETWORKS_KEPT):
        enter(quiet, address=f"192.0.2.{number}", at=NOON - number * SECOND)
    enter(quiet, address="192.0.2.0", at=NOON - DAY)
    enter(quiet, address=HOME, at=NOON - 2 * DAY)
    kept = {row["network"] for row in quiet.read(lambda tx: tx.all("SELECT network FROM login_networks"))}
    assert kept == {HOME, "192.0.2.0", *(f"192.0.2.{number}" for number in range(2, NETWORKS_KEPT))}


def test_an_ipv6_network_is_known_as_a_whole(quiet: Database) -> None:
    """A device has another address of its /64 each day."""
    enter(quiet, address="2001:db8::1")
    fail_from_many(quiet)
    assert enter(quiet, address="2001:db8::ffff:2").id == cast.ENGINEER.id
    retry_after(quiet, address="2001:db8:0:1::1")


def test_a_failed_login_makes_no_address_known(quiet: Database) -> None:
    """Neither a wrong password nor one that is refused."""
    fail_from_many(quiet)
    retry_after(quiet)
    assert quiet.read(lambda tx: tx.value("SELECT count(*) AS value FROM login_networks")) == 0


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
    fail(quiet)
    for _ in range(2):
        fail(quiet, at=NOON + WINDOW)
    assert enter(quiet, at=NOON + WINDOW).id == cast.ENGINEER.id


def test_successes_do_not_count(quiet: Database) -> None:
    """A busy desk behind one address is never shut out."""
    assert [enter(quiet).sign_in_count for _ in range(7)] == list(range(1, 8))


def test_a_success_forgets_the_user_s_failures_from_there(quiet: Database) -> None:
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
    assert retry_after(quiet, person=cast.BOT) == 900


def test_a_success_does_not_forget_what_others_guessed(quiet: Database) -> None:
    """Each login of the owner would give a stranger more guesses."""
    fail_from_many(quiet)
    quiet.write(lambda tx: attempts.remember_network(tx, cast.ENGINEER.id, HOME, 1, NOON))
    enter(quiet)
    retry_after(quiet, address=ELSEWHERE)


def test_failures_at_once_are_all_counted(quiet: Database) -> None:
    """None is lost between one's reading and another's writing."""

    def guess(number: int) -> None:
        with pytest.raises(Unauthorized):
            enter(quiet, f"guess {number}", limits=MANY)

    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(guess, range(24)))
    rows = quiet.read(lambda tx: tx.all("SELECT subject, failures FROM login_failures ORDER BY subject"))
    assert [(row["subject"], row["failures"]) for row in rows] == [
        (f"address {HOME}", 24),
        (f"pair {HOME} {HASHES.of(cast.ENGINEER.email)}", 24),
        (f"user {HASHES.of(cast.ENGINEER.email)}", 24),
    ]


@pytest.mark.parametrize("later", [USER_WINDOW, -USER_WINDOW])
def test_failures_of_the_past_are_cleared_away(quiet: Database, later: int) -> None:
    """The table holds one window, not history; what a clock that was set back has left ahead goes too."""
    fail(quiet, person=cast.ADMIN, address=ELSEWHERE)
    fail(quiet, at=NOON + later)
    assert subjects(quiet) == [
        f"address {HOME}",
        f"pair {HOME} {HASHES.of(cast.ENGINEER.email)}",
        f"user {HASHES.of(cast.ENGINEER.email)}",
    ]


def test_guesses_at_names_that_nobody_has_do_not_grow_without_end(
    quiet: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound the oldest rows go."""
    monkeypatch.setattr(attempts, "MOST_COUNTED", 6)
    for number in range(9):
        nobody = cast.Person(77, f"nobody{number}@keesa.example", "Nobody", "Nobody", "staff", "reader")
        fail(quiet, person=nobody, address=f"192.0.2.{number}", at=NOON + number)
    last = {number: HASHES.of(f"nobody{number}@keesa.example") for number in (7, 8)}
    kept = [
        [f"address 192.0.2.{number}", f"pair 192.0.2.{number} {name}", f"user {name}"] for number, name in last.items()
    ]
    assert subjects(quiet) == sorted(subject for group in kept for subject in group)


@pytest.mark.parametrize("back", [30 * SECOND, 2 * DAY])
def test_a_clock_that_is_set_back_shuts_nobody_out_for_longer(quiet: Database, back: int) -> None:
    """A window is never longer than itself; failures of days ahead do not count at all."""
    for _ in range(3):
        fail(quiet)
    if back < WINDOW:
        assert retry_after(quiet, at=NOON - back) == 900
    else:
        assert enter(quiet, at=NOON - back).id == cast.ENGINEER.id
        for _ in range(3):
            fail(quiet, at=NOON - back)
        assert retry_after(quiet, at=NOON - back) == 900


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
    """Whoever knew the old one is out, also who is logging in at that moment."""
    verify, another = hasher.verify, passwords.new_password("another password")

    def slowly(password_hash: str, password: str) -> bool:
        good = verify(password_hash, password)
        database.write(lambda tx: change_password(tx, cast.ENGINEER.email, another))
        return good

    monkeypatch.setattr(hasher, "verify", slowly)
    with pytest.raises(Unauthorized, match=r"^Invalid credentials$"):
        enter(database)
    assert database.read(lambda tx: tx.value("SELECT count(*) AS value FROM sessions")) == 0


def test_every_wrong_login_takes_the_same_work(database: Database, hasher: CountingHasher) -> None:
    """One argon2 check, with the same parameters: for a wrong password, an unknown user, a disabled one, Keesa itself,
    a hash that is none, and a password too long to be one.
    """
    system = cast.Person(0, SYSTEM.email, SYSTEM.full_name, SYSTEM.nick_name, "admin", "admin")
    nobody = cast.Person(77, "nobody@keesa.example", "Nobody", "Nobody", "staff", "reader")
    database.write(lambda tx: disable_user(tx, cast.STRANGER.email, NOON))
    database.write(lambda tx: tx.run("UPDATE users SET password_hash = '!' WHERE id = :id", id=cast.BOT.id))
    work = set()
    for person, password in (
        (cast.ENGINEER, "wrong"),
        (cast.ENGINEER, "x" * 100_000),
        (nobody, cast.PASSWORD),
        (cast.STRANGER, cast.PASSWORD),
        (cast.BOT, cast.PASSWORD),
        (system, "!"),
    ):
        hasher.checks.clear()
        with pytest.raises(Unauthorized):
            enter(database, password, person=person, limits=MANY)
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
