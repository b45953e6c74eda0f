"""Email addresses as users log in with them: one form of each, and what may be one."""

import re
import unicodedata
from typing import Final

from keesa.names import LONGEST

_NEVER: Final = '<>()[],;:"\\'
"""What stands around an address in the header of a mail, and not in it."""
_LABEL: Final = re.compile(r"[^\W_]([\w-]*\w)?")
"""A part of a host's name, in any script."""
_LONGEST_GIVEN: Final = 3 * LONGEST
"""Characters of an address in any form: a letter may be given with two marks."""
_JOINERS: Final = "\u200c\u200d"
_VIRAMA: Final = 9
"""The combining class of the signs after which a joiner chooses the form of a cluster, in Sinhala say."""


def canonical_email(email: str) -> str:
    """The one form in which an address is kept and found: without blanks around it, in small letters, in NFC. Empty
    for a text that is too long in any form: to normalise takes time by the square of its length.
    """
    small = email.strip().lower()
    return unicodedata.normalize("NFC", small) if len(small) <= _LONGEST_GIVEN else ""


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
    spelt = _without_joiners(email)
    stray = next(filter(None, map(_stray, spelt)), None)
    return stray or _misshapen(spelt)


def _without_joiners(email: str) -> str:
    """Without those that spelling wants, by RFC 5892, appendix A: after a virama, or between two Arabic letters."""
    around = zip(" " + email, email, email[1:] + " ", strict=False)
    return "".join(now for before, now, after in around if now not in _JOINERS or not _joins(before, now, after))


def _joins(before: str, joiner: str, after: str) -> bool:
    if unicodedata.combining(before) == _VIRAMA:
        return True
    return joiner == "\u200c" and unicodedata.bidirectional(before) == unicodedata.bidirectional(after) == "AL"


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
