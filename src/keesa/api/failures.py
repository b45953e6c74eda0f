"""From an error to a status: what the versions' `errors.py` share. Their shapes are their own."""

from collections.abc import Mapping, Sequence
from typing import Final

from keesa.api.problems import Problem
from keesa.errors import Forbidden, Invalid, NotFound, TooManyAttempts, Unauthorized, Unavailable

STATUSES: Final[Mapping[type, int]] = {
    Unauthorized: 401,
    Forbidden: 403,
    NotFound: 404,
    Invalid: 422,
    TooManyAttempts: 429,
    Unavailable: 503,
}
"""A class's own status, else that of the nearest class that it is made from."""
INTERNAL: Final = "We had a problem with our server. Try again later."
RETRY_SECONDS: Final = "5"


def failure_of(error: Exception) -> tuple[int, str, dict[str, str]]:
    """Status, sentence and headers; what is neither a `Problem` nor known is 500 and tells nothing of itself."""
    if isinstance(error, Problem):
        return error.status, str(error), error.headers
    status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)
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
