"""How each engine is asked for words: FTS5's language and PostgreSQL's `tsquery`, made of terms and of nothing that a
caller has typed. Words hold letters, digits and marks alone (`keesa.words.splitting`); within quotation marks they are
no operators in either.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from keesa.db import Tx
from keesa.search.language import Term


class Where(Enum):
    """In which part of a row."""

    ANYWHERE = auto()
    SHOWN = auto()
    """What customers see, too."""
    HEAD = auto()


@dataclass(frozen=True, slots=True)
class Syntax:
    phrase: Callable[[Term, Where], str]
    _and: str
    _or: str
    _but: str

    def mark(self, mark: str) -> str:
        """Marks stand in the head, and no text has one."""
        return self.phrase(Term((mark,), prefix=False), Where.ANYWHERE)

    def all_of(self, parts: Iterable[str]) -> str:
        return self._joined(self._and, parts)

    def any_of(self, parts: Iterable[str]) -> str:
        return self._joined(self._or, parts)

    def but(self, found: str, refused: str) -> str:
        return f"({found}{self._but}{refused})"

    @staticmethod
    def _joined(sign: str, parts: Iterable[str]) -> str:
        listed = [*parts]
        return f"({sign.join(listed)})" if len(listed) > 1 else listed[0]


_COLUMNS: Final[Mapping[Where, str]] = {Where.ANYWHERE: "", Where.SHOWN: "{head said} : ", Where.HEAD: "head : "}
_WEIGHTS: Final[Mapping[Where, str]] = {Where.ANYWHERE: "", Where.SHOWN: "AB", Where.HEAD: "A"}


def _fts5(term: Term, where: Where) -> str:
    phrase = " + ".join(f'"{word}"' for word in term.words)
    return f"({_COLUMNS[where]}{phrase}{' *' if term.prefix else ''})"


def _tsquery(term: Term, where: Where) -> str:
    weights = _WEIGHTS[where]
    *first, last = term.words
    signs = f"*{weights}" if term.prefix else weights
    phrase = " <-> ".join((*(_lexeme(word, weights) for word in first), _lexeme(last, signs)))
    return f"({phrase})"


def _lexeme(word: str, signs: str) -> str:
    return f"'{word}':{signs}" if signs else f"'{word}'"


_FTS5: Final = Syntax(_fts5, " AND ", " OR ", " NOT ")
_TSQUERY: Final = Syntax(_tsquery, " & ", " | ", " & !")


def syntax_of(tx: Tx) -> Syntax:
    return _FTS5 if tx.writes_alone else _TSQUERY
