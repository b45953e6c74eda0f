"""Where the rows of a ticket's words stand among those of all tickets: in the order of their numbers, which is that in
which they were raised. So the newest are found first by walking the rows backwards.

A number is the year and a running number, or year, month and number (`keesa.tickets.numbers`); as an integer `20241000`
is more than `2025001`. The place of a row is made of year and month, of the running number and of the row's number, and
can be read back in SQL.
"""

from typing import Final

PREFIX: Final = 4
"""Digits of the year, or of year and month."""
ROWS_BITS: Final = 10
MOST_ROWS: Final = 1 << ROWS_BITS
"""Of a ticket."""
_RUNNING_BITS: Final = 34
_MONTHS_BITS: Final = 4
_ORDER_SHIFT: Final = _RUNNING_BITS + ROWS_BITS
_LARGEST_RUNNING: Final = (1 << _RUNNING_BITS) - 1
_YEARS: Final = range(2000, 2013)
"""As a number's first four digits they are taken as years, not as the months of 2020, which had other numbers."""
_MONTHS: Final = range(1, 13)


def place_of(ticket_id: int, row: int = 0) -> int:
    """The place of one of a ticket's rows; those of a ticket are `MOST_ROWS`, side by side. What is no number of either
    form stands before all that are. Raises `ValueError` for what is larger than any.
    """
    digits = str(ticket_id)
    prefix, running = digits[:PREFIX], digits[PREFIX:]
    if len(running) < 3 or (len(running) > 3 and running[0] == "0"):
        order, number = 0, ticket_id
    else:
        order, number = _order_of(int(prefix)), int(running)
    if not 0 <= number <= _LARGEST_RUNNING:
        raise ValueError(f"{ticket_id} is no ticket's number")
    return (order << _ORDER_SHIFT) | (number << ROWS_BITS) | row


def _order_of(prefix: int) -> int:
    """Of a year, or of a month, among all of them."""
    year, month = divmod(prefix, 100)
    if prefix in _YEARS or month not in _MONTHS:
        return prefix << _MONTHS_BITS
    return ((2000 + year) << _MONTHS_BITS) | month


def ticket_at(place: int) -> int:
    """The ticket whose row it is."""
    order, number = place >> _ORDER_SHIFT, (place >> ROWS_BITS) & _LARGEST_RUNNING
    year, month = divmod(order, 1 << _MONTHS_BITS)
    prefix = (year - 2000) * 100 + month if month else year
    return int(f"{prefix}{number:03}") if prefix else number


def numbers_between(one: int, other: int) -> int | None:
    """How many tickets there may be from the one place to the other, both among them; None where years, or months, lie
    between: then the numbers as integers are in another order.
    """
    if one >> _ORDER_SHIFT != other >> _ORDER_SHIFT:
        return None
    return abs((one >> ROWS_BITS) - (other >> ROWS_BITS)) + 1


def ticket_of(place: str) -> str:
    """The same in SQL, of a column or an expression."""
    order, number = f"({place} >> {_ORDER_SHIFT})", f"(({place} >> {ROWS_BITS}) & {_LARGEST_RUNNING})"
    year, month = f"({order} >> {_MONTHS_BITS})", f"({order} & {(1 << _MONTHS_BITS) - 1})"
    prefix = f"(CASE WHEN {month} = 0 THEN {year} ELSE ({year} - 2000) * 100 + {month} END)"
    scale = " ".join(f"WHEN {number} < {10**size} THEN {10**size}" for size in range(3, 11))
    return f"({prefix} * (CASE {scale} ELSE {10**11} END) + {number})"
