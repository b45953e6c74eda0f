"""What the dispatcher asks of the program whose endpoints it runs."""

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from starlette.datastructures import Headers
from starlette.requests import Request

from keesa.db import Tx
from keesa.web.calls import Call, Client
from keesa.web.idempotency import Replays
from keesa.web.rate_windows import Subject
from keesa.web.routes import Access

if TYPE_CHECKING:
    from keesa.errors import Unauthorized


class Caller(Protocol):
    """Who sent a request."""

    @property
    def actor(self) -> Any:  # noqa: ANN401 - the domain's; None where a route is for anyone
        ...

    @property
    def user_id(self) -> int | None: ...

    @property
    def token_id(self) -> int | None:
        """Of the API token that was sent, where it is one."""

    @property
    def version(self) -> str | None:
        """The version of the API that the session or the API token is for."""

    @property
    def in_cookie(self) -> bool:
        """Whether their token came in a cookie."""

    @property
    def seen(self) -> str | None:
        """What tells, by `Tx.state`, which state of the data they were found in; None where nobody was looked for."""

    def answer_headers(self) -> list[tuple[str, str]]:
        """What each answer to a page with its token in a cookie carries, an error too."""


class Token(Protocol):
    """A token whose signature is good; whether its session lives, the database knows."""

    @property
    def subject(self) -> Subject | None:
        """With which requests this one is counted; None: with those of its address."""

    @property
    def cached(self) -> Caller | None:
        """The caller of the last request with it, where that is cached and the method changes things."""


T = TypeVar("T", bound=Token)
C = TypeVar("C", bound=Caller)


class Application(Protocol[T, C]):
    """The API, as far as the dispatcher knows it."""

    @property
    def replays(self) -> Replays:
        """Those of before, by the keys of idempotency that they were given under."""

    def read_token(self, request: Request, access: Access) -> T | None:
        """The request's token, None where the route is for anyone; raises `Unauthorized`. No database."""

    def find_caller(self, tx: Tx, token: "T | Unauthorized | None") -> C:
        """As the transaction sees them. Raises `HttpError` (503) while offline, before anything is said of the token,
        and `Unauthorized`.
        """

    def call(self, caller: C, **request: Any) -> Call[Any, Any]:  # noqa: ANN401 - the fields of `Call`
        """What the endpoint gets."""

    def written(self) -> None:
        """A change was made."""

    def circumstances(self, client: Client, headers: Headers, at: int) -> str:
        """What kept answers hang on beside the database and what is asked: another text where they may be others."""

    def require(self, caller: C, *permissions: Any) -> None:  # noqa: ANN401 - those of a route
        """Raises `Forbidden` unless a role of the caller gives one of the permissions."""
