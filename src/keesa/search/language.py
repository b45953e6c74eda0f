"""The language of searches: words, beginnings of words, phrases, and what must not be found
(docs/decisions/0064-query-language.md, docs/api/search.md).
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from keesa.errors import Invalid
from keesa.words.splitting import words_of

FIELD: Final = "q"
MOST_CHARACTERS: Final = 255
MOST_TERMS: Final = 12
MOST_WORDS: Final = 32
MOST_BEGINNINGS: Final = 4
"""Either engine gathers all that begins so before it looks at anything else."""
SHORTEST_BEGINNING: Final = 2
"""Letters, digits and marks of one. What begins with one letter is nearly all that there is."""
_TYPED: Final = {ord(sign): '"' for sign in "\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02"} | {
    0xFF0A: "*",
    0xFF0D: "-",
    **dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF)),
}
"""What telephones and keyboards of other scripts write for the signs of the language. What turns the direction of a
line is not seen, and means nothing.
"""
_PART: Final = re.compile(r'(?P<minus>-*)(?:"(?P<phrase>[^"]*)(?P<closed>"?)(?P<star>\**)|(?P<word>\S+))')


class Term(NamedTuple):
    words: tuple[str, ...]
    """They stand one behind the other."""
    prefix: bool
    """Whether the last one is but the beginning of a word."""


class Query(NamedTuple):
    terms: tuple[Term, ...]
    """All of them must be found."""
    without: tuple[Term, ...]
    """None of these may be."""


def read_query(text: str) -> Query:
    """Raises `Invalid` with each fault."""
    if len(text) > MOST_CHARACTERS:
        raise Invalid({FIELD: [f"must have at most {MOST_CHARACTERS} characters"]})
    reading = _Reading()
    for part in _PART.finditer(text.translate(_TYPED)):
        reading.add(part)
    query = Query(tuple(reading.terms), tuple(reading.without))
    faults = [*reading.faults, *(_faults_of(query) if not reading.faults else ())]
    if faults:
        raise Invalid({FIELD: faults})
    return query


def _faults_of(query: Query) -> Iterator[str]:
    terms = query.terms + query.without
    if not query.terms:
        yield "must have a word that is to be found"
    if len(terms) > MOST_TERMS:
        yield f"may have at most {MOST_TERMS} words and phrases"
    if sum(term.prefix for term in terms) > MOST_BEGINNINGS:
        yield f"may have at most {MOST_BEGINNINGS} words with a *"
    if sum(len(term.words) for term in terms) > MOST_WORDS:
        yield f"may have at most {MOST_WORDS} words, those of its phrases among them"


class _Reading:
    """Dictionaries in place of sets: they keep the order, too."""

    def __init__(self) -> None:
        self.terms: dict[Term, None] = {}
        self.without: dict[Term, None] = {}
        self.faults: dict[str, None] = {}

    def add(self, part: re.Match[str]) -> None:
        if part["phrase"] is not None and not part["closed"]:
            self.faults["has a quotation mark that none closes"] = None
            return
        typed = part["word"] if part["phrase"] is None else part["phrase"] + part["star"]
        term = self._term(typed)
        if term is not None:
            (self.without if part["minus"] else self.terms)[term] = None

    def _term(self, typed: str) -> Term | None:
        """None of what has no letter and no digit, and of what has a fault."""
        text = typed.rstrip("*")
        prefix = text != typed
        if "*" in text or (prefix and not words_of(text[-1:])):
            self.faults["may have a * behind the last letter or digit of a word alone"] = None
            return None
        words = tuple(words_of(text))
        if prefix and len(words[-1]) < SHORTEST_BEGINNING:
            if not _stands_alone(words[-1]):
                self.faults[f"must have at least {SHORTEST_BEGINNING} letters or digits before a *"] = None
                return None
            prefix = False
        return Term(words, prefix) if words else None


def _stands_alone(letter: str) -> bool:
    """Whether it is of a script each letter of which is a word: of whole words there are no beginnings."""
    return len(words_of(letter * 2)) == 2
