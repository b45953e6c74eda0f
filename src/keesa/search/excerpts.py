"""Where a query was found in a text, shown with what stands around it."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from keesa.search.found_in import Found, found_in
from keesa.search.language import Query, Term

LONGEST: Final = 160
"""Characters of an excerpt, and those of what was found first where that has more."""
BEFORE: Final = 40
"""Of them, at the most, before what was found first."""
LONGEST_FOUND: Final = 240
_CUT: Final = "…"
_BLANK: Final = re.compile(r"\s+")


class Excerpt(NamedTuple):
    parts: list[str]
    """Every second one was found, from the second on."""
    terms: frozenset[Term]
    """Those that are shown."""


def excerpt_of(text: str, query: Query) -> Excerpt | None:
    """Around what was found first in the text; None where nothing was."""
    found = found_in(text, query.terms)
    if not found:
        return None
    start = _beginning(text, found[0].start)
    end = _ending(text, start, min(found[0].end, found[0].start + LONGEST_FOUND))
    shown = [each for each in found if each.start < end]
    return Excerpt(_parts(text, start, end, _merged(shown, end)), frozenset(each.term for each in shown))


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
    parts = [part if _is_even(part) else _BLANK.sub(" ", part) for part in parts]
    parts[0] = (_CUT if start else "") + parts[0]
    parts[-1] += _CUT if end < len(text) else ""
    return parts


def _is_even(part: str) -> bool:
    """Whether single blanks alone are blank in it: none but that one can be printed."""
    return part.isprintable() and "  " not in part
