"""Email addresses as users log in with them: one form of each, and what may be one."""

import re
import unicodedata
from typing import Final

from keesa.names import LONGEST

_NEVER: Final = '<>()[],;:"\\'
"""What stands around an address in the header of a mail, and not in it."""
_LABEL: Final = re.compile(r"[^\W_]([\w-]*\w)?")
"""A part of a host's name, in any script."""


def canonical_email(email: str) -> str:
    """The one form in which an address is kept and found: without blanks around it, in small letters, in NFC."""
    return unicodedata.normalize("NFC", email.strip().lower())


def email_fault(email: str) -> str | None:
    """What is wrong with the text as a new user's address; None where nothing is."""
    if fault := _fault(email):
        return f"must be an email address: {fault}"
    return None


def _fault(email: str) -> str | None:
    if len(email) > LONGEST:
        return f"it has more than {LONGEST} characters"
    if email != email.strip():
        return "it begins or ends with a blank"
    stray = next(filter(None, map(_stray, email)), None)
    return stray or _misshapen(email)


def _stray(character: str) -> str | None:
    """What is wrong with the character in an address."""
    if character.isspace() or character == "\u2800":
        return "there is a blank in it"
    if not character.isprintable():
        return f"U+{ord(character):04X} stands in it"
    return f"{character} stands in it" if character in _NEVER else None


def _misshapen(email: str) -> str | None:
    name, _, host = email.partition("@")
    faults = {
        "it has no @": "@" not in email,
        "it has more than one @": "@" in host,
        "nothing stands before the @": not name,
        "nothing stands after the @": not host,
        f"{host} is no host name": not _is_host(host),
    }
    return next((fault for fault, holds in faults.items() if holds), None)


def _is_host(text: str) -> bool:
    letters = "".join(
        character for character in text if unicodedata.category(character)[0] != "M"
    )  # vowels of many scripts
    return all(_LABEL.fullmatch(label) for label in letters.split("."))
