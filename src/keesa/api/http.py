"""A route as data, and what an endpoint gets and gives."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Generic, TypeVar

from msgspec import Struct

from keesa.accounts.actors import Actor
from keesa.accounts.attempts import Limits
from keesa.accounts.permissions import OnlyFor
from keesa.accounts.session_cache import SessionCache, SessionState
from keesa.accounts.sessions import Session, Version
from keesa.accounts.tokens import Signer
from keesa.api.rendered import Rendered, Shape
from keesa.clock import Clock
from keesa.db import Steps, Tx
from keesa.errors import Faults
from keesa.tickets.html import RichText
from keesa.tickets.numbers import NumberForm, parse_number
from keesa.tickets.views import VisibleTicket

S = TypeVar("S", bound=Struct)
Q = TypeVar("Q", bound=Struct | None)
B = TypeVar("B", bound=Struct | None)


class Caller(Enum):
    """Who may call a route."""

    ANYONE = auto()
    WITH_ACCESS = auto()
    """With a good access token."""
    WITH_ACCESS_EVER = auto()
    """With an access token that may have expired: to log out."""
    WITH_REFRESH = auto()
    """With a good refresh token."""


class Runs(Enum):
    """How an endpoint is run."""

    READING = auto()
    """`endpoint(tx, call)` in a transaction that cannot write; in steps where it may take long."""
    WRITING = auto()
    """`endpoint(tx, call)` in a transaction that is committed before the answer is sent."""
    BLOCKING = auto()
    """`endpoint(database, call)` in one of a few threads, with transactions of its own."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the configuration says that endpoints need, and what a process remembers from one request to the next."""

    clock: Clock
    number_form: NumberForm
    signer: Signer
    limits: Limits
    session_cache: SessionCache
    rendered: Rendered


@dataclass(frozen=True, slots=True)
class Client:
    """The other end of the connection."""

    address: str
    secure: bool
    """Whether it speaks HTTPS, to us or to a proxy that we trust."""
    prefix: str
    """The path at which it finds the server, such as `/desk`; "" for the root of its host."""
    wants_cookies: bool
    """Whether it asked for its tokens in cookies (`Keesa-Cookies: true`)."""
    has_cookies: bool
    """Whether its token came in a cookie."""


@dataclass(frozen=True, slots=True)
class Call(Generic[Q, B]):
    """One request, read and checked."""

    desk: Desk
    client: Client
    at: int
    """Now, in milliseconds since 1970."""
    path: Mapping[str, str]
    query: Q
    body: B
    credentials: Mapping[str, str]
    """For logins: the query's and the form's or JSON's fields, together."""
    standing: SessionState
    """What the database told of the caller, in the transaction that the endpoint runs in."""
    cleaned: RichText | None = None
    """The body's rich text, where the route has one, made safe before that transaction."""

    def shown(self, tx: Tx, visible: Iterable[VisibleTicket], shape: Shape[S]) -> Steps[list[S]]:
        """Tickets in one of the version's forms."""
        return self.desk.rendered.tickets(tx, self.standing.names, visible, shape)

    @property
    def rich_text(self) -> RichText:
        if self.cleaned is None:
            raise LookupError("the route has no rich text")
        return self.cleaned

    @property
    def actor(self) -> Actor:
        return self._known[0]

    @property
    def session(self) -> Session:
        return self._known[1]

    @property
    def ticket(self) -> int | None:
        """The ticket number in the path; None for what can be no ticket's."""
        return parse_number(self.path["ticket"])

    @property
    def _known(self) -> tuple[Actor, Session]:
        if self.standing.caller is None:
            raise LookupError("a route for anyone has no actor")
        return self.standing.caller


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with headers of its own. A body of bytes is JSON already."""

    body: Struct | bytes
    headers: Sequence[tuple[str, str]] = ()


Partial = Mapping[str, Any]
Check = Callable[[Tx, Actor, Partial, Faults], Faults]
"""Given the good values and the faults of a body: the domain's faults with those values. The rich text among them is
a `RichText`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One endpoint of one version. From it the input is read, the caller checked, and OpenAPI written."""

    method: str
    path: str
    """Below the API's prefix, its parameters in braces: `/tickets/{ticket}`."""
    endpoint: Callable[..., Any]
    """Gives a struct or a `Reply`; one that reads may do so in steps. OpenAPI shows its docstring to its callers."""
    summary: str
    answer: type[Struct] | None
    status: int = 200
    example: object = None
    """An answer, as JSON would show it."""
    caller: Caller = Caller.WITH_ACCESS
    runs: Runs = Runs.READING
    permission: str | None = None
    """The action on tickets that a role of the caller must give."""
    guard: OnlyFor | None = None
    """Raises `Forbidden` for whom the domain refuses whatever they send, so that 403 comes before 422."""
    query: type[Struct] | None = None
    body: type[Struct] | None = None
    body_example: object = None
    body_seconds: int = 60
    """In which the body must have arrived; a slower one is 408."""
    body_from_query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Dotted path in the body to the query fields that stand in where the body lacks it."""
    rich_text: str | None = None
    """Dotted path in the body to the text that is made safe before a writing endpoint runs."""
    check: Check | None = None
    """Finds the domain's faults too, where reading the body has found some already."""
    takes_credentials: bool = False
    """Whether `user` and `password` are taken from wherever they stand (logins)."""
    body_limit: int | None = None
    """Bytes of the body, where the server's own limit is too much for what the route takes."""
    version_in_query: bool = False
    """Whether `?version=` does what the header `Keesa-Version` does."""
    errors: Sequence[int] = ()
    """The statuses of this endpoint beside those that any of its kind may have."""
    shown: bool = True
    """Whether OpenAPI tells of it."""


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """One version of the API: its name, its routes, and how it tells of errors."""

    name: Version
    routes: Sequence[Route]
    render_error: Callable[[Exception, Route | None], "Failure"]
    """Given the error, and the route that was called as far as it is known."""
    error: type[Struct]
    """The shape of every error but 422."""
    invalid: type[Struct]
    """The shape of a 422."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it is answered."""

    status: int
    body: Struct
    headers: Mapping[str, str] = field(default_factory=dict)
