"""What the parser would not read: methods that it does not know (it has a list of them, and HTTP has none: RFC 9110,
section 9.1), and requests that offer to go on in another protocol.
"""

import re
from typing import Final

from httptools import HttpParserError, HttpRequestParser

USUAL: Final = (b"GET ", b"POST ", b"HEAD ", b"PUT ", b"PATCH ", b"DELETE ", b"OPTIONS ")
"""How the bytes of nearly every request begin."""
_METHOD: Final = re.compile(rb"(?:\r?\n)*([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ")
_STAND_IN: Final = b"POST"
_UPGRADE: Final = re.compile(rb"(?<=\n)upgrade(?=:)", re.IGNORECASE)
_OF_NO_USE: Final = b"x-unused"


def with_known_method(data: bytes) -> tuple[bytes, str | None]:
    """The first bytes of a request, with a method that the parser knows in the place of one that it does not, and that
    one; what is no method at all stays, for the parser to refuse.
    """
    found = _METHOD.match(data)
    if found is None or _is_known(found[1]):
        return data, None
    return _STAND_IN + data[found.end(1) :], found[1].decode("ascii")


def without_upgrade(data: bytes) -> bytes:
    """The bytes of a request's head, in which no other protocol is asked for: a server need not take that up (RFC 9110,
    section 7.8), and the parser would read no body.
    """
    if b"upgrade:" not in data.lower():  # as in nearly all
        return data
    end = data.find(b"\r\n\r\n")
    head = data if end < 0 else data[:end]
    return _UPGRADE.sub(_OF_NO_USE, head) + data[len(head) :]


def _is_known(method: bytes) -> bool:
    try:
        HttpRequestParser(object()).feed_data(method + b" ")
    except HttpParserError:
        return False
    return True
