"""Tickets on which a customer's answer waits: what comes of a note on one that is held or closed.

Nothing here knows internal notes, from which no customer may learn anything (docs/decisions/0049-waiting.md).
"""

from collections.abc import Mapping
from typing import Final, Literal

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import sees_internal
from keesa.tickets.finding import LockedTicket
from keesa.tickets.statuses import Status

Reopening = Literal["off", "held", "closed", "both"]
"""Which tickets Keesa itself takes up again when their customer answers."""

_REOPENED: Final[Mapping[Reopening, tuple[Status, ...]]] = {
    "off": (),
    "held": ("on_hold",),
    "closed": ("closed",),
    "both": ("on_hold", "closed"),
}


def after_note(actor: Actor, ticket: LockedTicket, at: int) -> dict[str, int | None]:
    """The columns that a public note of the actor's changes beside what it counts: the customer's answer waits from
    its time on, until the desk has said something.
    """
    if _answers(actor, ticket) and ticket.answered_at is None:
        return {"answered_at": max(at, ticket.raised_at)}
    if sees_internal(actor) and ticket.answered_at is not None:
        return {"answered_at": None}
    return {}


def reopens(actor: Actor, ticket: LockedTicket, reopening: Reopening) -> bool:
    """Whether a public note of the actor's takes the ticket up again."""
    return _answers(actor, ticket) and ticket.status in _REOPENED[reopening]


def _answers(actor: Actor, ticket: LockedTicket) -> bool:
    """Whether a note of the actor's is a customer's answer on a ticket on which nobody works. What is said on a
    duplicate is said on its main ticket, which shows it.
    """
    return actor.user_type == "customer" and ticket.status in _REOPENED["both"] and ticket.duplicate_of_id is None
