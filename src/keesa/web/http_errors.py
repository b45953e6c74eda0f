"""Errors as HTTP answers them: what is wrong with a request before any domain sees it, and the domains' own errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from starlette.types import Scope

from keesa.errors import (
    Conflict,
    Damaged,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Outdated,
    TooLarge,
    TooManyAttempts,
    Unauthorized,
    Unavailable,
    WrongType,
)

INTERNAL: Final = "We had a problem with our server. Try again later."
NOTHING: Final = "There is nothing at this path"
RETRY_SECONDS: Final = "5"

STATUSES: Final[Mapping[type, int]] = {
    Unauthorized: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Gone: 410,
    Outdated: 412,
    TooLarge: 413,
    WrongType: 415,
    Invalid: 422,
    TooManyAttempts: 429,
    Damaged: 460,
    Unavailable: 503,
}
"""A class's own status, else that of the nearest class that it is made from."""


class HttpError(Exception):
    """One sentence for a person, with the status and the headers that the answer has."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = dict(headers or {})


def refusal(status: int, sentence: str) -> HttpError:
    """What the HTTP server has found; where it is busy (503), with the time after which to try again."""
    return HttpError(status, sentence, {"Retry-After": RETRY_SECONDS} if status == 503 else None)


def unreadable(sentence: str) -> HttpError:
    return HttpError(400, sentence)


@dataclass(frozen=True, slots=True)
class Described:
    """What every version's answer to an error is made of."""

    status: int
    sentence: str
    headers: Mapping[str, str] = field(default_factory=dict)


def describe(error: Exception) -> Described:
    """What is neither an `HttpError` nor known is 500 and tells nothing of itself."""
    if isinstance(error, HttpError):
        return Described(error.status, str(error), error.headers)
    status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)
    headers = {}
    match error:
        case Unauthorized():
            headers = {"WWW-Authenticate": "Bearer"}
        case TooManyAttempts():
            headers = {"Retry-After": str(error.retry_after)}
        case Unavailable():
            headers = {"Retry-After": RETRY_SECONDS}
    return Described(status, INTERNAL if status == 500 else str(error), headers)


def sentence_of(error: Invalid, faults: Mapping[str, Sequence[str]]) -> str:
    """One sentence with every fault, under the version's names; the error's own where it has one."""
    return error.sentence or "; ".join(
        f"{field} {sentence}" for field, several in faults.items() for sentence in several
    )


def require_reading(scope: Scope) -> None:
    """Raises `HttpError` (405) for what is no GET or HEAD."""
    if scope["method"] not in ("GET", "HEAD"):
        raise HttpError(405, f"This path knows GET and HEAD, not {scope['method']}", {"Allow": "GET, HEAD"})
