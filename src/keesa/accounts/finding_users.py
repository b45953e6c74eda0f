"""Lists of users, page by page: found by a part of a name or an address, by type, role and customer."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from keesa.accounts.actors import SYSTEM, UserType
from keesa.accounts.users import USER_COLUMNS, User, user_of
from keesa.db import Pace, Steps, Tx

MOST_LOOKED_AT: Final = 20_000
"""Users that are read for one page, whether they are on it or not."""
_PORTION: Final = 1_000
"""Users whose names a statement reads."""
_STEP: Final = 200
"""Users that are looked at until others have their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which users; None for any."""

    name: str | None = None
    """A part of their full name or their nick name, in whatever case."""
    email: str | None = None
    """A part of their address, likewise."""
    user_type: UserType | None = None
    role: str | None = None
    """A role's name."""
    customer_id: int | None = None
    with_disabled: bool = False
    assignable: bool = False
    """Only those of the desk, to whom tickets may be assigned."""


@dataclass(frozen=True, slots=True)
class UserPage:
    users: Sequence[User]
    next_after: int | None
    """The `after` of the next page, an id; None where nothing follows."""


def find_users(tx: Tx, wanted: Wanted, limit: int, after: int | None = None) -> Steps[UserPage]:
    """The page behind the id `after`, by id. One for which `MOST_LOOKED_AT` users were read may hold fewer than its
    limit, or none, and yet have a `next_after`, from which the search goes on.
    """
    condition, params = _condition(wanted)
    sql = f"SELECT id, full_name, nick_name, email FROM users WHERE {condition} AND id > :after ORDER BY id LIMIT :size"
    found: list[int] = []
    last, left = SYSTEM.id if after is None else after, MOST_LOOKED_AT
    searching = wanted.name is not None or wanted.email is not None
    while left > 0:
        size = min(_PORTION if searching else limit + 1, left)
        rows = list(tx.each(sql, after=last, size=size, **params))
        for number, (user_id, *texts) in enumerate(rows, start=1):
            if _is_wanted(wanted, *texts):
                if len(found) == limit:
                    return UserPage(_users(tx, found), found[-1])
                found.append(user_id)
            last = user_id
            if number % _STEP == 0:
                yield Pace.SHORT
        if len(rows) < size:
            return UserPage(_users(tx, found), None)
        left -= size
    return UserPage(_users(tx, found), last)


def _condition(wanted: Wanted) -> tuple[str, Mapping[str, object]]:
    terms: dict[str, Mapping[str, object]] = {"id <> :system": {"system": SYSTEM.id}}
    if not wanted.with_disabled:
        terms["disabled_at IS NULL"] = {}
    if wanted.assignable:
        terms["user_type IN ('admin', 'staff')"] = {}
    if wanted.user_type is not None:
        terms["user_type = :user_type"] = {"user_type": wanted.user_type}
    if wanted.customer_id is not None:
        terms["customer_id = :customer_id"] = {"customer_id": wanted.customer_id}
    if wanted.role is not None:
        having = "SELECT user_id FROM user_roles JOIN roles ON roles.id = role_id WHERE roles.name = :role"
        terms[f"id IN ({having})"] = {"role": wanted.role}
    return " AND ".join(terms), {name: value for given in terms.values() for name, value in given.items()}


def _is_wanted(wanted: Wanted, full_name: str, nick_name: str, email: str) -> bool:
    if wanted.email is not None and _folded(wanted.email) not in _folded(email):
        return False
    return wanted.name is None or any(_folded(wanted.name) in _folded(text) for text in (full_name, nick_name))


def _folded(text: str) -> str:
    """Equal for texts that differ in case alone; in Python, as each engine folds scripts of its own choice."""
    return unicodedata.normalize("NFC", text).casefold()


def _users(tx: Tx, ids: Sequence[int]) -> list[User]:
    """With these ids, which are in their order."""
    if not ids:
        return []
    given = {f"id_{number}": user_id for number, user_id in enumerate(ids)}
    named = ", ".join(f":{name}" for name in given)
    rows = tx.all(f"SELECT {USER_COLUMNS} FROM users WHERE users.id IN ({named}) ORDER BY users.id", **given)
    return [user_of(row) for row in rows]
