"""What a kept text says to who reads it: its tags gone, its entities read."""

import re
from typing import Final

from keesa.blank import unescaped

INLINE: Final = frozenset({
    *("a", "abbr", "b", "code", "del", "em", "i", "ins", "kbd", "s", "small", "span", "strike", "strong", "sub"),
    *("sup", "u"),
})  # fmt: skip
"""Elements that letters stand in without a break: `wo<b>rd</b>` is one word."""
APART: Final = frozenset({
    *("blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre"),
    *("q", "table", "tbody", "td", "th", "thead", "tr", "ul"),
})  # fmt: skip
"""Elements at whose beginning and end a word ends."""

_TAG: Final = re.compile(r"""</?([a-z][a-z0-9]*)(?:[\s/](?:[^<>"']|"[^"]*"|'[^']*')*)?>""", re.IGNORECASE)


def plain_text(kept: str) -> str:
    """The text of a description or a note as it is kept (`keesa.rich_text`): what is no tag of ours stays as it is."""
    if "<" in kept:
        kept = _TAG.sub(_read, kept)
    return unescaped(kept)


def _read(tag: re.Match[str]) -> str:
    name = tag[1].lower()
    if name in INLINE:
        return ""
    return "\n" if name in APART else tag[0]
