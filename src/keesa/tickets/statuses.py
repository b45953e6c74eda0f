"""The four statuses and the three groups that lists show them in."""

from collections.abc import Mapping
from typing import Final, Literal

from keesa.errors import Invalid

Status = Literal["open", "in_progress", "on_hold", "closed"]

STATUSES: Final[tuple[Status, ...]] = ("open", "in_progress", "on_hold", "closed")
"""In the order of their positions, which count from 0: the 2021 document takes a status as an integer too."""
OPEN: Final[tuple[Status, ...]] = ("open",)
ACTIVE: Final[tuple[Status, ...]] = ("in_progress", "on_hold")
CLOSED: Final[tuple[Status, ...]] = ("closed",)
Group = Literal["open", "active", "closed"]
GROUPS: Final[Mapping[Group, tuple[Status, ...]]] = {"open": OPEN, "active": ACTIVE, "closed": CLOSED}


def group_of(status: Status) -> Group:
    """In which group lists show a ticket of that status."""
    return "active" if status in ACTIVE else "open" if status in OPEN else "closed"


def status_named(name: str) -> Status:
    """Raises `Invalid`, naming the valid ones, for a name that is none."""
    for status in STATUSES:
        if status == name:
            return status
    raise Invalid({"status": [f"is unknown, must be one of {', '.join(STATUSES)}"]})


def status_filter(value: str | int) -> Status:
    """A status by its name, or by its position as an integer or its digits; raises `Invalid`."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) == 1:
        value = int(value)
    if isinstance(value, str):
        return status_named(value)
    if 0 <= value < len(STATUSES):
        return STATUSES[value]
    raise Invalid({"status": [f"is unknown, must be one of {', '.join(STATUSES)}, or 0 to {len(STATUSES) - 1}"]})
