"""What the loaded tickets say, so that a search has common and rare words to find, and the questions that are asked."""

from collections.abc import Sequence
from typing import Final, NamedTuple

OFTEN: Final = 7
RARELY: Final = 997
"""Each so many-th ticket has a sentence more."""
_MORE: Final = {OFTEN: "It came by seaplane.", RARELY: "The marble lighthouse is lit."}


class Question(NamedTuple):
    """Tickets are wanted that have each of `terms`: a word, or words one behind the other."""

    kind: str
    terms: Sequence[str]
    every: int
    """So many-th ticket has all of it, from 1."""

    @property
    def text(self) -> str:
        """As most systems take it: a phrase in quotation marks."""
        return " ".join(f'"{term}"' if " " in term else term for term in self.terms)

    def hits(self, tickets: int) -> int:
        return tickets // self.every


QUESTIONS: Final = (
    Question("common word", ("cable",), 1),
    Question("middling word", ("seaplane",), OFTEN),
    Question("rare word", ("lighthouse",), RARELY),
    Question("two rare words", ("marble", "lighthouse"), RARELY),
    Question("rare phrase", ("marble lighthouse",), RARELY),
    Question("two words", ("seaplane", "cable"), OFTEN),
)
"""What they ask for stands in the last note of a ticket alone, in every system."""


def besides(number: int) -> str:
    """What the last note of the ticket with that number says besides what all last notes say; mostly nothing."""
    return "".join(f" {sentence}" for every, sentence in _MORE.items() if number % every == 0)
