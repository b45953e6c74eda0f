"""Fields that are not known: each is named, with the one that may be meant."""

from typing import Any, Final

import pytest
from msgspec import Struct

from keesa.web.input.kinds import path_to, paths_of
from keesa.web.input.unknown import GUESSED, LONGEST_NAME, NOT_KNOWN, unknown_fields, unknown_words


class Item(Struct):
    number: int
    words: dict[str, list[str]] | None = None


class Inner(Struct):
    title: str
    items: list[Item] | None = None
    days: list[str] | None = None


class Body(Struct):
    ticket: Inner
    customer_id: int | None = None
    renamed: str = ""


KNOWN: Final[dict[str, Any]] = {
    "ticket": {"title": "x", "items": [{"number": 1, "words": {"any": ["thing"]}}], "days": ["a"]},
    "customer_id": 1,
}


def test_what_is_known_is_no_fault() -> None:
    """However deep; and what may hold anything is not looked into."""
    assert unknown_fields(Body, KNOWN) == {}
    assert unknown_fields(Body, {"ticket": "no object", "customer_id": {"x": 1}}) == {}
    assert unknown_words({"limit"}, {"limit": "1"}) == {}


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"custommer_id": 1}, {"custommer_id": [f"{NOT_KNOWN}: is customer_id meant?"]}),
        ({"Customer_ID": 1}, {"Customer_ID": [f"{NOT_KNOWN}: is customer_id meant?"]}),
        ({"title": "x"}, {"title": [f"{NOT_KNOWN}: is ticket.title meant?"]}),
        ({"zzz": None}, {"zzz": [NOT_KNOWN]}),
        ({"ticket": {"titel": "x"}}, {"ticket.titel": [f"{NOT_KNOWN}: is title meant?"]}),
        ({"ticket": {"items": [{}, {"numbr": 1}]}}, {"ticket.items.1.numbr": [f"{NOT_KNOWN}: is number meant?"]}),
        ({"": 1}, {"": [NOT_KNOWN]}),
    ],
)
def test_what_is_not_known_is_named(given: dict[str, Any], fault: dict[str, list[str]]) -> None:
    """By its dotted path; null is no excuse."""
    assert unknown_fields(Body, given) == fault


def test_a_query_s_words_are_judged_likewise() -> None:
    """By the names that the route takes."""
    known = {"limit", "ticket[type]"}
    assert unknown_words(known, {"limitt": "1", "ticket[status]": "x"}) == {
        "limitt": [f"{NOT_KNOWN}: is limit meant?"],
        "ticket[status]": [f"{NOT_KNOWN}: is ticket[type] meant?"],
    }


def test_a_path_is_told_as_it_was_sent() -> None:
    """No name of a field that the domain uses stands in for it."""
    [path] = unknown_fields(Body, {"title": "x"})
    assert path_to({**paths_of(Body), "title": "ticket.title"}, path) == "title"
    assert type(path_to({}, path)) is str


def test_what_is_long_or_much_costs_little() -> None:
    """A long name is cut, and nothing is guessed of it; nor of more than a few."""
    [path] = unknown_fields(Body, {"customer_id" * 1000: 1})
    assert len(path) == LONGEST_NAME + 1
    many = unknown_words({"limit"}, {f"limit{number}": "1" for number in range(2 * GUESSED)})
    assert len(many) == 2 * GUESSED
    assert sum(sentences == [NOT_KNOWN] for sentences in many.values()) == GUESSED
