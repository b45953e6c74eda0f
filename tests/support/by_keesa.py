"""Changes of users and roles as Keesa itself makes them, of users by their address and of roles by their name."""

from keesa.accounts import changing_roles, changing_users, roles, users
from keesa.accounts.audit.recording import keesa_itself
from keesa.accounts.passwords import NewPassword
from keesa.accounts.permissions import Permission
from keesa.accounts.roles import NewRole
from keesa.accounts.users import NewUser
from keesa.clock import now
from keesa.db import Tx


def create_user(tx: Tx, new: NewUser, at: int, *, user_id: int | None = None) -> int:
    return users.create_user(tx, keesa_itself(at), new, user_id=user_id)


def disable_user(tx: Tx, email: str, at: int) -> None:
    changing_users.disable_user(tx, keesa_itself(at), users.id_of(tx, email))


def enable_user(tx: Tx, email: str) -> None:
    changing_users.enable_user(tx, keesa_itself(now()), users.id_of(tx, email))


def change_password(tx: Tx, email: str, password: NewPassword) -> bool:
    return changing_users.change_password(tx, keesa_itself(now()), users.id_of(tx, email), password)


def create_role(tx: Tx, new: NewRole) -> int:
    return roles.create_role(tx, keesa_itself(now()), new)


def grant_permission(tx: Tx, role: str, resource: str, action: str) -> None:
    changing_roles.grant_permissions(tx, keesa_itself(now()), role, [Permission(resource, action)])


def revoke_permission(tx: Tx, role: str, resource: str, action: str) -> None:
    changing_roles.revoke_permissions(tx, keesa_itself(now()), role, [Permission(resource, action)])
