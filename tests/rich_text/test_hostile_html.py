"""What a text may blow up: cleaning takes time and gives text in proportion to what was written."""

import time
from typing import Final

import pytest

from keesa.rich_text.html import LONGEST, LONGEST_KEPT, MOST_TAGS, is_quick, rich_text

SECONDS: Final = 2.0
"""Of CPU. The worst that is known takes 0.06; what was not in proportion took 7 for 10 kB, and 78 for 21."""


def filled(unit: str, before: str = "", after: str = "") -> str:
    """As often as the bounds of length and tags let it."""
    room = (LONGEST - len(before) - len(after)) // len(unit)
    tags = (MOST_TAGS - (before + after).count("<")) // max(1, unit.count("<"))
    return before + unit * (min(room, tags) if "<" in unit else room) + after


# fmt: off
NESTING: Final = (
    "a", "abbr", "b", "blockquote", "code", "dd", "div", "dl", "em", "h1", "i", "li", "ol", "p", "pre", "q", "s",
    "span", "strike", "table", "td", "th", "tr", "u", "ul",
)
DROPPED: Final = (
    "font", "button", "nobr", "select", "svg", "math", "template", "object", "form", "iframe", "noscript", "plaintext",
    "title", "style",
)
# fmt: on
DISTINCT: Final = "".join(f"<b title={number}>" for number in range(500))
QUOTES: Final = '"' * 6
LONG_TAGS: Final = "".join(f"<i lang={'z' * 90}{number}>" for number in range(90))
HOSTILE: Final = {
    "formatting over blocks": f"<p>{'<b title=i>' * 500}</p>{'<p>x</p>' * 500}",
    "distinct formatting over blocks": f"<p>{DISTINCT}</p>{'<p>x</p>' * 500}",
    "distinct formatting over cells": filled("<td>x", f"<table>{DISTINCT}"),
    **{f"formatting over {name}": filled(f"<{name}>x", f"<p>{DISTINCT}</p>") for name in NESTING},
    **{f"unended {name}": filled(f"<{name}>x") for name in (*NESTING, *DROPPED)},
    **{f"{name} that never began": filled(f"</{name}>", "x") for name in NESTING},
    **{f"misnested {name}": filled(f"<b><{name}>x</b></{name}>") for name in NESTING},
    **{f"unended {name} in paragraphs in links": filled(f"<a><p><{name}>x") for name in NESTING},
    "long formatting opened again": filled("<p>x", f"<p>{LONG_TAGS}", "</p>"),
    "tables in tables": filled("<table><tr><td>x"),
    "text in tables": filled("<table><b>x"),
    "attributes of one tag": f"<p {'title=x ' * 7_990}>x",
    "attributes without end": filled("a=b ", "<p "),
    "quotes in quotes": filled("""<b a="<b a='" a="' a='"""),
    "quotes without end": filled('<b a="'),
    "a long value after many short": '<b a=" c="' * 1200 + "x" * 45_000 + '"',
    "quotation marks": filled(f"<b title='{QUOTES}'>x"),
    "ampersands": filled("&", "<b>x"),
    "entities": filled("&amp;", "<b>x"),
    "invisible entities": filled("&nbsp;"),
    "numbers of characters": filled("&#1", "<b>x"),
    "a number of many digits": filled("9", "<b>x&#", ";"),
    "comments without end": filled("<!--", "x"),
    "declarations without end": filled("<!doctype ", "x"),
    "declarations with a quote without end": filled('<!doctype x"', "x"),
    "declarations with a part without end": filled("<?xml [ ", "x"),
    "comments with one of two ends": filled("<!-- --!>", "x"),
    "strays behind a value in quotes": filled(";\t", '<p a="b" '),
    "strays in many tags": filled("<p a='' ;\"", "x"),
    "CDATA without end": filled("<![CDATA[", "x"),
    "elements of other markup": "x" + "".join(f"<q{number}:a>" for number in range(MOST_TAGS)),
    "line ends in pre": filled("<pre title=x>\n\n\n\n\n\n\n\n", "x"),
    "links that are none": filled('<a href="https://[x">x</a>'),
    "brackets": f"x{'<' * MOST_TAGS}{'&' * 60_000}",
    "brackets before tags": ("<" * 30 + "b>x") * 120,
    "raw text": f"<xmp>{'<&' * 1900}{'&' * 59_000}</xmp>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_long_or_becomes_large(name: str) -> None:
    """Formatting that is opened again in each block, attributes and quotes without end, entities, tables."""
    text = HOSTILE[name]
    assert len(text) <= LONGEST
    assert text.count("<") <= MOST_TAGS
    began = time.process_time()
    found = rich_text(text)
    assert time.process_time() - began < SECONDS
    assert len(found.kept) <= min(8 * len(text), LONGEST_KEPT)
    assert bool(found.kept) != bool(found.fault)


def test_what_would_be_kept_has_a_bound() -> None:
    """Beyond it the text is refused, not cut."""
    fault = f"must have at most {LONGEST_KEPT} characters once it is made safe"
    assert rich_text(HOSTILE["raw text"]).fault == fault
    assert rich_text(f"<p {'c=d ' * 8_001}>x").fault == "must have at most 8000 attributes"


@pytest.mark.parametrize(
    ("text", "quick"), [("x" * 2000, True), ("x" * 2001, False), ("<b>" * 100, True), ("<b>" * 101, False), ("", True)]
)
def test_short_texts_with_few_tags_are_quick(text: str, quick: bool) -> None:  # noqa: FBT001 - a parameter
    """They are cleaned on the spot: a thread would take longer to begin."""
    assert is_quick(text) == quick


def test_the_bytes_of_what_is_kept_are_counted() -> None:
    """As UTF-8, which both engines count alike."""
    assert (rich_text("ރާއްޖެ").size, rich_text("<B>é</B>").size, rich_text("").size) == (12, 9, 0)
