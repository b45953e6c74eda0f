"""Ticket numbers: the year and a running number, or the older monthly form. Never given twice.

Where one transaction writes at a time they have no gaps, since a counter is undone with the transaction. Where many do,
they come from a sequence, which none of them holds: one that was drawn for a ticket that was not kept is left out.
"""

from typing import Final, Literal

from keesa.clock import Clock
from keesa.db import Tx

NumberForm = Literal["yearly", "monthly"]
"""`2024001`, or `2102001` (year, month, number). Their first four digits never meet for 2013 to 2099:
as a month's, a year's `20YY` would name month 13 or later."""

PREFIX: Final = 4
"""Digits of the year, or of year and month."""
LARGEST: Final = 2**63 - 1
"""The largest id that both engines keep."""

_DAY: Final = 24 * 3600 * 1000
"""In milliseconds."""

_COUNT: Final = (
    "INSERT INTO ticket_counters (prefix, last) VALUES (:prefix, 1)"
    " ON CONFLICT (prefix) DO UPDATE SET last = ticket_counters.last + 1 RETURNING last AS value"
)
_KEEP_COUNTED: Final = (
    "INSERT INTO ticket_counters (prefix, last) VALUES (:prefix, :number) ON CONFLICT (prefix) DO UPDATE"
    " SET last = CASE WHEN ticket_counters.last < :number THEN :number ELSE ticket_counters.last END"
)
_SKIP_COUNTED: Final = (
    "INSERT INTO ticket_counters (prefix, last) VALUES (:prefix, :count)"
    " ON CONFLICT (prefix) DO UPDATE SET last = ticket_counters.last + :count"
)
_SKIP_DRAWN: Final = (
    "INSERT INTO ticket_number_bases (prefix, base) VALUES (:prefix, (SELECT last_value FROM ticket_numbers) - :count)"
    " ON CONFLICT (prefix) DO UPDATE SET base = ticket_number_bases.base - :count"
)
DRAWN: Final = "nextval('ticket_numbers') - ticket_number_bases.base"
"""What a query of `ticket_number_bases` for one prefix draws with each row that it finds."""
_DRAW: Final = f"SELECT {DRAWN} AS value FROM ticket_number_bases WHERE prefix = :prefix"
_BEGIN_DRAWING: Final = (
    "INSERT INTO ticket_number_bases (prefix, base) SELECT :prefix, last_value FROM ticket_numbers"
    " ON CONFLICT (prefix) DO NOTHING"
)
_KEEP_DRAWN: Final = (
    "INSERT INTO ticket_number_bases (prefix, base) VALUES (:prefix, (SELECT last_value FROM ticket_numbers) - :number)"
    " ON CONFLICT (prefix) DO UPDATE SET base = least(ticket_number_bases.base, excluded.base)"
)


def next_number(tx: Tx, at: int, clock: Clock, form: NumberForm) -> int:
    """Take the next number, for a ticket that is raised then."""
    prefix = prefix_of(at, clock, form)
    return number_of(prefix, tx.value(_COUNT, prefix=prefix) if tx.writes_alone else _draw(tx, prefix))


def prefix_of(at: int, clock: Clock, form: NumberForm) -> str:
    """That of the tickets which are raised then."""
    return clock.local(at).strftime("%Y" if form == "yearly" else "%y%m")


def number_of(prefix: str, running: int) -> int:
    return int(f"{prefix}{running:03}")


def keep_number(tx: Tx, number: int) -> None:
    """A ticket has this number: those that are taken later come after it."""
    digits = str(number)
    sql = _KEEP_COUNTED if tx.writes_alone else _KEEP_DRAWN
    tx.run(sql, prefix=digits[:PREFIX], number=int(digits[PREFIX:]))


def skip_numbers(tx: Tx, prefix: str, count: int) -> None:
    """Leave out the next ones with this prefix."""
    tx.run(_SKIP_COUNTED if tx.writes_alone else _SKIP_DRAWN, prefix=prefix, count=count)


def prefixes(since: int, until: int, clock: Clock, form: NumberForm) -> list[str]:
    """Those of the tickets that are raised between two times, in milliseconds since 1970."""
    days = range(since, max(since, until) + 1, _DAY)
    return list(dict.fromkeys(prefix_of(at, clock, form) for at in (*days, until)))


def parse_number(text: str) -> int | None:
    """A ticket's id from a path or a body; None for what can be no ticket's."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST))):
        return None
    number = int(text)
    return number if number <= LARGEST else None


def _draw(tx: Tx, prefix: str) -> int:
    """The base is read from a row that is committed, and the sequence is asked after it: so the number is a new one,
    and 1 or more. Who is the first of a year or month makes the row, and others wait for it; they draw nothing before
    they have it, so the first number is 001.
    """
    rows = tx.all(_DRAW, prefix=prefix)
    if not rows:
        tx.run(_BEGIN_DRAWING, prefix=prefix)
        rows = tx.all(_DRAW, prefix=prefix)
    number: int = rows[0]["value"]
    return number
