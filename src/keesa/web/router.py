"""From a method and a path to a route: what one version lacks, the other answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from keesa.web.body_streams import BodyStream
from keesa.web.forms import Form
from keesa.web.routes import Access, ApiVersion, Route


@dataclass(slots=True)
class Resource:
    """One path: the routes of each method, by version."""

    methods: dict[str, dict[str, Route]] = field(default_factory=dict)
    """By version, the newest first: a version that lacks a route is answered by the first that has it."""
    takes_body: dict[str, bool] = field(default_factory=dict)
    """By method: whether a route of any version does."""
    secret_path: str | None = None
    """That of a route, where what stands in its place is enough to be let in."""

    @property
    def allow(self) -> str:
        """The value of an `Allow` header."""
        implied = ["HEAD"] if "GET" in self.methods else []
        return ", ".join([*sorted(self.methods.keys() - {"OPTIONS"}), *implied, "OPTIONS"])


class Router:
    """All routes of all versions (with the newest first), by path."""

    def __init__(self, versions: Iterable[ApiVersion]) -> None:
        self._plain: dict[str, Resource] = {}
        self._patterns: list[tuple[Sequence[str], Resource]] = []
        for version in versions:
            for route in version.routes:
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

    def _add(self, version: str, route: Route) -> None:
        """Raises `TypeError` where versions differ in what is decided before the caller's version is known."""
        resource = self._plain.get(route.path) or self._pattern(route.path)
        if resource is None:
            resource = Resource()
            if "{" in route.path:
                self._patterns.append((route.path.split("/"), resource))
            else:
                self._plain[route.path] = resource
        if route.access is Access.SIGNED_ADDRESS:
            resource.secret_path = route.path
        routes = resource.methods.setdefault(route.method, {})
        if any(_decided_early(other) != _decided_early(route) for other in routes.values()):
            raise TypeError(
                f"{route.method} {route.path} must run alike, be for the same callers, and take the same kind of body,"
                " in all versions"
            )
        routes[version] = route
        takes_body = resource.takes_body.get(route.method, False)
        resource.takes_body[route.method] = takes_body or route.signature.body is not None

    def _pattern(self, path: str) -> Resource | None:
        return next((resource for pattern, resource in self._patterns if pattern == path.split("/")), None)


def _decided_early(route: Route) -> tuple[object, ...]:
    return (
        route.runs,
        route.access,
        route.signature.body if route.signature.body in (Form, BodyStream) else None,
    )


def answering(version: ApiVersion, versions: Iterable[ApiVersion]) -> list[tuple[ApiVersion, Route]]:
    """Every route that a client of `version` is answered by, its own first, each beside the version that has it and
    whose shapes it answers in.
    """
    found = {(route.method, route.path): (version, route) for route in version.routes}
    for other in versions:
        for route in other.routes:
            found.setdefault((route.method, route.path), (other, route))
    return list(found.values())
