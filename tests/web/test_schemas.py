"""The schemas of OpenAPI documents, whatever the structs of a version may be."""

from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from keesa.web.openapi.schemas import Schemas

Colour = Annotated[Literal["red", "blue"], Meta(title="Colour", description="Of a boat")]


class Boat(Struct):
    name: str
    colour: Colour
    berth: int = 3
    owner: str | None = None
    fleet: list[Colour] = []


class OldBoat(Struct):
    name: str


class Painted(Struct):
    colour: Annotated[Literal["red"], Meta(title="Colour")]


class BoatQuery(Struct):
    colour: Colour | None = None
    berth: Annotated[Annotated[int, Meta(ge=1)] | str, Meta(description="Where it lies")] | None = None


OldBoat.__module__ = "keesa.api.v2021.answers"
OldBoat.__name__ = "Boat"


def test_a_field_with_a_default_is_optional_and_has_none() -> None:
    """Whatever the default is: a generator takes a field that has one for required."""
    boat = Schemas("2024", [Boat], {}).components["Boat"]
    assert boat["required"] == ["name", "colour"]
    assert [key for key, field in boat["properties"].items() if "default" in field] == []


def test_a_vocabulary_is_one_component() -> None:
    """A type with a title, wherever it stands."""
    schemas = Schemas("2024", [Boat], {})
    ref = {"$ref": "#/components/schemas/Colour"}
    assert schemas.components["Colour"] == {"title": "Colour", "description": "Of a boat", "enum": ["blue", "red"]}
    assert schemas.components["Boat"]["properties"]["colour"] == ref
    assert schemas.components["Boat"]["properties"]["fleet"]["items"] == ref


def test_what_another_version_has_carries_its_year() -> None:
    """In its name, its title and in what refers to it; the document's own have plain names."""
    schemas = Schemas("2024", [Boat, OldBoat], {})
    assert {"Boat", "Boat2021"} <= set(schemas.components)
    assert schemas.components["Boat2021"]["title"] == "Boat2021"
    assert schemas.of(OldBoat) == {"$ref": "#/components/schemas/Boat2021"}
    assert set(Schemas("2021", [OldBoat], {}).components) == {"Boat"}


OTHERS = (Painted, msgspec.defstruct("Boat", ["name"], module="elsewhere"), msgspec.defstruct("Colour", ["name"]))


@pytest.mark.parametrize("other", OTHERS)
def test_two_types_of_one_name_are_refused(other: type[Struct]) -> None:
    """A generated client would have one class for both."""
    with pytest.raises(ValueError, match="one class of a generated client"):
        Schemas("2024", [Boat, other], {})


def test_a_query_says_no_null() -> None:
    """What may be null in it may be left out."""
    schemas = Schemas("2024", [], {})
    colour, berth = (schemas.parameter(BoatQuery, field) for field in msgspec.structs.fields(BoatQuery))
    assert colour == ({"$ref": "#/components/schemas/Colour"}, "")
    assert berth == ({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}, "Where it lies")
