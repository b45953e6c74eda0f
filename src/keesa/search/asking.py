"""What the rows of tickets' words are asked for, for whom."""

from collections.abc import Sequence
from typing import NamedTuple

from keesa.search.matching import Match


class Heads(NamedTuple):
    """Of the hits whose heads were looked at with the rest of them: their places, and of those whose heads have all."""

    looked: set[int]
    have_all: set[int]

    def saw(self, hits: Sequence[int], have_all: Sequence[int]) -> None:
        """`have_all`: some of them; what was seen of these hits before counts no longer."""
        self.looked.update(hits)
        self.have_all.difference_update(hits)
        self.have_all.update(have_all)


class Asked(NamedTuple):
    match: Match
    internal: bool
    """Whether internal notes are looked at."""
    own_alone: bool
    """Whether a customer's user asks, for whom nothing of others is looked at."""
    by_heads: bool
    """Whether it matters which hits have all of it in their heads."""
    heads: Heads
