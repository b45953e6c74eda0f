"""`keesa user add|list|show|change|disable|enable|password|password-link`."""

from typing import Annotated, Final, TypeVar

import typer
from msgspec import UNSET, UnsetType

from keesa.accounts.actors import UserType
from keesa.accounts.changing_users import UserChanges, change_password, change_user, disable_user, enable_user
from keesa.accounts.password_links import HOURS, make_link
from keesa.accounts.users import NewUser, User, create_user, find_user, id_of, list_users
from keesa.cli.listing import AsJson, Rows, print_list
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, configured, operator, possible_id, ready_database
from keesa.cli.passwords import read_password
from keesa.errors import Invalid, Refused
from keesa.visible import visible

app = typer.Typer(help="People and programs that log in.", no_args_is_help=True)

T = TypeVar("T")
Email = Annotated[str, typer.Argument(help="The email address that they log in with.")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Customer = Annotated[int | None, typer.Option(help="Id of the customer, for the type customer.", callback=possible_id)]
_OF_ACTOR: Final = ("id", "email", "full_name", "nick_name", "user_type", "roles", "customer_id")
_HEADINGS: Final = (*_OF_ACTOR, "disabled")
_ALL_HEADINGS: Final = (*_HEADINGS, "has_password", "sign_in_count")
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
    customer: Customer = None,
    password_stdin: PasswordStdin = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="None for now, or for ever: a link sets one, or tokens act for them.")
    ] = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Add a user; asks for the password."""
    if no_password and password_stdin:
        raise typer.BadParameter("--no-password and --password-stdin contradict each other")
    kind = _user_type(user_type)
    with ready_database(data, database_url) as database:
        new = NewUser(
            email=email,
            full_name=full_name,
            nick_name=nick_name or full_name.partition(" ")[0],
            user_type=kind,
            password=None if no_password else read_password(from_stdin=password_stdin),
            roles=role or USUAL_ROLES[kind],
            customer_id=customer,
        )
        user_id = database.write(lambda tx: create_user(tx, operator(), new))
    print(visible(f"added user {user_id}: {email}"))


@app.command("list")
def list_all(
    as_json: AsJson = False, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None
) -> None:
    """List all users."""
    with ready_database(data, database_url) as database:
        users = database.read(list_users)
    print_list(_HEADINGS, _rows(users, _HEADINGS), as_json=as_json)


@app.command()
def show(
    email: Email,
    as_json: AsJson = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Show one user."""
    with ready_database(data, database_url) as database:
        user = database.read(lambda tx: find_user(tx, id_of(tx, email)))
    print_list(_ALL_HEADINGS, _rows([user], _ALL_HEADINGS), as_json=as_json)


@app.command()
def change(
    email: Email,
    new_email: Annotated[str | None, typer.Option("--email", help="The new address.")] = None,
    full_name: Annotated[str | None, typer.Option("--name", help="The new full name.")] = None,
    nick_name: Annotated[str | None, typer.Option("--nick", help="The new short name.")] = None,
    user_type: Annotated[str | None, typer.Option("--type", help="admin, staff, customer or bot.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="A role; may be repeated: all that they are to have.")] = None,
    customer: Customer = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Change what is given, from the next request on, and leave the rest. Of another type than customer, the customer
    goes.
    """
    kind: UserType | UnsetType = UNSET if user_type is None else _user_type(user_type)
    leaves_customer = isinstance(kind, str) and kind != "customer" and customer is None
    changes = UserChanges(
        email=_or_unset(new_email),
        full_name=_or_unset(full_name),
        nick_name=_or_unset(nick_name),
        user_type=kind,
        customer_id=None if leaves_customer else _or_unset(customer),
        roles=_or_unset(role or None),
    )
    if changes == UserChanges():
        raise typer.BadParameter("give what is to change, such as --name or --role")
    with ready_database(data, database_url) as database:
        database.write(lambda tx: change_user(tx, operator(), id_of(tx, email), changes))
    print(visible(f"changed {new_email or email}"))


@app.command()
def disable(email: Email, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """End the user's sessions and refuse their logins from now on; what they wrote stays."""
    with ready_database(data, database_url) as database:
        database.write(lambda tx: disable_user(tx, operator(), id_of(tx, email)))
    print(visible(f"disabled {email}"))


@app.command()
def enable(email: Email, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Let a disabled user log in again, with the password that they had."""
    with ready_database(data, database_url) as database:
        database.write(lambda tx: enable_user(tx, operator(), id_of(tx, email)))
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
        chosen = read_password(from_stdin=password_stdin)
        enabled = database.write(lambda tx: change_password(tx, operator(), id_of(tx, email), chosen))
    print(visible(f"changed the password of {email}"))
    if not enabled:
        sentence = f"{email} is disabled and cannot log in with it: `keesa user enable {email}` lets them in again"
        print(visible(sentence))


@app.command("password-link")
def password_link(
    email: Email,
    hours: Annotated[int, typer.Option(help="For which it is good.")] = HOURS,
    url: Annotated[
        str | None, typer.Option(help="Where the desk is reached.", show_default="KEESA_PUBLIC_URL", metavar="URL")
    ] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Print a link with which the user sets a password, once. An older one is void; their password stays until then."""
    base = url or configured(data, database_url).public_url
    if not base:
        raise Refused("Where is the desk reached? Give --url, such as https://desk.example, or set KEESA_PUBLIC_URL")
    with ready_database(data, database_url) as database:
        link = database.write(lambda tx: make_link(tx, operator(), id_of(tx, email), hours))
    print(f"{base.rstrip('/')}/password?token={link.token}")


def _rows(users: list[User], headings: tuple[str, ...]) -> Rows:
    return [{name: getattr(user if hasattr(user, name) else user.actor, name) for name in headings} for user in users]


def _user_type(text: str) -> UserType:
    for known in USUAL_ROLES:
        if known == text:
            return known
    raise Invalid({"type": [f"must be one of {', '.join(USUAL_ROLES)}"]})


def _or_unset(given: T | None) -> T | UnsetType:
    return UNSET if given is None else given
