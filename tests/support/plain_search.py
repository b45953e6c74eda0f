"""What a search means, in plain Python: texts as lists of words, names, and who asks."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from keesa.words.splitting import ends_of, words_of

Piece = Sequence[str]
"""Words that stand one behind the other; no phrase reaches out of it."""


class Asked(NamedTuple):
    """A word, a beginning or a phrase, which must be found or must not."""

    text: str
    beginning: bool = False
    without: bool = False
    quoted: bool = False

    @property
    def typed(self) -> str:
        quote, star, minus = '"' * self.quoted, "*" * self.beginning, "-" * self.without
        return f"{minus}{quote}{self.text}{star}{quote}"

    def stands_in(self, texts: Iterable[str]) -> bool:
        return any(self._stands_in(piece) for text in texts for piece in pieces_of(text))

    def _stands_in(self, piece: Piece) -> bool:
        *first, last = words_of(self.text)
        for start in range(len(piece) - len(first)):
            *others, at_the_end = piece[start : start + len(first) + 1]
            if others == first and (at_the_end.startswith(last) if self.beginning else at_the_end == last):
                return True
        return False


def pieces_of(text: str) -> list[Piece]:
    words = words_of(text)
    return [words, ends_of(words)]


class PlainTicket(NamedTuple):
    """One row of a ticket's words, by the texts that it was made from."""

    place: int
    customer_id: int
    eco_id: int | None
    head: Sequence[str]
    said: Sequence[str]
    internal: Sequence[str]


class PlainName(NamedTuple):
    of_eco: bool
    id: int
    customer_id: int
    name: str


class Reader(NamedTuple):
    """One of the desk, or a customer's user."""

    customer_id: int | None


class PlainDesk(NamedTuple):
    tickets: Sequence[PlainTicket]
    names: Sequence[PlainName]
    most_names: int

    def find(self, asked: Sequence[Asked], reader: Reader, *, in_head: bool = False) -> list[int]:
        """Places of the rows; `in_head`: of those whose head has all of it."""
        named = {one: self._named(one, asked, reader) for one in asked}
        return sorted(
            ticket.place
            for ticket in self.tickets
            if reader.customer_id in (None, ticket.customer_id)
            if all(
                _is_found(one, ticket, reader, named[one], in_head=in_head and not one.without) != one.without
                for one in asked
            )
        )

    def _named(self, one: Asked, asked: Sequence[Asked], reader: Reader) -> list[PlainName]:
        """The names that it counts by."""
        named = self._having(one, reader)
        if len(named) <= self.most_names:
            return named
        others = [self._having(other, reader) for other in asked if not other.without]
        rare = [name for names in others if len(names) <= self.most_names for name in names]
        left = [name for name in named if name in rare]
        return left if len(left) <= self.most_names else []

    def _having(self, one: Asked, reader: Reader) -> list[PlainName]:
        return [
            name for name in self.names if reader.customer_id in (None, name.customer_id) if one.stands_in([name.name])
        ]


def _is_found(one: Asked, ticket: PlainTicket, reader: Reader, named: Sequence[PlainName], *, in_head: bool) -> bool:
    if any(name.id == (ticket.eco_id if name.of_eco else ticket.customer_id) for name in named):
        return True
    texts = [*ticket.head]
    if not in_head:
        texts += ticket.said
        texts += ticket.internal if reader.customer_id is None else ()
    return one.stands_in(texts)
