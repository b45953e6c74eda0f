"""`keesa user add|list|disable|enable|password`."""

import sys
from typing import Annotated, Final

import typer

from keesa.accounts.actors import UserType
from keesa.accounts.passwords import NewPassword, new_password
from keesa.accounts.users import NewUser, change_password, create_user, disable_user, enable_user, list_users
from keesa.cli.listing import AsJson, print_list
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, possible_id, ready_database
from keesa.clock import now
from keesa.errors import Invalid, Refused
from keesa.visible import visible

app = typer.Typer(help="People and programs that log in.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The email address that they log in with.")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
_OF_ACTOR: Final = ("id", "email", "full_name", "nick_name", "user_type", "roles", "customer_id")
_DISABLED: Final = "disabled"
_NOT_UTF8: Final = {"password": ["must be UTF-8"]}
LONGEST_LINE: Final = 8192
"""Bytes of a line that may hold a password: the longest one in its longest form, and some more."""
USUAL_ROLES: dict[UserType, list[str]] = {
    "admin": ["admin"],
    "staff": ["engineer"],
    "customer": ["customer"],
    "bot": ["bot"],
}


@app.command()
def add(
    email: Email,
    full_name: Annotated[str, typer.Option("--name", help="Full name, as tickets show it.")],
    nick_name: Annotated[str | None, typer.Option("--nick", help="Short name.", show_default="first word")] = None,
    user_type: Annotated[str, typer.Option("--type", help="admin, staff, customer or bot.")] = "staff",
    role: Annotated[
        list[str] | None,
        typer.Option(help="A role; may be repeated, the first counts for 2021.", show_default="by type"),
    ] = None,
    customer: Annotated[
        int | None, typer.Option(help="Id of the customer, for the type customer.", callback=possible_id)
    ] = None,
    password_stdin: PasswordStdin = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Add a user; asks for the password."""
    kind = _user_type(user_type)
    with ready_database(data, database_url) as database:
        new = NewUser(
            email=email,
            full_name=full_name,
            nick_name=nick_name or full_name.partition(" ")[0],
            user_type=kind,
            password=_password(from_stdin=password_stdin),
            roles=role or USUAL_ROLES[kind],
            customer_id=customer,
        )
        user_id = database.write(lambda tx: create_user(tx, new, now()))
    print(visible(f"added user {user_id}: {email}"))


@app.command("list")
def list_all(
    as_json: AsJson = False, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None
) -> None:
    """List all users."""
    with ready_database(data, database_url) as database:
        users = database.read(list_users)
    rows = [{**{name: getattr(user.actor, name) for name in _OF_ACTOR}, _DISABLED: user.disabled} for user in users]
    print_list((*_OF_ACTOR, _DISABLED), rows, as_json=as_json)


@app.command()
def disable(email: Email, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """End the user's sessions and refuse their logins from now on; what they wrote stays."""
    with ready_database(data, database_url) as database:
        database.write(lambda tx: disable_user(tx, email, now()))
    print(visible(f"disabled {email}"))


@app.command()
def enable(email: Email, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Let a disabled user log in again, with the password that they had."""
    with ready_database(data, database_url) as database:
        database.write(lambda tx: enable_user(tx, email))
    print(visible(f"enabled {email}"))


@app.command()
def password(
    email: Email,
    password_stdin: PasswordStdin = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Give the user a new password and end their sessions; asks for it."""
    with ready_database(data, database_url) as database:
        chosen = _password(from_stdin=password_stdin)
        enabled = database.write(lambda tx: change_password(tx, email, chosen))
    print(visible(f"changed the password of {email}"))
    if not enabled:
        sentence = f"{email} is disabled and cannot log in with it: `keesa user enable {email}` lets them in again"
        print(visible(sentence))


def _password(*, from_stdin: bool) -> NewPassword:
    if from_stdin:
        return new_password(_read_line())
    if not sys.stdin.isatty():
        raise Refused("There is no terminal to ask for the password on: pipe it in, with --password-stdin")
    try:
        return new_password(str(typer.prompt("Password", hide_input=True, confirmation_prompt=True)))
    except UnicodeDecodeError as error:
        raise Invalid(_NOT_UTF8) from error


def _read_line() -> str:
    """The first line of standard input, with the line end of either kind taken off."""
    line = sys.stdin.buffer.readline(LONGEST_LINE)
    try:
        return line.removesuffix(b"\n").removesuffix(b"\r").decode()
    except UnicodeDecodeError as error:
        raise Invalid(_NOT_UTF8) from error


def _user_type(text: str) -> UserType:
    for known in USUAL_ROLES:
        if known == text:
            return known
    raise Invalid({"type": [f"must be one of {', '.join(USUAL_ROLES)}"]})
