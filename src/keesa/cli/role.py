"""`keesa role add|list|grant|revoke`."""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
import typer

from keesa.accounts.actors import Permissions
from keesa.accounts.permissions import ENFORCED
from keesa.accounts.roles import Role, create_role, find_role, grant_permission, list_roles, revoke_permission
from keesa.cli.listing import AsJson, print_list
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, ready_database
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.visible import visible

app = typer.Typer(help="Permissions, and the ticket types that their members work on.", no_args_is_help=True)

RoleName = Annotated[str, typer.Argument(metavar="ROLE", help="The role's name.")]
Written = Annotated[list[str], typer.Argument(metavar="RESOURCE:ACTION...", help="Keesa's words, or other systems'.")]
_ENFORCED: Final = " and ".join(map(str, ENFORCED))
_HEADINGS: Final = ("name", "permissions", "ticket_types")


@app.command()
def add(
    name: str,
    permissions: Annotated[
        str, typer.Option(help=f"JSON: resource to list of actions. Keesa itself enforces {_ENFORCED}.")
    ] = '{"tickets": ["read", "write"]}',
    ticket_type: Annotated[list[str] | None, typer.Option(help="A ticket type; may be repeated.")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
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
def list_all(
    as_json: AsJson = False, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None
) -> None:
    """List all roles."""
    with ready_database(data, database_url) as database:
        roles = database.read(list_roles)
    print_list(_HEADINGS, [{name: getattr(role, name) for name in _HEADINGS} for role in roles], as_json=as_json)


@app.command()
def grant(
    name: RoleName,
    permissions: Written,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Let the role give permissions, from the next request on. The last colon parts resource and action."""
    _require_colons(permissions)

    def work(tx: Tx) -> str:
        for text in permissions:
            resource, _, action = text.rpartition(":")
            grant_permission(tx, name, resource, action)
        return _told(tx, name)

    with ready_database(data, database_url) as database:
        print(visible(database.write(work)))


@app.command()
def revoke(
    name: RoleName,
    permissions: Written,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Take permissions from the role, from the next request on: whatever is written so."""
    _require_colons(permissions)

    def work(tx: Tx) -> str:
        for permission in find_role(tx, name).given:
            if str(permission) in permissions:
                revoke_permission(tx, name, *permission)
        return _told(tx, name)

    with ready_database(data, database_url) as database:
        print(visible(database.write(work)))


def _require_colons(permissions: Sequence[str]) -> None:
    if stray := [text for text in permissions if ":" not in text]:
        raise Invalid({"permission": [f"{stray[0]} must be RESOURCE:ACTION, such as tickets:read"]})


def _told(tx: Tx, name: str) -> str:
    return f"role {name} gives {', '.join(map(str, find_role(tx, name).given)) or 'nothing'}"
