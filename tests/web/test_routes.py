"""A route refuses what nobody would run, the router what versions must not differ in; and a write that has not answered
is undone.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from functools import partial, wraps
from typing import Annotated, Any, Final

import pytest
from starlette.testclient import TestClient

from by_keesa import disable_user
from cast import ADMIN, STRANGER, token
from keesa.accounts.actors import Actor
from keesa.api.calls import Call
from keesa.api.v2021 import VERSION_2021
from keesa.api.v2024 import VERSION_2024
from keesa.api.v2024.fields import Message
from keesa.app import VERSIONS, serve_from
from keesa.config import Config
from keesa.db import Database, Tx
from keesa.web.body_streams import BodyStream
from keesa.web.endpoints import PathParameter
from keesa.web.router import Router
from keesa.web.routes import Access, ApiVersion, Route, Runs
from logins import bearer
from unchanged import unchanged

Endpoint = Callable[..., Any]

NUMBER: Final = PathParameter(int, "A number", {"type": "integer"}, "There is no such number")


def plain(_tx: Tx, _call: Call[None, None]) -> Message:
    return Message("done")


def stepping(tx: Tx, _call: Call[None, None]) -> Iterator[None]:
    disable_user(tx, STRANGER.email, 1)
    yield


async def waiting(_tx: Tx, _call: Call[None, None]) -> Message:
    return Message("done")


async def streaming(_tx: Tx, _call: Call[None, None]) -> AsyncIterator[None]:
    yield


@wraps(stepping)
def wrapped(tx: Tx, call: Call[None, None]) -> Any:  # noqa: ANN401 - as endpoints are typed
    return stepping(tx, call)


class Stepping:
    def __call__(self, tx: Tx, call: Call[None, None]) -> Iterator[None]:
        yield from stepping(tx, call)


class Waiting:
    async def __call__(self, _tx: Tx, _call: Call[None, None]) -> Message:
        return Message("done")


def hiding(tx: Tx, call: Call[None, None]) -> Any:  # noqa: ANN401 - as above
    return stepping(tx, call)


GENERATORS: dict[str, Endpoint] = {
    "a generator": stepping,
    "a part of one": partial(stepping),
    "a wrapped one": wrapped,
    "an object": Stepping(),
    "a part of an object": partial(partial(Stepping())),
}
COROUTINES: dict[str, Endpoint] = {
    "a coroutine": waiting,
    "a part of one": partial(waiting),
    "a stream": streaming,
    "a part of an object": partial(Waiting()),
}


def in_a_thread(_database: Database, _call: Call[None, None]) -> Message:
    return Message("done")


def uploading(_tx: Tx, _call: Call[None, BodyStream]) -> Message:
    return Message("done")


def stepping_in_a_thread(_database: Database, _call: Call[None, None]) -> Iterator[None]:
    yield


def untyped(_tx, _call):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as nobody may declare it
    return Message("done")


def without_a_call(_tx: Tx) -> Message:
    return Message("done")


def route(endpoint: Endpoint, method: str = "POST", **more: Any) -> Route:  # noqa: ANN401 - any field of a route
    return Route(method=method, path="/try", endpoint=endpoint, summary="Try", **more)


@pytest.mark.parametrize("endpoint", [*GENERATORS.values(), *COROUTINES.values(), stepping_in_a_thread])
def test_an_endpoint_that_would_not_be_run_is_refused(endpoint: Endpoint) -> None:
    """When the route is made, so that no server starts with it."""
    with pytest.raises(TypeError, match="POST /try"):
        route(endpoint)


@pytest.mark.parametrize("endpoint", COROUTINES.values())
def test_a_coroutine_is_refused_of_one_that_reads_too(endpoint: Endpoint) -> None:
    """Steps are generators."""
    with pytest.raises(TypeError, match="GET /try"):
        route(endpoint, "GET")


@pytest.mark.parametrize("endpoint", [untyped, without_a_call])
def test_an_endpoint_that_does_not_say_what_it_takes_is_refused(endpoint: Endpoint) -> None:
    """Its input is read from its annotations."""
    with pytest.raises(TypeError, match="must be annotated"):
        route(endpoint)


@pytest.mark.parametrize("path", ["/try", "/try/{other}", "/try/{number}/{other}"])
def test_an_endpoint_that_takes_other_parameters_than_its_path_is_refused(path: str) -> None:
    """The first request would be a 500."""

    def numbered(_tx: Tx, _call: Call[None, None], number: Annotated[int, NUMBER]) -> Message:
        return Message(f"{number}")

    Route(method="GET", path="/try/{number}", endpoint=numbered, summary="Try")
    with pytest.raises(TypeError, match=r"GET /try.* must take the parameters"):
        Route(method="GET", path=path, endpoint=numbered, summary="Try")
    with pytest.raises(TypeError, match=r"GET /try.* must take the parameters"):
        Route(method="GET", path="/try/{number}", endpoint=plain, summary="Try")


@pytest.mark.parametrize("field", ["guard", "check"])
@pytest.mark.parametrize("function", [stepping, waiting])
def test_a_guard_that_would_not_be_run_is_refused(field: str, function: Endpoint) -> None:
    """It would let everybody in."""
    with pytest.raises(TypeError, match="POST /try"):
        route(plain, "POST", **{field: function})


def test_how_an_endpoint_runs_is_told_by_its_method_and_what_it_takes() -> None:
    """Plain functions anywhere, generators where they are run in steps."""
    assert route(plain).runs is Runs.WRITING
    assert route(plain, "GET").runs is Runs.READING
    assert all(route(endpoint, "GET").runs is Runs.READING for endpoint in GENERATORS.values())
    assert {route(in_a_thread, method).runs for method in ("GET", "POST")} == {Runs.IN_THREAD}
    Router(VERSIONS)


@pytest.mark.parametrize("other", [route(in_a_thread), route(plain, access=Access.ANYONE), route(uploading)])
def test_versions_run_a_path_alike_and_for_the_same_callers(other: Route) -> None:
    """And take an upload alike: all is decided before anyone knows which version the session is for."""
    versions = version(VERSION_2024, route(plain)), version(VERSION_2021, other)
    with pytest.raises(TypeError, match="POST /try"):
        Router(versions)


def version(base: ApiVersion, tried: Route) -> ApiVersion:
    return replace(base, routes=(*base.routes, tried))


def allow(_actor: Actor) -> None:
    return None


def test_a_write_that_has_not_answered_is_a_500_and_changes_nothing(database: Database, config: Config) -> None:
    """A plain function that gives a generator cannot be told from others before it is called."""

    def hiding_and_writing(tx: Tx, call: Call[None, None]) -> Any:  # noqa: ANN401 - as above
        disable_user(tx, STRANGER.email, 1)
        return hiding(tx, call)

    tried = version(VERSION_2024, route(hiding_and_writing, guard=allow))
    with TestClient(serve_from(database, config, (tried, VERSION_2021)), raise_server_exceptions=False) as client:
        known = bearer(token(database, ADMIN))
        with unchanged(database):
            assert client.post("/api/v1/try", headers=known).status_code == 500
