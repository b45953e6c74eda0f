"""Reading HTML: which brackets are tags, which go without a trace, and which somebody wrote as they are.

A text is read once, from its beginning to its end. In what is yielded no bracket but those of allowed tags can be taken
for the beginning of a tag, wherever it is put.
"""

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from html import escape
from typing import Final

from keesa.rich_text.attributes import AttributeReader
from keesa.rich_text.elements import (
    HTML,
    LACKS_END,
    MATHML,
    MAY_LACK_END,
    NEEDS_ATTRIBUTES,
    OFFICE,
    PROGRAMS,
    RAW,
    SILENT,
    SVG,
    TAGS,
)

_PLAIN: Final = re.compile(r"<(/?[a-z][a-z0-9]*)>")
_NAME: Final = re.compile(r"<(/?)([A-Za-z][^\t\n\f\r /<>]*)")
_END_OF_END: Final = re.compile(r"""(?:[\t\n\f\r /][^<>"']*)?>""")
_QUALIFIED: Final = re.compile(r"[a-z_][\w.-]*:[a-z_][\w.-]*", re.ASCII)
_ENDS: Final = re.compile(r"</([a-z][a-z0-9]*)", re.ASCII | re.IGNORECASE)
_QUALIFIED_END: Final = re.compile(r"</([a-z_][\w.-]*:[a-z_][\w.-]*)", re.ASCII | re.IGNORECASE)
_DECLARATION: Final = re.compile(
    r"<(?:!doctype[\t\n\f\r >]|!\[[\t\n\f\r ]*(?:if|else|elseif|endif)\b|\?(?:xml|mso|import)\b)", re.IGNORECASE
)
_QUOTING: Final = re.compile(r"""<(?:!doctype|\?xml)(?:"[^"]*"|'[^']*'|\[[^\]]*\]|[^>"'\[]+)*+>""", re.IGNORECASE)
"""A declaration with a `>` in a part of it."""
_LONGEST_DECLARATION: Final = 2_000
_CDATA: Final = "<![cdata["

Token = tuple[str, str]
"""`("", text)` as it is to be written, `("b", "<b>")`, or `("/b", "")`."""

_PLAIN_TOKENS: Final[dict[str, Token]] = {name: (name, f"<{name}>") for name in TAGS} | {
    f"/{name}": (f"/{name}", "") for name in TAGS
}
"""Of tags without attributes, as most are."""


class Reader:
    """Of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._missing: set[str] = set()
        """Elements of which the rest of the text holds no end."""
        self._found: dict[str, tuple[int, int]] = {}
        """From where on the next such end was looked for, and where it is; -1 where there is none."""
        self._looked_for: dict[str, bool] = {}
        self._attributes = AttributeReader(text)

    def tokens(self) -> Iterator[Token]:
        """Allowed tags with allowed attributes, and text. Raises `TooManyAttributes`."""
        text, position = self._text, 0
        while (bracket := text.find("<", position)) >= 0:
            if bracket > position:
                yield "", text[position:bracket]
            if (plain := _PLAIN.match(text, bracket)) and (tag := plain[1]) in _PLAIN_TOKENS:
                yield _PLAIN_TOKENS[tag]
                position = plain.end()
                continue
            name = _NAME.match(text, bracket)
            read = self._tag(name) if name else self._other(bracket)
            if read is None:
                yield "", "&lt;"
                position = bracket + 1
            else:
                token, position = read
                if token[0] or token[1]:
                    yield token
        if position < len(text):
            yield "", text[position:]

    def _tag(self, match: re.Match[str]) -> tuple[Token, int] | None:
        """The tag, or what stands in its place, and where the text goes on; None for a bracket that begins none."""
        text, name, after = self._text, match[2].lower(), match.end()
        if name not in HTML and not self._is_foreign(name):
            return None
        if match[1]:
            end = _END_OF_END.match(text, after)
            return ((f"/{name}" if name in TAGS else "", ""), end.end()) if end else None
        attributes = self._attributes.read(name, after)
        if attributes is None or (attributes.bare and not self._may_be_bare(name)):
            return None
        position = attributes.end
        if name in TAGS:
            return (name, f"<{name}{attributes.written}>"), position
        if (attributes.none and self._is_word(name)) or (
            ":" in name and not self._is_element(name, empty=text[position - 2] == "/")
        ):
            return None
        return self._disallowed(name, position)

    def _is_foreign(self, name: str) -> bool:
        """Whether it may be an element of other markup than HTML."""
        if ":" in name:
            return _QUALIFIED.fullmatch(name) is not None
        return (
            name in PROGRAMS
            or (name in SVG and self._holds("<svg"))
            or (name in MATHML and self._holds("<math"))
            or (name == "xml" and self._holds("</xml"))
        )

    def _is_word(self, name: str) -> bool:
        """Whether somebody wrote an element's name for something to fill in: `cd <dir>`. A program would have ended it,
        or given it attributes; of what is dropped with its content nothing is shown.
        """
        if name not in HTML or name in SILENT or name in RAW or name in MAY_LACK_END:
            return False
        return name in NEEDS_ATTRIBUTES or name not in self._ends

    def _may_be_bare(self, name: str) -> bool:
        """Whether it is an element although all it has is names of attributes: `<dir name>` is what somebody wrote."""
        return name in LACKS_END or name in MAY_LACK_END or name in SILENT or ":" in name or name in self._ends

    def _is_element(self, name: str, *, empty: bool) -> bool:
        """Whether `<a:b>` is one: it ends, or an office program wrote it. `<host:port>` does not."""
        return empty or name.partition(":")[0] in OFFICE or name in self._qualified_ends

    def _disallowed(self, name: str, position: int) -> tuple[Token, int]:
        """An element that goes: with what stands in it where that is no text."""
        if name == "plaintext":
            return ("", escape(self._text[position:], quote=False)), len(self._text)
        if (name in SILENT or name in RAW) and name not in self._missing:
            end = _end_of(name).search(self._text, position)
            if end is not None:
                content = "" if name in SILENT else self._text[position : end.start()]
                if name not in ("textarea", "title"):  # in these entities are read
                    content = content.replace("&", "&amp;")
                content = content.replace("<", "&lt;").replace(">", "&gt;")
                return ("", content), self._behind(">", end.end()) or len(self._text)
            self._missing.add(name)
        return ("", ""), position

    def _other(self, bracket: int) -> tuple[Token, int] | None:
        """A bracket before something else than a name: a comment, a declaration, or text."""
        text, end = self._text, bracket + 1
        while text.startswith("<", end):
            end += 1
        sign = text[end : end + 1]
        may_begin = sign in ("!", "/", "?") or (sign.isascii() and sign.isalpha())
        if not may_begin:
            return ("", text[bracket : end + 1]), end + 1
        if end - bracket > 1:
            return ("", "&lt;" * (end - 1 - bracket)), end - 1
        if text.startswith("!--", end):
            short = next((len(form) for form in ("!-->", "!--->") if text.startswith(form, end)), 0)
            behind = end + short if short else self._behind_comment(end + 3)
        elif text[bracket : bracket + len(_CDATA)].lower() == _CDATA:
            behind = self._behind("]]>", bracket + len(_CDATA))
            if behind:
                return ("", escape(text[bracket + len(_CDATA) : behind - 3], quote=False)), behind
        else:
            behind = self._behind_declaration(bracket) if _DECLARATION.match(text, bracket) else 0
        return (("", ""), behind) if behind else None

    def _behind_comment(self, position: int) -> int:
        ends = self._behind("-->", position), self._behind("--!>", position)
        return min(filter(None, ends), default=0)

    def _behind_declaration(self, bracket: int) -> int:
        quoting = _QUOTING.match(self._text, bracket, bracket + _LONGEST_DECLARATION)
        return quoting.end() if quoting else self._behind(">", bracket)

    @cached_property
    def _ends(self) -> set[str]:
        return {name.lower() for name in _ENDS.findall(self._text)}

    @cached_property
    def _qualified_ends(self) -> set[str]:
        return {name.lower() for name in _QUALIFIED_END.findall(self._text)}

    def _holds(self, tag: str) -> bool:
        if tag not in self._looked_for:
            self._looked_for[tag] = re.search(tag, self._text, re.IGNORECASE | re.ASCII) is not None
        return self._looked_for[tag]

    def _behind(self, end: str, position: int) -> int:
        """Behind the next such end; 0 where there is none. Of what was looked through nothing is searched again."""
        first, found = self._found.get(end, (position + 1, position))
        if found >= 0 and not first <= position <= found:
            first, found = position, self._text.find(end, position)
            self._found[end] = first, found
        return found + len(end) if found >= 0 else 0


@lru_cache(maxsize=16)
def _end_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE | re.ASCII)
