"""What is wrong with a user as they are to be."""

from collections.abc import Sequence
from typing import Final, Protocol

from msgspec import UNSET, UnsetType

from keesa.accounts.actors import USER_TYPES, Actor
from keesa.accounts.emails import canonical_email, email_fault
from keesa.db import Tx
from keesa.names import name_fault

MOST_ROLES: Final = 50
"""Of one user."""


class Given(Protocol):
    """Of a new user all, of a change of one what is to be another; UNSET is not judged."""

    @property
    def email(self) -> str | UnsetType: ...
    @property
    def full_name(self) -> str | UnsetType: ...
    @property
    def nick_name(self) -> str | UnsetType: ...
    @property
    def user_type(self) -> str | UnsetType: ...
    @property
    def customer_id(self) -> int | UnsetType | None: ...
    @property
    def roles(self) -> Sequence[str] | UnsetType: ...


def faults_of(tx: Tx, given: Given, of: Actor | None = None) -> dict[str, list[str]]:
    """By field; `of` is the user as they are, where it is no new one."""
    own_id = 0 if of is None else of.id
    password = getattr(given, "password", None)
    found = {
        "email": _email_fault(tx, given.email, own_id),
        "full_name": _name_fault(given.full_name),
        "nick_name": _name_fault(given.nick_name),
        "user_type": _type_fault(given.user_type),
        "roles": _roles_fault(tx, given.roles),
        "password": password.fault if password else None,
        "customer_id": _customer_fault(tx, given, of),
    }
    return {field: [fault] for field, fault in found.items() if fault}


def _email_fault(tx: Tx, email: str | UnsetType, own_id: int) -> str | None:
    if isinstance(email, UnsetType):
        return None
    if fault := email_fault(email):
        return fault
    find = "SELECT id FROM users WHERE email = :email AND id <> :own_id"
    return "is taken by another user" if tx.one(find, email=canonical_email(email), own_id=own_id) else None


def _name_fault(name: str | UnsetType) -> str | None:
    return None if isinstance(name, UnsetType) else name_fault(name)


def _type_fault(user_type: str | UnsetType) -> str | None:
    return None if user_type in (UNSET, *USER_TYPES) else f"must be one of {', '.join(USER_TYPES)}"


def _roles_fault(tx: Tx, roles: Sequence[str] | UnsetType) -> str | None:
    if isinstance(roles, UnsetType):
        return None
    if len(roles) > MOST_ROLES:
        return f"must be at most {MOST_ROLES}"
    known = [row["name"] for row in tx.all("SELECT name FROM roles WHERE retired_at IS NULL ORDER BY id")]
    unknown = [role for role in roles if role not in known]
    return f"{', '.join(unknown)}: no such role, must be of {', '.join(known)}" if unknown else None


def _customer_fault(tx: Tx, given: Given, of: Actor | None) -> str | None:
    """By the type and the customer that they have afterwards."""
    user_type = of.user_type if of and isinstance(given.user_type, UnsetType) else given.user_type
    customer_id = of.customer_id if of and isinstance(given.customer_id, UnsetType) else given.customer_id
    if user_type != "customer":
        return None if customer_id is None else "is for users of the type customer only"
    if customer_id is None:
        return "is missing: a user of the type customer belongs to one"
    known = tx.one("SELECT id FROM customers WHERE id = :id", id=customer_id)
    return None if known else f"there is no customer {customer_id}"
