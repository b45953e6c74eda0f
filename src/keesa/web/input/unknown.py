"""Fields of a request that its route does not know, for who is to be told of them: each by name, with the one that may
be meant.
"""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from keesa.errors import Faults
from keesa.web.input.kinds import Kind, WirePath, fields_of, places_of

NOT_KNOWN: Final = "is not known here"
GUESSED: Final = 20
"""Fields of a request of which it is guessed what they mean."""
LONGEST_NAME: Final = 64
"""Characters of a name that is told in full, and of which it is guessed."""
_CLOSE: Final = 0.6


def unknown_words(known: Collection[str], given: Mapping[str, Any]) -> Faults:
    """Those of a query."""
    unknown = [name for name in given if name not in known]
    return {
        _cut(name): [_sentence(name, known, {}) if number < GUESSED else NOT_KNOWN]
        for number, name in enumerate(unknown)
    }


def unknown_fields(model: type[Struct], given: Mapping[str, Any]) -> Faults:
    """Those of a body, by dotted path. What may be anything is not looked into."""
    faults: dict[str, list[str]] = {}
    for path, name, known in _unknown(model, given, ""):
        guessed = len(faults) < GUESSED
        faults[_cut(path + name)] = [_sentence(name, known, _elsewhere(model)) if guessed else NOT_KNOWN]
    return faults


def _unknown(model: type[Struct], given: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, Collection[str]]]:
    """The path of the object that has it, its name, and the names that are known there."""
    kinds = _kinds(model)
    for name, value in given.items():
        kind = kinds.get(name)
        if kind is None:
            yield path, name, kinds
        elif kind.struct is not None and isinstance(value, dict):
            yield from _unknown(kind.struct, value, f"{path}{name}.")
        elif kind.items is not None and kind.items.struct is not None and isinstance(value, list):
            for place, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _unknown(kind.items.struct, item, f"{path}{name}.{place}.")


@lru_cache(maxsize=1024)
def _kinds(model: type[Struct]) -> Mapping[str, Kind]:
    return {field.key: field.kind for field in fields_of(model)}


@lru_cache(maxsize=1024)
def _elsewhere(model: type[Struct]) -> Mapping[str, str]:
    """By name, the path of a field inside of another one."""
    return {path.rpartition(".")[2]: path for path in reversed([*places_of(model)]) if "." in path}


def _sentence(name: str, known: Collection[str], elsewhere: Mapping[str, str]) -> str:
    meant = elsewhere.get(name)
    if meant is None and len(name) <= LONGEST_NAME:
        meant = next(iter(get_close_matches(name.lower(), known, 1, _CLOSE)), None)
    return f"{NOT_KNOWN}: is {meant} meant?" if meant else NOT_KNOWN


def _cut(path: str) -> WirePath:
    return WirePath(path if len(path) <= LONGEST_NAME else f"{path[:LONGEST_NAME]}…")
