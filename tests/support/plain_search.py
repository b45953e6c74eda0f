"""What a search means, in plain Python: texts as lists of words, names, and who asks."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from keesa.words.pieces import Head
from keesa.words.places import place_of
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

    @property
    def words(self) -> list[str]:
        return words_of(self.text)

    def stands_in(self, texts: Iterable[str]) -> bool:
        """Of the ends of all numbers, which stand behind the texts, too."""
        pieces = [words_of(text) for text in texts]
        return any(map(self._stands_in_piece, [*pieces, ends_of([word for piece in pieces for word in piece])]))

    def _stands_in_piece(self, piece: Piece) -> bool:
        *first, last = self.words
        for start in range(len(piece) - len(first)):
            *others, at_the_end = piece[start : start + len(first) + 1]
            if others == first and (at_the_end.startswith(last) if self.beginning else at_the_end == last):
                return True
        return False


class PlainRow(NamedTuple):
    """One of the rows of a ticket's words, by the texts that it was made from."""

    said: Sequence[str]
    internal: Sequence[str]


class PlainTicket(NamedTuple):
    head: Head
    rows: Sequence[PlainRow]

    @property
    def texts(self) -> list[str]:
        """Of its head."""
        head = self.head
        texts = (head.title, head.reference, head.contact_name, head.contact_phone)
        return [str(head.id), str(head.contact_number), *(text for text in texts if text is not None)]


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
            place_of(ticket.head.id, number)
            for ticket in self.tickets
            if reader.customer_id in (None, ticket.head.customer_id)
            for number, row in enumerate(ticket.rows)
            if all(
                _is_found(one, ticket, row if one.without or not in_head else _NO_ROW, reader, named[one])
                != one.without
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


_NO_ROW: Final = PlainRow((), ())


def _is_found(one: Asked, ticket: PlainTicket, row: PlainRow, reader: Reader, named: Sequence[PlainName]) -> bool:
    head = ticket.head
    if any(name.id == (head.eco_id if name.of_eco else head.customer_id) for name in named):
        return True
    notes = (*row.said, *(row.internal if reader.customer_id is None else ()))
    return one.stands_in(ticket.texts) or any(one.stands_in([note]) for note in notes)
