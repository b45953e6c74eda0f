"""Where the terms of a query stand in a text: in the order of the text, of a long one near the first of each.

Most texts have none of them, and most others are of ASCII's signs alone: these are looked through as they are, and
split where a term may stand. Any other is split from its beginning on, until enough was found.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import Final, NamedTuple

from keesa.search.language import Term
from keesa.words.splitting import LONGEST, Word, ends_of, words_in, words_of

NEAR: Final = 320
"""Characters that are looked at behind the place where something stands first."""
_WORD: Final = re.compile(r"[a-z0-9]+")
_TOO_LONG: Final = re.compile(f"[a-z0-9]{{{LONGEST + 1}}}")
"""A word that is split into several."""


class Found(NamedTuple):
    start: int
    end: int
    term: Term


def found_in(text: str, terms: Sequence[Term]) -> list[Found]:
    in_ascii = text.isascii()
    small = text.lower() if in_ascii else " ".join(words_of(text))
    there = [term for term in terms if term.words[0] in small and all(word in small for word in term.words)]
    if not there:
        return []
    if in_ascii and not _TOO_LONG.search(small):
        return sorted(found for term in there for found in _near_the_first(_in_ascii(small, term)))
    return sorted(_near_the_first(_in_any(text, there)))


def _near_the_first(places: Iterator[Found]) -> Iterator[Found]:
    first = next(places, None)
    if first is not None:
        yield first
        yield from takewhile(lambda each: each.start <= first.start + NEAR, places)


def _in_ascii(small: str, term: Term) -> Iterator[Found]:
    """In a text of small letters."""
    first = term.words[0]
    at = small.find(first)
    while at >= 0:
        while at and small[at - 1].isalnum():
            at -= 1
        words = [*islice(_WORD.finditer(small, at), len(term.words))]
        if len(words) == len(term.words) and _is_term(term, [match[0] for match in words]):
            yield Found(at, words[-1].end(), term)
        at = small.find(first, words[0].end())


def _in_any(text: str, terms: Sequence[Term]) -> Iterator[Found]:
    words: list[Word] = []
    longest = max(len(term.words) for term in terms)
    for word in words_in(text):
        words = [*words[1 - longest :], word] if longest > 1 else [word]
        for term in terms:
            last = words[-len(term.words) :]
            if len(last) == len(term.words) and _is_term(term, [each.text for each in last]):
                yield Found(last[0].start, word.end, term)


def _is_term(term: Term, words: Sequence[str]) -> bool:
    *first, last = words
    return (*first,) == term.words[:-1] and _is_last(term, last)


def _is_last(term: Term, word: str) -> bool:
    """Whether the word is the term's last one, or as much of one as it names; the end of a long number stands alone."""
    asked = term.words[-1]
    if word == asked or (term.prefix and word.startswith(asked)):
        return True
    if len(term.words) > 1 or not asked.isdecimal():
        return False
    return any(end == asked or (term.prefix and end.startswith(asked)) for end in ends_of([word]))
