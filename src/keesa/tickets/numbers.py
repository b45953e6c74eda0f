"""Ticket numbers: the year and a running number, or the older monthly form. Never reused, without a gap."""

from typing import Literal

from keesa.clock import Clock
from keesa.db import Tx

NumberForm = Literal["yearly", "monthly"]
"""`2024001`, or `2102001` (year, month, number). Their first four digits never meet for 2013 to 2099:
as a month's, a year's `20YY` would name month 13 or later."""

LARGEST = 2**63 - 1
"""The largest id that both engines keep."""


def next_number(tx: Tx, at: int, clock: Clock, form: NumberForm) -> int:
    """Take the next number. It counts up in the caller's transaction: undone with it, so that no gap stays,
    and held by a row lock until it ends, so that two never get the same.
    """
    prefix = clock.local(at).strftime("%Y" if form == "yearly" else "%y%m")
    last: int = tx.value(
        "INSERT INTO ticket_counters (prefix, last) VALUES (:prefix, 1)"
        " ON CONFLICT (prefix) DO UPDATE SET last = ticket_counters.last + 1 RETURNING last AS value",
        prefix=prefix,
    )
    return int(f"{prefix}{last:03}")


def parse_number(text: str) -> int | None:
    """A ticket's id from a path or a body; None for what can be no ticket's."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST))):
        return None
    number = int(text)
    return number if number <= LARGEST else None
