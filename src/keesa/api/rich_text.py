"""The rich text of a body, which is made safe before the transaction that keeps it."""

from collections.abc import Callable
from typing import Annotated, Final

from msgspec import Meta

from keesa.tickets.html import RichText, is_quick, rich_text
from keesa.web.conversions import MARK, Conversion


def _clean(text: str, pause: Callable[[], None]) -> RichText:
    return rich_text(text, pause)


_CLEANING: Final = Conversion(_clean, is_quick)

Html = Annotated[str, Meta(extra={MARK: _CLEANING})]
"""A field of a body; the endpoint finds the `RichText` in `call.rich_text`."""
