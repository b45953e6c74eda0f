"""What counts as something to read."""

import sys
import unicodedata

import pytest

from keesa.blank import is_blank

DRAWN_AS_NOTHING = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u2800\u3164\ufe00\ufe0f\uffa0\U0001d159\U000e0041\U000e0100"
NOT_TO_BE_READ = "\ufdd0\uffff\U0010fffe\ufffc\0\x01\x07\x1b\x7f\x80\x9f"
ENTITIES = ("&nbsp;", "&ZeroWidthSpace;", "&NoBreak;", "&shy;", "&zwnj;", "&#8203;", "&#x200b;", "&#xFEFF;", "&nbsp")


@pytest.mark.parametrize(
    "text", ["", " \r\n\t", *DRAWN_AS_NOTHING, *NOT_TO_BE_READ, *ENTITIES, "".join(ENTITIES), "\u00ad&nbsp; \ufeff"]
)
def test_what_is_drawn_as_nothing_is_blank(text: str) -> None:
    """Spaces, fillers, selectors, and entities of them: alone and together."""
    assert is_blank(text)


def test_every_space_format_and_control_character_is_blank() -> None:
    """Whatever Unicode calls so, as far as this Python knows; what is drawn is not among them."""
    kinds = {chr(code): unicodedata.category(chr(code)) for code in range(sys.maxunicode + 1)}
    blank = {character for character in kinds if is_blank(character)}
    assert {character for character, kind in kinds.items() if kind in ("Zs", "Zl", "Zp", "Cf", "Cc")} <= blank
    assert {kinds[character] for character in blank} <= {"Cc", "Cf", "Cn", "Lo", "Mn", "So", "Zl", "Zp", "Zs"}
    assert len(blank) < 4370  # of which 4,096 and 66 are those that Unicode sets aside


@pytest.mark.parametrize(
    "text", ["x", "\u200bx", "\ufe0f📡", "&", "&nbsp;&amp;", "&x;", "0", "ރާއްޖެ", "\u0301", "ක්\u200dෂ"]
)
def test_one_character_is_enough(text: str) -> None:
    """Joiners and selectors beside it do not matter."""
    assert not is_blank(text)


@pytest.mark.parametrize(
    ("digits", "blank"), [("0" * 5000 + "65", False), ("0" * 5000 + "8203", True), ("9" * 5000, False)]
)
def test_a_number_of_thousands_of_digits_is_read(digits: str, blank: bool) -> None:  # noqa: FBT001 - a parameter
    """However many zeros it begins with; beyond all characters it is the sign for an unknown one."""
    assert is_blank(f"&#{digits};") == blank
