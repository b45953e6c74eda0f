"""JSON or a query to a declared `msgspec.Struct`, finding every fault.

Old clients are loose with types: a number may come as a numeric string. Nothing else is converted in a body. A query
holds strings alone: there `true` and `false` are booleans, and a field that is repeated is a list.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
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
        if kind.struct is not None:
            if isinstance(value, dict):
                return self.fields(kind.struct, value, f"{path}.")
        elif kind.items is not None:
            least, most = kind.lengths or (0, 0)
            if isinstance(value, list) and least <= len(value) <= most:
                return self._items(value, kind.items, path)
        elif _holds_nul(value):
            return self._fault(path, "must not contain NUL characters")
        else:
            for candidate in self._candidates(value, kind):
                try:
                    return msgspec.convert(candidate, kind.annotation)
                except msgspec.ValidationError:
                    continue
        return self._fault(path, expectation(kind.annotation, with_null=required))

    def _items(self, given: list[Any], items: Kind, path: str) -> object:
        """Each has a path of its own: `tags.0`."""
        values = [self._value(item, items, f"{path}.{number}") for number, item in enumerate(given)]
        return _BAD if _BAD in values else values

    def _fault(self, path: str, sentence: str) -> object:
        self.faults[path] = [sentence]
        return _BAD

    def _candidates(self, value: object, kind: Kind) -> Iterable[object]:
        """What the value may mean, the likeliest first."""
        yield value
        if isinstance(value, str):
            if _INTEGER.fullmatch(value):
                yield int(value)
            elif kind.takes_fractions and _DECIMAL.fullmatch(value):
                yield float(value)
            elif self._in_query and value in _BOOLEANS:
                yield _BOOLEANS[value]
        elif isinstance(value, float) and value.is_integer():
            yield int(value)  # in JSON 3.0 and 3 are one number


def _holds_nul(value: object) -> bool:
    """Whether a text is or stands in the value that has a NUL, which not every engine keeps: in a mapping, say."""
    left = [value]
    while left:
        match left.pop():
            case str() as text if "\0" in text:
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
