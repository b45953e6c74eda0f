"""The HTML that a rich-text editor writes into descriptions and notes, made safe when it is written."""

import html
import re
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
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
LONGEST: Final = 65_536
"""Characters of a description or a note."""
MOST_TAGS: Final = 4_000
"""Of a description or a note: reading tags that are nested takes time by the square of their depth."""
PASSES: Final = 8
"""The most times that a text is cleaned. Three have always done."""

_NO_TAG: Final = re.compile(
    r"""<(?! /?[a-z][a-z0-9-]* (?: [\s/] (?: [^<>"'] | "[^"]{0,2000}" | '[^']{0,2000}' )* )? > | !-- )""",
    re.IGNORECASE | re.VERBOSE,
)
"""A `<` that somebody wrote as it is: `5 < 6`, `<ali@example.com>`, and what begins like a tag and never ends."""
_NUMERIC: Final = re.compile(r"&#0*([0-9]+)")


def text_fault(text: str) -> str | None:
    """What is wrong with a text that was written; None where it may be sanitised and kept."""
    if len(text) > LONGEST:
        return f"must have at most {LONGEST} characters"
    if text.count("<") > MOST_TAGS:
        return f"must have at most {MOST_TAGS} tags"
    return "must not be empty" if is_blank(text) else None


def sanitised(text: str) -> str:
    """`text`, in which `text_fault` finds nothing, without any tag, attribute or link scheme that is not allowed.

    Where nothing had to go it comes back as it was written, to the letter: plain text keeps its `&` and `<`.
    Elsewhere a `<` that begins no tag is kept as `&lt;`, since a reader of HTML would swallow what follows it.
    """
    if "<" not in text or _meaning(_cleaned(text)) == _meaning(text):
        return text
    return _cleaned(_NO_TAG.sub("&lt;", text))


def is_blank(text: str) -> bool:
    """Whether nothing is left to read once the tags are gone."""
    if "<" in text:
        text = nh3.clean(_NO_TAG.sub("&lt;", text), tags=set())
    return not _unescaped(text).strip()


def _cleaned(text: str) -> str:
    """Cleaned until it stays as it is: where a tag goes the rest may nest otherwise when it is read again, and
    what was checked must be what a browser reads. The tags of what does not come to rest are shown as text.
    """
    for _ in range(PASSES):
        before, text = text, _cleaned_once(text)
        if text == before:
            return text
    return html.escape(text, quote=False)


def _cleaned_once(text: str) -> str:
    cleaned = nh3.clean(text, tags=set(TAGS), attributes=ATTRIBUTES, url_schemes=set(SCHEMES), link_rel=None)
    return cleaned.replace("<pre>\n", "<pre>\n\n")  # readers skip one line end there, and the sanitiser writes none


def _meaning(text: str) -> str:
    """The text with entities read and line ends made equal: in these alone does the sanitiser's form of safe
    text differ. A dangerous tag is gone from one side, and so tells the two apart.
    """
    return _unescaped(text).replace("\r\n", "\n").replace("\r", "\n")


def _unescaped(text: str) -> str:
    """With entities read. Python refuses to read a number of thousands of digits; eight are past every character."""
    return html.unescape(_NUMERIC.sub(lambda match: f"&#{match[1][:8]}", text))
