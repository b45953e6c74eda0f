"""Sessions that are cached with their users, and still checked at each request.

What a session's user is and may do takes several joins to find, and changes seldom. So it is found once; from then
on one short statement tells whether the session lives, and whether any account has changed since. Both are read from
the database, so that a logout or a role taken away counts at once, on every worker and node.
"""

from typing import Final, NamedTuple

from keesa import desk, maintenance
from keesa.accounts.actors import Actor
from keesa.accounts.sessions import Session, find_by_access, overlaps
from keesa.cache import Cache
from keesa.db import Tx

MOST_CACHED: Final = 8192
"""The most sessions that a process caches."""

Caller = tuple[Actor, Session]

_LOOK: Final = f"""
    SELECT desk_revisions.names, desk_revisions.accounts, {maintenance.IS_ON}, {desk.EPOCH}, $seen,
        coalesce(
            (SELECT 0 FROM sessions WHERE sessions.access_uid = :access_uid),
            (SELECT sessions.renewed_at FROM sessions WHERE sessions.previous_uid = :access_uid)
        )
    FROM desk_revisions
"""


class SessionState(NamedTuple):
    """What one statement tells of a request."""

    offline: bool = False
    """Whether the operator has switched on maintenance."""
    names: int = 0
    """Moves when the name of any user or customer changes."""
    epoch: int = 0
    """Another one where the desk has begun anew from an older state."""
    caller: Caller | None = None
    """None where no live session has the token."""
    seen: str | None = None
    """For `Tx.state`."""


class SessionCache:
    """The sessions that one process caches."""

    def __init__(self) -> None:
        self._known: Cache[str, tuple[int, int, Caller]] = Cache(MOST_CACHED)
        """By the token: the revision of accounts at which the caller was found, when the token had been replaced by a
        refresh (0 for the newest), and who it is.
        """
        self.hits = 0
        """Live sessions whose caller was known."""
        self.misses = 0
        """Those whose caller had to be found."""

    @property
    def entries(self) -> int:
        return self._known.entries

    def cached(self, access_uid: str) -> Caller | None:
        """The caller of the last request with the token; whether that is still true, only `look` knows."""
        known = self._known.get(access_uid)
        return known[2] if known else None

    def look(self, tx: Tx, access_uid: str) -> SessionState:
        """Raises `Unauthorized` where the session's user has been disabled. What may be undone is not cached."""
        ((names, accounts, offline, epoch, seen, replaced),) = tx.each(_LOOK, access_uid=access_uid)
        if offline or replaced is None or (replaced and not overlaps(replaced)):
            return SessionState(bool(offline), names, epoch)
        known = self._known.get(access_uid)
        if known is None or known[0] != accounts or known[1] != replaced:
            self.misses += 1
            known = accounts, replaced, find_by_access(tx, access_uid)
            if not tx.may_be_undone:
                self._known.put(access_uid, known)
        else:
            self.hits += 1
        return SessionState(False, names, epoch, known[2], seen)  # noqa: FBT003 - it is not offline
