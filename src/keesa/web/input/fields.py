"""JSON or a query to a declared `msgspec.Struct`, finding every fault.

Old clients are loose with types: a number may come as a numeric string. Nothing else is converted in a body. A query
holds strings alone: there `true` and `false` are booleans, and a field that is repeated is a list.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from keesa.errors import Faults, Invalid
from keesa.web.input.expectations import expectation
from keesa.web.input.kinds import Kind, fields_of
from keesa.web.input.queries import Query

S = TypeVar("S", bound=Struct)

Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
"""What either engine can keep as a key."""

MISSING: Final = "is missing"

_INTEGER: Final = re.compile(r"-?\d{1,30}", re.ASCII)
_DECIMAL: Final = re.compile(r"-?\d{1,30}\.\d{1,30}", re.ASCII)
_BOOLEANS: Final = {"true": True, "false": False}
_BAD: Final = object()
"""In place of a value in which a fault was found."""


@dataclass(slots=True)
class FieldValues:
    """What was read: the good values by field name, nested as the struct is, and the faults by dotted path."""

    values: dict[str, Any] = field(default_factory=dict)
    faults: Faults = field(default_factory=dict)


def read_fields(model: type[Struct], given: Mapping[str, Any]) -> FieldValues:
    """Check each field of `model` by itself, so that every fault is found. Unknown keys are ignored."""
    reader = _Reader(in_query=isinstance(given, Query))
    return FieldValues(reader.fields(model, given, ""), reader.faults)


def build(model: type[S], read: FieldValues) -> S:
    """The struct, from values that must be without faults: raises `Invalid` with them otherwise."""
    if read.faults:
        raise Invalid(read.faults)
    return _built(model, read.values)


class _Reader:
    """Reads values, and keeps what is wrong with them."""

    def __init__(self, *, in_query: bool) -> None:
        self._in_query = in_query
        self.faults: dict[str, Sequence[str]] = {}

    def fields(self, model: type[Struct], given: Mapping[str, Any], path: str) -> dict[str, Any]:
        values = {}
        for name, key, kind, required in fields_of(model):
            given_value = given.get(key)
            if given_value is None and (key not in given or (required and not kind.takes_null)):
                if required:
                    self.faults[path + key] = [MISSING]
                continue
            if kind.items and isinstance(given, Query):
                given_value = given.every(key)
            value = self._value(given_value, kind, path + key, required=required)
            if value is not _BAD:
                values[name] = value
        return values

    def _value(self, value: object, kind: Kind, path: str, *, required: bool = True) -> object:
        if value is None and kind.takes_null:
            return None
        found: object = _BAD
        if kind.struct is not None:
            if isinstance(value, dict):
                found = self.fields(kind.struct, value, f"{path}.")
        elif kind.items is not None:
            least, most = kind.lengths or (0, 0)
            if isinstance(value, list) and least <= len(value) <= most:
                return self._items(value, kind.items, path)
        elif _holds_nul(value):
            self.faults[path] = ["must not contain NUL characters"]
            return _BAD
        else:
            found = self._plain(value, kind)
        if found is _BAD:
            self.faults[path] = [expectation(kind.annotation, with_null=required)]
        return found

    def _plain(self, value: object, kind: Kind) -> object:
        """The value as it stands, or as what it means: a numeric string is a number, and 3.0 is 3."""
        meant: object = None
        if isinstance(value, str):
            if _INTEGER.fullmatch(value):
                meant = int(value)
            elif kind.takes_fractions and _DECIMAL.fullmatch(value):
                meant = float(value)
            elif self._in_query:
                meant = _BOOLEANS.get(value)
        elif isinstance(value, float) and value.is_integer():
            meant = int(value)  # in JSON they are one number
        for candidate in (meant,) if meant is not None and kind.takes_no_text else (value, meant):
            try:
                if candidate is not None:
                    return msgspec.convert(candidate, kind.annotation)
            except msgspec.ValidationError:
                continue
        return _BAD

    def _items(self, given: list[Any], items: Kind, path: str) -> object:
        """Each has a path of its own: `tags.0`."""
        values = [self._value(item, items, f"{path}.{number}") for number, item in enumerate(given)]
        return _BAD if _BAD in values else values


def _holds_nul(value: object) -> bool:
    """Whether a text is or stands in the value that has a NUL, which not every engine keeps: in a mapping, say."""
    if isinstance(value, str):
        return "\0" in value
    left = [value] if isinstance(value, dict | list) else []
    while left:
        match left.pop():
            case str(text):
                if "\0" in text:
                    return True
            case dict() as mapping:
                left += [*mapping, *mapping.values()]
            case list() as items:
                left += items
    return False


@lru_cache(maxsize=1024)
def _structured(model: type[Struct]) -> Mapping[str, Kind]:
    """The fields that are objects or lists, by name."""
    return {field.name: field.kind for field in fields_of(model) if field.kind.struct or field.kind.items}


def _built(model: type[S], values: Mapping[str, Any]) -> S:
    kinds = _structured(model)
    return model(**{name: _built_value(kinds.get(name), value) for name, value in values.items()})


def _built_value(kind: Kind | None, value: Any) -> Any:  # noqa: ANN401 - a field may hold anything
    if kind is None or value is None:
        return value
    if kind.struct is not None:
        return _built(kind.struct, value)
    if kind.items is not None:
        return [_built_value(kind.items, item) for item in value]
    return value
