"""What of a text stands in a row of the index: pieces of it, none so long that a row could not hold it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from keesa.words.splitting import BOUNDARY, MARK, ends_of, words_of

MOST_WORDS: Final = 1_000
"""Of a row, beside its head, boundaries among them."""
MOST_OF_ONE: Final = 200
"""Times that one word may stand in a row, beside its head: PostgreSQL keeps 255 positions of a word."""
MOST_HEAD: Final = 990
"""Words of a head; what follows is not found. A title of 255 letters has 128 at the most, in Latin ones."""
MOST_OF_ONE_IN_HEAD: Final = 50
"""Likewise."""

_NEARLY: Final = 0.98


class Piece(NamedTuple):
    words: tuple[str, ...]
    """With a boundary before them, and one before the ends of numbers."""
    most: int
    """Times that one of them is there, at the most."""

    @property
    def size(self) -> int:
        return len(self.words)


class Head(NamedTuple):
    """What each of a ticket's rows is found by; the fields are columns of `tickets`."""

    id: int
    title: str
    reference: str | None
    contact_name: str
    contact_number: int
    contact_phone: str | None
    customer_id: int
    eco_id: int | None

    @property
    def words(self) -> list[str]:
        """Without whose it is, which `marks` has."""
        phone = str(self.contact_number)
        written = None if self.contact_phone == phone else self.contact_phone
        texts = (str(self.id), self.title, self.reference, self.contact_name, phone, written)
        words = [part for text in texts if text for part in (*words_of(text), BOUNDARY)]
        return _bounded([*words, *ends_of(words)])

    @property
    def marks(self) -> list[str]:
        """The customer's is the last."""
        own = [customer_mark(self.customer_id)]
        return own if self.eco_id is None else [eco_mark(self.eco_id), *own]


def customer_mark(customer_id: int) -> str:
    """The word that stands in the head of each ticket of the customer."""
    return f"{MARK}c{customer_id}"


def eco_mark(eco_id: int) -> str:
    """Likewise of an ECO."""
    return f"{MARK}e{eco_id}"


def pieces_of(text: str) -> tuple[Piece, ...]:
    """One at the least: a text without any word has an empty one."""
    words = words_of(text)
    whole = _piece(words)
    return (whole,) if _fits(whole) else tuple(_cut(words))


def with_ends(words: list[str]) -> list[str]:
    """The words, and behind a boundary the ends of the numbers in them, where there are any."""
    ends = ends_of(words)
    return [*words, BOUNDARY, *ends] if ends else words


def _piece(words: list[str]) -> Piece:
    found = with_ends(words)
    return Piece((BOUNDARY, *found), max(Counter(found).values(), default=0))


def _fits(piece: Piece) -> bool:
    return piece.size <= MOST_WORDS and piece.most <= MOST_OF_ONE


def _cut(words: list[str]) -> Iterator[Piece]:
    """The longest that fit, or little less: a piece that does not is made shorter by as much as it is too large."""
    begin = 0
    while begin < len(words):
        size = MOST_WORDS
        while not _fits(piece := _piece(words[begin : begin + size])):
            size = max(int(len(words[begin : begin + size]) * _share(piece)), 1)
        yield piece
        begin += size


def _share(piece: Piece) -> float:
    return min(_NEARLY * MOST_WORDS / piece.size, _NEARLY * MOST_OF_ONE / piece.most)


def _bounded(words: Sequence[str]) -> list[str]:
    """Of a head. In place of a word that is there too often stands a boundary: no phrase reaches over it."""
    counts, bounded = Counter[str](), list[str]()
    for word in words[:MOST_HEAD]:
        counts[word] += 1
        bounded.append(word if counts[word] <= MOST_OF_ONE_IN_HEAD else BOUNDARY)
    return bounded
