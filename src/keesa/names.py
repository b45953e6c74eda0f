"""What the name of a person, a customer or an entry of a list may be."""

import unicodedata
from typing import Final

LONGEST: Final = 255
"""Characters."""

_DIRECTING: Final = frozenset(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f"
)
"""They turn the text around them, also what a list shows beside the name. The marks of direction (U+200E, U+200F and
U+061C), which names in Dhivehi, Arabic and Hebrew may need, do not.
"""
_STRAY: Final = frozenset("\ufeff\ufff9\ufffa\ufffb")
"""A byte-order mark, and what an annotation leaves behind."""
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that show nothing."""
_CONTROLLING: Final = {
    "Cc": "a control character",
    "Cs": "half a character",
    "Zl": "a line break",
    "Zp": "a line break",
}


def name_fault(text: str) -> str | None:
    """What is wrong with the text as a name; None where nothing is. Joiners (U+200C, U+200D) and blanks of any kind may
    stand in it, as spelling and typography want them.
    """
    if len(text) > LONGEST:
        return f"must have at most {LONGEST} characters"
    for character in text:
        if kind := _kind(character):
            return _naming(character, kind)
    if not readable(text):
        return f"must have something to read, in 1 to {LONGEST} characters"
    if text != text.strip():
        return "must not begin or end with a blank"
    return None


def control_fault(text: str) -> str | None:
    """Names the first character that no line of text may hold, of whatever it is; None where there is none."""
    for character in text:
        if kind := _CONTROLLING.get(unicodedata.category(character)):
            return _naming(character, kind)
    return None


def readable(text: str) -> bool:
    """Whether the text shows anything: not only blanks, joiners and marks without a letter."""
    return any(
        (unicodedata.category(character)[0] in "LNPS" and character not in _BLANK_LETTERS) or _may_be_new(character)
        for character in text
    )


def _naming(character: str, kind: str) -> str:
    return f"must not contain U+{ord(character):04X} ({kind})"


def _kind(character: str) -> str | None:
    category = unicodedata.category(character)
    if category in _CONTROLLING:
        return _CONTROLLING[category]
    if character in _DIRECTING:
        return "it changes the direction of text"
    if category == "Co" or character in _STRAY or (category == "Cn" and not _may_be_new(character)):
        return "no character of a text"
    return None


def _may_be_new(character: str) -> bool:
    """Whether a later Unicode than Python's may have a letter there: where nothing is, but not never will be."""
    code = ord(character)
    never = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE or 0xE0000 <= code <= 0xE0FFF
    return unicodedata.category(character) == "Cn" and not never
