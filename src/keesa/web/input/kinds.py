"""What the fields of a declared struct may hold: worked out once a struct, from its annotations."""

import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

import msgspec
from msgspec import Struct, UnsetType, inspect


class Kind(NamedTuple):
    """What one value may be."""

    annotation: Any
    """The whole type form."""
    struct: type[Struct] | None
    """Where it is an object with fields of its own."""
    items: "Kind | None"
    """Where it is a list: what each item may be."""
    lengths: tuple[int, int] | None
    """How few and how many items a list may have."""
    takes_null: bool
    takes_fractions: bool
    """Whether it may be a number that is no integer."""
    takes_no_text: bool
    """Whether no string may be it as it stands: a number or a boolean."""


class WirePath(str):
    """A path as the request has it, which is told so: no name of a field that the domain might have used."""

    __slots__ = ()


class FieldOf(NamedTuple):
    """One field of a struct."""

    name: str
    key: str
    """Its name on the wire."""
    kind: Kind
    required: bool


@lru_cache(maxsize=1024)
def fields_of(model: type[Struct]) -> tuple[FieldOf, ...]:
    return tuple(
        FieldOf(info.name, info.encode_name, _kind(info.type), info.required) for info in msgspec.structs.fields(model)
    )


def needs_any(model: type[Struct]) -> bool:
    """Whether a field of it must be given."""
    return any(field.required for field in fields_of(model))


@lru_cache(maxsize=1024)
def paths_of(model: type[Struct]) -> Mapping[str, str]:
    """By what the domain calls a field (`Meta(extra={"domain": …})`, else its own name): its dotted path in the body.
    Where a name stands in several places, the outermost one counts.
    """
    found: dict[str, str] = {}
    _collect(model, "", found)
    return found


@lru_cache(maxsize=1024)
def places_of(model: type[Struct]) -> Mapping[str, int]:
    """By dotted path of each field: in which order they are read. Lists are not looked into."""
    return {path: place for place, path in enumerate(_paths(model, ""))}


def structs_in(model: type[Struct]) -> Iterator[type[Struct]]:
    """The struct, and those inside of it."""
    yield model
    for field in fields_of(model):
        inner = field.kind.struct or (field.kind.items.struct if field.kind.items else None)
        if inner is not None:
            yield from structs_in(inner)


def path_to(paths: Mapping[str, str], field: str) -> str:
    """Where `paths_of` has the field, or where it has the list of which the field is a part, such as `tags.0.name`."""
    if isinstance(field, WirePath):
        return str(field)
    if field in paths:
        return paths[field]
    if field in paths.values():  # a path already, which may begin with a field's own name: `note.note`
        return field
    whole, dot, part = field.partition(".")
    return paths.get(whole, whole) + dot + part


@lru_cache(maxsize=1024)
def marked(model: type[Struct], mark: str) -> Mapping[str, Any]:
    """By dotted path: the fields that have `Meta(extra={mark: value})`, with that value. Lists are not looked into."""
    found = {}
    for field in fields_of(model):
        if mark in (extra := _extra(field.kind.annotation)):
            found[field.name] = extra[mark]
        if field.kind.struct:
            inner = marked(field.kind.struct, mark)
            found |= {f"{field.name}.{path}": value for path, value in inner.items()}
    return found


def _collect(model: type[Struct], path: str, found: dict[str, str]) -> None:
    fields = fields_of(model)
    for field in fields:
        if field.kind.struct is None:
            found.setdefault(_extra(field.kind.annotation).get("domain", field.key), path + field.key)
    for field in fields:
        if field.kind.struct is not None:
            _collect(field.kind.struct, f"{path}{field.key}.", found)


def _paths(model: type[Struct], path: str) -> Iterator[str]:
    for field in fields_of(model):
        yield path + field.key
        if field.kind.struct is not None:
            yield from _paths(field.kind.struct, f"{path}{field.key}.")


def _kind(annotation: Any) -> Kind:  # noqa: ANN401 - a type form
    parts = _parts(annotation)
    some = [part for part in parts if part not in (NoneType, UnsetType)]
    core = some[0] if len(some) == 1 else None
    items = get_args(core) if get_origin(core) is list else ()
    lists = [info for info in _infos(annotation) if isinstance(info, inspect.ListType)]
    return Kind(
        annotation=annotation,
        struct=core if isinstance(core, type) and issubclass(core, Struct) else None,
        items=_kind(items[0]) if items else None,
        lengths=(lists[0].min_length or 0, lists[0].max_length or sys.maxsize) if lists else None,
        takes_null=NoneType in parts,
        takes_fractions=float in parts,
        takes_no_text=all(part in (int, float, bool) for part in some),
    )


def _parts(annotation: Any) -> list[Any]:  # noqa: ANN401 - as above
    """The members of a union, without what is only said of them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _parts(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [part for member in get_args(annotation) for part in _parts(member)]
    return [annotation]


def _extra(annotation: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as above
    found: dict[str, Any] = {}
    for info in _infos(annotation):
        if isinstance(info, inspect.Metadata):
            found |= info.extra or {}
    return found


def _infos(annotation: Any) -> list[inspect.Type]:  # noqa: ANN401 - as above
    """The type with what is said of it, and each member of a union."""
    found = [inspect.type_info(annotation)]
    for info in found:
        if isinstance(info, inspect.Metadata):
            found.append(info.type)
        elif isinstance(info, inspect.UnionType):
            found += info.types
    return found
