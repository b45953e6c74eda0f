"""Telephone numbers: the integer that the documents show, and the number as somebody wrote it."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

MOST_DIGITS: Final = 15
"""Of an international number, its country code among them (E.164)."""
LONGEST: Final = 40
"""Characters of a number as it is written."""
FAULT: Final = (
    f"must be a telephone number of 1 to {MOST_DIGITS} digits, which may begin with + and be set apart by blanks,"
    f" hyphens, dots, slashes and brackets, at most {LONGEST} characters in all"
)

_NUMBER: Final = re.compile(r"[(\[]? ?\+? ?[(\[]? ?[0-9](?:[ ./()\[\]-]*[0-9])*[)\]]?")
_FRACTION: Final = re.compile(r"[0-9]+\.0")
"""An integer, as a program writes it that has made a floating-point number of it."""


@dataclass(frozen=True, slots=True)
class Phone:
    number: int
    """Its digits as an integer: without leading zeros, and without a plus."""
    written: str


def read_phone(given: str | int) -> Phone | None:
    """The telephone number that was given; None where it is none (`FAULT` says what one is).

    Digits of any script count, and any blank and any hyphen of Unicode. Marks that nobody sees, which come with
    numbers that are copied from an address book, are left out.
    """
    if isinstance(given, int):
        return Phone(given, str(given)) if 0 <= given < 10**MOST_DIGITS else None
    if len(given) > 4 * LONGEST:
        return None
    written = "".join(character for character in given if unicodedata.category(character) != "Cf").strip()
    plain = "".join(map(_plain, written))
    if _FRACTION.fullmatch(plain):
        written = plain = plain.removesuffix(".0")
    digits = "".join(character for character in plain if character.isdigit())
    if len(written) > LONGEST or len(digits) > MOST_DIGITS or not _NUMBER.fullmatch(plain):
        return None
    return Phone(int(digits), written)


def written_of(number: int, phone: str | None) -> str:
    """From what is kept: the number as it was written, which is kept only where the integer does not say it."""
    return str(number) if phone is None else phone


def phone_to_keep(phone: Phone) -> str | None:
    """The other way round."""
    return None if phone.written == str(phone.number) else phone.written


def _plain(character: str) -> str:
    """The character of ASCII that means the same in a telephone number; the character itself where there is none."""
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    match unicodedata.category(character):
        case "Zs":
            return " "
        case "Pd":
            return "-"
    folded = "-" if character == "\u2212" else unicodedata.normalize("NFKC", character)
    return character if any(part.isalnum() for part in folded) else folded
