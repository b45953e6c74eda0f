"""What may retire: it stays where it is used, and is chosen no more."""

from typing import Final, Literal

Act = Literal["change", "retire", "reinstate"]

RETIRED_AT: Final = "CASE WHEN :retired = 0 THEN NULL ELSE coalesce(retired_at, :at) END"
"""What an UPDATE sets `retired_at` to, for `retired` 0 or 1: what had retired keeps its time."""


def act_of(was: bool, is_now: bool) -> Act:  # noqa: FBT001 - the two sides of a change, in their order
    """What a change is called in the audit trail, by whether the thing was retired and is so now."""
    if was == is_now:
        return "change"
    return "retire" if is_now else "reinstate"
