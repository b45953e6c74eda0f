"""API tokens as they are shown: with which programs act as a user, without a login.

What one may do is kept with it, and met at each use with what its user may do then (`api_token_cache.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from keesa.accounts.actors import Actor, UserType
from keesa.accounts.permissions import TOKENS_READ, TOKENS_WRITE, Permission, require, require_desk
from keesa.accounts.sessions import Version
from keesa.db import Row, Tx
from keesa.errors import NotFound

NOT_FOUND: Final = "Token not found"
LONGEST_PAGE: Final = 500
"""Tokens."""

GIVEN_PERMISSIONS: Final = """
    CAST((SELECT $json_list($json_row(given.resource, given.action)) FROM (
        SELECT resource, action FROM api_token_permissions WHERE token_id = api_tokens.id ORDER BY position
    ) given) AS TEXT)
"""
"""A list of pairs; null without any on PostgreSQL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    id: int
    name: str
    user_id: int
    """Who acts with it."""
    user: str
    """Their full name."""
    user_type: UserType
    permissions: tuple[Permission, ...]
    """What it may do at the most."""
    version: Version
    """In whose shapes its requests are answered."""
    created_at: int
    expires_at: int
    ended_at: int | None
    last_used_at: int | None
    """To within some minutes."""

    @property
    def words(self) -> list[str]:
        """The permissions as they are written."""
        return list(map(str, self.permissions))


@dataclass(frozen=True, slots=True)
class ApiTokenPage:
    tokens: Sequence[ApiToken]
    next_after: int | None
    """The id behind which the next page begins; None where nothing follows."""


def list_tokens(
    tx: Tx,
    actor: Actor,
    limit: int = LONGEST_PAGE,
    after: int | None = None,
    *,
    user_id: int | None = None,
    with_ended: bool = False,
) -> ApiTokenPage:
    """At most `limit` tokens by id: one's own, or those of all where the actor looks after them; of one user where
    `user_id` says so. Those that have been ended are left out unless they are asked for. Raises `Forbidden` for another
    user's.
    """
    if user_id not in (None, actor.id):
        require(actor, TOKENS_READ)
        require_desk(actor)
    owner = user_id if looks_after_all(actor) else actor.id
    condition = "" if owner is None else " AND api_tokens.user_id = :owner"
    if not with_ended:
        condition += " AND api_tokens.ended_at IS NULL"
    found = [
        _token_of(row)
        for row in tx.all(
            f"{_SELECT} WHERE api_tokens.id > :after{condition} ORDER BY api_tokens.id LIMIT :limit",
            after=-1 if after is None else after,
            owner=owner,
            limit=limit + 1,
        )
    ]
    return ApiTokenPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def find_token(tx: Tx, actor: Actor, token_id: int | None) -> ApiToken:
    """Raises `NotFound` where it is missing, or another's and the actor does not look after all."""
    return _found(tx, actor, token_id)


def lock_token(tx: Tx, actor: Actor, token_id: int | None) -> ApiToken:
    """The same, for changing it: nobody else does before the transaction ends. Raises `Forbidden` where it is another's
    whom the actor only sees.
    """
    tx.one("SELECT id FROM api_tokens WHERE id = :id $for_update", id=token_id)
    token = _found(tx, actor, token_id)
    if token.user_id != actor.id:
        require(actor, TOKENS_WRITE)
    return token


def looks_after_all(actor: Actor) -> bool:
    """Whether the actor sees the tokens of others."""
    return actor.user_type in require_desk.user_types and (actor.may(*TOKENS_READ) or actor.may(*TOKENS_WRITE))


def _found(tx: Tx, actor: Actor, token_id: int | None) -> ApiToken:
    row = tx.one(f"{_SELECT} WHERE api_tokens.id = :id", id=token_id)
    if row is None or (row["user_id"] != actor.id and not looks_after_all(actor)):
        raise NotFound(NOT_FOUND)
    return _token_of(row)


_SELECT: Final = f"""
    SELECT api_tokens.id, api_tokens.name, api_tokens.user_id, users.full_name, users.user_type, api_tokens.version,
        api_tokens.created_at, api_tokens.expires_at, api_tokens.ended_at, api_tokens.last_used_at,
        {GIVEN_PERMISSIONS} AS permissions
    FROM api_tokens JOIN users ON users.id = api_tokens.user_id
"""
_permissions = msgspec.json.Decoder(tuple[Permission, ...])


def permissions_of(text: str | None) -> tuple[Permission, ...]:
    """From a column of `GIVEN_PERMISSIONS`."""
    return _permissions.decode(text or "[]")


def _token_of(row: Row) -> ApiToken:
    return ApiToken(
        id=row["id"],
        name=row["name"],
        user_id=row["user_id"],
        user=row["full_name"],
        user_type=row["user_type"],
        permissions=permissions_of(row["permissions"]),
        version=row["version"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
        last_used_at=row["last_used_at"],
    )
