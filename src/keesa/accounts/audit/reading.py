"""Reading the audit trail: newest first, by what was done, by whom, to what, when, and in which request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from keesa.accounts.audit.recording import Via
from keesa.db import Pace, Row, Steps, Tx
from keesa.errors import Invalid, NotFound

NOT_FOUND: Final = "Act not found"
LONGEST_PAGE: Final = 500
"""Acts."""

Changes = Mapping[str, tuple[Any, Any]]
"""Field to what it was and what it is."""
Position = tuple[int, int]
"""Time and id of an act: what the list is ordered by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    id: int
    at: int
    """Milliseconds since 1970."""
    action: str
    via: Via
    actor_id: int | None
    """None where nobody known did it."""
    actor: str | None
    """Their full name as it is now."""
    token_id: int | None
    """Of the API token that it was done with."""
    operator: str | None
    """Of a command: the account of the machine that ran it."""
    address: str | None
    request_id: str | None
    thing: str
    thing_id: str | None
    person_id: int | None
    """The user whom it is about."""
    changes: Changes
    erased: bool
    """Whether what named a person in it has been erased since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActFilter:
    """What is asked for; None for whatever it is. All of it must fit."""

    person: int | None = None
    """A user: acts of theirs, and acts about them."""
    thing: str | None = None
    thing_id: str | None = None
    action: str | None = None
    since: int | None = None
    """Milliseconds since 1970; the first one that counts."""
    until: int | None = None
    """The first one that counts no more."""
    request_id: str | None = None


EVERY_ACT: Final = ActFilter()


@dataclass(frozen=True, slots=True)
class ActPage:
    acts: Sequence[Act]
    next_after: Position | None
    """Behind which the next page begins; None where nothing follows."""


def list_acts(tx: Tx, limit: int, after: Position | None = None, asked: ActFilter = EVERY_ACT) -> Steps[ActPage]:
    """A page of at most `limit` acts (1 to `LONGEST_PAGE`), the newest first, behind the position `after`. What is
    added meanwhile moves nothing. Raises `Invalid` for a limit out of its bounds.
    """
    if not 1 <= limit <= LONGEST_PAGE:
        raise Invalid({"limit": [f"must be 1 to {LONGEST_PAGE}"]})
    yield Pace.LONG  # there may be years of them
    conditions, params = _conditions(after, asked)
    branches = " UNION ".join(
        f"SELECT * FROM (SELECT audit.id, audit.at FROM {source} WHERE {' AND '.join([condition, *conditions])}"
        f" ORDER BY {order} LIMIT :rows) branch{number}"
        for number, (source, condition, order) in enumerate(_branches(asked))
    )
    found = f"SELECT id FROM ({branches}) found ORDER BY at DESC, id DESC LIMIT :rows"
    rows = tx.all(f"{_FIND} WHERE audit.id IN ({found}) {_NEWEST_FIRST}", rows=limit + 1, **params)
    acts = [_act_of(row) for row in rows[:limit]]
    return ActPage(acts, (acts[-1].at, acts[-1].id) if len(rows) > limit else None)


def find_act(tx: Tx, act_id: int | None) -> Act:
    """Raises `NotFound`."""
    row = tx.one(f"{_FIND} WHERE audit.id = :id", id=act_id)
    if row is None:
        raise NotFound(NOT_FOUND)
    return _act_of(row)


_FIND: Final = """
    SELECT audit.id, audit.at, audit.action, audit.via, audit.actor_id, users.full_name AS actor, audit.token_id,
        audit.request_id, audit.thing, audit.thing_id, audit.changes, audit.names_people, people.audit_id AS people,
        people.person_id, people.address, people.operator, people.changes AS personal
    FROM audit
    LEFT JOIN users ON users.id = audit.actor_id
    LEFT JOIN audit_people people ON people.audit_id = audit.id
"""
_BY_ACT: Final = "audit.at DESC, audit.id DESC"
_NEWEST_FIRST: Final = f"ORDER BY {_BY_ACT}"


def _branches(asked: ActFilter) -> list[tuple[str, str, str]]:
    """Where the acts are looked for: tables, a condition and an order that an index has. Each gives a page, of which
    the newest ones are taken.
    """
    if asked.person is None:
        return [("audit", "1 = 1", _BY_ACT)]
    about = "audit_people about JOIN audit ON audit.id = about.audit_id"
    return [
        ("audit", "audit.actor_id = :person", _BY_ACT),
        ("audit", "audit.thing = 'user' AND audit.thing_id = :person_text", _BY_ACT),
        (about, "about.person_id = :person", "about.at DESC, about.audit_id DESC"),
    ]


def _conditions(after: Position | None, asked: ActFilter) -> tuple[list[str], dict[str, object]]:
    params: dict[str, object] = {
        "thing": asked.thing,
        "thing_id": asked.thing_id,
        "action": asked.action,
        "since": asked.since,
        "until": asked.until,
        "request_id": asked.request_id,
    }
    conditions = [text for name, text in _TERMS.items() if params[name] is not None]
    params = {name: value for name, value in params.items() if value is not None}
    if asked.person is not None:
        params |= {"person": asked.person, "person_text": str(asked.person)}
    if after is not None:
        conditions.append("(audit.at, audit.id) < (:after_at, :after_id)")
        params |= {"after_at": after[0], "after_id": after[1]}
    return conditions, params


_TERMS: Final = {
    "thing": "audit.thing = :thing",
    "thing_id": "audit.thing_id = :thing_id",
    "action": "audit.action = :action",
    "since": "audit.at >= :since",
    "until": "audit.at < :until",
    "request_id": "audit.request_id = :request_id",
}


def _act_of(row: Row) -> Act:
    personal: Changes = _changes.decode(row["personal"] or "{}")
    return Act(
        id=row["id"],
        at=row["at"],
        action=row["action"],
        via=cast("Via", row["via"]),
        actor_id=row["actor_id"],
        actor=row["actor"],
        token_id=row["token_id"],
        operator=row["operator"],
        address=row["address"],
        request_id=row["request_id"],
        thing=row["thing"],
        thing_id=row["thing_id"],
        person_id=row["person_id"],
        changes={**_changes.decode(row["changes"]), **personal},
        erased=bool(row["names_people"]) and row["people"] is None,
    )


_changes = msgspec.json.Decoder(dict[str, tuple[Any, Any]])
