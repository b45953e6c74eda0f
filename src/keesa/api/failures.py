"""From an error to a status: what the versions' `errors.py` share. Their shapes are their own."""

from collections.abc import Mapping, Sequence
from typing import Final

from keesa.api.problems import Problem
from keesa.errors import Forbidden, Invalid, KeesaError, NotFound, TooManyAttempts, Unauthorized, Unavailable

STATUSES: Final[Mapping[type[KeesaError], int]] = {
    Unauthorized: 401,
    Forbidden: 403,
    NotFound: 404,
    Invalid: 422,
    TooManyAttempts: 429,
    Unavailable: 503,
}
INTERNAL: Final = "We had a problem with our server. Try again later."
RETRY_SECONDS: Final = "5"


def failure_of(error: Exception) -> tuple[int, str, dict[str, str]]:
    """Status, sentence and headers; what is neither a `Problem` nor known is 500 and tells nothing of itself."""
    if isinstance(error, Problem):
        return error.status, str(error), error.headers
    status = STATUSES.get(type(error), 500) if isinstance(error, KeesaError) else 500
    headers = {}
    match error:
        case Unauthorized():
            headers = {"WWW-Authenticate": "Bearer"}
        case TooManyAttempts():
            headers = {"Retry-After": str(error.retry_after)}
        case Unavailable():
            headers = {"Retry-After": RETRY_SECONDS}
    return status, INTERNAL if status == 500 else str(error), headers


def described(error: Invalid, faults: Mapping[str, Sequence[str]]) -> str:
    """One sentence with every fault, under the version's names; the error's own where it has one."""
    return error.sentence or "; ".join(
        f"{field} {sentence}" for field, several in faults.items() for sentence in several
    )
