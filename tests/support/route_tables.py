"""Every path that a client of either version is answered at, read from the route tables themselves."""

from keesa.accounts.sessions import Version
from keesa.app import VERSIONS
from keesa.web.router import answering

Endpoint = tuple[str, str]
"""A method, and a path with its parameters in braces."""


def endpoints() -> set[Endpoint]:
    return {(route.method, route.path) for version in VERSIONS for _, route in answering(version, VERSIONS)}


def own_endpoints(version: Version) -> set[Endpoint]:
    """Those that the version has itself; the others of its clients' are answered by the other version, as they are."""
    return {(route.method, route.path) for each in VERSIONS if each.name == version for route in each.routes}
