"""What a field must not hold, by its type: JSON of another type, numbers out of all bounds, text that is none."""

from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec
from msgspec import inspect

NO_OBJECTS: Final[tuple[object, ...]] = ("x", "", 1, 1.5, True, [], [{}])
NO_TEXTS: Final[tuple[object, ...]] = (True, 1.5, [], ["x"], {}, {"x": 1}, "\0", "a\0b")
NO_INTEGERS: Final[tuple[object, ...]] = (
    *(True, 1.5, 1e308, [], [1], {}, {"x": 1}),
    *("", " ", "x", "1.5", "1e3", "0x10", "+-1", "1 2", "\0", "1\0", "\u0663", "\uff11"),
    *(-1, "-1", 2**63, str(2**63), 10**30, -(10**30), "9" * 31, "9" * 5000),
)
NO_BOOLEANS: Final[tuple[object, ...]] = (0, 1, 1.5, "true", "false", "", "\0", [], [True], {}, {"x": True})
NO_LISTS: Final[tuple[object, ...]] = (True, 1, 1.5, "", "x", "\0", {}, {"x": 1}, {"x": ["x"]})
NO_MAPPINGS: Final[tuple[object, ...]] = (
    *(True, 1, 1.5, "", "x", "\0", [], ["x"]),
    *({"x": 1}, {"x": "x"}, {"x": None}, {"x": [1]}, {"x": {}}, {"x\0": ["x"]}, {"x": ["\0"]}),
)
RAW_NUMBERS: Final = (b"1e400", b"-1e400", b"9" * 4000, b"9" * 5000, b"-" + b"9" * 5000, b"NaN", b"Infinity", b"1.5")
"""As they stand in the JSON; none of them is a good value of any field."""


def bad_values(kind: Any) -> tuple[object, ...]:  # noqa: ANN401 - a type form
    """What a field of this type must not hold, beside null."""
    info = inspect.type_info(kind)
    parts = {type(part) for part in _parts(info)}
    if is_object(kind) or inspect.StructType in parts:
        return NO_OBJECTS
    if inspect.ListType in parts:
        return NO_LISTS
    if inspect.DictType in parts:
        return NO_MAPPINGS
    if inspect.BoolType in parts:
        return NO_BOOLEANS
    if inspect.StrType in parts:
        return NO_TEXTS if inspect.IntType in parts else (1, *NO_TEXTS)
    return NO_INTEGERS


def takes_null(kind: Any) -> bool:  # noqa: ANN401 - a type form
    return any(isinstance(part, inspect.NoneType) for part in _parts(inspect.type_info(kind)))


def is_object(kind: object) -> bool:
    return struct_of(kind) is not None


def struct_of(kind: object) -> type[msgspec.Struct] | None:
    """Where the field is an object, with something said of it or without, and whether it must be there or not."""
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if get_origin(bare) in (Union, UnionType):
        given = [part for part in get_args(bare) if part is not msgspec.UnsetType]
        bare = given[0] if len(given) == 1 else bare
    return bare if isinstance(bare, type) and issubclass(bare, msgspec.Struct) else None


def is_text(kind: Any) -> bool:  # noqa: ANN401 - a type form
    return any(isinstance(part, inspect.StrType) for part in _parts(inspect.type_info(kind)))


def _parts(info: inspect.Type) -> list[inspect.Type]:
    if isinstance(info, inspect.Metadata):
        return _parts(info.type)
    if isinstance(info, inspect.UnionType):
        return [part for several in info.types for part in _parts(several)]
    return [info]
