"""Placeholders in a text: `{{title}}` stands for a ticket's title.

They stand between tags, never within one, so that what they are filled in with, which is escaped, is text wherever it
comes. A text is looked through when it is written, before the transaction that keeps it.
"""

import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Final

from keesa.rich_text.html import LONGEST, RichText, accepted, refused, rich_text
from keesa.rich_text.tags import Reader

PLACEHOLDERS: Final = (
    "ticket_number",
    "title",
    "status",
    "reference",
    "customer",
    "contact_name",
    "product",
    "raised_by",
    "raised_on",
    "held_until",
    "assigned_to",
    "my_name",
)
MOST: Final = 100
"""Of a text, so that what it becomes is in proportion to it."""
_BEGIN: Final = "{{"
_PLACEHOLDER: Final = re.compile(r"\{\{\s{0,8}(\w{1,32})\s{0,8}\}\}")
_SHOWN: Final = 40
"""Characters of what is wrong that an error shows."""


def text_with_placeholders(written: str, pause: Callable[[], None] | None = None) -> RichText:
    """As `rich_text`, of a text that may be a note once it is filled in: every `{{` in it begins a placeholder that is
    known.
    """
    text = rich_text(written, pause)
    if text.fault:
        return text
    kept = text.kept.replace("<{{", "&lt;{{")  # else what is filled in could make a tag of the bracket
    if fault := _fault(kept):
        return refused(fault)
    return accepted(kept)


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with the values, which are plain, in place of its placeholders."""
    return _PLACEHOLDER.sub(lambda found: escape(values.get(found[1], found[0]), quote=False), text)


def _fault(kept: str) -> str | None:
    if len(kept) > LONGEST:
        return f"must have at most {LONGEST} characters once it is made safe"
    count, position = 0, kept.find(_BEGIN)
    while position >= 0:
        found = _PLACEHOLDER.match(kept, position)
        if found is None or found[1] not in PLACEHOLDERS:
            end = kept.find("}}", position, position + _SHOWN)
            shown = kept[position : position + _SHOWN if end < 0 else end + 2]
            return f"must not contain {shown}: there are {', '.join(f'{{{{{name}}}}}' for name in PLACEHOLDERS)}"
        count, position = count + 1, kept.find(_BEGIN, found.end())
    if count > MOST:
        return f"must have at most {MOST} placeholders"
    between = sum(written.count(_BEGIN) for name, written in Reader(kept).tokens() if not name) if count else 0
    return "must have its placeholders between tags, not within one" if between < count else None
