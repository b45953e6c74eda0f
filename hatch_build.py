"""Run by the build, before anything else of the project is looked at."""

import sys
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class PythonVersion(MetadataHookInterface):
    """Say which Python is needed: pips older than 23.1 name a dependency's version instead, and not the reason."""

    def update(self, _metadata: "dict[str, Any]") -> None:
        if sys.version_info < (3, 11):  # noqa: UP036 - the build runs in the Python that is installed for
            version = ".".join(map(str, sys.version_info[:3]))
            sys.exit(f"Keesa needs Python 3.11 or later, and this is Python {version}: install with another one")
