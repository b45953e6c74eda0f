"""Users: changed, disabled, enabled, and given a password by the operator."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import UNSET, UnsetType

from keesa.accounts.actors import UserType
from keesa.accounts.administering import administering
from keesa.accounts.audit.recording import Requester, record
from keesa.accounts.emails import canonical_email
from keesa.accounts.passwords import NewPassword
from keesa.accounts.permissions import USERS_WRITE
from keesa.accounts.powers import Powers, powers_of
from keesa.accounts.sessions import Session, end_all_of
from keesa.accounts.user_faults import faults_of
from keesa.accounts.users import User, find_user, give_roles, lock_user
from keesa.db import Tx
from keesa.db.rules import Rule
from keesa.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanges:
    """What a user is to be; a field that is UNSET stays as it is."""

    email: str | UnsetType = UNSET
    full_name: str | UnsetType = UNSET
    nick_name: str | UnsetType = UNSET
    user_type: UserType | UnsetType = UNSET
    customer_id: int | UnsetType | None = UNSET
    roles: Sequence[str] | UnsetType = UNSET
    """Names of all that they are to have, in their order."""
    disabled: bool | UnsetType = UNSET


def change_user(tx: Tx, by: Requester, user_id: int | None, changes: UserChanges) -> User:
    """The user as they are afterwards; their sessions go on with it, and end where they are disabled. Raises
    `NotFound`, `Invalid` with every fault, `Forbidden` where it gives more than who changes it has, and `Conflict`
    where it leaves no administrator.
    """
    with administering(tx, by, USERS_WRITE, Rule.USERS) as giver:
        user = lock_user(tx, user_id)
        giver.require_touching(user.actor.user_type)
        if faults := faults_of(tx, changes, user.actor):
            raise Invalid(faults)
        _apply(tx, user, changes, by.at)
        changed = find_user(tx, user_id)
        giver.require_giving(_gained(user, changed))
        if changed.state != user.state:
            record(tx, by, _action(user, changed), user.actor.id, user.state, changed.state, person_id=user.actor.id)
    return changed


def disable_user(tx: Tx, by: Requester, user_id: int | None) -> User:
    """Nobody logs in as this user any more, and every session of theirs ends. What they wrote stays."""
    return change_user(tx, by, user_id, UserChanges(disabled=True))


def enable_user(tx: Tx, by: Requester, user_id: int | None) -> User:
    """The user logs in again, with the password that they had; the sessions that were ended stay so."""
    return change_user(tx, by, user_id, UserChanges(disabled=False))


def change_password(tx: Tx, by: Requester, user_id: int | None, password: NewPassword) -> bool:
    """Every session of the user ends: who knew the old password is out. Whether the user may log in with the new one,
    since who is disabled stays so. Raises `Invalid` for what may be no password.
    """
    with administering(tx, by, USERS_WRITE, Rule.USERS) as giver:
        user = lock_user(tx, user_id)
        giver.require_giving(powers_of(user.actor))
        if password.fault:
            raise Invalid({"password": [password.fault]})
        keep_password(tx, user, password)
        record(tx, by, "user.password", user.actor.id, _had(user), {"has_password": True}, person_id=user.actor.id)
    return not user.disabled


def keep_password(tx: Tx, user: User, password: NewPassword, staying: Session | None = None) -> None:
    """Of a user whose row is held: their sessions end but for the one that stays, and links for them are void."""
    tx.run("UPDATE users SET password_hash = :hash WHERE id = :id", id=user.actor.id, hash=password.hash)
    end_all_of(tx, user.actor.id, staying)
    void_links(tx, user.actor.id)


def void_links(tx: Tx, user_id: int) -> None:
    """Those with which the user's password might be set."""
    tx.run("DELETE FROM password_links WHERE user_id = :id", id=user_id)


def _apply(tx: Tx, user: User, changes: UserChanges, at: int) -> None:
    """There are no faults in the changes. A session that is being opened waits for the user's row, and is ended too."""
    if changes.disabled is True:
        end_all_of(tx, user.actor.id)
        void_links(tx, user.actor.id)
    columns = _differing(user, changes, at)
    if columns:
        named = ", ".join(f"{column} = :{column}" for column in columns)
        tx.run(f"UPDATE users SET {named} WHERE id = :id", id=user.actor.id, **columns)
    if not isinstance(changes.roles, UnsetType) and tuple(dict.fromkeys(changes.roles)) != user.actor.roles:
        tx.run("DELETE FROM user_roles WHERE user_id = :id", id=user.actor.id)
        give_roles(tx, user.actor.id, changes.roles)


def _differing(user: User, changes: UserChanges, at: int) -> dict[str, object]:
    """Each column that is to have another value, with that value."""
    columns: dict[str, object] = {}
    for field in ("full_name", "nick_name", "user_type", "customer_id"):
        if getattr(changes, field) not in (UNSET, getattr(user.actor, field)):
            columns[field] = getattr(changes, field)
    if not isinstance(changes.email, UnsetType) and canonical_email(changes.email) != user.actor.email:
        columns["email"] = canonical_email(changes.email)
    if changes.disabled not in (UNSET, user.disabled):
        columns["disabled_at"] = at if changes.disabled else None
    return columns


def _gained(before: User, after: User) -> Powers:
    """What a user may do that they might not, as if they were enabled. Who is enabled now gets all that they may do,
    and so does another address, as that is who they are.
    """
    powers = powers_of(after.actor)
    if before.actor.email != after.actor.email or (before.disabled and not after.disabled):
        return powers
    return powers.without(powers_of(before.actor))


def _action(before: User, after: User) -> str:
    """For the audit trail."""
    if before.disabled == after.disabled:
        return "user.change"
    return "user.disable" if after.disabled else "user.enable"


def _had(user: User) -> dict[str, bool]:
    return {"has_password": user.has_password}
