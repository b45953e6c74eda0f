"""What the rows of tickets' words are asked for, for whom."""

from typing import NamedTuple

from keesa.search.matching import Match


class Asked(NamedTuple):
    match: Match
    internal: bool
    """Whether internal notes are looked at."""
    own_alone: bool
    """Whether a customer's user asks, for whom nothing of others is looked at."""

    @property
    def texts(self) -> int:
        """How many of the three of a row are looked at: head, said, internal."""
        return 3 if self.internal else 2
