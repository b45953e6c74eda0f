"""Excerpts: what was found in a text, and a little of what stands around it."""

import re
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from keesa.search.excerpts import BEFORE, LONGEST, excerpt_of
from keesa.search.found_in import found_in
from keesa.search.language import read_query

LONG: Final = "Sea breeze " * 3000


@pytest.mark.parametrize(
    ("q", "text", "parts"),
    [
        ("signal", "No signal, no SIGNAL", ["No ", "signal", ", no ", "SIGNAL", ""]),
        ("rout*", "Routers, re-routed", ["", "Routers", ", re-", "routed", ""]),
        ('"sw 12"', "sw-12 is not sw-120", ["", "sw-12", " is not sw-120"]),
        ("2345", "Call +960 791-2345 or 9607912345", ["Call +960 791-", "2345", " or ", "9607912345", ""]),
        ("މާލެ", "ވަޒަން މާލެ 12", ["ވަޒަން ", "މާލެ", " 12"]),
        ("路故", "網路故障", ["網", "路故", "障"]),
        ("strasse", "Hauptstraße, Straße", ["Hauptstraße, ", "Straße", ""]),
        ('"sw 12*" no', "SW-120: sw-21, no sw no", ["", "SW-120", ": sw-21, ", "no", " sw ", "no", ""]),
        ("7912*", "Call 9607912345, not 79", ["Call ", "9607912345", ", not 79"]),
        ("12345", "no12345x, 312345", ["", "no12345x", ", ", "312345", ""]),
        ("cab link", "cable, cab: é link", ["cable, ", "cab", ": é ", "link", ""]),
        ("b" * 66, f"ab {'b' * 66}", ["ab ", "b" * 66, ""]),
        ("signal -no", "signal\n\n  here", ["", "signal", " here"]),
    ],
)
def test_what_was_found_stands_apart(q: str, text: str, parts: list[str]) -> None:
    """In any script, with blanks as one; the end of a long number as the whole of it."""
    found = excerpt_of(text, read_query(q))
    assert found is not None
    assert found.parts == parts


@pytest.mark.parametrize("q", ["tide", '"low tide"', "ti*", "4711"])
def test_an_excerpt_of_a_long_text_is_short(q: str) -> None:
    """It begins and ends between words, and says that there is more."""
    found = excerpt_of(f"{LONG}at low tide 4711 {LONG}", read_query(q))
    assert found is not None
    text = "".join(found.parts)
    assert len(text) <= LONGEST + 2
    assert text.startswith("…")
    assert text.endswith("…")
    assert {*text.strip("…").split()} <= {"Sea", "breeze", "at", "low", "tide", "4711"}
    assert len(found.parts[0]) <= BEFORE + 1
    assert found.parts[1] in ("tide", "low tide", "4711")


def test_what_is_not_there_has_none() -> None:
    """Nor has what must not be found."""
    assert excerpt_of("No signal", read_query("-signal yes")) is None
    assert excerpt_of("", read_query("signal")) is None
    assert excerpt_of("low water, high tide", read_query('"low tide"')) is None


@given(
    st.text(st.sampled_from("ab Z-12345\n"), max_size=120),
    st.sampled_from(("a", "ab", "ab*", "12345", "2345", "45*", "12*", '"a b"', '"a ab*"', '"1 2"', "aa bb", "b" * 70)),
)
@deterministic(400)
def test_ascii_is_looked_through_as_any_other_text(text: str, q: str) -> None:
    """Which is split word by word."""
    terms = read_query(q).terms
    assert found_in(text, terms) == found_in(f"{text} é", terms)


@given(
    st.text(st.sampled_from("ab Z-12345\n\u0301é字މާ℃ﬁ"), max_size=300),
    st.sampled_from(("a", "ab*", "12345", '"a b"', "字", "é", "fi", "c", "މާ")),
)
@deterministic(200)
def test_parts_together_are_a_piece_of_the_text(text: str, q: str) -> None:
    """Whatever it holds; what is found is never empty."""
    found = excerpt_of(text, read_query(q))
    if found is not None:
        assert "".join(found.parts).strip("…") in re.sub(r"\s+", " ", text)
        assert all(found.parts[1::2])
        assert len(found.parts) % 2 == 1
