"""Every path that a client of either version is answered at, read from the route tables themselves."""

from typing import Final

import cast
from keesa.accounts.sessions import Version
from keesa.api.file_addresses import FileAddresses
from keesa.app import VERSIONS
from keesa.clock import now
from keesa.web.router import answering

PARAMETERS: Final = {
    "{ticket}": cast.ASSIGNED,
    "{customer}": cast.HARBOUR,
    "{user}": cast.STRANGER.id,
    "{role}": cast.READER_ROLE,
    "{eco}": 1,
    "{product}": 3,
    "{ticket_type}": "project_support",
    "{category}": "survey",
    "{act}": 1,
    "{token}": cast.TOKEN,
    "{session}": cast.SESSION,
    "{kind}": "caused_by",
    "{other}": cast.TYPED,
    "{tag}": cast.TAG,
    "{canned_answer}": cast.CANNED_ANSWER,
    "{note}": cast.NOTE,
    "{upload}": cast.UPLOAD,
    "{image}": cast.IMAGE,
    "{file}": cast.FILE,
    "{address}": FileAddresses(cast.SECRET.encode()).at(now(), "").of(cast.IMAGE, None),
}

Endpoint = tuple[str, str]
"""A method, and a path with its parameters in braces."""


def filled(path: str) -> str:
    """The path with something of the cast's in place of each parameter."""
    if "{image}" in path or "{file}" in path:
        path = path.replace("{ticket}", str(cast.HIDDEN))  # on which they hang
    for parameter, number in PARAMETERS.items():
        path = path.replace(parameter, str(number))
    return path


def endpoints() -> set[Endpoint]:
    return {(route.method, route.path) for version in VERSIONS for _, route in answering(version, VERSIONS)}


def own_endpoints(version: Version) -> set[Endpoint]:
    """Those that the version has itself; the others of its clients' are answered by the other version, as they are."""
    return {(route.method, route.path) for each in VERSIONS if each.name == version for route in each.routes}
