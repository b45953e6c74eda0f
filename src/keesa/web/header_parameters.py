"""What stands behind the semicolons of `Content-Type` and `Content-Disposition` (RFC 9110, 5.6.6; 7578; 8187)."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

_PARAMETER: Final = re.compile(
    rb";[ \t]*+(?:([!#$%&'*+.^_`|~0-9A-Za-z-]++)[ \t]*+=[ \t]*+"
    rb'(?:"((?:[^"\\]|\\.)*+)"|([^;" \t]*+))[ \t]*+)?+',
    re.DOTALL,
)
_ESCAPED: Final = re.compile(rb'\\(["\\])')
"""Browsers send other backslashes as they are."""
_EXTENDED: Final = re.compile(rb"(utf-8|iso-8859-1)'[^']*'([^']*)", re.IGNORECASE | re.DOTALL)


def parameters_of(value: bytes) -> tuple[bytes, dict[str, bytes]]:
    """What stands before them, and they themselves by their names, both in lower case. Raises `ValueError` for what is
    neither, and where a name stands twice: which of the two counts, others may see otherwise.
    """
    first, semicolon, rest = value.partition(b";")
    rest, found, at = semicolon + rest, dict[str, bytes](), 0
    while at < len(rest):
        match = _PARAMETER.match(rest, at)
        if match is None:
            raise ValueError("parameters of a header cannot be read")
        name, quoted, plain = match.groups()
        if name is not None:
            key = name.decode("ascii").lower()
            if key in found:
                raise ValueError("a parameter of a header stands twice")
            found[key] = plain if quoted is None else _ESCAPED.sub(rb"\1", quoted)
        at = match.end()
    return first.strip().lower(), found


def text_of(value: bytes) -> str:
    """As browsers and programs send texts, in UTF-8; else as HTTP has it."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def extended_text_of(value: bytes) -> str:
    """Of a parameter whose name ends with `*`, such as `UTF-8''na%C3%AFve.png`. Raises `ValueError`."""
    match = _EXTENDED.fullmatch(value)
    if match is None:
        raise ValueError("an extended parameter of a header cannot be read")
    return unquote_to_bytes(match[2]).decode(match[1].decode("ascii"))
