"""What a desk needs that goes on from an older state: nothing that others hold of the newer one may fit it."""

from dataclasses import dataclass
from typing import Final

from keesa import desk
from keesa.accounts import sessions
from keesa.accounts.api_token_changes import end_good
from keesa.clock import Clock, now
from keesa.db import Tx
from keesa.errors import Refused
from keesa.feed.positions import number_anew
from keesa.tickets.numbers import NumberForm, prefixes, skip_numbers

A_DAY: Final = 10_000
"""Numbers that are left out for each day that the lost state may have been newer, the first one too: more than any desk
raises.
"""
MOST: Final = 10**12
_DAY_MS: Final = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Renewal:
    """How a desk goes on from an older state."""

    clock: Clock
    form: NumberForm
    numbers: int | None = None
    """How many ticket numbers are left out; None for as many as may have been given."""
    same_desk: bool = False
    """Whether it takes the place of the desk: then its sessions and API tokens go on, and it sends."""

    def __post_init__(self) -> None:
        """Raises `Refused` for a count without sense."""
        if self.numbers is not None and not 0 <= self.numbers <= MOST:
            raise Refused(f"Ticket numbers to leave out must be 0 to {MOST}")

    def left_out(self, since: int) -> int:
        """Where the state is of that time."""
        days = max(0, now() - since) // _DAY_MS
        return A_DAY * (1 + days) if self.numbers is None else self.numbers


def renew(tx: Tx, since: int, renewal: Renewal) -> None:
    """The state is of the time `since`, in milliseconds since 1970."""
    if count := renewal.left_out(since):
        for prefix in prefixes(since, now(), renewal.clock, renewal.form):
            skip_numbers(tx, prefix, count)
    if not renewal.same_desk:
        while sessions.end_some(tx):
            pass
        end_good(tx, now())
        tx.run("DELETE FROM password_links")
        tx.run("DELETE FROM idempotency_keys")
        desk.begin_anew(tx)
    number_anew(tx)


def newest_change(tx: Tx) -> int:
    """When a ticket was last raised, or its status changed, in milliseconds since 1970; now, where none ever was. The
    state is as new as that at the least.
    """
    rows = tx.all("SELECT created_at FROM ticket_statuses ORDER BY id DESC LIMIT 1")
    found: int = rows[0]["created_at"] if rows else now()
    return found
