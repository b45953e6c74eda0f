"""API tokens that are cached with who acts with them, and still checked at each request: as `session_cache.py` does it
with sessions, in one statement too.
"""

from dataclasses import replace
from typing import Final, NamedTuple

from keesa import desk, maintenance
from keesa.accounts.actors import ACTOR_COLUMNS, Actor, actor_of, in_order
from keesa.accounts.api_token_form import hash_of
from keesa.accounts.api_tokens import GIVEN_PERMISSIONS, permissions_of
from keesa.accounts.sessions import Version
from keesa.cache import Cache
from keesa.clock import now
from keesa.db import Tx
from keesa.errors import Unauthorized

MOST_CACHED: Final = 8192
"""The most tokens that a process caches."""
INVALID: Final = "Your API token is invalid"
ENDED: Final = "Your API token has been ended: make another one"
EXPIRED: Final = "Your API token has expired: make another one"
DISABLED: Final = "The user of your API token is disabled"

_GOOD_UNTIL: Final = """
    (SELECT CASE WHEN api_tokens.ended_at IS NULL THEN api_tokens.expires_at ELSE 0 END
    FROM api_tokens WHERE api_tokens.hash = :hash)
"""
"""When it expires; 0 where it has been ended, null where there is none."""
_LOOK: Final = f"""
    SELECT desk_revisions.names, desk_revisions.accounts, {maintenance.IS_ON}, {desk.EPOCH}, $seen, {_GOOD_UNTIL}
    FROM desk_revisions
"""
_FIND: Final = f"""
    SELECT api_tokens.id AS token_id, api_tokens.version, {GIVEN_PERMISSIONS} AS given, {ACTOR_COLUMNS}
    FROM api_tokens JOIN users ON users.id = api_tokens.user_id
    WHERE api_tokens.hash = :hash AND users.disabled_at IS NULL
"""


class ApiTokenState(NamedTuple):
    """What one statement tells of a request; see `SessionState`."""

    offline: bool = False
    names: int = 0
    epoch: int = 0
    actor: Actor | None = None
    """Who acts, with what both the token and its user may do; None while offline."""
    version: Version = "2024"
    seen: str | None = None


class ApiTokenCache:
    """The API tokens that one process caches, by their hashes."""

    def __init__(self) -> None:
        self._known: Cache[str, tuple[int, Actor, Version]] = Cache(MOST_CACHED)
        """With the revision of accounts at which each was found."""
        self._hashes: Cache[str, str] = Cache(MOST_CACHED)
        """By the token as it is sent: a tenth of what it takes to find it out again."""

    def hash_of(self, text: str) -> str | None:
        """By what the token is kept; None for what is misspelt."""
        known = self._hashes.get(text)
        if known is None and (known := hash_of(text)) is not None:
            self._hashes.put(text, known)
        return known

    def cached(self, token_hash: str) -> ApiTokenState | None:
        """As of the last request with the token; whether that is still true, only `look` knows."""
        known = self._known.get(token_hash)
        return ApiTokenState(actor=known[1], version=known[2]) if known else None

    def id_of(self, token_hash: str) -> int | None:
        """Of the token, where a request with it was answered well of late."""
        known = self._known.get(token_hash)
        return known[1].token_id if known else None

    def look(self, tx: Tx, token_hash: str) -> ApiTokenState:
        """Raises `Unauthorized` where nobody has the token, it has ended or expired, or its user is disabled."""
        ((names, accounts, offline, epoch, seen, good_until),) = tx.each(_LOOK, hash=token_hash)
        if offline:
            return ApiTokenState(offline=True)
        _require_good(good_until)
        known = self._known.get(token_hash)
        if known is None or known[0] != accounts:
            known = accounts, *_find(tx, token_hash)
            if not tx.may_be_undone:
                self._known.put(token_hash, known)
        return ApiTokenState(False, names, epoch, known[1], known[2], seen)  # noqa: FBT003 - it is not offline


def api_token_actor(tx: Tx, text: str) -> Actor | None:
    """Who acts with the token that was sent, as everywhere; None where it is none, or no good any more."""
    token_hash = hash_of(text)
    row = None if token_hash is None else tx.one(f"SELECT {_GOOD_UNTIL} AS good_until", hash=token_hash)
    if token_hash is None or row is None:
        return None
    try:
        _require_good(row["good_until"])
        return _find(tx, token_hash)[0]
    except Unauthorized:
        return None


def _require_good(good_until: int | None) -> None:
    if good_until is None:
        raise Unauthorized(INVALID)
    if good_until == 0:
        raise Unauthorized(ENDED)
    if good_until <= now():
        raise Unauthorized(EXPIRED)


def _find(tx: Tx, token_hash: str) -> tuple[Actor, Version]:
    row = tx.one(_FIND, hash=token_hash)
    if row is None:
        raise Unauthorized(DISABLED)
    user, given = actor_of(row), set(permissions_of(row["given"]))
    both = ((resource, action) for resource, actions in user.permissions.items() for action in actions)
    may = in_order(permission for permission in both if permission in given)
    return replace(user, permissions=may, token_id=row["token_id"]), row["version"]
