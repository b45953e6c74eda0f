"""Lists as CSV, below the API: what a cell holds, what an answer must be, and when CSV is asked for."""

import csv
import io
from typing import Annotated, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct, field
from starlette.datastructures import Headers

from deterministic import deterministic
from keesa.db.steps import run_to_the_end
from keesa.errors import Invalid
from keesa.web.csv_lists import Columns, columns_of, is_asked_for, page_of
from keesa.web.replies import Reply

DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - as spreadsheets read them


class Thing(Struct):
    id: int
    name: str | None
    words: list[str] = field(default_factory=list)
    parts: dict[str, int] = field(default_factory=dict)
    retired: bool = False
    own: Annotated[float, Meta(description="")] = field(default=0.5, name="share")


class Things(Struct):
    things: Annotated[list[Annotated[Thing, Meta(description="")]], Meta(description="")]
    next: str | None


class Answer(Struct):
    data: Things


def rows_of(*things: Thing) -> list[list[str]]:
    page = run_to_the_end(page_of(Reply(Answer(Things(list(things), "x"))), columns_of(Answer)))
    assert page.after == "x"
    return list(csv.reader(io.StringIO(page.lines.decode(), newline="")))


def test_the_columns_are_the_fields_of_a_row() -> None:
    """By their names in JSON, also where no row is there to ask."""
    assert columns_of(Answer).array == "things"
    assert list(columns_of(Answer).fields.values()) == ["id", "name", "words", "parts", "retired", "share"]


def test_each_kind_of_value_has_its_cell() -> None:
    """Numbers stay numbers, below nought too; words have semicolons between, parts are JSON, null is nothing."""
    shown = rows_of(Thing(-5, 'Fulhadhoo, "Old" Pier\r\n2', ["a", "b"], {"x": 1}, retired=True), Thing(6, None))
    assert shown == [
        ["-5", 'Fulhadhoo, "Old" Pier\r\n2', "a;b", '{"x":1}', "true", "0.5"],
        ["6", "", "", "{}", "false", "0.5"],
    ]


def test_lines_end_as_the_rfc_has_it() -> None:
    """With a carriage return and a line feed, the last one too; a cell is in quotation marks where it must be."""
    page = run_to_the_end(page_of(Answer(Things([Thing(1, 'a "b", c')], None)), columns_of(Answer)))
    assert page.lines == b'1,"a ""b"", c",,{},false,0.5\r\n'


@deterministic(100)
@given(st.sampled_from(DANGEROUS), st.text(), st.booleans())
def test_no_text_is_run_by_a_spreadsheet(begin: str, rest: str, in_a_list: bool) -> None:  # noqa: FBT001 - so Hypothesis calls it
    """Whatever begins like a formula has an apostrophe before it, alone or as the first word of a list."""
    text = begin + rest.replace("\0", "")
    thing = Thing(1, "x", [text, "y"]) if in_a_list else Thing(1, text)
    [[_, name, words, *_]] = rows_of(thing)
    assert (words if in_a_list else name) == (f"'{text};y" if in_a_list else f"'{text}")


@deterministic(100)
@given(st.text())
def test_other_texts_are_as_they_are(text: str) -> None:
    """Blanks, quotation marks and line ends in them too."""
    if text.startswith(DANGEROUS):
        return
    [[_, name, *_]] = rows_of(Thing(1, text))
    assert name == text


class NoArray(Struct):
    next: str | None


class TwoArrays(Struct):
    things: list[Thing]
    others: list[Thing]
    next: str | None


class NoCursor(Struct):
    things: list[Thing]


@pytest.mark.parametrize("inside", [NoArray, TwoArrays, NoCursor, int])
def test_what_is_no_list_is_found_at_the_start(inside: type) -> None:
    """One array, and the cursor beside it."""

    class Other(Struct):
        data: inside  # type: ignore[valid-type]

    with pytest.raises(TypeError, match="is no list as CSV"):
        columns_of(Other)
    assert isinstance(columns_of(Answer), Columns)


@pytest.mark.parametrize(
    ("accept", "as_csv"),
    [
        ("text/csv", True),
        ("TEXT/CSV; q=0.9, application/json;q=0.5", True),
        ("application/json;q=0.2, text/csv", True),
        ("text/csv, */*;q=0.1", True),
        ("", False),
        ("*/*", False),
        ("text/*", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("application/json, text/csv", False),
        ("text/csv;q=0.5, */*", False),
        ("text/csv;q=0", False),
        ("text/csv;q=many", False),
    ],
)
def test_csv_is_given_to_who_wants_it_more_than_json(accept: str, as_csv: bool) -> None:  # noqa: FBT001 - a column of the table
    """By its own name: who takes anything gets JSON."""
    assert is_asked_for({}, Headers({"Accept": accept})) is as_csv
    assert is_asked_for({"format": "csv"}, Headers({"Accept": accept})) is True
    assert is_asked_for({"format": "json"}, Headers({"Accept": accept})) is False


def test_another_format_is_refused() -> None:
    """With those that there are."""
    with pytest.raises(Invalid, match="format must be json or csv"):
        is_asked_for({"format": "xml"}, Headers())
