"""What pictures and files are called: as who sends them says, without what a name must not hold."""

import re
import unicodedata
from typing import Final

LONGEST: Final = 255
"""Characters of a name."""
UNNAMED: Final = "unnamed"
_ENDING: Final = re.compile(r"\.[^.]{1,15}$")
_NEVER: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of characters: controls, halves of characters, and ends of lines and paragraphs."""
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the direction of what follows, so that a name seems to have another ending."""


def name_of(sent: str) -> str:
    """The last part of what may be a path, on any system. Never empty, nor one that stands for a folder."""
    last = re.split(r"[/\\]", sent)[-1]
    kept = "".join(each for each in last if unicodedata.category(each) not in _NEVER and each not in _TURNING)
    name = _shortened(kept.strip())
    return UNNAMED if name.strip(".") == "" else name


def _shortened(name: str) -> str:
    """With its ending."""
    if len(name) <= LONGEST:
        return name
    found = _ENDING.search(name)
    ending = found[0] if found else ""
    return name[: LONGEST - len(ending)].rstrip() + ending
