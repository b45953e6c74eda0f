"""Whom a text addresses: what stands behind each `@` of it that begins a word."""

import re
import unicodedata
from typing import Final

from keesa.blank import unescaped

MOST: Final = 20
"""Of a text; further ones address nobody."""
LONGEST: Final = 255
"""Characters behind an `@` that may be a name: as many as a name or an address has."""
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]*>")
_BEGIN: Final = re.compile(rf"(?:^|(?<=[^\w.+%@/=&'-]))@(?=\S)([^\r\n]{{1,{LONGEST}}})", re.MULTILINE)
"""An `@` within a word stands in a mail's address or in a link."""


def folded(text: str) -> str:
    """Equal for texts that differ in case alone; in Python, as each engine folds scripts of its own choice."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()


def addressed(kept: str) -> tuple[str, ...]:
    """What stands behind each `@`, to the end of its line or to the next tag, folded; at most `MOST`. How far a name
    goes in it is for those to say who know the names.
    """
    if "@" not in kept:
        return ()
    text = unescaped(_TAG.sub("\n", kept))
    found: dict[str, None] = {}
    at = 0
    for _ in range(MOST):
        match = _BEGIN.search(text, at)
        if match is None:
            break
        found[folded(match[1])] = None
        at = match.start() + 1
    return tuple(found)


def names_in(window: str) -> tuple[str, ...]:
    """What of an addressed text may be a name, the longest first: all that ends where a word does."""
    return tuple(window[:end] for end in range(len(window), 0, -1) if _ends(window, end))


def _ends(text: str, end: int) -> bool:
    """Whether what is before `end` could be a whole name there: neither a word nor an address goes on."""
    if text[end - 1].isspace():
        return False
    following = text[end : end + 2]
    if not following:
        return True
    if following[0] in "-.'’_@":  # noqa: RUF001 - as editors set it
        return following[0] in "-.'’" and not _of_word(following[1:])  # noqa: RUF001
    return not _of_word(following[0])


def _of_word(character: str) -> bool:
    return character != "" and unicodedata.category(character)[0] in "LNM"
