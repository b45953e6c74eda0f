"""Adding to the audit trail, in the transaction of the act itself: either both are kept, or neither.

Each verb that administers takes a `Requester` and records once, where it knows what it has changed. The trail holds
ids; what names a person, and where they were, stands in a row beside it, which can be erased
(docs/decisions/0040-audit-trail.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from keesa.accounts.actors import SYSTEM, Actor
from keesa.db import Tx

Via = Literal["session", "token", "command", "keesa", "nobody"]
"""By what an act was done: `nobody` is a login that failed."""
State = Mapping[str, Any]
"""Fields of a thing as the API shows them, never a secret."""

_NAMES_A_PERSON: Final[Mapping[str, frozenset[str]]] = {
    "user": frozenset({"email", "full_name", "nick_name"}),
    "customer": frozenset({"name", "contact_name", "contact_number", "contact_phone", "contacts"}),
    "session": frozenset({"device", "email"}),
}
"""By thing, the fields that are kept where they can be erased."""
_SECRETS: Final = frozenset({"password", "password_hash", "hash", "secret", "token", "link"})
_NOTHING: Final[State] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Who asks for an act of administration, when, and from where."""

    actor: Actor
    at: int
    """Milliseconds since 1970."""
    via: Via
    address: str | None = None
    """The client's, as far as proxies can be believed."""
    request_id: str | None = None
    operator: str | None = None
    """Of a command: who runs it, by the name of their account on the machine."""


def keesa_itself(at: int) -> Requester:
    """For what nobody asked for."""
    return Requester(actor=SYSTEM, at=at, via="keesa")


def record(
    tx: Tx,
    by: Requester,
    action: str,
    thing_id: int | str | None,
    before: State = _NOTHING,
    after: State = _NOTHING,
    *,
    person_id: int | None = None,
) -> int:
    """Add the act to the trail; its id there. `action` is a thing and a verb, such as `user.change`. `before` and
    `after` are the thing's fields, of which those that differ are kept; a thing that is new has no `before`.
    `person_id` is the user whom the act is about. Raises `ValueError` for a field that is a secret.
    """
    thing, _, _ = action.partition(".")
    changes = _differences(before, after)
    if secret := changes.keys() & _SECRETS:
        raise ValueError(f"The audit trail takes no {', '.join(sorted(secret))}")
    personal = _NAMES_A_PERSON.get(thing, frozenset())
    kept = {field: pair for field, pair in changes.items() if field not in personal}
    named = {field: pair for field, pair in changes.items() if field in personal}
    names_people = bool(named or by.address or by.operator or person_id is not None)
    audit_id: int = tx.value(
        _ADD,
        at=by.at,
        action=action,
        via=by.via,
        actor_id=None if by.via == "nobody" else by.actor.id,
        token_id=by.actor.token_id,
        request_id=by.request_id,
        thing=thing,
        thing_id=None if thing_id is None else str(thing_id),
        changes=_json(kept),
        names_people=int(names_people),
    )
    if names_people:
        tx.run(
            _ADD_PERSON,
            audit_id=audit_id,
            at=by.at,
            person_id=person_id,
            address=by.address,
            operator=by.operator,
            changes=_json(named),
        )
    return audit_id


def record_nothing(tx: Tx) -> None:
    """The statements of a `record`, which add no row here: where it must not show by the time that it takes whether
    there was something to record.
    """
    tx.all(_ADD_NO_ROW)
    tx.run(_ADD_NO_PERSON)


_COLUMNS: Final = "at, action, via, actor_id, token_id, request_id, thing, thing_id, changes, names_people"
_COLUMNS_OF_PEOPLE: Final = "audit_id, at, person_id, address, operator, changes"
_ADD: Final = f"""
    INSERT INTO audit ({_COLUMNS})
    VALUES (:at, :action, :via, :actor_id, :token_id, :request_id, :thing, :thing_id, :changes, :names_people)
    RETURNING id AS value
"""
_ADD_PERSON: Final = f"""
    INSERT INTO audit_people ({_COLUMNS_OF_PEOPLE})
    VALUES (:audit_id, :at, :person_id, :address, :operator, :changes)
"""
_ADD_NO_ROW: Final = f"INSERT INTO audit ({_COLUMNS}) SELECT {_COLUMNS} FROM audit WHERE id = 0 RETURNING id AS value"
_ADD_NO_PERSON: Final = f"""
    INSERT INTO audit_people ({_COLUMNS_OF_PEOPLE}) SELECT {_COLUMNS_OF_PEOPLE} FROM audit_people WHERE audit_id = 0
"""


def _differences(before: State, after: State) -> dict[str, tuple[Any, Any]]:
    """Field to what it was and what it is, in the order of the fields."""
    fields = dict.fromkeys((*before, *after))
    pairs = {field: (before.get(field), after.get(field)) for field in fields}
    return {field: (was, now) for field, (was, now) in pairs.items() if was != now}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
