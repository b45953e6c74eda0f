"""Roles: renamed, retired, and what they give changed. It counts from the next request on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec import UNSET, UnsetType

from keesa.accounts.actors import Permissions, in_order
from keesa.accounts.administering import administering
from keesa.accounts.audit.recording import Requester, record
from keesa.accounts.permissions import ROLES_WRITE, Permission
from keesa.accounts.powers import one_by_one
from keesa.accounts.retiring import RETIRED_AT, act_of
from keesa.accounts.roles import (
    Role,
    faults_of,
    find_role,
    full_faults,
    give_permissions,
    give_ticket_types,
    lock_role,
    role_by_id,
)
from keesa.db import Tx
from keesa.db.rules import Rule
from keesa.errors import Conflict, Invalid
from keesa.names import name_fault

_AN_ADMINS: Final = """
    SELECT users.id FROM users JOIN user_roles ON user_roles.user_id = users.id
    WHERE user_roles.role_id = :role_id AND users.user_type = 'admin' LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChanges:
    """What a role is to be; a field that is UNSET stays as it is."""

    name: str | UnsetType = UNSET
    permissions: Permissions | UnsetType = UNSET
    """All that it is to give, in their order."""
    ticket_types: Sequence[str] | UnsetType = UNSET
    """Likewise, all."""
    retired: bool | UnsetType = UNSET


def change_role(tx: Tx, by: Requester, role_id: int | None, changes: RoleChanges) -> Role:
    """The role as it is afterwards. Raises `NotFound`, `Invalid` with every fault, `Forbidden` where it gives more than
    who changes it has, or an administrator has it and they are none; and `Conflict` where it is to retire while
    somebody has it, or it leaves no administrator.
    """
    with administering(tx, by, ROLES_WRITE, Rule.ROLES) as giver:
        role = lock_role(tx, role_id)
        if tx.one(_AN_ADMINS, role_id=role.id):
            giver.require_touching("admin")
        faults = faults_of(tx, changes.name, _new_words(role, changes), changes.ticket_types, role.id)
        if role.retired and changes.retired is False:
            faults |= full_faults(tx, "retired")
        if faults:
            raise Invalid(faults)
        if changes.retired is True and role.members:
            raise Conflict(f"The role {role.name} is had by {role.members}: take it from them first")
        _apply(tx, role, changes, by.at)
        changed = role_by_id(tx, role.id)
        giver.require_giving(changed.powers.without(role.powers))
        if changed.state != role.state:
            record(tx, by, f"role.{act_of(role.retired, changed.retired)}", role.id, role.state, changed.state)
    return changed


def retire_role(tx: Tx, by: Requester, role_id: int | None) -> Role:
    """Nobody is given it any more; a second time changes nothing."""
    return change_role(tx, by, role_id, RoleChanges(retired=True))


def grant_permissions(tx: Tx, by: Requester, name: str, permissions: Sequence[Permission]) -> Role:
    """The role gives them too, behind what it gave already; one that it gives stays in its place. The words are of any
    vocabulary and script. Raises `NotFound`, `Invalid` where one is no name, and as `change_role`.
    """
    for permission in permissions:
        if faults := {word: [fault] for word, text in permission._asdict().items() if (fault := name_fault(text))}:
            raise Invalid(faults)
    role = lock_role(tx, find_role(tx, name).id)
    return _change_given(tx, by, role, [*role.given, *permissions])


def revoke_permissions(tx: Tx, by: Requester, name: str, permissions: Iterable[Permission]) -> Role:
    """The role gives them no longer; one that it did not give is no error, whatever its words are."""
    role = lock_role(tx, find_role(tx, name).id)
    taken = set(permissions)
    return _change_given(tx, by, role, [permission for permission in role.given if permission not in taken])


def _change_given(tx: Tx, by: Requester, role: Role, permissions: Sequence[Permission]) -> Role:
    return change_role(tx, by, role.id, RoleChanges(permissions=in_order(permissions)))


def _new_words(role: Role, changes: RoleChanges) -> Permissions | UnsetType:
    """What it is to give and does not yet: older versions may have kept words that are none."""
    if isinstance(changes.permissions, UnsetType):
        return UNSET
    return in_order(permission for permission in one_by_one(changes.permissions) if permission not in role.given)


def _apply(tx: Tx, role: Role, changes: RoleChanges, at: int) -> None:
    """There are no faults in the changes."""
    name = role.name if isinstance(changes.name, UnsetType) else changes.name
    retired = role.retired if isinstance(changes.retired, UnsetType) else changes.retired
    if (name, retired) != (role.name, role.retired):
        sql = f"UPDATE roles SET name = :name, retired_at = {RETIRED_AT} WHERE id = :id"
        tx.run(sql, id=role.id, name=name, retired=int(retired), at=at)
    if not isinstance(changes.permissions, UnsetType):
        _apply_permissions(tx, role, list(dict.fromkeys(one_by_one(changes.permissions))))
    if not isinstance(changes.ticket_types, UnsetType) and {*changes.ticket_types} != {*role.ticket_types}:
        tx.run("DELETE FROM role_ticket_types WHERE role_id = :id", id=role.id)
        give_ticket_types(tx, role.id, changes.ticket_types)


def _apply_permissions(tx: Tx, role: Role, wanted: Sequence[Permission]) -> None:
    """Where the order of those that stay is another one, all are given anew."""
    staying = [permission for permission in role.given if permission in wanted]
    if wanted[: len(staying)] != staying:
        staying = []
    for permission in role.given:
        if permission not in staying:
            tx.run(
                "DELETE FROM role_permissions WHERE role_id = :role_id AND resource = :resource AND action = :action",
                role_id=role.id,
                resource=permission.resource,
                action=permission.action,
            )
    sql = "SELECT coalesce(max(position), 0) AS value FROM role_permissions WHERE role_id = :id"
    give_permissions(tx, role.id, wanted[len(staying) :], tx.value(sql, id=role.id))
