"""The HTML that a rich-text editor writes into descriptions and notes, made safe when it is written."""

import html
from typing import Final

import nh3

# fmt: off
TAGS: Final = frozenset({
    "a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2",
    "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "small",
    "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u",
    "ul",
})
# fmt: on
ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
LONGEST: Final = 65_536
"""Characters of a description or a note."""


def sanitised(text: str) -> str:
    """`text` without any tag, attribute or link scheme that is not allowed.

    Where nothing had to go it comes back as it was written, to the letter: plain text keeps its `&` and `<`.
    """
    if "<" not in text:
        return text
    cleaned = nh3.clean(text, tags=set(TAGS), attributes=ATTRIBUTES, url_schemes=set(SCHEMES), link_rel=None)
    return text if _meaning(cleaned) == _meaning(text) else cleaned


def is_blank(text: str) -> bool:
    """Whether nothing is left to read once the tags are gone."""
    return not html.unescape(nh3.clean(text, tags=set())).strip() if "<" in text else not html.unescape(text).strip()


def _meaning(text: str) -> str:
    """The text with entities read and line ends made equal: in these alone does the sanitiser's form of safe
    text differ. A dangerous tag is gone from one side, and so tells the two apart.
    """
    return html.unescape(text).replace("\r\n", "\n").replace("\r", "\n")
