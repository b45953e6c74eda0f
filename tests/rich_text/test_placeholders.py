"""Placeholders: which are known, where they may stand, and that nothing which fills them in becomes a tag."""

from html.parser import HTMLParser
from typing import Final

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from keesa.rich_text.elements import ATTRIBUTES, SCHEMES, TAGS
from keesa.rich_text.html import LONGEST
from keesa.rich_text.placeholders import MOST, PLACEHOLDERS, filled, text_with_placeholders

VALUES: Final = dict.fromkeys(PLACEHOLDERS, "") | {
    "ticket_number": "2025002",
    "title": "R&D <b>down</b>",
    "contact_name": 'Ibrahim "Ibbe" O\'Neil',
}


@pytest.mark.parametrize(
    ("written", "ready"),
    [
        ("No placeholder, { or }} alone", "No placeholder, { or }} alone"),
        ("Ticket {{ticket_number}}.", "Ticket 2025002."),
        ("{{ title }}{{title}}", "R&amp;D &lt;b&gt;down&lt;/b&gt;" * 2),
        (
            "<p>Dear {{contact_name}},<br>{{\u00a0ticket_number\u00a0}}</p>",
            '<p>Dear Ibrahim "Ibbe" O\'Neil,<br>2025002</p>',
        ),
        ("[{{assigned_to}}]", "[]"),
        ("<pre>{{ticket_number}}</pre>", "<pre>2025002</pre>"),
    ],
)
def test_a_text_is_filled_in(written: str, ready: str) -> None:
    """With plain values, which stay what they are in HTML; a value that there is none of is nothing."""
    text = text_with_placeholders(written)
    assert (text.fault, text.kept, text.size) == (None, written, len(written.encode()))
    assert filled(text.kept, VALUES) == ready


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("{{tea}}", "{{tea}}"),
        ("{{Title}}", "{{Title}}"),
        ("{{title}", "{{title}"),
        ("{{{title}}}", "{{{title}}"),
        ("{{title {{title}}", "{{title {{title}}"),
        ("{{}}", "{{}}"),
        ("{{<b>title</b>}}", "{{<b>title</b>}}"),
        ("so {{ and nothing after it, which is long enough", "{{ and nothing after it, which is long e"),
        (f"{{{{{'x' * 90_000}", None),
    ],
)
def test_another_word_is_refused(written: str, shown: str | None) -> None:
    """With those that there are: it would be sent to a customer as it stands."""
    fault = text_with_placeholders(written).fault or ""
    if shown is None:
        assert fault == f"must have at most {LONGEST} characters"
    else:
        assert fault.startswith(f"must not contain {shown}: there are {{{{ticket_number}}}}, {{{{title}}}}")
        assert all(name in fault for name in PLACEHOLDERS)


@pytest.mark.parametrize(
    "written",
    [
        '<a href="{{title}}">x</a>',
        '<a href="https://desk.example/{{ticket_number}}">x</a>',
        '<p>{{title}}</p><a title="{{title}}" href="/">x</a>',
    ],
)
def test_none_stands_within_a_tag(written: str) -> None:
    """A title could be an address that a browser runs."""
    assert text_with_placeholders(written).fault == "must have its placeholders between tags, not within one"


def test_there_is_a_bound() -> None:
    """Of placeholders, and of the text that is kept."""
    assert text_with_placeholders("{{title}}" * MOST).fault is None
    assert text_with_placeholders("{{title}}" * (MOST + 1)).fault == f"must have at most {MOST} placeholders"
    long = text_with_placeholders("<b>" + "<" * 3999 + "x" * (LONGEST - 4002))
    assert long.fault == f"must have at most {LONGEST} characters once it is made safe"


@pytest.mark.parametrize("written", ["", " ", "<p></p>", "<script>{{title}}</script>"])
def test_there_is_something_to_read(written: str) -> None:
    """As in every text."""
    assert text_with_placeholders(written).fault == "must not be empty"


class Tags(HTMLParser):
    """The tags of a text, as a reader of HTML finds them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(f"{tag} {attrs}")

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"!{data}")


PIECES: Final = st.lists(
    st.sampled_from(
        [
            *("{{title}}", "{{contact_name}}", "{{assigned_to}}", "<", "</", "<!--", "-->", ">", "&", "&l", "&lt", ";"),
            *(
                '"',
                "'",
                "=",
                "/",
                " ",
                "b",
                "img src=x onerror=alert(1)",
                "script",
                "t;",
                "#60;",
                "<b>",
                "</b>",
                "<pre>",
            ),
            *('<a href="/">', "</a>", "<script>", "</script>", "{", "}"),
        ]
    ),
    max_size=12,
).map("".join)
CLEANER: Final = nh3.Cleaner(
    tags=set(TAGS),
    attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
    url_schemes=set(SCHEMES),
    link_rel=None,
)


@deterministic(600)
@given(written=PIECES, title=PIECES, name=PIECES)
def test_no_value_becomes_a_tag(written: str, title: str, name: str) -> None:
    """Nor ends one or takes one away, whatever stands around it: the tags are the text's, and all are harmless."""
    text = text_with_placeholders(written)
    if text.fault:
        return
    ready = filled(text.kept, VALUES | {"title": title, "contact_name": name})
    assert Tags(ready).found == Tags(text.kept).found
    assert Tags(CLEANER.clean(ready)).found == Tags(ready).found
