"""Reading input: bytes to JSON, and JSON or a query to a declared `msgspec.Struct`, finding every fault.

Old clients are loose with types: a number may come as a numeric string. Nothing else is converted.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct, inspect

from keesa.api.problems import Problem, unreadable
from keesa.errors import Faults, Invalid

S = TypeVar("S", bound=Struct)

Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
"""What either engine can keep as a key."""

MISSING: Final = "is missing"
QUERY_FIELDS: Final = 100
"""The most fields of a query or a form."""
MOST_PIECES: Final = 2_000
"""Strings of a JSON body, its brackets, commas and colons; texts may be long, but nothing here takes many of them."""
FEW_BYTES: Final = 8_192
"""So short a body may hold as many as it can: they take no time."""

_PIECE: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{,:]', re.DOTALL)
"""A string, which may never end, or what stands before a value."""
_KEY: Final = re.compile(r'"([^"]*)"\s*:')
_ESCAPE: Final = re.compile(rb"%[0-9A-Fa-f]{2}")
_ESCAPED: Final = {b"%%%02x" % byte: bytes([byte]) for byte in range(256)}
_INTEGER: Final = re.compile(r"-?\d{1,30}", re.ASCII)


def read_json(body: bytes) -> dict[str, Any]:
    """A JSON object; an empty body is an empty one. Raises `Problem` (400) where it is unreadable or ambiguous."""
    if not body.strip():
        return {}
    try:
        text = body.decode("utf-8-sig")
        if len(body) > FEW_BYTES and _has_many_pieces(text):
            raise unreadable("The body's JSON has too many keys and values")
        value = msgspec.json.decode(text)  # stricter than json: no NaN, no lone surrogates
        if _may_have_twins(text):
            json.loads(text, object_pairs_hook=_refuse_twins)
    except UnicodeDecodeError as error:
        raise unreadable("The body is not UTF-8") from error
    except RecursionError as error:
        raise unreadable("The body's JSON is nested too deeply") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise unreadable(f"The body is not readable as JSON: {error}") from error
    if not isinstance(value, dict):
        raise Invalid({"body": ["must be a JSON object"]})
    return value


def _has_many_pieces(text: str) -> bool:
    """Whether there are more than `MOST_PIECES`: a megabyte of `{},` takes 100 ms to read, while all others wait."""
    return next(islice(_PIECE.finditer(text), MOST_PIECES, None), None) is not None


def _may_have_twins(text: str) -> bool:
    """Whether a key may stand twice in one object of this JSON: a quick look, which most bodies pass. Where something
    is escaped it cannot tell, and keys that different objects have in common look like twins to it.
    """
    if "\\" in text:
        return True
    keys = _KEY.findall(text)
    return len(set(keys)) < len(keys)


def _refuse_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return read


def read_query(query: bytes) -> dict[str, str]:
    """The query's fields; of a repeated one the last counts. Raises `Problem` (400)."""
    if not query:
        return {}
    try:
        text = query.decode("ascii")
        if text.count("&") >= QUERY_FIELDS:
            raise unreadable(f"The query has more than {QUERY_FIELDS} fields")
        pairs = [field.partition("=") for field in text.split("&") if field]
        return {_unescaped(name): _unescaped(value) for name, _, value in pairs}
    except UnicodeDecodeError as error:
        raise unreadable("The query is not percent-encoded UTF-8") from error


def _unescaped(text: str) -> str:
    """As `urllib.parse.unquote_plus`, which takes 20 ms for 64 kB of percent signs, while all others wait."""
    spaced = text.replace("+", " ")
    if "%" not in spaced:
        return spaced
    return _ESCAPE.sub(lambda escape: _ESCAPED[escape[0].lower()], spaced.encode()).decode()


@dataclass(slots=True)
class Reading:
    """What was read: the good values by field name, nested as the Struct is, and the faults by dotted path."""

    values: dict[str, Any] = field(default_factory=dict)
    faults: Faults = field(default_factory=dict)


def read_fields(model: type[Struct], given: Mapping[str, Any], path: str = "") -> Reading:
    """Check each field of `model` by itself, so that every fault is found. Unknown keys are ignored."""
    values: dict[str, Any] = {}
    faults: dict[str, Sequence[str]] = {}
    for name, encoded, kind, required in _fields(model):
        where = f"{path}{encoded}"
        value = given.get(encoded)
        if value is None:
            if encoded in given and _takes_none(kind):
                values[name] = None
            elif required:
                faults[where] = [MISSING]
        elif isinstance(kind, type) and issubclass(kind, Struct):
            if isinstance(value, dict):
                inner = read_fields(kind, value, f"{where}.")
                values[name] = inner.values
                faults |= inner.faults
            else:
                faults[where] = ["must be an object"]
        else:
            try:
                values[name] = _read_value(value, kind, required=required)
            except msgspec.ValidationError as error:
                faults[where] = [str(error)]
    return Reading(values, faults)


def build(model: type[S], reading: Reading) -> S:
    """The Struct, from a reading that must be without faults: raises `Invalid` with them otherwise."""
    if reading.faults:
        raise Invalid(reading.faults)
    return _built(model, reading.values)


def _built(model: type[S], values: Mapping[str, Any]) -> S:
    nested = _nested(model)
    return model(**{name: _built(nested[name], value) if name in nested else value for name, value in values.items()})


@lru_cache(maxsize=256)
def _fields(model: type[Struct]) -> list[tuple[str, str, Any, bool]]:
    """Name, name on the wire, type, and whether it is required, of each field."""
    return [(info.name, info.encode_name, info.type, info.required) for info in msgspec.structs.fields(model)]


@lru_cache(maxsize=256)
def _nested(model: type[Struct]) -> dict[str, type[Struct]]:
    """The fields that are objects themselves."""
    return {name: kind for name, _, kind, _ in _fields(model) if isinstance(kind, type) and issubclass(kind, Struct)}


@lru_cache(maxsize=256)
def _takes_none(kind: Any) -> bool:  # noqa: ANN401 - a type form
    info = inspect.type_info(kind)
    return isinstance(info, inspect.UnionType) and any(isinstance(part, inspect.NoneType) for part in info.types)


def _read_value(value: object, kind: Any, *, required: bool) -> object:  # noqa: ANN401 - a type form
    """The value as `kind`; raises `msgspec.ValidationError` with a sentence for a person."""
    if isinstance(value, str) and "\0" in value:
        raise msgspec.ValidationError("must not contain NUL characters")
    for candidate in (value, _as_integer(value)):
        if candidate is not None:
            try:
                return msgspec.convert(candidate, kind)
            except msgspec.ValidationError:
                continue
    raise msgspec.ValidationError(expectation(kind, with_null=required))


def _as_integer(value: object) -> int | None:
    """A numeric string as the number that it writes, and `3.0` as 3: in JSON they are one number."""
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None


@lru_cache(maxsize=256)
def expectation(kind: Any, *, with_null: bool) -> str:  # noqa: ANN401 - a type form
    """What a value of `kind` must be, such as `must be an integer from 1 to 5`; null is told of only where it
    says something that leaving the field out does not.
    """
    info = inspect.type_info(kind)
    if isinstance(info, inspect.Metadata):
        info = info.type
    parts = info.types if isinstance(info, inspect.UnionType) else (info,)
    told = [part for part in parts if with_null or not isinstance(part, inspect.NoneType)]
    return f"must be {' or '.join(_described(part) for part in told)}"


def _described(info: inspect.Type) -> str:
    if isinstance(info, inspect.Metadata):
        return _described(info.type)
    if isinstance(info, inspect.UnionType):
        return " or ".join(_described(part) for part in info.types)
    if isinstance(info, inspect.LiteralType):
        return f"one of {', '.join(str(value) for value in info.values)}"
    if not isinstance(info, inspect.IntType):
        return "null" if isinstance(info, inspect.NoneType) else "a string"
    if info.ge is None:
        return "an integer"
    return f"an integer of {info.ge} or more" if info.lt is None else f"an integer from {info.ge} to {info.lt - 1}"


def require_readable(content_type: str | None, content_encoding: str | None) -> None:
    """Raise `Problem` unless a body with these headers is JSON that this server reads: 400 for another type,
    415 for an encoding or charset that it does not read. No type at all is taken to be JSON.
    """
    if content_encoding and content_encoding.strip().lower() != "identity":
        raise Problem(415, "The body must not be compressed", {"Accept-Encoding": "identity"})
    media, charset = media_type(content_type or "")
    if media and media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        raise unreadable("The body must be JSON: send it with Content-Type: application/json")
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise Problem(415, "The body's charset must be UTF-8")


def media_type(content_type: str) -> tuple[str, str]:
    """The media type and its charset, in lower case; the charset is empty where none is named."""
    media, _, parameters = content_type.partition(";")
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return media.strip().lower(), value.strip().strip('"').lower()
    return media.strip().lower(), ""
