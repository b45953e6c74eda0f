"""The cast as the domain functions take them, and what is in the database afterwards."""

from typing import Any, Final

import cast
from keesa.accounts.actors import Actor
from keesa.accounts.audit.recording import Requester
from keesa.accounts.users import list_users
from keesa.clock import Clock
from keesa.config import DEFAULT_ZONE
from keesa.db import Tx

CLOCK: Final = Clock(DEFAULT_ZONE)


def actor_of(tx: Tx, person: cast.Person) -> Actor:
    return next(user.actor for user in list_users(tx) if user.actor.id == person.id)


def by(actor: Actor, at: int = 0) -> Requester:
    """The actor, who asks over the API."""
    return Requester(actor=actor, at=at, via="session", address="192.0.2.7", request_id="r1")


def rows(tx: Tx, sql: str, **params: object) -> list[dict[str, Any]]:
    """The rows of the query, as dictionaries on both engines."""
    found: list[Any] = list(tx.all(sql, **params))
    return [dict(row) for row in found]


def tickets_as_kept(tx: Tx) -> dict[str, list[dict[str, Any]]]:
    """Everything that is kept of tickets: equal before and after, where nothing was changed."""
    numbers = "ticket_counters" if tx.writes_alone else "ticket_number_bases"
    tables = (
        *("tickets", "ticket_notes", "internal_notes", "ticket_statuses", "ticket_events"),
        *("ticket_watchers", "ticket_mentions", "attachments", "stored_files", numbers),
    )
    return {table: rows(tx, f"SELECT * FROM {table} ORDER BY 1") for table in tables}
