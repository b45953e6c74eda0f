"""`Prefer` (RFC 7240): how a client wants its request to be handled."""

import re
from typing import Final, Literal

from starlette.datastructures import Headers

Handling = Literal["strict", "lenient"]
"""Strictly: a field that is not known is a fault. Leniently: it is ignored."""

_WORDS: Final[dict[str, Handling]] = {"strict": "strict", "lenient": "lenient"}
_PREFERENCE: Final = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*+"?)++')
"""One of a list: what stands between commas, but for those in quotation marks."""


def handling_of(headers: Headers) -> Handling | None:
    """None where the client does not say, or says something else. Of several the first one counts."""
    lines = [value for name, value in headers.raw if name == b"prefer"]  # which hardly anybody sends
    if not lines:
        return None
    for preference in _PREFERENCE.findall(b",".join(lines).decode("latin-1")):  # a list may come in several lines
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "handling":
            return _WORDS.get(value.strip().removeprefix('"').removesuffix('"').lower())
    return None
