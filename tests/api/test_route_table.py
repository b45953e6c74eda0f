"""The route table refuses what nobody would run, and a write that has not answered is undone."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from functools import partial, wraps
from typing import Any

import pytest
from starlette.testclient import TestClient

from cast import ADMIN, STRANGER, token
from keesa.accounts.actors import Actor
from keesa.accounts.users import disable_user
from keesa.api.http import ApiVersion, Call, Caller, Route, Runs
from keesa.api.table import Table
from keesa.api.v2021 import VERSION_2021
from keesa.api.v2024 import VERSION_2024
from keesa.api.v2024.answers import Message
from keesa.app import VERSIONS, serve_from
from keesa.config import Config
from keesa.db import Database, Tx
from logins import bearer
from unchanged import unchanged

Endpoint = Callable[..., Any]


def plain(_tx: Tx, _call: Call[Any, Any]) -> Message:
    return Message("done")


def stepping(tx: Tx, _call: Call[Any, Any]) -> Iterator[None]:
    disable_user(tx, STRANGER.email, 1)
    yield


async def waiting(_tx: Tx, _call: Call[Any, Any]) -> Message:
    return Message("done")


async def streaming(_tx: Tx, _call: Call[Any, Any]) -> AsyncIterator[None]:
    yield


@wraps(stepping)
def wrapped(tx: Tx, call: Call[Any, Any]) -> Any:  # noqa: ANN401 - as endpoints are typed
    return stepping(tx, call)


class Stepping:
    def __call__(self, tx: Tx, call: Call[Any, Any]) -> Iterator[None]:
        yield from stepping(tx, call)


class Waiting:
    async def __call__(self, _tx: Tx, _call: Call[Any, Any]) -> Message:
        return Message("done")


def hiding(tx: Tx, call: Call[Any, Any]) -> Any:  # noqa: ANN401 - as above
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


def route(endpoint: Endpoint, runs: Runs, **more: Any) -> Route:  # noqa: ANN401 - any field of a route
    return Route(method="POST", path="/try", endpoint=endpoint, summary="Try", answer=Message, runs=runs, **more)


def version(base: ApiVersion, tried: Route) -> ApiVersion:
    return replace(base, routes=(*base.routes, tried))


@pytest.mark.parametrize("base", [VERSION_2021, VERSION_2024], ids=["2021", "2024"])
@pytest.mark.parametrize("runs", [Runs.WRITING, Runs.BLOCKING])
@pytest.mark.parametrize("endpoint", [*GENERATORS.values(), *COROUTINES.values()])
def test_an_endpoint_that_would_not_be_run_is_refused(base: ApiVersion, runs: Runs, endpoint: Endpoint) -> None:
    """When the table is built, so that no server starts with it."""
    with pytest.raises(TypeError, match="POST /try"):
        Table([version(base, route(endpoint, runs))])


@pytest.mark.parametrize("endpoint", COROUTINES.values())
def test_a_coroutine_is_refused_of_one_that_reads_too(endpoint: Endpoint) -> None:
    """Steps are generators."""
    with pytest.raises(TypeError, match="POST /try"):
        Table([version(VERSION_2024, route(endpoint, Runs.READING))])


@pytest.mark.parametrize("field", ["guard", "check"])
@pytest.mark.parametrize("function", [stepping, waiting])
def test_a_guard_that_would_not_be_run_is_refused(field: str, function: Endpoint) -> None:
    """It would let everybody in."""
    with pytest.raises(TypeError, match="POST /try"):
        Table([version(VERSION_2024, route(plain, Runs.WRITING, **{field: function}))])


@pytest.mark.parametrize("runs", Runs)
def test_what_is_run_is_taken(runs: Runs) -> None:
    """Plain functions anywhere, generators where they are run in steps; all of the served versions."""
    Table([version(VERSION_2024, route(plain, runs))])
    Table([version(VERSION_2024, route(stepping, Runs.READING))])
    Table(VERSIONS)


def allow(_actor: Actor) -> None:
    return None


def test_a_write_that_has_not_answered_is_a_500_and_changes_nothing(database: Database, config: Config) -> None:
    """A plain function that gives a generator cannot be told from others before it is called."""

    def hiding_and_writing(tx: Tx, call: Call[Any, Any]) -> Any:  # noqa: ANN401 - as above
        disable_user(tx, STRANGER.email, 1)
        return hiding(tx, call)

    tried = version(VERSION_2024, route(hiding_and_writing, Runs.WRITING, guard=allow, caller=Caller.WITH_ACCESS))
    with TestClient(serve_from(database, config, (tried, VERSION_2021)), raise_server_exceptions=False) as client:
        known = bearer(token(database, ADMIN))
        with unchanged(database):
            assert client.post("/api/v1/try", headers=known).status_code == 500
