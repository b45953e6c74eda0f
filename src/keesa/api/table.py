"""From a method and a path to a route: what one version lacks, the other answers."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from keesa.accounts.sessions import Version
from keesa.api.http import ApiVersion, Route, Runs

NEWEST_FIRST: Final[tuple[Version, ...]] = ("2024", "2021")


@dataclass(slots=True)
class Resource:
    """One path: the routes of each method, by version."""

    methods: dict[str, dict[Version, Route]] = field(default_factory=dict)

    @property
    def allow(self) -> str:
        """The value of an `Allow` header."""
        implied = ["HEAD"] if "GET" in self.methods else []
        return ", ".join([*sorted(self.methods), *implied, "OPTIONS"])


class Table:
    """All routes of all versions, by path."""

    def __init__(self, versions: Iterable[ApiVersion]) -> None:
        self._plain: dict[str, Resource] = {}
        self._patterns: list[tuple[Sequence[str], Resource]] = []
        for version in versions:
            for route in version.routes:
                _require_runnable(route)
                self._add(version.name, route)

    def find(self, path: str) -> tuple[Resource, Mapping[str, str]] | None:
        """The resource at `path` (without a trailing slash), and the parameters in it."""
        if path in self._plain:
            return self._plain[path], {}
        parts = path.split("/")
        for pattern, resource in self._patterns:
            if len(pattern) == len(parts):
                pairs = list(zip(pattern, parts, strict=True))
                if all(name == part or name.startswith("{") for name, part in pairs):
                    return resource, {name[1:-1]: part for name, part in pairs if name.startswith("{")}
        return None

    def _add(self, version: Version, route: Route) -> None:
        resource = self._plain.get(route.path) or self._pattern(route.path)
        if resource is None:
            resource = Resource()
            if "{" in route.path:
                self._patterns.append((route.path.split("/"), resource))
            else:
                self._plain[route.path] = resource
        resource.methods.setdefault(route.method, {})[version] = route

    def _pattern(self, path: str) -> Resource | None:
        return next((resource for pattern, resource in self._patterns if pattern == path.split("/")), None)


def _require_runnable(route: Route) -> None:
    """Raise `TypeError` for a function of the route that nobody would run: one that makes a coroutine, or that makes a
    generator where only an endpoint that reads is run in steps. A wrapper that hides it is caught by its answer.
    """
    name = f"{route.method} {route.path}"
    for function in (route.endpoint, route.guard, route.check):
        stepping = function is route.endpoint and route.runs is Runs.READING
        if function is not None and (_makes_coroutine(function) or (_makes_generator(function) and not stepping)):
            raise TypeError(f"{name}: {function!r} would not be run, it must be a plain function")


def _makes_coroutine(function: Callable[..., Any]) -> bool:
    tests = (inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    return any(test(part) for test in tests for part in _parts(function))


def _makes_generator(function: Callable[..., Any]) -> bool:
    return any(inspect.isgeneratorfunction(part) for part in _parts(function))


def _parts(function: Callable[..., Any]) -> tuple[object, ...]:
    """The function, what it wraps, and what is run where an object is called; of what `partial` has taken."""
    while isinstance(function, partial):
        function = function.func
    return function, inspect.unwrap(function), type(function).__call__


def choose(routes: Mapping[Version, Route], wanted: Version | None) -> tuple[Version, Route]:
    """The wanted version's route, else that of the newest version that has one."""
    for version in (wanted, *NEWEST_FIRST):
        if version is not None and version in routes:
            return version, routes[version]
    raise LookupError("a method without a route")


def answering(version: ApiVersion, versions: Iterable[ApiVersion]) -> list[tuple[ApiVersion, Route]]:
    """Every route that a client of `version` is answered by, its own first, each beside the version that has it and
    whose shapes it answers in.
    """
    found = {(route.method, route.path): (version, route) for route in version.routes}
    for other in versions:
        for route in other.routes:
            found.setdefault((route.method, route.path), (other, route))
    return list(found.values())
