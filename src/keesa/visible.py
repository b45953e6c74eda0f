"""Text of others made fit for a terminal, a log and a row of a list: what would drive them is shown instead."""

import re
from typing import Final

_UNSEEN: Final = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: escape sequences, and what ends a line
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they turn the direction of what follows
    "\u2028\u2029"  # ends of lines too
    "\ud800-\udfff"  # halves of a character, which no encoding takes
    "]"
)


def visible(text: str) -> str:
    r"""The text on one line, with `\n`, `\x1b` and the like for what no reader sees; all other text stays as it is."""
    return _UNSEEN.sub(_escape, text)


def visible_json(text: bytes) -> bytes:
    """The same for JSON on one line, which it leaves the same value."""
    if text.isascii() and b"\x7f" not in text:
        return text  # a JSON encoder has escaped the other ones
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text.decode()).encode()


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "backslashreplace").decode("ascii")
