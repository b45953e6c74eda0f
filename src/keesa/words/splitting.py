"""Splitting a text into words: the same for what is kept and for what is asked for, on both engines.

Neither engine's own parser has a say. SQLite's default one tears Thaana apart, whose vowels are marks, and PostgreSQL's
reads `sw-12` as a word and the number -12 (docs/decisions/0063-search-index.md).
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

LONGEST: Final = 64
"""Characters of a word; of a longer one each so many are a word."""
BOUNDARY: Final = "\ue000"
"""Stands between two texts, so that no phrase reaches from one into the other. No text has it as a word."""
MARK: Final = "\ue001"
"""What the words begin with that are no text's, such as whose a ticket is. Likewise."""
SHORTEST_RUN: Final = 5
"""Digits of a number whose ends are words, too."""
LONGEST_RUN: Final = 20
SHORTEST_END: Final = 4
"""Digits of such an end."""

_LAST: Final = 0x323AF
"""Behind it no script has letters; what is left are tags and what chooses how a sign is drawn."""
_APART: Final = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, _LAST),
)
"""Scripts that are written without blanks between words: each letter of them is a word, with its marks."""
_SPLIT: Final = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _APART) + "]")
_ALONE: Final = re.compile(
    f"{_SPLIT.pattern}"
    # what Thai, Lao, Myanmar, Khmer and kana write above, below and behind a letter
    "[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u17b4-\u17d3\u17dd\u3099\u309a]*"
    f"|[^{_SPLIT.pattern[1:-1]}]+"
)
_ASCII: Final = "".join(sign.lower() if sign.isalnum() else " " for sign in map(chr, range(128)))
"""For `str.translate`: letters and digits in small letters, and a blank for each other sign."""
_LETTERS: Final = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x20000, _LAST))
"""What is all of letters, and need not be looked through."""
_LONG_RUN: Final = re.compile(f"[0-9]{{{SHORTEST_RUN},}}")


class Word(NamedTuple):
    text: str
    start: int
    """Where it stands in the text that was split."""
    end: int


def words_of(text: str) -> list[str]:
    """The words of a text in their order: letters and digits of any script with their marks, in small letters, in
    Unicode's NFKC, with digits as ASCII has them. What joins letters unseen is left out.
    """
    found = text.translate(_ASCII).split() if text.isascii() else _split(_normal(text))
    if len(text) > LONGEST and found and max(map(len, found)) > LONGEST:
        return [piece for word in found for piece in _cut(word)]
    return found


def words_in(text: str) -> Iterator[Word]:
    """The same, each with the place of the letters that it was made of: for showing where something was found. A sign
    that is no letter, and yet is written with some (`℃`), is passed over.
    """
    for run in _run().finditer(text):
        parts = _ALONE.finditer(run[0]) if _SPLIT.search(run[0]) else (None,)
        for part in parts:
            begin, end = run.span() if part is None else (run.start() + part.start(), run.start() + part.end())
            for word in words_of(text[begin:end]):
                yield Word(word, begin, end)


def ends_of(words: list[str]) -> list[str]:
    """The ends of long numbers in the words, each once: of `9607912345` those from `2345` to `607912345`; and the
    number itself, where letters stand beside it.
    """
    if "".join(words).isalpha() or not _LONG_RUN.search(" ".join(words)):
        return []
    found: dict[str, None] = {}
    for word in words:
        for run in _LONG_RUN.findall(word):
            if run != word:
                found[run] = None
            if len(run) <= LONGEST_RUN:
                found |= dict.fromkeys(run[-size:] for size in range(SHORTEST_END, len(run)))
    return list(found)


def _normal(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    replaced = _signs().replaced
    return folded if replaced.keys().isdisjoint(folded) else folded.translate(str.maketrans(replaced))


def _split(text: str) -> list[str]:
    runs = _run().findall(text)
    return [part for run in runs for part in _ALONE.findall(run)] if _SPLIT.search(text) else runs


def _cut(word: str) -> list[str]:
    if len(word) <= LONGEST:
        return [word]
    return [word[start : start + LONGEST] for start in range(0, len(word), LONGEST)]


class _Signs(NamedTuple):
    letters: str
    """Digits and marks too, by Unicode's categories: ranges within the brackets of a pattern."""
    replaced: dict[str, str | int | None]
    """Digits by those of ASCII, and by nothing what is not seen."""


@cache
def _signs() -> _Signs:
    ranges = [*map(list, _LETTERS)]
    replaced: dict[str, str | int | None] = {}
    for code in (*range(0x3400), *range(0xA000, 0xAC00), *range(0xD800, 0x1FFFF)):
        category = unicodedata.category(chr(code))
        if category == "Cf":
            replaced[chr(code)] = None
        elif category[0] in "LNM":
            if category == "Nd" and code > 0x7F:
                replaced[chr(code)] = str(unicodedata.decimal(chr(code)))
            if ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return _Signs("".join(f"{chr(first)}-{chr(last)}" for first, last in ranges), replaced)


@cache
def _run() -> re.Pattern[str]:
    signs = _signs()
    unseen = "".join(sign for sign, other in signs.replaced.items() if other is None)
    return re.compile(f"[{signs.letters}{unseen}]+")
