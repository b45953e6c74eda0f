"""Which status an error has."""

from collections.abc import Callable

import pytest

from keesa.api.v2021 import VERSION_2021
from keesa.api.v2024 import VERSION_2024
from keesa.errors import (
    Forbidden,
    Invalid,
    KeesaError,
    NotFound,
    Refused,
    TooManyAttempts,
    Unauthorized,
    Unavailable,
)
from keesa.web.http_errors import INTERNAL, Described, HttpError, describe

STATUSES: dict[type[KeesaError], tuple[int, Callable[[type[KeesaError]], KeesaError]]] = {
    Unauthorized: (401, lambda kind: kind("Who are you?")),
    Forbidden: (403, lambda kind: kind("Not you")),
    NotFound: (404, lambda kind: kind("Not here")),
    Invalid: (422, lambda kind: kind({"title": ["is missing"]})),
    TooManyAttempts: (429, lambda kind: kind(7)),
    Unavailable: (503, lambda kind: kind("Not now")),
}


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("kind", STATUSES)
def test_an_error_has_the_status_of_what_it_is_made_from(kind: type[KeesaError], depth: int) -> None:
    """Also one that is made from it, and one that is made from that; with its sentence and its headers."""
    made = kind
    for _ in range(depth):
        made = type(f"Further{made.__name__}", (made,), {})
    status, make = STATUSES[kind]
    error = make(made)
    assert describe(error) == Described(status, str(error), describe(make(kind)).headers)
    for version in (VERSION_2021, VERSION_2024):
        answered = version.render_error(error, None)
        assert answered.status == status
        assert INTERNAL not in str(answered.body)


def test_the_nearest_class_decides() -> None:
    """Of two that have a status."""

    class Closed(NotFound, Forbidden):
        pass

    assert describe(Closed("It is closed")).status == 404


@pytest.mark.parametrize("error", [KeesaError("inside"), Refused("inside"), ValueError("inside"), LookupError()])
def test_what_nobody_foresaw_is_500_and_tells_nothing(error: Exception) -> None:
    """Errors of the domain among it that no caller can act on."""
    assert describe(error) == Described(500, INTERNAL)


def test_an_http_error_carries_its_own_status() -> None:
    """So does one that is made from it."""

    class Larger(HttpError):
        pass

    assert describe(Larger(413, "Too large", {"X": "y"})) == Described(413, "Too large", {"X": "y"})
