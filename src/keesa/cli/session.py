"""`keesa session list|end`."""

from typing import Annotated, Final

import typer

from keesa.accounts.open_sessions import OpenSession, end_session, end_sessions, list_sessions
from keesa.accounts.users import id_of
from keesa.cli.ending import Everybody, User, end_chosen
from keesa.cli.listing import AsJson, print_list
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, configured, existing_database, ready_database
from keesa.clock import Clock, now
from keesa.db import Tx
from keesa.visible import visible

app = typer.Typer(help="Who is logged in.", no_args_is_help=True)

_HEADINGS: Final = (
    "id",
    "user_id",
    "user",
    "version",
    "device",
    "address",
    "created_at",
    "last_used_at",
    "expires_at",
)


@app.command("list")
def list_all(
    user: User = None,
    as_json: AsJson = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """List the open sessions, the newest first."""
    config = configured(data, database_url)
    with existing_database(config) as database:
        sessions = database.read(lambda tx: _every(tx, user))
    clock = Clock(config.zone)
    print_list(_HEADINGS, [_row(session, clock) for session in sessions], as_json=as_json)


@app.command()
def end(
    session_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Id of the session.")] = None,
    user: User = None,
    everybody: Everybody = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """End a session, those of a user, or all: their tokens are void from the next request on."""
    work = end_chosen("session", session_id, user, everybody, end_session, end_sessions)
    with ready_database(data, database_url) as database:
        print(visible(database.write(work)))


def _every(tx: Tx, email: str | None) -> list[OpenSession]:
    """Those of all pages."""
    user_id = None if email is None else id_of(tx, email)
    sessions: list[OpenSession] = []
    at, after = now(), None
    while True:
        page = list_sessions(tx, at, after=after, user_id=user_id)
        sessions += page.sessions
        if page.next_after is None:
            return sessions
        after = page.next_after


def _row(session: OpenSession, clock: Clock) -> dict[str, str | int | None]:
    row = {name: getattr(session, name) for name in _HEADINGS}
    times = {name: clock.iso(at) for name, at in row.items() if name.endswith("_at") and at is not None}
    return row | times
