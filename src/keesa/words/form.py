"""How each engine keeps the rows: the statements, and what they are given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from keesa.words.pieces import MOST_OF_ONE, MOST_WORDS, Head
from keesa.words.rows import NamedPiece

Values = Mapping[str, Any]
Said = Mapping[str, list[tuple[str, ...]]]
"""By `head`, `said`, `internal` and `name`: each run of words without a boundary in it, in alphabetical order."""

FITS: Final = f"ticket_words.words + :size <= {MOST_WORDS} AND ticket_words.most + :most <= {MOST_OF_ONE}"
"""Whether the piece does, in a row that is there (`Row.fits`)."""
LAST_ROW: Final = "(SELECT max(place) FROM ticket_words WHERE place >= :first AND place <= :last)"
"""Of a ticket whose rows may stand from `:first` to `:last`."""
FREE: Final = """(
    SELECT min(own.place) + 1 FROM ticket_words own WHERE own.place >= :first AND own.place < :last
    AND NOT EXISTS (SELECT 1 FROM ticket_words following WHERE following.place = own.place + 1)
)"""
"""The first place behind one of its rows where there is none, as rows go whose texts have gone."""
APPENDING: Final = """
    INSERT INTO ticket_words (place, {columns}, pieces, words, most)
    SELECT CASE WHEN {fits} THEN ticket_words.place ELSE {free} END, {values},
        '[' || {{name}} || ']', CAST(:size AS INTEGER), CAST(:most AS INTEGER)
    FROM ticket_words WHERE ticket_words.place = {last_row} AND ({fits} OR {free} IS NOT NULL)
    ON CONFLICT (place) DO UPDATE SET {added},
        pieces = CASE ticket_words.pieces WHEN '[]' THEN excluded.pieces
            ELSE substr(ticket_words.pieces, 1, length(ticket_words.pieces) - 1) || ',' || substr(excluded.pieces, 2)
        END,
        words = ticket_words.words + excluded.words, most = ticket_words.most + excluded.most
"""
"""Adds a piece to a ticket's last row, or in a new one; nothing where the ticket has none, or no more may be."""


@dataclass(frozen=True, slots=True)
class Form:
    write: str
    """Write a whole row, in place of one that may be there."""
    append: str
    """`APPENDING`; its `{name}` is an expression for the piece's."""
    set_head: str
    """Give the rows of a ticket another head."""
    hide: str
    """Make all internal that customers could see, and set the head."""
    set_name: str
    head: Callable[[Head], Values]
    piece: Callable[[NamedPiece], Values]
    row: Callable[[Head, Sequence[NamedPiece]], Values]
    name: Callable[[Sequence[str]], Values]
    read: str
    """The columns of a row that say the words, as `row` gives them."""
    read_name: str
    said: Callable[[Values], Said]
    """What such values mean."""
