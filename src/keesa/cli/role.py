"""`keesa role add|list|show|grant|revoke|rename|types|retire|reinstate`."""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
import typer

from keesa.accounts.actors import Permissions
from keesa.accounts.changing_roles import (
    RoleChanges,
    change_role,
    grant_permissions,
    revoke_permissions,
)
from keesa.accounts.permissions import ENFORCED, Permission
from keesa.accounts.roles import NewRole, Role, create_role, find_role, list_roles
from keesa.cli.listing import AsJson, print_list
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, operator, ready_database
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.visible import visible

app = typer.Typer(help="Permissions, and the ticket types that their members work on.", no_args_is_help=True)

RoleName = Annotated[str, typer.Argument(metavar="ROLE", help="The role's name.")]
Written = Annotated[list[str], typer.Argument(metavar="RESOURCE:ACTION...", help="Keesa's words, or other systems'.")]
_ENFORCED: Final = ", ".join(map(str, ENFORCED))
_HEADINGS: Final = ("name", "permissions", "ticket_types")
_ALL_HEADINGS: Final = ("id", *_HEADINGS, "retired", "members")


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
    role = NewRole(name, given, ticket_type or ())
    with ready_database(data, database_url) as database:
        role_id = database.write(lambda tx: create_role(tx, operator(), role))
    print(visible(f"added role {role_id}: {name}"))


@app.command("list")
def list_all(
    as_json: AsJson = False, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None
) -> None:
    """List all roles."""
    with ready_database(data, database_url) as database:
        roles = database.read(list_roles)
    _print(roles, _HEADINGS, as_json=as_json)


@app.command()
def show(
    name: RoleName,
    as_json: AsJson = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Show one role, retired or not, with the number of those who have it."""
    with ready_database(data, database_url) as database:
        role = database.read(lambda tx: find_role(tx, name))
    _print([role], _ALL_HEADINGS, as_json=as_json)


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
    pairs = [Permission(*text.rpartition(":")[::2]) for text in permissions]
    with ready_database(data, database_url) as database:
        role = database.write(lambda tx: grant_permissions(tx, operator(), name, pairs))
    _tell(role)


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

    def work(tx: Tx) -> Role:
        written = [permission for permission in find_role(tx, name).given if str(permission) in permissions]
        return revoke_permissions(tx, operator(), name, written)

    with ready_database(data, database_url) as database:
        role = database.write(work)
    _tell(role)


@app.command()
def rename(
    name: RoleName, new_name: str, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None
) -> None:
    """Give the role another name, which its members' next tokens have."""
    _change(name, RoleChanges(name=new_name), data, database_url)
    print(visible(f"role {name} is named {new_name}"))


@app.command()
def types(
    name: RoleName,
    ticket_type: Annotated[list[str] | None, typer.Argument(help="All that its members are to work on.")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Let the role's members work on these ticket types and no others; on none where none is named."""
    role = _change(name, RoleChanges(ticket_types=ticket_type or ()), data, database_url)
    print(visible(f"members of {name} work on {', '.join(role.ticket_types) or 'no ticket type'}"))


@app.command()
def retire(name: RoleName, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Let nobody be given the role any more; refused while somebody has it."""
    _change(name, RoleChanges(retired=True), data, database_url)
    print(visible(f"retired role {name}"))


@app.command()
def reinstate(name: RoleName, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Take a retired role into use again."""
    _change(name, RoleChanges(retired=False), data, database_url)
    print(visible(f"reinstated role {name}"))


def _change(name: str, changes: RoleChanges, data: Data, database_url: DatabaseUrl) -> Role:
    with ready_database(data, database_url) as database:
        return database.write(lambda tx: change_role(tx, operator(), find_role(tx, name).id, changes))


def _require_colons(permissions: Sequence[str]) -> None:
    if stray := [text for text in permissions if ":" not in text]:
        raise Invalid({"permission": [f"{stray[0]} must be RESOURCE:ACTION, such as tickets:read"]})


def _print(roles: Sequence[Role], headings: Sequence[str], *, as_json: bool) -> None:
    print_list(headings, [{name: getattr(role, name) for name in headings} for role in roles], as_json=as_json)


def _tell(role: Role) -> None:
    print(visible(f"role {role.name} gives {', '.join(map(str, role.given)) or 'nothing'}"))
