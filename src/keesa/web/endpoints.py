"""What an endpoint's annotations tell: its query, its body, the parameters of its path, and its answer."""

import inspect
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

from msgspec import Struct

from keesa.db import Database
from keesa.web.calls import Call
from keesa.web.conversions import MARK, Conversion
from keesa.web.input.kinds import marked, needs_any
from keesa.web.replies import Reply

_ASYNCHRONOUS: Final = (inspect.iscoroutinefunction, inspect.isasyncgenfunction)


@dataclass(frozen=True, slots=True)
class PathParameter:
    """What stands in a path, as an endpoint's parameter has it: `ticket: Annotated[int | None, PathParameter(…)]`."""

    read: Callable[[str], Any]
    """Gives None for what can be none, which the endpoint answers like one that is missing."""
    description: str
    schema: Mapping[str, Any]
    """In OpenAPI."""
    missing: str
    """The sentence of a 404."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What an endpoint takes and gives."""

    query: type[Struct] | None = None
    body: type | None = None
    """A struct; `RawBody`, `Form` or `BodyStream`, which the endpoint reads itself; None without one."""
    answer: type[Struct] | None = None
    """None where it is no JSON, or nothing."""
    parameters: Mapping[str, PathParameter] = field(default_factory=dict)
    in_steps: bool = False
    takes_database: bool = False
    """Whether it makes transactions of its own."""
    body_struct: type[Struct] | None = field(init=False)
    """The body, where it is read before the endpoint runs."""
    conversions: Mapping[str, Conversion] = field(init=False)
    """Of values in it, by their dotted paths."""
    empty_query: Struct | None = field(init=False)
    """The query where none is sent; None where it must be, or may be changed by who gets it."""

    def __post_init__(self) -> None:
        struct = self.body if self.body is not None and issubclass(self.body, Struct) else None
        object.__setattr__(self, "body_struct", struct)
        object.__setattr__(self, "conversions", marked(struct, MARK) if struct else {})
        may_be_empty = self.query is not None and self.query.__struct_config__.frozen and not needs_any(self.query)
        object.__setattr__(self, "empty_query", self.query() if self.query is not None and may_be_empty else None)


def signature_of(endpoint: Callable[..., Any], name: str) -> Signature:
    """Raises `TypeError` where the annotations do not say it, or the endpoint would make what nobody runs."""
    if any(test(part) for part in _parts(endpoint) for test in _ASYNCHRONOUS):
        raise TypeError(f"{name}: {endpoint!r} would not be run, it must be a plain function")
    hints = get_type_hints(_annotated(endpoint), include_extras=True)
    given = hints.pop("return", None)
    first, *calls = hints.values() if hints else (None,)
    call = next((hint for hint in calls if _is_call(hint)), None)
    if call is None:
        raise TypeError(f"{name}: {endpoint!r} must be annotated: a transaction, then a Call")
    query, body = (kind if isinstance(kind, type) else None for kind in get_args(call)[-2:] or (None, None))
    return Signature(
        query=query if query is not type(None) else None,
        body=body if body is not type(None) else None,
        answer=_answer(given),
        parameters=_parameters(hints),
        in_steps=any(inspect.isgeneratorfunction(part) for part in _parts(endpoint)),
        takes_database=isinstance(first, type) and issubclass(first, Database),
    )


def is_lazy(function: Callable[..., Any]) -> bool:
    """Whether a call of it runs nothing: it makes a coroutine or a generator."""
    return any(test(part) for part in _parts(function) for test in (*_ASYNCHRONOUS, inspect.isgeneratorfunction))


def _parameters(hints: Mapping[str, Any]) -> dict[str, PathParameter]:
    return {
        name: said
        for name, hint in hints.items()
        if get_origin(hint) is Annotated
        for said in hint.__metadata__
        if isinstance(said, PathParameter)
    }


def _is_call(hint: Any) -> bool:  # noqa: ANN401 - a type form
    kind = get_origin(hint) or hint
    return isinstance(kind, type) and issubclass(kind, Call)


def _answer(given: Any) -> type[Struct] | None:  # noqa: ANN401 - as above
    if get_origin(given) is Generator:
        given = get_args(given)[2]
    if get_origin(given) is Reply:
        [given] = get_args(given)
    return given if isinstance(given, type) and issubclass(given, Struct) else None


def _annotated(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """The function whose annotations count: of what `partial` has taken, and where an object is called."""
    function = inspect.unwrap(_whole(endpoint))
    return function if inspect.isroutine(function) else type(function).__call__


def _parts(function: Callable[..., Any]) -> tuple[object, ...]:
    """The function, what it wraps, and what is run where an object is called."""
    function = _whole(function)
    return function, inspect.unwrap(function), type(function).__call__


def _whole(function: Callable[..., Any]) -> Callable[..., Any]:
    while isinstance(function, partial):
        function = function.func
    return function
