"""What the rows of tickets' words are asked for, for whom."""

from typing import NamedTuple

from keesa.search.matching import Match


class Asked(NamedTuple):
    match: Match
    internal: bool
    """Whether internal notes are looked at."""
    own_alone: bool
    """Whether a customer's user asks, for whom nothing of others is looked at."""
    by_heads: bool
    """Whether it matters which hits have all of it in their heads."""
    heads: dict[int, bool]
    """Whether they do, by their places: of the hits whose heads were looked at with the rest of them."""
