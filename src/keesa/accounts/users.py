"""Users: made, listed, disabled, given a password and roles by the operator."""

from collections.abc import Sequence
from dataclasses import dataclass

from keesa.accounts.actors import ACTOR_COLUMNS, SYSTEM, USER_TYPES, Actor, UserType, actor_of
from keesa.accounts.emails import canonical_email, email_fault
from keesa.accounts.passwords import NewPassword
from keesa.accounts.sessions import end_all_of
from keesa.db import Tx
from keesa.db.rules import Rule, hold
from keesa.errors import Invalid, NotFound
from keesa.names import name_fault


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    email: str
    full_name: str
    nick_name: str
    user_type: UserType
    password: NewPassword
    roles: Sequence[str]
    """Names of roles; the first is the `role` of a 2021 token."""
    customer_id: int | None = None
    """The customer whose user this is: given for the type customer, and for no other."""


def create_user(tx: Tx, new: NewUser, at: int, *, user_id: int | None = None) -> int:
    """The new user's id (`user_id` where it is given); raises `Invalid` with every fault found."""
    hold(tx, Rule.USERS)
    faults = _faults(tx, new)
    if faults:
        raise Invalid(faults)
    columns = "email, full_name, nick_name, user_type, customer_id, password_hash, created_at"
    values = ":email, :full_name, :nick_name, :user_type, :customer_id, :password_hash, :at"
    if user_id is not None:
        columns, values = f"id, {columns}", f":id, {values}"
    created: int = tx.value(
        f"INSERT INTO users ({columns}) VALUES ({values}) RETURNING id AS value",
        id=user_id,
        email=canonical_email(new.email),
        full_name=new.full_name,
        nick_name=new.nick_name,
        user_type=new.user_type,
        customer_id=new.customer_id,
        password_hash=new.password.hash,
        at=at,
    )
    for position, role in enumerate(dict.fromkeys(new.roles)):
        tx.run(
            "INSERT INTO user_roles (user_id, role_id, position)"
            " SELECT :user_id, roles.id, :position FROM roles WHERE roles.name = :role",
            user_id=created,
            position=position,
            role=role,
        )
    return created


@dataclass(frozen=True, slots=True)
class ListedUser:
    actor: Actor
    disabled: bool


def list_users(tx: Tx) -> list[ListedUser]:
    """All but `SYSTEM`."""
    rows = tx.all(
        f"SELECT {ACTOR_COLUMNS}, users.disabled_at FROM users WHERE users.id <> :system ORDER BY users.id",
        system=SYSTEM.id,
    )
    return [ListedUser(actor_of(row), row["disabled_at"] is not None) for row in rows]


def has_users(tx: Tx) -> bool:
    """Whether anybody was ever added: `SYSTEM` is there from the start."""
    return tx.one("SELECT id FROM users WHERE id <> :system LIMIT 1", system=SYSTEM.id) is not None


def disable_user(tx: Tx, email: str, at: int) -> None:
    """Nobody logs in as this user any more, and every session of theirs ends. What they wrote stays."""
    user_id = _lock_user(tx, email)
    end_all_of(tx, user_id)
    tx.run("UPDATE users SET disabled_at = :at WHERE id = :id AND disabled_at IS NULL", id=user_id, at=at)


def enable_user(tx: Tx, email: str) -> None:
    """The user logs in again, with the password that they had; the sessions that were ended stay so."""
    tx.run("UPDATE users SET disabled_at = NULL WHERE id = :id AND disabled_at IS NOT NULL", id=_lock_user(tx, email))


def change_password(tx: Tx, email: str, password: NewPassword) -> bool:
    """Every session of the user ends: who knew the old password is out. Whether the user may log in with the new one,
    since who is disabled stays so. Raises `Invalid` for what may be no password.
    """
    user_id = _lock_user(tx, email)
    if password.fault:
        raise Invalid({"password": [password.fault]})
    tx.run("UPDATE users SET password_hash = :hash WHERE id = :id", id=user_id, hash=password.hash)
    end_all_of(tx, user_id)
    return bool(tx.value("SELECT disabled_at IS NULL AS value FROM users WHERE id = :id", id=user_id))


def find_user_id(tx: Tx, email: str) -> int:
    """Raises `NotFound`."""
    row = tx.one("SELECT id FROM users WHERE email = :email", email=canonical_email(email))
    if row is None:
        raise NotFound(f"There is no user {email}")
    found: int = row["id"]
    return found


def _lock_user(tx: Tx, email: str) -> int:
    """The user's id. Nobody else logs in as them, or changes what they are, before the transaction ends."""
    row = tx.one("SELECT id FROM users WHERE email = :email $for_update", email=canonical_email(email))
    if row is None:
        raise NotFound(f"There is no user {email}")
    found: int = row["id"]
    return found


def _faults(tx: Tx, new: NewUser) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    if fault := email_fault(new.email):
        faults["email"] = [fault]
    elif tx.one("SELECT id FROM users WHERE email = :email", email=canonical_email(new.email)):
        faults["email"] = ["is taken by another user"]
    for name, value in (("full_name", new.full_name), ("nick_name", new.nick_name)):
        if fault := name_fault(value):
            faults[name] = [fault]
    if new.user_type not in USER_TYPES:
        faults["user_type"] = [f"must be one of {', '.join(USER_TYPES)}"]
    known = [row["name"] for row in tx.all("SELECT name FROM roles ORDER BY id")]
    if unknown := [role for role in new.roles if role not in known]:
        faults["roles"] = [f"{', '.join(unknown)}: no such role, must be of {', '.join(known)}"]
    if new.password.fault:
        faults["password"] = [new.password.fault]
    if problem := _customer_fault(tx, new):
        faults["customer_id"] = [problem]
    return faults


def _customer_fault(tx: Tx, new: NewUser) -> str | None:
    if new.user_type != "customer":
        return None if new.customer_id is None else "is for users of the type customer only"
    if new.customer_id is None:
        return "is missing: a user of the type customer belongs to one"
    known = tx.one("SELECT id FROM customers WHERE id = :id", id=new.customer_id)
    return None if known else f"there is no customer {new.customer_id}"
