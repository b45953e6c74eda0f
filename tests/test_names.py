"""What may be a name: of whom, of a customer, of an entry of a list."""

import pytest

from keesa.names import name_fault, readable

GOOD = {
    "joiner in Sinhala": "ශ්\u200dරී ලංකා",
    "non-joiner in Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "joiner in an emoji": "Desk \U0001f469\u200d\U0001f4bb",
    "joiner at the end": "ක්\u200d",
    "no-break blank": "Jean\u00a0Dupont",
    "narrow no-break blank": "M.\u202fDupont",
    "wide blank": "山田\u3000太郎",
    "Thaana": "އައިޝަތު ރަޝީދު",
    "mark of direction": "Router (\u05d0\u200f)",
    "zero width space in Khmer": "សុខ\u200bសាន្ត",
    "soft hyphen": "Donau\u00addampf",
    "combining marks": "Zoe\u0308",
    "punctuation alone": "!?",
    "a letter newer than Python's Unicode": "\U00011f02",
    "the longest": "n" * 255,
    "markup": "Harbour [/closed] <b>",
}

BAD = {
    "nothing": ("", "must have something to read, in 1 to 255 characters"),
    "blanks": ("  \u00a0\u3000", "must have something to read, in 1 to 255 characters"),
    "joiners": ("\u200d\u200c", "must have something to read, in 1 to 255 characters"),
    "zero width space": ("\u200b", "must have something to read, in 1 to 255 characters"),
    "soft hyphen": ("\u00ad", "must have something to read, in 1 to 255 characters"),
    "Hangul fillers": ("\u3164\u115f\uffa0", "must have something to read, in 1 to 255 characters"),
    "Braille blank": ("\u2800", "must have something to read, in 1 to 255 characters"),
    "marks alone": ("\u0308\ufe0f\u034f", "must have something to read, in 1 to 255 characters"),
    "too long": ("n" * 256, "must have at most 255 characters"),
    "leading blank": (" Moosa", "must not begin or end with a blank"),
    "trailing blank": ("Moosa ", "must not begin or end with a blank"),
    "leading no-break blank": ("\u00a0Moosa", "must not begin or end with a blank"),
    "NUL": ("Moo\0sa", "must not contain U+0000 (a control character)"),
    "line end": ("Moosa\n", "must not contain U+000A (a control character)"),
    "escape": ("\x1b[31mMoosa", "must not contain U+001B (a control character)"),
    "C1 control": ("Moo\u009bsa", "must not contain U+009B (a control character)"),
    "next line": ("Moo\u0085sa", "must not contain U+0085 (a control character)"),
    "line separator": ("Moo\u2028sa", "must not contain U+2028 (a line break)"),
    "paragraph separator": ("Moo\u2029sa", "must not contain U+2029 (a line break)"),
    "lone surrogate": ("Moo\ud800sa", "must not contain U+D800 (half a character)"),
    "override": ("Moo\u202esa", "must not contain U+202E (it changes the direction of text)"),
    "embedding": ("Moo\u202asa", "must not contain U+202A (it changes the direction of text)"),
    "isolate": ("Moo\u2067sa", "must not contain U+2067 (it changes the direction of text)"),
    "byte-order mark": ("\ufeffMoosa", "must not contain U+FEFF (no character of a text)"),
    "noncharacter": ("Moo\uffffsa", "must not contain U+FFFF (no character of a text)"),
    "private use": ("Moo\ue000sa", "must not contain U+E000 (no character of a text)"),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_people_write_is_a_name(name: str) -> None:
    """In any script, with what its spelling takes."""
    assert name_fault(GOOD[name]) is None


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_name_has_its_sentence(name: str) -> None:
    """Which names the character, where one is wrong."""
    text, sentence = BAD[name]
    assert name_fault(text) == sentence


def test_only_what_is_seen_can_be_read() -> None:
    """A letter among joiners and blanks is enough."""
    assert readable(" \u200b\u200da")
    assert not readable(" \u200b\u200d")
