"""API tokens made, changed, renewed and ended. The token itself is told once, and kept as its hash alone.

Nobody gives by a token what they lack themselves, and no token makes, changes or ends one: a person does, in a session.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import UNSET, UnsetType

from keesa.accounts.actors import ACTOR_COLUMNS, Actor, actor_of
from keesa.accounts.api_token_form import hash_of, new_api_token
from keesa.accounts.api_tokens import ApiToken, find_token, lock_token
from keesa.accounts.audit.recording import Requester, State, record
from keesa.accounts.permissions import (
    ENFORCED,
    TOKENS_WRITE,
    OnlyFor,
    Permission,
    lacking,
    require,
    require_desk,
    require_session,
)
from keesa.accounts.sessions import Version
from keesa.clock import Clock
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.names import name_fault

MOST: Final = 50
"""Tokens of a user that are good."""
LONGEST_LIFE: Final = 731 * 24 * 3600 * 1000
"""Milliseconds from now to the latest expiry: two years."""
_PAST_KEPT: Final = 50
"""Tokens of a user that have ended or expired: of more, the oldest are forgotten when another one is made."""

_require_admin: Final = OnlyFor(("admin",), "Only admins may do this to the API tokens of others")
_require_admin_for_admins: Final = OnlyFor(("admin",), "Only admins may end the API tokens of admins")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiToken:
    name: str
    expires_at: int
    user_id: int | None = None
    """Who is to act with it; None for who makes it."""
    permissions: Sequence[str] | None = None
    """As they are written (`tickets:read`), of those that the user has; None for all that they have now."""
    version: Version = "2024"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiTokenChanges:
    """What a token is to be; a field that is UNSET stays as it is."""

    name: str | UnsetType = UNSET
    permissions: Sequence[str] | UnsetType = UNSET
    """Some of those that it has."""
    expires_at: int | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class IssuedApiToken:
    token: ApiToken
    secret: str = field(repr=False)
    """The token itself, which nobody can find out any more."""


def create_token(tx: Tx, by: Requester, new: NewApiToken) -> IssuedApiToken:
    """Raises `Forbidden` where it is for another and the requester is no admin with `tokens:write`, or would give what
    they lack; `Invalid` with every fault.
    """
    owner_id = by.actor.id if new.user_id is None else new.user_id
    require_making_for(by.actor, owner_id)
    tx.one("SELECT id FROM users WHERE id = :id $for_update", id=owner_id)  # stands for the rule of `MOST`
    row = tx.one(f"SELECT {ACTOR_COLUMNS} FROM users WHERE id = :id AND disabled_at IS NULL", id=owner_id)
    if row is None:
        raise Invalid({"user_id": ["must be that of a user who is not disabled"]})
    chosen, unknown = _chosen(by.actor, _all_of(actor_of(row)), new.permissions)
    faults = _faults(by, new.name, new.expires_at)
    if unknown:
        faults["permissions"] = [f"{', '.join(unknown)}: the user has no such permission"]
    if _count_good(tx, owner_id, by.at) >= MOST:
        faults["token"] = [f"would be one too many: a user has at most {MOST}, end another one first"]
    if faults:
        raise Invalid(faults)
    _forget_past(tx, owner_id, by.at)
    secret = new_api_token()
    token_id = _keep(tx, by, owner_id, new, secret)
    for position, permission in enumerate(chosen):
        tx.run(
            "INSERT INTO api_token_permissions (token_id, resource, action, position)"
            " VALUES (:token_id, :resource, :action, :position)",
            token_id=token_id,
            position=position,
            **permission._asdict(),
        )
    made = find_token(tx, by.actor, token_id)
    record(tx, by, "token.create", token_id, after=_state(made), person_id=owner_id)
    return IssuedApiToken(made, secret)


def change_token(tx: Tx, by: Requester, token_id: int | None, changes: ApiTokenChanges) -> ApiToken:
    """The token as it is afterwards. Its permissions only become fewer. Raises `NotFound`, `Forbidden` where it is
    another's and the requester is no admin, and `Invalid` with every fault, or where it is good no longer.
    """
    before = _lock_good(tx, by, token_id)
    name = before.name if changes.name is UNSET else changes.name
    expires_at = before.expires_at if changes.expires_at is UNSET else changes.expires_at
    faults = _faults(by, name, expires_at)
    wanted = before.words if changes.permissions is UNSET else changes.permissions
    if more := [word for word in dict.fromkeys(wanted) if word not in before.words]:
        faults["permissions"] = [f"{', '.join(more)}: it has no such permission, and can only be given fewer"]
    if faults:
        raise Invalid(faults)
    if (name, expires_at) != (before.name, before.expires_at):
        update = "UPDATE api_tokens SET name = :name, expires_at = :expires_at WHERE id = :id"
        tx.run(update, id=before.id, name=name, expires_at=expires_at)
    for permission in before.permissions:
        if str(permission) not in wanted:
            tx.run(_TAKE, id=before.id, **permission._asdict())
    after = find_token(tx, by.actor, token_id)
    if after != before:
        record(tx, by, "token.change", after.id, _state(before), _state(after), person_id=after.user_id)
    return after


_TAKE: Final = "DELETE FROM api_token_permissions WHERE token_id = :id AND resource = :resource AND action = :action"


def renew_token(tx: Tx, by: Requester, token_id: int | None) -> IssuedApiToken:
    """Another secret for it; the old one is void. Raises as `change_token`, and `Forbidden` where it may do what the
    requester may not, who learns the secret.
    """
    token = _lock_good(tx, by, token_id)
    if missing := _lacked(by.actor, token.permissions):
        raise lacking(missing[0])
    secret = new_api_token()
    tx.run("UPDATE api_tokens SET hash = :hash WHERE id = :id", id=token.id, hash=hash_of(secret))
    record(tx, by, "token.renew", token.id, person_id=token.user_id)
    return IssuedApiToken(token, secret)


def end_token(tx: Tx, by: Requester, token_id: int | None) -> None:
    """It is void from the next request on; a second time changes nothing. Raises `NotFound`, and `Forbidden` where it
    is another's and the requester may not, or an admin's and the requester is none.
    """
    require_session(by.actor)
    token = lock_token(tx, by.actor, token_id)
    if token.user_type == "admin" and token.user_id != by.actor.id:
        _require_admin_for_admins(by.actor)
    if token.ended_at is None:
        tx.run("UPDATE api_tokens SET ended_at = :at WHERE id = :id", id=token.id, at=by.at)
        record(tx, by, "token.end", token.id, _state(token), person_id=token.user_id)


def end_tokens(tx: Tx, by: Requester, user_id: int | None = None) -> int:
    """End those of the user, or of all; how many of them were good."""
    tx.one("SELECT id FROM users WHERE id = :id $for_update", id=user_id)  # of a user: none is made between
    if count := end_good(tx, by.at, user_id):
        before = {"tokens": count} if user_id is None else {"user_id": user_id, "tokens": count}
        record(tx, by, "token.end", None, before, person_id=user_id)
    return count


def end_good(tx: Tx, at: int, user_id: int | None = None) -> int:
    """The same, as a part of another act."""
    condition = "ended_at IS NULL AND expires_at > :at" + ("" if user_id is None else " AND user_id = :user_id")
    return tx.changed(f"UPDATE api_tokens SET ended_at = :at WHERE {condition}", at=at, user_id=user_id)


def require_making_for(actor: Actor, user_id: int) -> None:
    """Raise `Forbidden` unless the actor may make tokens with which that user acts."""
    require_session(actor)
    if user_id != actor.id:
        require_desk(actor)
        require(actor, TOKENS_WRITE)
        _require_admin(actor)


def _lock_good(tx: Tx, by: Requester, token_id: int | None) -> ApiToken:
    require_session(by.actor)
    token = lock_token(tx, by.actor, token_id)
    if token.user_id != by.actor.id:
        _require_admin(by.actor)
    if token.ended_at is not None or token.expires_at <= by.at:
        raise Invalid({"token": ["has ended, and is good for nothing any more: make another one"]})
    return token


def _all_of(owner: Actor) -> list[Permission]:
    return [Permission(resource, action) for resource, actions in owner.permissions.items() for action in actions]


def _chosen(
    actor: Actor, owned: Sequence[Permission], wanted: Sequence[str] | None
) -> tuple[list[Permission], list[str]]:
    """Those of the user's permissions that a token gets, and the wanted words that they lack. Raises `Forbidden` for
    one that is wanted and the actor lacks; without a wish those are left out.
    """
    if wanted is None:
        missing = _lacked(actor, owned)
        return [permission for permission in owned if permission not in missing], []
    chosen = [permission for permission in owned if str(permission) in wanted]
    if missing := _lacked(actor, chosen):
        raise lacking(missing[0])
    known = set(map(str, chosen))
    return chosen, [word for word in dict.fromkeys(wanted) if word not in known]


def _lacked(actor: Actor, permissions: Iterable[Permission]) -> list[Permission]:
    """Those that Keesa asks for and the actor lacks; an admin gives words of other systems freely."""
    return [permission for permission in permissions if permission in ENFORCED and not actor.may(*permission)]


def _faults(by: Requester, name: str, expires_at: int) -> dict[str, list[str]]:
    faults = {}
    if fault := name_fault(name):
        faults["name"] = [fault]
    if not by.at < expires_at <= by.at + LONGEST_LIFE:
        faults["expires_at"] = ["must be a time to come, at most two years from now"]
    return faults


def _count_good(tx: Tx, user_id: int, at: int) -> int:
    sql = "SELECT count(*) AS value FROM api_tokens WHERE user_id = :id AND ended_at IS NULL AND expires_at > :at"
    found: int = tx.value(sql, id=user_id, at=at)
    return found


def _forget_past(tx: Tx, user_id: int, at: int) -> None:
    """The newest by id are kept, so that no id is ever given again."""
    past = tx.all(
        "SELECT id FROM api_tokens WHERE user_id = :id AND (ended_at IS NOT NULL OR expires_at <= :at)"
        " ORDER BY id DESC LIMIT :most OFFSET :kept",
        id=user_id,
        at=at,
        most=MOST,
        kept=_PAST_KEPT,
    )
    for row in past:
        tx.run("DELETE FROM api_token_permissions WHERE token_id = :id", id=row["id"])
        tx.run("DELETE FROM api_tokens WHERE id = :id", id=row["id"])


def clear_past(tx: Tx, at: int, after: int, users: int) -> int | None:
    """What `_forget_past` leaves to the next token, of so many users behind `after`; the last of them, None at the
    end.
    """
    rows = tx.all(_WITH_PAST, after=after, at=at, kept=_PAST_KEPT, most=users)
    for row in rows:
        _forget_past(tx, row["user_id"], at)
    return rows[-1]["user_id"] if len(rows) == users else None


_WITH_PAST: Final = """
    SELECT user_id FROM api_tokens WHERE user_id > :after AND (ended_at IS NOT NULL OR expires_at <= :at)
    GROUP BY user_id HAVING count(*) > :kept ORDER BY user_id LIMIT :most
"""


def _keep(tx: Tx, by: Requester, owner_id: int, new: NewApiToken, secret: str) -> int:
    kept: int = tx.value(
        "INSERT INTO api_tokens (user_id, name, hash, version, created_by_id, created_at, expires_at)"
        " VALUES (:user_id, :name, :hash, :version, :by_id, :at, :expires_at) RETURNING id AS value",
        user_id=owner_id,
        name=new.name,
        hash=hash_of(secret),
        version=new.version,
        by_id=by.actor.id,
        at=by.at,
        expires_at=new.expires_at,
    )
    return kept


_UTC: Final = Clock(ZoneInfo("UTC"))


def _state(token: ApiToken) -> State:
    return {
        "name": token.name,
        "user_id": token.user_id,
        "permissions": token.words,
        "version": token.version,
        "expires_at": _UTC.iso(token.expires_at),
    }
