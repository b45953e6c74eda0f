"""`keesa role add|list`."""

from typing import Annotated, Final

import msgspec
import typer

from keesa.accounts.actors import Permissions
from keesa.accounts.roles import Role, create_role, list_roles
from keesa.cli.listing import AsJson, print_list
from keesa.cli.options import Data, DatabaseUrl, ready_database
from keesa.errors import Invalid
from keesa.visible import visible

app = typer.Typer(help="Permissions, and the ticket types that their members work on.", no_args_is_help=True)

_HEADINGS: Final = ("name", "permissions", "ticket_types")


@app.command()
def add(
    name: str,
    permissions: Annotated[
        str, typer.Option(help="JSON: resource to list of actions. Keesa itself enforces read and write on tickets.")
    ] = '{"tickets": ["read", "write"]}',
    ticket_type: Annotated[list[str] | None, typer.Option(help="A ticket type; may be repeated.")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a role."""
    try:
        given = msgspec.json.decode(permissions, type=Permissions)
    except msgspec.DecodeError as error:
        raise Invalid({"permissions": ['must be JSON like {"tickets": ["read", "write"]}']}) from error
    role = Role(name, given, tuple(ticket_type or ()))
    with ready_database(data, database_url) as database:
        role_id = database.write(lambda tx: create_role(tx, role))
    print(visible(f"added role {role_id}: {name}"))


@app.command("list")
def list_all(as_json: AsJson = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """List all roles."""
    with ready_database(data, database_url) as database:
        roles = database.read(list_roles)
    print_list(_HEADINGS, [{name: getattr(role, name) for name in _HEADINGS} for role in roles], as_json=as_json)
