"""What the name of a person, a customer or an entry of a list may be."""

from typing import Final

LONGEST: Final = 255
"""Characters."""


def name_fault(text: str) -> str | None:
    """What is wrong with the text as a name; None where nothing is."""
    if text.strip() and text.isprintable() and len(text) <= LONGEST:
        return None
    return f"must have 1 to {LONGEST} printable characters"
