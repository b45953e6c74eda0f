"""Keesa's connections to a database, as PostgreSQL tells of them."""

from typing import Final

import psycopg

_OF_KEESA: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'keesa'"
)


def connections_of_keesa(url: str) -> int:
    """How many there are, of all its processes."""
    with psycopg.connect(url) as other:
        row = other.execute(_OF_KEESA).fetchone()
    assert row is not None
    return int(row[0])
