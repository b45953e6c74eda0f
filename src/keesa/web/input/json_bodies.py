"""JSON bodies: strict, unambiguous, and bounded in what they cost to read."""

import json
import re
from itertools import islice
from typing import Any, Final

import msgspec

from keesa.errors import Invalid
from keesa.web.http_errors import unreadable

MOST_PIECES: Final = 2_000
"""Strings of a JSON body, its brackets, commas and colons; texts may be long, but nothing here takes many of them."""
FEW_BYTES: Final = 8_192
"""So short a body may hold as many as it can: they take no time."""
DEEPEST: Final = 100
"""Objects and lists that stand one in the other."""

_PIECE: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{,:]', re.DOTALL)
"""A string, which may never end, or what stands before a value."""
_NESTING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
"""A string likewise, or what begins or ends an object or a list."""
_KEY: Final = re.compile(r'"([^"]*)"\s*:')


def read_json(body: bytes) -> dict[str, Any]:
    """A JSON object; an empty body is an empty one. Raises `HttpError` (400) where it is unreadable or ambiguous."""
    if not body.strip():
        return {}
    try:
        text = body.decode("utf-8-sig")
        if len(body) > FEW_BYTES and _has_many_pieces(text):
            raise unreadable("The body's JSON has too many keys and values")
        if _is_deep(text):
            raise unreadable("The body's JSON is nested too deeply")
        value = msgspec.json.decode(text)  # stricter than json: no NaN, no lone surrogates
        if _may_have_duplicates(text):
            json.loads(text, object_pairs_hook=_refuse_duplicates)
    except UnicodeDecodeError as error:
        raise unreadable("The body is not UTF-8") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise unreadable(f"The body is not readable as JSON: {error}") from error
    if not isinstance(value, dict):
        raise Invalid({"body": ["must be a JSON object"]})
    return value


def _has_many_pieces(text: str) -> bool:
    """Whether there are more than `MOST_PIECES`: a megabyte of `{},` takes 100 ms to read, while all others wait."""
    return next(islice(_PIECE.finditer(text), MOST_PIECES, None), None) is not None


def _is_deep(text: str) -> bool:
    """Whether it goes deeper than `DEEPEST`: readers call themselves for each level."""
    if text.count("{") + text.count("[") <= DEEPEST:
        return False
    depth = 0
    for each in _NESTING.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(each[0], 0)
        if depth > DEEPEST:
            return True
    return False


def _may_have_duplicates(text: str) -> bool:
    """Whether a key may stand twice in one object of this JSON: a quick look, which most bodies pass. Where something
    is escaped it cannot tell, and keys that different objects have in common look like duplicates to it.
    """
    if "\\" in text:
        return True
    keys = _KEY.findall(text)
    return len(set(keys)) < len(keys)


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return read
