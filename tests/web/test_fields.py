"""Reading JSON and queries into structs: all that a struct can say, and every fault by its path."""

from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from keesa.errors import Invalid
from keesa.web.input.fields import Id, build, read_fields
from keesa.web.input.kinds import marked, paths_of
from keesa.web.input.queries import read_query


class Berth(Struct, frozen=True):
    number: Annotated[int, Meta(ge=1, lt=100)]
    quay: str | None = None


class Boat(Struct, frozen=True, kw_only=True):
    name: Annotated[str, Meta(max_length=10)]
    sails: bool = False
    length: float | None = None
    crew: list[Id] = []
    berths: Annotated[list[Berth], Meta(min_length=1, max_length=3)] | UnsetType = UNSET
    home: Berth | None = None
    colour: Literal["red", "blue"] | UnsetType = UNSET
    notes: dict[str, list[str]] | UnsetType = UNSET


GOOD = {
    "strings": ({"name": "Dhoni"}, Boat(name="Dhoni")),
    "booleans": ({"name": "D", "sails": True}, Boat(name="D", sails=True)),
    "numbers": ({"name": "D", "length": 7.5}, Boat(name="D", length=7.5)),
    "an integer for a number": ({"name": "D", "length": 7}, Boat(name="D", length=7.0)),
    "a numeric string for a number": ({"name": "D", "length": "7.5"}, Boat(name="D", length=7.5)),
    "a list": ({"name": "D", "crew": [1, "2", 3.0]}, Boat(name="D", crew=[1, 2, 3])),
    "an empty list": ({"name": "D", "crew": []}, Boat(name="D", crew=[])),
    "a list of objects": (
        {"name": "D", "berths": [{"number": 1}, {"number": "2", "quay": "N"}]},
        Boat(name="D", berths=[Berth(1), Berth(2, "N")]),
    ),
    "null for an object": ({"name": "D", "home": None}, Boat(name="D", home=None)),
    "an object that may be null": ({"name": "D", "home": {"number": 3}}, Boat(name="D", home=Berth(3))),
    "one of some words": ({"name": "D", "colour": "red"}, Boat(name="D", colour="red")),
    "a mapping": ({"name": "D", "notes": {"a": ["b"]}}, Boat(name="D", notes={"a": ["b"]})),
    "what nobody knows": ({"name": "D", "anchor": 1}, Boat(name="D")),
}


@pytest.mark.parametrize(("given", "boat"), GOOD.values(), ids=GOOD)
def test_what_is_good_is_read(given: dict[str, Any], boat: Boat) -> None:
    """Into the struct, its objects and its lists; what was left out is as the struct says."""
    assert build(Boat, read_fields(Boat, given)) == boat


TEXT = "must be a string of at most 10 characters"
COUNT = "must be a list of 1 to 3 items"
BAD = {
    "nothing": ({}, {"name": "is missing"}),
    "null for what is needed": ({"name": None}, {"name": "is missing"}),
    "another type": ({"name": 1}, {"name": TEXT}),
    "too long": ({"name": "x" * 11}, {"name": TEXT}),
    "a string for a boolean": ({"name": "D", "sails": "true"}, {"sails": "must be true or false"}),
    "a number for a boolean": ({"name": "D", "sails": 1}, {"sails": "must be true or false"}),
    "null for a boolean": ({"name": "D", "sails": None}, {"sails": "must be true or false"}),
    "a boolean for a number": ({"name": "D", "length": True}, {"length": "must be a number"}),
    "a word for a number": ({"name": "D", "length": "long"}, {"length": "must be a number"}),
    "a fraction for an integer": ({"name": "D", "crew": ["1.5"]}, {"crew.0": "must be an integer of 1 or more"}),
    "a whole fraction in a string": ({"name": "D", "crew": ["1.0"]}, {"crew.0": "must be an integer of 1 or more"}),
    "null for a list": ({"name": "D", "crew": None}, {"crew": "must be a list"}),
    "no list": ({"name": "D", "crew": "1"}, {"crew": "must be a list"}),
    "items": (
        {"name": "D", "crew": [1, 0, None, "x"]},
        dict.fromkeys(["crew.1", "crew.2", "crew.3"], "must be an integer of 1 or more"),
    ),
    "fields of items": (
        {"name": "D", "berths": [{"number": 1}, {"number": 100}, {"quay": 1}]},
        {
            "berths.1.number": "must be an integer from 1 to 99",
            "berths.2.number": "is missing",
            "berths.2.quay": "must be a string",
        },
    ),
    "items that are no objects": ({"name": "D", "berths": [1]}, {"berths.0": "must be an object"}),
    "too few items": ({"name": "D", "berths": []}, {"berths": COUNT}),
    "too many items": ({"name": "D", "berths": [{"number": 1}] * 4}, {"berths": COUNT}),
    "null for what may only be left out": ({"name": "D", "berths": None}, {"berths": COUNT}),
    "null for one of some words": ({"name": "D", "colour": None}, {"colour": "must be one of blue, red"}),
    "another word": ({"name": "D", "colour": "green"}, {"colour": "must be one of blue, red"}),
    "no object": ({"name": "D", "home": 1}, {"home": "must be an object"}),
    "NUL": ({"name": "a\0b"}, {"name": "must not contain NUL characters"}),
    "NUL in an item": (
        {"name": "D", "berths": [{"number": 1, "quay": "\0"}]},
        {"berths.0.quay": "must not contain NUL characters"},
    ),
    "NUL in a mapping": ({"name": "D", "notes": {"a": ["b", "\0"]}}, {"notes": "must not contain NUL characters"}),
    "NUL in a mapping's key": ({"name": "D", "notes": {"a\0": []}}, {"notes": "must not contain NUL characters"}),
    "no mapping": ({"name": "D", "notes": ["a"]}, {"notes": "must be an object"}),
}


@pytest.mark.parametrize(("given", "faults"), BAD.values(), ids=BAD)
def test_every_fault_is_found_where_it_is(given: dict[str, Any], faults: dict[str, str]) -> None:
    """By its dotted path, an item by its place in the list; and nothing is built."""
    read = read_fields(Boat, given)
    assert read.faults == {path: [sentence] for path, sentence in faults.items()}
    with pytest.raises(Invalid):
        build(Boat, read)


def test_what_is_left_out_is_not_what_is_null() -> None:
    """UNSET says that a field stays as it is; only what may be null is emptied by it."""

    class Patch(Struct, frozen=True):
        name: str | UnsetType = UNSET
        quay: str | UnsetType | None = UNSET

    assert build(Patch, read_fields(Patch, {})) == Patch()
    assert build(Patch, read_fields(Patch, {"quay": None})) == Patch(quay=None)
    assert read_fields(Patch, {"name": None}).faults == {"name": ["must be a string"]}


class Search(Struct, frozen=True, kw_only=True):
    name: str | None = None
    sails: bool = False
    crew: list[Id] = []
    colours: Annotated[list[Literal["red", "blue"]], Meta(max_length=2)] = []
    length: float | None = None


def test_a_query_says_booleans_numbers_and_lists() -> None:
    """A field that stands in it more than once is a list, in that order; of any other the last counts."""
    query = read_query(b"name=a&name=b&sails=true&crew=1&crew=2&colours=red&length=2.5")
    assert build(Search, read_fields(Search, query)) == Search(
        name="b", sails=True, crew=[1, 2], colours=["red"], length=2.5
    )
    assert build(Search, read_fields(Search, read_query(b""))) == Search()


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        (b"sails=1", {"sails": ["must be true or false"]}),
        (b"sails=", {"sails": ["must be true or false"]}),
        (b"sails=TRUE", {"sails": ["must be true or false"]}),
        (b"crew=1&crew=x", {"crew.1": ["must be an integer of 1 or more"]}),
        (b"colours=red&colours=green", {"colours.1": ["must be one of blue, red"]}),
        (b"colours=red&colours=red&colours=red", {"colours": ["must be a list of at most 2 items"]}),
        (b"name=%00", {"name": ["must not contain NUL characters"]}),
    ],
)
def test_faults_of_a_query_are_found_too(query: bytes, faults: dict[str, list[str]]) -> None:
    """Each repeated field by its place."""
    assert read_fields(Search, read_query(query)).faults == faults


def test_a_domain_s_name_leads_to_the_place_in_the_body() -> None:
    """Its own name where nothing else is said; of a name in two places the outermost."""

    class Inner(Struct):
        title: str
        owner: int
        phone: Annotated[str, Meta(extra={"domain": "contact_number"})] | None = None

    class Body(Struct):
        boat: Inner
        owner: int | None = None

    assert paths_of(Body) == {"owner": "owner", "title": "boat.title", "contact_number": "boat.phone"}
    assert marked(Body, "domain") == {"boat.phone": "contact_number"}
    assert msgspec.json.schema(Body)["$defs"]["Inner"]["required"] == ["title", "owner"]
