"""The rich text of a body, which is made safe before the transaction that keeps it."""

from typing import Annotated, Final

from msgspec import Meta

from keesa.rich_text.html import is_quick, rich_text
from keesa.rich_text.placeholders import text_with_placeholders
from keesa.web.conversions import MARK, Conversion

CLEANING: Final = Conversion(rich_text, is_quick)

Html = Annotated[str, Meta(extra={MARK: CLEANING})]
"""A field of a body; the endpoint finds the `RichText` in `call.rich_text`."""
HtmlWithPlaceholders = Annotated[str, Meta(extra={MARK: Conversion(text_with_placeholders, is_quick)})]
"""The same of a text in which `{{title}}` stands for a ticket's title."""
