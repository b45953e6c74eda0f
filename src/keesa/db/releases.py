"""Which release was written for which schema, so that people are told of versions, not of numbers alone."""

from collections.abc import Mapping
from typing import Final

from keesa import __version__
from keesa.db.migrate import latest

RELEASED: Final[Mapping[str, int]] = {}
"""The releases before this one, oldest first, with the schema of each. Whoever raises the version adds the last one."""


def oldest_for(schema: int) -> str:
    """Who may work with a database that asks for this schema, such as "Keesa 0.1.0 and later, from schema 11 on"."""
    version = next((version for version, known in RELEASED.items() if known >= schema), None)
    if version is None and schema > latest():
        return f"newer programs than this one, from schema {schema} on"
    return f"Keesa {version or __version__} and later, from schema {schema} on"
