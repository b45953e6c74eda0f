"""`keesa token add|list|renew|end`."""

from typing import Annotated, Final

import typer

from keesa.accounts.actors import SYSTEM
from keesa.accounts.api_token_changes import (
    IssuedApiToken,
    NewApiToken,
    create_token,
    end_token,
    end_tokens,
    renew_token,
)
from keesa.accounts.api_tokens import ApiToken, list_tokens
from keesa.accounts.sessions import Version
from keesa.accounts.users import id_of
from keesa.cli.ending import Everybody, User, end_chosen
from keesa.cli.listing import AsJson, print_list
from keesa.cli.options import (
    ConfigFile,
    Data,
    DatabaseUrl,
    configured,
    existing_database,
    operator,
    possible_id,
    ready_database,
)
from keesa.clock import Clock
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.visible import visible

app = typer.Typer(help="API tokens: with which programs act as a user, without a login.", no_args_is_help=True)

Id = Annotated[int, typer.Argument(help="Id of the token.", callback=possible_id)]
_HEADINGS: Final = (
    "id",
    "name",
    "user_id",
    "user",
    "permissions",
    "version",
    "created_at",
    "expires_at",
    "last_used_at",
    "ended_at",
)
_DAY_MS: Final = 24 * 3600 * 1000
_VERSIONS: Final[dict[str, Version]] = {"2021": "2021", "2024": "2024"}


@app.command()
def add(
    email: Annotated[str, typer.Argument(help="The email address of the user who is to act with it.")],
    name: Annotated[str, typer.Argument(help="What it is for.")],
    days: Annotated[int, typer.Option(min=1, help="Days until it expires, at most 731.")] = 365,
    permission: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RESOURCE:ACTION",
            help="Some of those that the user has; may be repeated.",
            show_default="all that they have now",
        ),
    ] = None,
    version: Annotated[str, typer.Option(help="In whose shapes it is answered: 2021 or 2024.")] = "2024",
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Add a token, and print its secret on a line of its own: it is shown this once."""
    if version not in _VERSIONS:
        raise Invalid({"version": ["must be 2021 or 2024"]})

    def work(tx: Tx) -> IssuedApiToken:
        by = operator()
        new = NewApiToken(
            name=name,
            expires_at=by.at + days * _DAY_MS,
            user_id=id_of(tx, email),
            permissions=permission,
            version=_VERSIONS[version],
        )
        return create_token(tx, by, new)

    with ready_database(data, database_url) as database:
        issued = database.write(work)
    _tell("added", issued)


@app.command("list")
def list_all(
    user: User = None,
    ended: Annotated[bool, typer.Option("--ended", help="Those that have been ended too.")] = False,
    as_json: AsJson = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """List all tokens, without their secrets."""
    config = configured(data, database_url)
    with existing_database(config) as database:
        tokens = database.read(lambda tx: _every(tx, user, with_ended=ended))
    clock = Clock(config.zone)
    print_list(_HEADINGS, [_row(token, clock) for token in tokens], as_json=as_json)


@app.command()
def renew(token_id: Id, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Give the token a new secret, which is printed; the old one is void at once."""
    with ready_database(data, database_url) as database:
        issued = database.write(lambda tx: renew_token(tx, operator(), token_id))
    _tell("renewed", issued)


@app.command()
def end(
    token_id: Annotated[
        int | None, typer.Argument(metavar="[ID]", help="Id of the token.", callback=possible_id)
    ] = None,
    user: User = None,
    everybody: Everybody = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """End a token, those of a user, or all: who sends them is refused from the next request on."""
    work = end_chosen("token", token_id, user, everybody, end_token, end_tokens)
    with ready_database(data, database_url) as database:
        print(visible(database.write(work)))


def _tell(done: str, issued: IssuedApiToken) -> None:
    print(visible(f"{done} token {issued.token.id} of {issued.token.user}: {issued.token.name}"))
    print(issued.secret)


def _every(tx: Tx, email: str | None, *, with_ended: bool) -> list[ApiToken]:
    """Those of all pages."""
    user_id = None if email is None else id_of(tx, email)
    tokens: list[ApiToken] = []
    after = None
    while True:
        page = list_tokens(tx, SYSTEM, after=after, user_id=user_id, with_ended=with_ended)
        tokens += page.tokens
        if page.next_after is None:
            return tokens
        after = page.next_after


def _row(token: ApiToken, clock: Clock) -> dict[str, str | int | list[str] | None]:
    times = {name: getattr(token, name) for name in _HEADINGS if name.endswith("_at")}
    rest = {name: getattr(token, name) for name in _HEADINGS if name not in times}
    told = {name: None if at is None else clock.iso(at) for name, at in times.items()}
    return rest | told | {"permissions": token.words}
