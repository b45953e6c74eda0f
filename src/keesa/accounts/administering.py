"""What every change of users and roles is made within: one at a time, by who may make it at that moment, and so that
the desk is not locked out of itself (docs/decisions/0039-administration.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from keesa.accounts.actors import ACTOR_COLUMNS, SYSTEM, Actor, actor_of
from keesa.accounts.audit.recording import Requester
from keesa.accounts.permissions import ROLES_WRITE, USERS_WRITE, Permission, require, require_desk
from keesa.accounts.powers import Powers, given_by, powers_of
from keesa.db import Tx
from keesa.db.rules import Rule, hold
from keesa.errors import Conflict, Forbidden

NO_PASSWORD: Final = "!"  # noqa: S105 - no hash, as no password is one
"""In place of a hash, of a user who cannot log in with a password."""
LAST_ADMINISTRATOR: Final = (
    f"Nobody would be left who can log in and look after users and roles: an enabled administrator with a password,"
    f" {USERS_WRITE} and {ROLES_WRITE}"
)


@contextmanager
def administering(tx: Tx, by: Requester, permission: Permission, names: Rule | None = None) -> Iterator[Powers]:
    """The powers of who asks, for a change within: nobody else makes one before the transaction ends. `names` is the
    rule of names that may change too.

    Raises `Forbidden` where they may do it no longer, and `Conflict` where the change leaves no administrator.
    """
    if names is not None:
        hold(tx, names)
    hold(tx, Rule.ADMINISTRATORS)
    powers = powers_now(tx, by.actor, permission)
    had_one = has_administrator(tx)
    yield powers
    if had_one and not has_administrator(tx):
        raise Conflict(LAST_ADMINISTRATOR)


def powers_now(tx: Tx, actor: Actor, permission: Permission) -> Powers:
    """What the actor may do at this moment, since another change may have taken some of it; of an API token no more
    than it may. Raises `Forbidden` where that lacks the permission, or to be of the desk.
    """
    if actor.id == SYSTEM.id:
        return powers_of(SYSTEM)
    row = tx.one(f"SELECT {ACTOR_COLUMNS} FROM users WHERE id = :id AND disabled_at IS NULL", id=actor.id)
    if row is None:
        raise Forbidden("You are disabled")
    found = actor_of(row)
    require_desk(found)
    require(found, permission)
    powers = powers_of(found)
    if actor.token_id is None:
        return powers
    return Powers(powers.user_type, powers.permissions & given_by(actor.permissions), powers.ticket_types)


def has_administrator(tx: Tx) -> bool:
    """Whether somebody can log in, and make and change users and roles."""
    return tx.one(_FIND_ONE, no_password=NO_PASSWORD) is not None


def _gives(permission: Permission) -> str:
    """A condition on `users`."""
    return (
        "EXISTS (SELECT 1 FROM user_roles JOIN role_permissions ON role_permissions.role_id = user_roles.role_id"
        " WHERE user_roles.user_id = users.id"
        f" AND role_permissions.resource = '{permission.resource}' AND role_permissions.action = '{permission.action}')"
    )


_FIND_ONE: Final = f"""
    SELECT users.id FROM users
    WHERE users.user_type = 'admin' AND users.disabled_at IS NULL AND users.password_hash <> :no_password
        AND {_gives(USERS_WRITE)} AND {_gives(ROLES_WRITE)}
    LIMIT 1
"""
