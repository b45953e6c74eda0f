"""A route: one endpoint of one version, as data. From it the input is read, the caller checked, and OpenAPI written."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeVar

from msgspec import Struct

from keesa.db import Tx
from keesa.errors import Faults
from keesa.web.body_streams import BodyStream
from keesa.web.csv_lists import QUERY_WORDS, columns_of
from keesa.web.endpoints import Signature, is_lazy, signature_of
from keesa.web.input.kinds import fields_of
from keesa.web.replies import Headers, raw_headers

E = TypeVar("E", bound=Callable[..., Any])

SAFE_METHODS: Final = ("GET", "BREW", "OPTIONS")
"""They change nothing, and their endpoints run in a transaction that cannot write."""


class Access(Enum):
    """Who may call a route."""

    ANYONE = auto()
    ACCESS_TOKEN = auto()
    """Who has a good access token."""
    EXPIRED_ACCESS_TOKEN = auto()
    """The same, and the token may have expired: to log out."""
    REFRESH_TOKEN = auto()
    """Who has a good refresh token."""
    SIGNED_ADDRESS = auto()
    """Whoever has the address, which this server has signed: it stands last in the path, and in no log. Requests for
    such are counted nowhere; others for what seems to be one are, with those of their network address.
    """


FOR_ANYONE: Final = (Access.ANYONE, Access.SIGNED_ADDRESS)
"""They need no token."""


class Runs(Enum):
    """How an endpoint is run."""

    READING = auto()
    """`endpoint(tx, call)` in a transaction that cannot write; in steps where it may take long."""
    WRITING = auto()
    """`endpoint(tx, call)` in a transaction that is committed before the answer is sent."""
    IN_THREAD = auto()
    """`endpoint(database, call)` in one of a few threads, with transactions of its own."""


def nothing(_answer: object) -> Iterable[int]:
    return ()


class Permission(Protocol):
    """What a role of the caller must give, such as `tickets:read`."""

    @property
    def resource(self) -> str: ...
    @property
    def action(self) -> str: ...


class Guard(Protocol):
    """Raises `Forbidden` for whom the domain refuses whatever they send, so that 403 comes before 422."""

    @property
    def user_types(self) -> Sequence[str]: ...
    @property
    def sentence(self) -> str: ...
    def __call__(self, actor: Any, /) -> None: ...  # noqa: ANN401 - who acts is the domain's to say


class Parameter(NamedTuple):
    """One of a query or a header, for OpenAPI; `words` are its possible values, and `title` names their type."""

    name: str
    place: Literal["query", "header"]
    description: str
    title: str = ""
    words: Sequence[str] = ()


Prepare = Callable[[], Awaitable[Any]]
"""What is done between a read and a change, such as looking into pictures. May be done in vain."""
Partial = Mapping[str, Any]
Check = Callable[[Tx, Any, Partial, Faults], Faults]
"""Given the actor, the good values and the faults of a body: the domain's faults with those values. Values that are
converted before a write are converted among them.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`endpoint` is called with a transaction, the call, and the parameters in its path by name; its annotations say
    what it takes and gives. OpenAPI shows its docstring to its callers.
    """

    method: str
    path: str
    """Below the API's prefix, its parameters in braces: `/tickets/{ticket}`."""
    endpoint: Callable[..., Any]
    summary: str
    status: int = 200
    example: object = None
    """An answer, as JSON would show it."""
    answer_type: str | None = None
    """The media type of an answer that is no JSON."""
    access: Access = Access.ACCESS_TOKEN
    permission: Permission | None = None
    alternatives: Sequence[Permission] = ()
    """Others, any one of which does as well as `permission`."""
    guard: Guard | None = None
    documented: bool = False
    """Whether it is one of the calls that others have described: fields that it does not know are ignored, unless a
    client asks to be told of them (`Prefer: handling=strict`). Any other call tells of them by itself.
    """
    csv: bool = False
    """Whether it is a list that is answered as CSV too: one array inside `data`, with the cursor `next` beside it."""
    kept: bool = False
    """Whether its answer hangs on nothing but the database, who calls, the path, query and body of the request, and
    what the application names as `circumstances`: not otherwise on the clock, the session, the client's address or a
    header. Then it is kept, and given again while no row changes.
    """
    conditional: bool = False
    """Whether its answer has an `ETag`, and the endpoint looks at `call.conditions`."""
    in_ranges: bool = False
    """Whether its answer is a `Content`, of which a client may ask for a part."""
    secret: bool = False
    """Whether its answer holds what must not be kept, also not under an `Idempotency-Key`."""
    shows: Callable[[Any], Iterable[int]] = nothing
    """Given its answer's struct, the ids of the tickets that it shows beside that of the path."""
    outdated: Exception | None = None
    """An example of its 412, where that tells more than a sentence."""
    body_example: object = None
    body_from_query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Dotted path in the body to the query fields that stand in where the body lacks it."""
    body_schema: type[Struct] | None = None
    """What OpenAPI says of a body that the endpoint reads itself."""
    media_types: Sequence[str] = ("application/json",)
    """Those that the body may have."""
    body_limit: int | None = None
    """Bytes of the body; without one the server's own limit."""
    file_part: str = "file"
    """What OpenAPI calls the part of a form that has a file."""
    body_seconds: int | None = None
    """In which the body must have arrived, unless what is usual will do; a slower one is 408."""
    prepares: Callable[..., Prepare] | None = None
    """Of a change that needs what takes long: called as the endpoint is, in a read before it; what it gives is awaited
    outside of any transaction, and the endpoint finds what comes of that in `call.prepared`.
    """
    check: Check | None = None
    """Finds the domain's faults too, where reading the body has found some already."""
    version_in_query: bool = False
    """Whether `?version=` does what the header `Keesa-Version` does."""
    parameters: Sequence[Parameter] = ()
    """What OpenAPI says of further ones, which the endpoint reads itself."""
    headers: Sequence[str] = ()
    """What OpenAPI says of its answer's headers, beside those that any of its kind has."""
    answer_headers: Headers = ()
    """Of each of its answers, also of those that tell of an error."""
    errors: Mapping[int, str | None] = field(default_factory=dict)
    """The statuses of this endpoint beside those that any of its kind may have, with an example of the sentence."""
    in_openapi: bool = True
    signature: Signature = field(init=False)
    raw_answer_headers: Sequence[tuple[bytes, bytes]] = field(init=False)
    query_words: frozenset[str] = field(init=False)
    """What may stand in its query."""
    runs: Runs = field(init=False)

    @property
    def changes(self) -> bool:
        """Whether a call of it changes something."""
        return self.method not in SAFE_METHODS

    @property
    def takes_key(self) -> bool:
        """Whether a call of it may have an `Idempotency-Key`: not one whose body is gone once it is read."""
        return self.changes and self.signature.body is not BodyStream

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """Those of which the caller needs one."""
        return () if self.permission is None else (self.permission, *self.alternatives)

    @property
    def knows_fields(self) -> bool:
        """Whether it can be told what it does not know: not of a body that the endpoint reads itself."""
        return self.signature.body is self.signature.body_struct

    def _query_words(self) -> Iterator[str]:
        if self.signature.query is not None:
            yield from (each.key for each in fields_of(self.signature.query))
        for names in self.body_from_query.values():
            yield from names
        if self.csv:
            yield from QUERY_WORDS
        if self.version_in_query:
            yield "version"
        yield from (each.name for each in self.parameters if each.place == "query")

    def __post_init__(self) -> None:
        signature = signature_of(self.endpoint, f"{self.method} {self.path}")
        runs = Runs.WRITING if self.changes else Runs.READING
        object.__setattr__(self, "signature", signature)
        object.__setattr__(self, "raw_answer_headers", raw_headers(self.answer_headers))
        object.__setattr__(self, "query_words", frozenset(self._query_words()))
        object.__setattr__(self, "runs", Runs.IN_THREAD if signature.takes_database else runs)
        require_runnable(self)


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error as a version tells it."""

    status: int
    body: Struct
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """One version of the API: its name, its routes, and how it tells of errors."""

    name: str
    routes: Sequence[Route]
    render_error: Callable[[Exception, Route | None], ErrorReply]
    """Given the error, and the route that was called as far as it is known."""
    error: type[Struct]
    """The shape of every error but 422."""
    invalid: type[Struct]
    """The shape of a 422."""


class Routes(list[Route]):
    """The routes of one noun, each declared above its endpoint: `@ROUTES.add("GET", "/customers", …)`."""

    def add(self, method: str, path: str, **said: Any) -> Callable[[E], E]:  # noqa: ANN401 - any field of a route
        def declare(endpoint: E) -> E:
            self.append(Route(method=method, path=path, endpoint=endpoint, **said))
            return endpoint

        return declare


def require_runnable(route: Route) -> None:
    """Raise `TypeError` where one of the route's functions would make something that nobody runs, or the endpoint takes
    other parameters than stand in the path.
    """
    name = f"{route.method} {route.path}"
    if {part[1:-1] for part in route.path.split("/") if part.startswith("{")} != route.signature.parameters.keys():
        raise TypeError(f"{name}: {route.endpoint!r} must take the parameters of the path, as `PathParameter`")
    if route.signature.in_steps and route.runs is not Runs.READING:
        raise TypeError(f"{name}: {route.endpoint!r} would not be run, only what reads is run in steps")
    if route.csv:
        _require_list(route, name)
    for function in (route.guard, route.check, route.prepares):
        if function is not None and is_lazy(function):
            raise TypeError(f"{name}: {function!r} would not be run, it must be a plain function")


def _require_list(route: Route, name: str) -> None:
    """Raise `TypeError` where it is no list that can be read page by page."""
    fields = route.signature.query.__struct_fields__ if route.signature.query else ()
    if route.runs is not Runs.READING or route.signature.answer is None or not {"limit", "after"} <= {*fields}:
        raise TypeError(f"{name}: only a list that is read, with a cursor, can be CSV")
    columns_of(route.signature.answer)
