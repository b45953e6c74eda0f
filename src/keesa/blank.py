"""Whether a text holds anything to read."""

import html
import re
from typing import Final

_NEVER: Final = "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
"""The last two of each plane are no characters for ever."""
# fmt: off
_VISIBLE: Final = re.compile(
    "[^"
    r"\x00-\x20\x7f-\xa0\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u1680\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u3000\ufeff\ufff0-\ufffc\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a"  # controls, spaces and formats, and the place of an object that is not there
    r"\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159"  # joiners, Hangul fillers, the empty Braille cell
    r"\u180b-\u180f\ufe00-\ufe0f\U000e0000-\U000e0fff"  # what chooses how the character before it is drawn
    rf"\ufdd0-\ufdef{_NEVER}"
    "]"
)
# fmt: on
_LONG_NUMBER: Final = re.compile(r"&#(?=[0-9]{9})0*+([0-9]{0,8})[0-9]*+")


def is_blank(text: str) -> bool:
    """Whether nothing is left to read: no character, or none that is drawn, `&nbsp;` and the like among those.

    CSS would have browsers draw control characters (CSS Text 3, 3.1); nobody reads those boxes, and few draw them.
    """
    first = _VISIBLE.search(text)
    return first is None or (first[0] == "&" and _VISIBLE.search(unescaped(text)) is None)


def unescaped(text: str) -> str:
    """With entities read. Python refuses to read a number of thousands of digits; eight are past every character."""
    return html.unescape(_LONG_NUMBER.sub(r"&#0\1", text)) if "&" in text else text
