"""How many connections to PostgreSQL a process has. The configuration asks, and must not load the driver for it."""

from typing import Final

CONNECTIONS: Final = 20
"""The most connections of a process, unless it is told otherwise."""
FEWEST_CONNECTIONS: Final = 4
"""One of them for threads, and one that long reads leave to the others."""
