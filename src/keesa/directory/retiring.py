"""What may retire: it stays where it is used, and is chosen no more."""

from typing import Literal

Act = Literal["change", "retire", "reinstate"]


def act_of(was: bool, is_now: bool) -> Act:  # noqa: FBT001 - the two sides of a change, in their order
    """What a change is called in the audit trail, by whether the thing was retired and is so now."""
    if was == is_now:
        return "change"
    return "retire" if is_now else "reinstate"
