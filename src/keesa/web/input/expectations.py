"""What a value must be, in words for a person: `must be an integer from 1 to 5`."""

from functools import lru_cache
from typing import Any, Final

from msgspec import inspect


@lru_cache(maxsize=1024)
def expectation(annotation: Any, *, with_null: bool) -> str:  # noqa: ANN401 - a type form
    """What a value of that type must be; null is told of only where it says something that leaving the field out
    does not.
    """
    info = inspect.type_info(annotation)
    if isinstance(info, inspect.Metadata):
        info = info.type
    parts = info.types if isinstance(info, inspect.UnionType) else (info,)
    told = [part for part in parts if with_null or not isinstance(part, inspect.NoneType)]
    return f"must be {' or '.join(_described(part) for part in told)}"


def _described(info: inspect.Type) -> str:
    match info:
        case inspect.Metadata():
            words = _described(info.type)
        case inspect.UnionType():
            words = " or ".join(_described(part) for part in info.types)
        case inspect.LiteralType():
            words = f"one of {', '.join(str(value) for value in info.values)}"
        case inspect.IntType():
            words = _integer(info)
        case inspect.StrType():
            words = f"a string{_length(info.min_length, info.max_length, 'characters')}"
        case inspect.ListType():
            words = f"a list{_length(info.min_length, info.max_length, 'items')}"
        case _:
            words = next((words for kind, words in _PLAIN if isinstance(info, kind)), "a string")
    return words


_PLAIN: Final = (
    (inspect.NoneType, "null"),
    (inspect.BoolType, "true or false"),
    (inspect.FloatType, "a number"),
    (inspect.StructType | inspect.DictType, "an object"),
)


def _integer(info: inspect.IntType) -> str:
    if info.ge is None:
        return "an integer"
    return f"an integer of {info.ge} or more" if info.lt is None else f"an integer from {info.ge} to {info.lt - 1}"


def _length(least: int | None, most: int | None, what: str) -> str:
    if least and most is not None:
        return f" of {least} to {most} {what}"
    if most is not None:
        return f" of at most {most} {what}"
    return f" of at least {least} {what}" if least else ""
