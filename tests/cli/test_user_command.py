"""`keesa user add|list|disable|enable|password`."""

import os
import pty
import select
from http import HTTPStatus

import pytest
from starlette.testclient import TestClient

import cast
from account_rows import rows
from command import keesa, keesa_process, options
from keesa.accounts.passwords import verify_password
from keesa.accounts.users import list_users
from keesa.db import Database
from live import KEESA, environment
from logins import bearer, log_in, try_password
from places import Place
from unchanged import unchanged

PASSWORD = b"a long password\n"


def test_a_user_is_added(desk: Place, desk_database: Database) -> None:
    """With the usual role of the type, the first word of the name as nick, and the password from standard input."""
    done = keesa(
        "user", "add", "Moosa@Keesa.example", "--name", "Moosa Ali", "--password-stdin", place=desk, stdin=PASSWORD
    )
    added = desk_database.read(list_users)[-1].actor
    assert done == (0, f"added user {added.id}: Moosa@Keesa.example\n", "")
    assert (added.email, added.full_name, added.nick_name) == ("moosa@keesa.example", "Moosa Ali", "Moosa")
    assert (added.user_type, added.roles, added.customer_id) == ("staff", ("engineer",), None)
    kept = rows(desk_database, "SELECT password_hash FROM users WHERE id = :id", id=added.id)
    assert verify_password(kept[0]["password_hash"], "a long password")


def test_a_user_is_added_with_everything_chosen(desk: Place, desk_database: Database) -> None:
    """Type, roles in their order, nick and customer are as they were given."""
    done = keesa_process(
        *("user", "add", "shifa@keesa.example", "--name", "Aminath Shifa", "--nick", "Shifa", "--type", "customer"),
        *("--role", "reader", "--role", "customer", "--customer", str(cast.SCHOOL), "--password-stdin"),
        place=desk,
        stdin="ލިޔުން password\r\n".encode(),
    )
    added = desk_database.read(list_users)[-1].actor
    assert done == (0, f"added user {added.id}: shifa@keesa.example\n", "")
    assert (added.nick_name, added.user_type, added.customer_id) == ("Shifa", "customer", cast.SCHOOL)
    assert added.roles == ("reader", "customer")
    kept = rows(desk_database, "SELECT password_hash FROM users WHERE id = :id", id=added.id)
    assert verify_password(kept[0]["password_hash"], "ލިޔުން password")


def test_the_password_is_asked_for_twice(desk: Place, desk_database: Database) -> None:
    """On a terminal, without the option; two different answers are asked for again, and none is shown."""
    answers = ("a long password", "another password", "the third is it", "the third is it")
    shown, status = at_a_terminal(*answers, place=desk)
    assert (status, shown.splitlines()[-1].endswith("asked@keesa.example")) == (0, True)
    assert not any(answer in shown for answer in answers)
    kept = rows(desk_database, "SELECT password_hash FROM users WHERE email = 'asked@keesa.example'")
    assert verify_password(kept[0]["password_hash"], "the third is it")


def at_a_terminal(*answers: str, place: Place) -> tuple[str, int]:
    """What `keesa user add` shows on a terminal of its own where it is given these answers, and its exit status."""
    pid, terminal = pty.fork()
    if pid == 0:
        command = [*KEESA, "user", "add", "asked@keesa.example", "--name", "Asked", *options(place)]
        os.execvpe(command[0], command, environment())  # noqa: S606 - the command line itself
    shown = ""
    for answer in answers:
        shown += read_until(terminal, "assword: ", "confirmation: ")
        os.write(terminal, f"{answer}\n".encode())
    shown += read_until(terminal)
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return shown, os.waitstatus_to_exitcode(status)


def read_until(terminal: int, *ends: str) -> str:
    """What comes on the terminal until one of the ends, or until it is closed."""
    shown = ""
    while not (ends and shown.endswith(ends)):
        assert select.select([terminal], [], [], 60)[0], shown
        try:
            shown += os.read(terminal, 1024).decode()
        except OSError:  # as Linux tells that the other end is closed
            break
    return shown


@pytest.mark.parametrize(
    "command", [("user", "add", "x@keesa.example", "--name", "X"), ("user", "password", "admin@keesa.example")]
)
def test_without_a_terminal_nothing_is_asked(embedded_desk: Place, command: tuple[str, ...]) -> None:
    """One sentence, which names the option, and nothing of Python's."""
    done = keesa(*command, place=embedded_desk, stdin=b"a long password\na long password\n")
    sentence = "keesa: There is no terminal to ask for the password on: pipe it in, with --password-stdin\n"
    assert done == (1, "", sentence)


def test_an_enabled_user_is_back(place: Place, client: TestClient) -> None:
    """With the password that they had; again is no error."""
    keesa("user", "disable", cast.ENGINEER.email, place=place)
    assert try_password(client, cast.ENGINEER.email, cast.PASSWORD).status_code == HTTPStatus.UNAUTHORIZED
    for _ in range(2):
        done = keesa("user", "enable", cast.ENGINEER.email, place=place)
        assert done == (0, f"enabled {cast.ENGINEER.email}\n", "")
    assert try_password(client, cast.ENGINEER.email, cast.PASSWORD).status_code == HTTPStatus.OK


def test_a_disabled_user_s_new_password_is_said_to_help_nothing_yet(place: Place, client: TestClient) -> None:
    """It is kept, and counts once they are enabled."""
    keesa("user", "disable", cast.ENGINEER.email, place=place)
    done = keesa("user", "password", cast.ENGINEER.email, "--password-stdin", place=place, stdin=PASSWORD)
    changed, disabled = done.out.splitlines()
    assert (done.status, changed) == (0, f"changed the password of {cast.ENGINEER.email}")
    assert "is disabled" in disabled
    assert f"keesa user enable {cast.ENGINEER.email}" in disabled
    assert try_password(client, cast.ENGINEER.email, "a long password").status_code == HTTPStatus.UNAUTHORIZED
    keesa("user", "enable", cast.ENGINEER.email, place=place)
    assert try_password(client, cast.ENGINEER.email, "a long password").status_code == HTTPStatus.OK


def test_users_are_listed(desk: Place) -> None:
    """One line a person, with everything about them but the password."""
    done = keesa("user", "list", place=desk)
    assert (done.status, done.err) == (0, "")
    [line] = [line for line in done.out.splitlines() if cast.CUSTOMER.email in line]
    assert line.split("\t") == ["4", cast.CUSTOMER.email, "Mariyam Zahir", "Maree", "customer", "customer", "1", ""]
    assert "argon2" not in done.out


def test_a_disabled_user_is_out_at_once(place: Place, client: TestClient) -> None:
    """While the server runs: their session ends, their login is refused, and the list says so; again is no error."""
    token = log_in(client, cast.ENGINEER)["access"]
    done = keesa("user", "disable", cast.ENGINEER.email, place=place)
    assert done == (0, f"disabled {cast.ENGINEER.email}\n", "")
    assert client.get("/api/v1/tickets", headers=bearer(token)).status_code == HTTPStatus.UNAUTHORIZED
    assert try_password(client, cast.ENGINEER.email, cast.PASSWORD).status_code == HTTPStatus.UNAUTHORIZED
    listed = keesa("user", "list", place=place).out.splitlines()
    assert [line for line in listed if "disabled" in line] == [line for line in listed if cast.ENGINEER.email in line]
    assert keesa("user", "disable", cast.ENGINEER.email, place=place).status == 0


def test_a_new_password_ends_the_sessions(place: Place, client: TestClient) -> None:
    """While the server runs: only the new password opens a session, and the old ones have ended."""
    token = log_in(client, cast.ENGINEER)["access"]
    done = keesa("user", "password", cast.ENGINEER.email, "--password-stdin", place=place, stdin=PASSWORD)
    assert done == (0, f"changed the password of {cast.ENGINEER.email}\n", "")
    assert client.get("/api/v1/tickets", headers=bearer(token)).status_code == HTTPStatus.UNAUTHORIZED
    assert try_password(client, cast.ENGINEER.email, cast.PASSWORD).status_code == HTTPStatus.UNAUTHORIZED
    assert try_password(client, cast.ENGINEER.email, "a long password").status_code == HTTPStatus.OK


ADD = ("user", "add", "new@keesa.example", "--name", "New", "--password-stdin")
REFUSED: dict[str, tuple[tuple[str | bytes, ...], bytes, str]] = {
    "no email": (("user", "add", "new", *ADD[3:]), PASSWORD, "email must be an email address"),
    "taken": (("user", "add", "ADMIN@keesa.example", *ADD[3:]), PASSWORD, "email is taken by another user"),
    "no name": (
        ("user", "add", "new@keesa.example", "--name", " ", "--password-stdin"),
        PASSWORD,
        "full_name must have something",
    ),
    "leading blank": (
        ("user", "add", "new@keesa.example", "--name", " Moosa", ADD[-1]),
        PASSWORD,
        "full_name must not begin",
    ),
    "an @": (("user", "add", "@", *ADD[3:]), PASSWORD, "email must be an email address: nothing stands before the @"),
    "two @": (("user", "add", "a@b@c", *ADD[3:]), PASSWORD, "email must be an email address: it has more than one @"),
    "NUL": (ADD, b"a long\0 password\n", "password must not contain U+0000"),
    "byte-order mark": (ADD, b"\xef\xbb\xbfa long password\n", "password must not begin with a byte-order mark"),
    "UTF-16": (ADD, "a long password\n".encode("utf-16"), "password must be UTF-8"),
    "two line ends": (ADD, b"a long password\r\r\n", "password must not contain U+000D"),
    "empty line": (ADD, b"\r\n", "password must have 8 to 256 characters"),
    "endless password": (ADD, b"p" * 100_000, "password must have 8 to 256 characters"),
    "enable nobody": (("user", "enable", "nobody@keesa.example"), b"", "There is no user nobody@keesa.example"),
    "short password": (ADD, b"short\n", "password must have 8 to 256 characters"),
    "no password": (ADD, b"", "password must have 8 to 256 characters"),
    "broken password": (ADD, b"\xff\xfe password\n", "password must be UTF-8"),
    "unknown type": ((*ADD, "--type", "boss"), PASSWORD, "type must be one of admin, staff, customer, bot"),
    "unknown role": ((*ADD, "--role", "boss"), PASSWORD, "roles boss: no such role, must be of admin, control_room"),
    "no customer": ((*ADD, "--type", "customer"), PASSWORD, "customer_id is missing"),
    "unknown customer": ((*ADD, "--type", "customer", "--customer", "77"), PASSWORD, "there is no customer 77"),
    "staff of a customer": ((*ADD, "--customer", "1"), PASSWORD, "customer_id is for users of the type customer"),
    "broken text": (("user", "add", b"\xff@keesa.example", *ADD[3:]), PASSWORD, "The arguments must be UTF-8"),
    "disable nobody": (("user", "disable", "nobody@keesa.example"), b"", "There is no user nobody@keesa.example"),
    "password of nobody": (
        ("user", "password", "nobody@keesa.example", "--password-stdin"),
        PASSWORD,
        "There is no user nobody@keesa.example",
    ),
    "short new password": (("user", "password", cast.BOT.email, "--password-stdin"), b"short\n", "password must have"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_is_a_sentence_and_changes_nothing(
    embedded_desk: Place, embedded_database: Database, case: str
) -> None:
    """Exit status 1, one line for each fault on standard error, and the database as it was."""
    arguments, stdin, sentence = REFUSED[case]
    with unchanged(embedded_database):
        done = keesa(*arguments, place=embedded_desk, stdin=stdin)
    assert (done.status, done.out) == (1, "")
    assert all(line.startswith("keesa: ") for line in done.err.splitlines())
    assert sentence in done.err


def test_every_fault_is_told_at_once(embedded_desk: Place) -> None:
    """Whoever corrects one need not come back for the next."""
    done = keesa(
        "user", "add", "new", "--name", " ", "--role", "boss", "--password-stdin", place=embedded_desk, stdin=b"x\n"
    )
    told = [line.split()[1] for line in done.err.splitlines()]
    assert told == ["email", "full_name", "nick_name", "roles", "password"]


def test_an_answer_that_never_comes_changes_nothing(embedded_desk: Place, embedded_database: Database) -> None:
    """Standard input ends before the password is there."""
    with unchanged(embedded_database):
        done = keesa("user", "add", "new@keesa.example", "--name", "New", place=embedded_desk, stdin=b"")
    assert done.status == 1
    assert "Traceback" not in done.err
