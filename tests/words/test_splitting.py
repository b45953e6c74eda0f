"""Texts split into words, in the scripts that people here write; and what the ends of numbers are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from keesa.words.splitting import BOUNDARY, LONGEST, MARK, ends_of, words_in, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Link DOWN at Malé", "link down at malé"),
        ("އިންޓަނެޓް ނުލިބޭ", "އިންޓަނެޓް ނުލިބޭ"),
        ("இணையம் இல்லை", "இணையம் இல்லை"),
        ("අන්තර්ජාලය නැත", "අන්තර්ජාලය නැත"),
        ("इंटरनेट नहीं है", "इंटरनेट नहीं है"),
        ("الإنترنت لا يعمل", "الإنترنت لا يعمل"),
        ("Straße ΣΊΣΥΦΟΣ Вход", "strasse σίσυφοσ вход"),
        ("網路斷線", "網 路 斷 線"),
        ("ネット down", "ネ ッ ト down"),
        ("เน็ตล่ม", "เ น็ ต ล่ ม"),
        ("인터넷 안됨", "인터넷 안됨"),
        ("sw-12 10.2.3.4 a@b.mv", "sw 12 10 2 3 4 a b mv"),
        ("Ethernet1/0/24", "ethernet1 0 24"),
        ("\uff26\uff35\uff2c\uff2c \uff57\uff49\uff44\uff54\uff48 \ufb01ne", "full width fine"),
        ("٣٤٥ ३४५", "345 345"),
        ("soft\u00adware in\u200bter\u200dnet", "software internet"),
        ("e\u0301te\u0301", "été"),
        ("!!! — …", ""),
    ],
)
def test_words(text: str, words: str) -> None:
    """Letters with their marks and digits of any script, in small letters; where nobody writes blanks, each letter."""
    assert words_of(text) == words.split()


@deterministic(400)
@given(st.text(max_size=80))
def test_words_have_no_sign_of_ours(text: str) -> None:
    """No quote, blank or backslash is in one, and neither a boundary nor a mark: none can be written by anybody."""
    for word in words_of(text):
        assert not set(word) & {"'", '"', "\\", " ", "\0", BOUNDARY, MARK}
        assert 0 < len(word) <= LONGEST


@deterministic(400)
@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "So", "No", "Cf")), max_size=80))
def test_words_with_their_places_are_the_same(text: str) -> None:
    """What is shown as found is what was found; its places go from left to right."""
    found = [*words_in(text)]
    assert [(each.start, each.end) for each in found] == sorted((each.start, each.end) for each in found)
    assert all(word in " ".join(words_of(text)) for word in (each.text for each in found))


def test_a_long_word_is_several() -> None:
    """None is longer than either engine takes."""
    assert words_of("x" * 150) == ["x" * 64, "x" * 64, "x" * 22]


def test_the_ends_of_numbers() -> None:
    """Half a telephone number finds the whole; the digits in a name of letters and digits are found, too."""
    assert ends_of(["9607912345"]) == ["2345", "12345", "912345", "7912345", "07912345", "607912345"]
    assert ends_of(["sn12345"]) == ["12345", "2345"]
    assert ends_of(["1234", "call", "now"]) == []
    assert ends_of(["12345", "712345"]) == ["2345", "12345"]
    assert ends_of(["1" * 21]) == []
