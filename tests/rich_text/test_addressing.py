"""Whom a text addresses, by the `@`s of it that begin a word."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from keesa.rich_text.addressing import LONGEST, MOST, addressed, folded, names_in
from keesa.rich_text.html import rich_text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no at all", ()),
        ("@Hassan", ("hassan",)),
        ("please @Hassan, look", ("hassan, look",)),
        ("(@Hassan)", ("hassan)",)),
        ("one\n@Hassan\ntwo", ("hassan",)),
        ("@Ali @Ibbe", ("ali @ibbe", "ibbe")),
        ("mail bob@x.mv or b.@x.mv", ()),
        ("https://social.example/@hassan", ()),
        ("@@hassan", ("@hassan",)),
        ("a lone @ and @", ()),
        ("<div>@Hassan<br>later</div>", ("hassan",)),
        ("<p>Ask <b>@Hassan</b> now</p>", ("hassan",)),
        ('<a href="mailto:bob@x.mv">bob@x.mv</a>', ()),
        ("<p>@Tom &amp; Jerry</p>", ("tom & jerry",)),
        ("@ÉLODIE", ("élodie",)),
        ("@ހަސަން", ("ހަސަން",)),
    ],
)
def test_what_stands_behind_each_at(text: str, found: tuple[str, ...]) -> None:
    """To the end of its line, or to the next tag; an `@` within a word or a link addresses nobody."""
    assert addressed(text) == found
    assert rich_text(text).addressed == found


def test_a_text_that_is_refused_addresses_nobody() -> None:
    """Nothing of it is kept."""
    assert rich_text("<script>@Hassan</script>").addressed == ()


def test_no_more_than_the_first_are_looked_at() -> None:
    """Each once, and no further than a name goes."""
    many = " ".join(f"@user{number}" for number in range(MOST + 5))
    assert len(addressed(many)) == MOST
    assert addressed("@Hassan\n" * 50) == ("hassan",)
    assert [len(window) for window in addressed("@" + "x" * 1000)] == [LONGEST]


@pytest.mark.parametrize(
    ("window", "has", "has_not"),
    [
        ("hassan, look", ["hassan"], ["hass", "hassan, "]),
        ("ali hassan is here", ["ali", "ali hassan", "ali hassan is here"], ["ali hassan i"]),
        ("ali-reza", ["ali-reza"], ["ali"]),
        ("ali.", ["ali"], []),
        ("ali's turn", ["ali's"], ["ali"]),
        ("bob@x.mv.", ["bob@x.mv"], ["bob", "bob@x"]),
        ("bob@x.mv.example", ["bob@x.mv.example"], ["bob@x.mv"]),
        ("bob_b", ["bob_b"], ["bob"]),
        ("އަލީ", ["އަލީ"], ["އަލ"]),
    ],
)
def test_a_name_ends_where_a_word_does(window: str, has: list[str], has_not: list[str]) -> None:
    """The longest comes first; neither a word, nor a vowel sign, nor an address goes on behind it."""
    names = names_in(window)
    assert list(names) == sorted(names, key=len, reverse=True)
    assert set(has) <= set(names)
    assert not set(has_not) & set(names)


NAMES = st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1, max_size=20)


@deterministic(100)
@given(name=NAMES, before=st.sampled_from(["", "see ", "<p>", "(", "\n"]), after=st.sampled_from(["", ", ", "!", "\n"]))
def test_a_name_is_found_wherever_it_stands(name: str, before: str, after: str) -> None:
    """In whatever script and case."""
    for written in (name, name.upper(), name.lower()):
        [window] = addressed(f"{before}@{written}{after}")
        assert folded(written) in names_in(window)


@pytest.mark.parametrize("text", ["@" * 60_000, "@a " * 20_000, "<a" * 60_000, "@" + "x" * 60_000, "&#64;" * 12_000])
def test_no_text_costs_more_than_a_moment(text: str) -> None:
    """Each takes some milliseconds; what were quadratic would take minutes."""
    begun = time.monotonic()
    for window in addressed(text):
        names_in(window)
    assert time.monotonic() - begun < 20
