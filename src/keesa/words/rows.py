"""The rows of a ticket: its head in each, and the pieces of its texts, as many as a row holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

import msgspec

from keesa.words.pieces import MOST_OF_ONE, MOST_WORDS, Piece
from keesa.words.places import MOST_ROWS

Kind = Literal["t", "n", "i"]
"""What a text is: a ticket's description, a note that customers see, an internal one."""
DESCRIPTION: Final = "t"
NOTES: Final[dict[bool, Kind]] = {False: "n", True: "i"}
"""By whether they are internal."""
Name = tuple[Kind, int | None, int | None]
"""Of a piece: of what, the note's id, and which of the text's pieces; None where it has but this one."""


class NamedPiece(NamedTuple):
    kind: Kind
    id: int | None
    """Of the note."""
    chunk: int | None
    """Which one of the text's; None where it has but this one."""
    piece: Piece

    @property
    def name(self) -> str:
        """As the rows tell of it: a JSON list."""
        return name_of(self.kind, self.id, self.chunk)

    @property
    def internal(self) -> bool:
        return self.kind == "i"


@dataclass(slots=True)
class Row:
    pieces: list[NamedPiece] = field(default_factory=list)
    words: int = 0
    most: int = 0

    @property
    def names(self) -> str:
        return f"[{','.join(each.name for each in self.pieces)}]"

    def fits(self, piece: Piece) -> bool:
        return self.words + piece.size <= MOST_WORDS and self.most + piece.most <= MOST_OF_ONE

    def add(self, named: NamedPiece) -> None:
        self.pieces.append(named)
        self.words += named.piece.size
        self.most += named.piece.most


def name_of(kind: Kind, note_id: int | None, chunk: int | None) -> str:
    return f"{begin_of(kind, note_id)}{rest_of(chunk)}"


def begin_of(kind: Kind, note_id: int | None) -> str:
    """Of a piece's name, of whichever chunk."""
    return f'["{kind}"' if note_id is None else f'["{kind}",{note_id}'


def rest_of(chunk: int | None) -> str:
    return "]" if chunk is None else f",{chunk}]"


def names_in(pieces: str) -> list[Name]:
    """The names that a row has."""
    decoded = msgspec.json.decode(pieces, type=list[list[Any]])
    return [_name(*each) if each[0] != DESCRIPTION else _name(each[0], None, *each[1:]) for each in decoded]


def _name(kind: Kind, note_id: int | None, chunk: int | None = None) -> Name:
    return kind, note_id, chunk


def named(kind: Kind, note_id: int | None, pieces: Sequence[Piece]) -> list[NamedPiece]:
    """The pieces of one text."""
    if len(pieces) == 1:
        return [NamedPiece(kind, note_id, None, pieces[0])]
    return [NamedPiece(kind, note_id, chunk, piece) for chunk, piece in enumerate(pieces)]


def rows_of(pieces: Iterable[NamedPiece]) -> list[Row]:
    """One at the least, and `MOST_ROWS` at the most: what is more is not found."""
    rows = [Row()]
    for each in pieces:
        if not rows[-1].fits(each.piece):
            if len(rows) == MOST_ROWS:
                break
            rows.append(Row())
        rows[-1].add(each)
    return rows
