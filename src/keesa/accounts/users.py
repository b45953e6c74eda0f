"""Users: made, found and shown. What is changed of them stands in `changing_users.py`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from keesa.accounts.actors import ACTOR_COLUMNS, SYSTEM, Actor, UserType, actor_of
from keesa.accounts.administering import NO_PASSWORD, administering
from keesa.accounts.audit.recording import Requester, record
from keesa.accounts.emails import canonical_email
from keesa.accounts.passwords import NewPassword
from keesa.accounts.permissions import USERS_WRITE
from keesa.accounts.powers import powers_of
from keesa.accounts.user_faults import faults_of
from keesa.db import Row, Tx
from keesa.db.rules import Rule, hold
from keesa.errors import Invalid, NotFound

NOT_FOUND: Final = "User not found"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    email: str
    full_name: str
    nick_name: str
    user_type: UserType
    roles: Sequence[str]
    """Names of roles; the first is the `role` of a 2021 token."""
    password: NewPassword | None = None
    """None for who gets a link to set one, or never logs in with one."""
    customer_id: int | None = None
    """The customer whose user this is: given for the type customer, and for no other."""


@dataclass(frozen=True, slots=True)
class User:
    actor: Actor
    disabled: bool
    has_password: bool
    """Without one they have not set any yet, or act with tokens alone."""
    created_at: int
    last_login_at: int | None
    """Both in milliseconds since 1970; None before the first login."""

    @property
    def state(self) -> Mapping[str, Any]:
        """What administrators may change, for the audit trail."""
        fields = ("email", "full_name", "nick_name", "user_type", "customer_id")
        shown = {field: getattr(self.actor, field) for field in fields}
        return {**shown, "roles": list(self.actor.roles), "disabled": self.disabled}


USER_COLUMNS: Final = f"""
    {ACTOR_COLUMNS}, users.disabled_at, users.password_hash, users.created_at,
    (SELECT max(login_networks.last_at) FROM login_networks WHERE login_networks.user_id = users.id) AS last_login_at
"""


def user_of(row: Row) -> User:
    """From a row of `USER_COLUMNS`."""
    return User(
        actor=actor_of(row),
        disabled=row["disabled_at"] is not None,
        has_password=row["password_hash"] != NO_PASSWORD,
        created_at=row["created_at"],
        last_login_at=row["last_login_at"],
    )


def create_user(tx: Tx, by: Requester, new: NewUser, *, user_id: int | None = None) -> int:
    """The new user's id (`user_id` where it is given). Raises `Invalid` with every fault found, and `Forbidden` where
    they would be more than who makes them.
    """
    with administering(tx, by, USERS_WRITE, Rule.USERS) as giver:
        giver.require_touching(new.user_type)
        if faults := faults_of(tx, new):
            raise Invalid(faults)
        created = _insert(tx, new, by.at, user_id)
        give_roles(tx, created, new.roles)
        user = find_user(tx, created)
        giver.require_giving(powers_of(user.actor))
        record(tx, by, "user.create", created, after=user.state, person_id=created)
    return created


def find_user(tx: Tx, user_id: int | None) -> User:
    """Whoever it is but `SYSTEM`; raises `NotFound`."""
    return _found(tx.one(f"SELECT {USER_COLUMNS} FROM users WHERE {_ONE}", id=user_id, system=SYSTEM.id))


def lock_user(tx: Tx, user_id: int | None) -> User:
    """The same, for changing them: nobody else does, or logs in as them, before the transaction ends."""
    hold(tx, Rule.USERS)
    hold(tx, Rule.ADMINISTRATORS)
    return _found(tx.one(f"SELECT {USER_COLUMNS} FROM users WHERE {_ONE} $for_update", id=user_id, system=SYSTEM.id))


def id_of(tx: Tx, email: str) -> int:
    """The id of the user with the address, however it is written; raises `NotFound`."""
    row = tx.one("SELECT id FROM users WHERE email = :email", email=canonical_email(email))
    if row is None:
        raise NotFound(f"There is no user {email}")
    found: int = row["id"]
    return found


def list_users(tx: Tx) -> list[User]:
    """All but `SYSTEM`."""
    sql = f"SELECT {USER_COLUMNS} FROM users WHERE users.id <> :system ORDER BY users.id"
    return [user_of(row) for row in tx.all(sql, system=SYSTEM.id)]


def has_users(tx: Tx) -> bool:
    """Whether anybody was ever added: `SYSTEM` is there from the start."""
    return tx.one("SELECT id FROM users WHERE id <> :system LIMIT 1", system=SYSTEM.id) is not None


def give_roles(tx: Tx, user_id: int, roles: Iterable[str]) -> None:
    """In this order, to a user who has none; each once."""
    for position, role in enumerate(dict.fromkeys(roles)):
        tx.run(
            "INSERT INTO user_roles (user_id, role_id, position)"
            " SELECT :user_id, roles.id, :position FROM roles WHERE roles.name = :role",
            user_id=user_id,
            position=position,
            role=role,
        )


_ONE: Final = "users.id = :id AND users.id <> :system"


def _insert(tx: Tx, new: NewUser, at: int, user_id: int | None) -> int:
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
        password_hash=NO_PASSWORD if new.password is None else new.password.hash,
        at=at,
    )
    return created


def _found(row: Row | None) -> User:
    if row is None:
        raise NotFound(NOT_FOUND)
    return user_of(row)
