"""Where a query was found in a text, shown with what stands around it."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from keesa.search.language import Query, Term
from keesa.words.splitting import Word, ends_of, words_in, words_of

LONGEST: Final = 160
"""Characters of an excerpt, and those of what was found first where that has more."""
BEFORE: Final = 40
"""Of them, at the most, before what was found first."""
LONGEST_FOUND: Final = 240
NEAR: Final = 320
"""Characters that are looked at behind the place where the first word stands."""
_CUT: Final = "…"
_BLANK: Final = re.compile(r"\s+")


class Found(NamedTuple):
    start: int
    end: int
    term: Term


class Excerpt(NamedTuple):
    parts: list[str]
    """Every second one was found, from the second on."""
    terms: frozenset[Term]
    """Those that are shown."""


def excerpt_of(text: str, query: Query) -> Excerpt | None:
    """Around what was found first in the text; None where nothing was."""
    found = _found_in(text, query)
    if not found:
        return None
    start = _beginning(text, found[0].start)
    end = _ending(text, start, min(found[0].end, found[0].start + LONGEST_FOUND))
    shown = [each for each in found if each.start < end]
    return Excerpt(_parts(text, start, end, _merged(shown, end)), frozenset(each.term for each in shown))


def _found_in(text: str, query: Query) -> list[Found]:
    """In the order of the text; of a long one what stands near the first."""
    there = set(words_of(text))
    ends = set(ends_of([*there]))
    terms = [term for term in query.terms if _may_be_there(term, there, ends)]
    if not terms:
        return []
    start, end = _near(text, terms)
    return _in_part(text, terms, start, end) or _in_part(text, terms, 0, len(text))


def _near(text: str, terms: Sequence[Term]) -> tuple[int, int]:
    """Where what is looked for is likely to stand first: to split all of a long text takes long."""
    if len(text) <= NEAR or not text.isascii():
        return 0, len(text)
    small = text.lower()
    at = min((place for term in terms if (place := small.find(term.words[0])) >= 0), default=0)
    end = text.find(" ", at + NEAR)
    return text.rfind(" ", 0, max(at - BEFORE, 0)) + 1, len(text) if end < 0 else end


def _in_part(text: str, terms: Sequence[Term], start: int, end: int) -> list[Found]:
    words = [Word(word, start + first, start + last) for word, first, last in words_in(text[start:end])]
    return sorted(each for term in terms for each in _places_of(term, words))


def _may_be_there(term: Term, there: set[str], ends: set[str]) -> bool:
    *first, last = term.words
    known = there | ends
    return {*first} <= known and (last in known or (term.prefix and any(word.startswith(last) for word in known)))


def _places_of(term: Term, words: Sequence[Word]) -> Iterator[Found]:
    size = len(term.words)
    for place in range(len(words) - size + 1):
        if all(words[place + step].text == word for step, word in enumerate(term.words[:-1])) and _is_last(
            term, words[place + size - 1].text, alone=size == 1
        ):
            yield Found(words[place].start, words[place + size - 1].end, term)


def _is_last(term: Term, word: str, *, alone: bool) -> bool:
    """Whether the word is the term's last one, or as much of one as it names; the end of a long number stands alone."""
    asked = term.words[-1]
    if word == asked or (term.prefix and word.startswith(asked)):
        return True
    return alone and any(end == asked or (term.prefix and end.startswith(asked)) for end in ends_of([word]))


def _beginning(text: str, start: int) -> int:
    """Of the excerpt: where a word begins."""
    if start <= BEFORE:
        return 0
    blank = _BLANK.search(text, start - BEFORE, start)
    return blank.end() if blank else start


def _ending(text: str, start: int, least: int) -> int:
    end = max(least, start + LONGEST)
    if end >= len(text):
        return len(text)
    cut = max(text.rfind(blank, least, end) for blank in " \n")
    return cut if cut > 0 else end


def _merged(found: Sequence[Found], end: int) -> list[tuple[int, int]]:
    """Places that overlap as one."""
    places: list[tuple[int, int]] = []
    for each in found:
        last = min(each.end, end)
        if places and each.start < places[-1][1]:
            places[-1] = places[-1][0], max(places[-1][1], last)
        else:
            places.append((each.start, last))
    return places


def _parts(text: str, start: int, end: int, places: Sequence[tuple[int, int]]) -> list[str]:
    parts, at = [], start
    for first, last in places:
        parts += [text[at:first], text[first:last]]
        at = last
    parts.append(text[at:end])
    parts = [_BLANK.sub(" ", part) for part in parts]
    parts[0] = (_CUT if start else "") + parts[0]
    parts[-1] += _CUT if end < len(text) else ""
    return parts
