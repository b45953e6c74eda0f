"""Reading a start tag's attributes: as HTML reads them, where it is a tag; and whether it is one."""

import re
from typing import Final, NamedTuple

from keesa.blank import unescaped
from keesa.rich_text.elements import ALLOWED, BOOLEAN, HTML_ATTRIBUTES, NUMBERS, SCHEMES

MOST_ATTRIBUTES: Final = 8_000
"""Of all tags of a text."""

_END: Final = re.compile(r"[\t\n\f\r /]*>")
_ATTRIBUTE: Final = re.compile(
    r"""[\t\n\f\r /]*([A-Za-z_:@*#(\[][^\t\n\f\r /<>="'&|+;,!?]*)
    (?:[\t\n\f\r ]*=[\t\n\f\r ]*("[^"]*"|'[^']*'|[^\t\n\f\r "'<>=`][^\t\n\f\r <>]*))?""",
    re.VERBOSE,
)
_STRAY: Final = re.compile(r"""[\t\n\f\r /]*["'=]*[^\t\n\f\r />"'=]*""")
"""What HTML takes for a name where nobody meant one: `<p style="color:red";>`."""
_BLANKS: Final = re.compile(r"[\x00-\x20\x7f]+")
_SCHEME: Final = re.compile(r"([^/?#:]*):")
_NUMBER: Final = re.compile(r"[\t\n\f\r ]*[-+]?[0-9]{1,9}[\t\n\f\r ]*")
_LIST_TYPES: Final = frozenset({"1", "a", "A", "i", "I"})


class TooManyAttributes(ValueError):
    """The text holds more than `MOST_ATTRIBUTES`."""


class Attributes(NamedTuple):
    """Of one tag."""

    written: str
    """Those that are allowed, as they are to be written."""
    end: int
    """Where the tag does."""
    none: bool = False
    """There is none, allowed or not."""
    bare: bool = False
    """None has a value, and one is among them that seldom stands without: `<dir name>`."""


class AttributeReader:
    """Of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._read = 0

    def read(self, tag: str, position: int) -> Attributes | None:
        """Those of a tag behind its name; None where it is no tag. Raises `TooManyAttributes`."""
        if at_once := _END.match(self._text, position):
            return Attributes("", at_once.end(), none=True)
        allowed, written = ALLOWED.get(tag, set[str]()), dict[str, str]()
        quoted = valued = bare = False
        while (end := _END.match(self._text, position)) is None:
            attribute = self._next(position, forgiving=quoted)
            if attribute is None:
                return None
            position, key, value = attribute
            if value:
                valued, quoted = True, quoted or value[0] in "\"'"
            elif not quoted and key not in BOOLEAN and "-" not in key:
                if key not in HTML_ATTRIBUTES and ":" not in key and ":" not in tag:
                    return None
                bare = True
            value = value[1:-1] if value[:1] in ('"', "'") else value
            if key in allowed and key not in written and _is_good(tag, key, value):
                written[key] = value.replace('"', "&quot;")
        written_so = "".join(f' {key}="{value}"' for key, value in written.items())
        return Attributes(written_so, end.end(), bare=bare and not valued)

    def _next(self, position: int, *, forgiving: bool) -> tuple[int, str, str] | None:
        """Where the next attribute ends, its name and its value, quotes and all. Where a value has stood in quotes
        nobody compares numbers: whatever stands there is HTML's, and nothing of it is shown.
        """
        self._read += 1
        if self._read > MOST_ATTRIBUTES:
            raise TooManyAttributes
        if attribute := _ATTRIBUTE.match(self._text, position):
            return attribute.end(), attribute[1].lower(), attribute[2] or ""
        stray = _STRAY.match(self._text, position) if forgiving else None
        return (stray.end(), "", "") if stray and stray.end() > position else None


def _is_good(tag: str, attribute: str, value: str) -> bool:
    if attribute == "href":
        scheme = _SCHEME.match(_BLANKS.sub("", unescaped(value)))
        return scheme is None or scheme[1].lower() in SCHEMES
    if attribute in NUMBERS:
        return _NUMBER.fullmatch(value) is not None
    return (tag, attribute) != ("ol", "type") or value in _LIST_TYPES
