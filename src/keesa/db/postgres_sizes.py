"""How large PostgreSQL's tables are, and what its autovacuum has left."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from keesa.db.engine import Row, Tx
from keesa.db.table_sizes import TableSize

_COUNTED: Final = 16 * 1024 * 1024
"""Bytes of a table with its indexes, up to which its rows are counted: the planner's estimate of small ones is poor."""


@dataclass(frozen=True, slots=True)
class Server:
    bytes: int
    """Of the database, with the catalogue."""
    autovacuum: bool
    transaction_age: int
    """Transactions since the oldest that some row still may tell of; writes stop at two milliards."""


def measure_server(tx: Tx) -> Server:
    row = tx.all(_SERVER)[0]
    return Server(row["bytes"], row["autovacuum"], row["transaction_age"])


def measure_tables(tx: Tx) -> Sequence[TableSize]:
    """Those of Keesa's schema, the largest first."""
    rows = tx.all(_TABLES)
    counts: dict[str, Callable[[], Sequence[Row]]] = {
        row["name"]: tx.soon(f"SELECT count(*) AS value FROM {row['quoted']}")
        for row in rows
        if row["readable"] and row["bytes"] <= _COUNTED
    }
    return [
        TableSize(
            name=row["name"],
            rows=counts[row["name"]]()[0]["value"] if row["name"] in counts else row["estimate"],
            estimated=row["name"] not in counts,
            bytes=row["bytes"],
            dead_rows=row["dead_rows"],
            autovacuum=row["autovacuum"],
        )
        for row in rows
    ]


_SERVER: Final = """
    SELECT pg_database_size(current_database()) AS bytes,
        current_setting('autovacuum') = 'on' AND current_setting('track_counts') = 'on' AS autovacuum,
        age(datfrozenxid) AS transaction_age
    FROM pg_database WHERE datname = current_database()
"""
_TABLES: Final = """
    SELECT pg_class.relname AS name, quote_ident(pg_class.relname) AS quoted,
        pg_total_relation_size(pg_class.oid) AS bytes,
        CAST(greatest(CASE WHEN reltuples < 0 THEN n_live_tup ELSE reltuples END, 0) AS BIGINT) AS estimate,
        coalesce(n_dead_tup, 0) AS dead_rows,
        has_table_privilege(pg_class.oid, 'SELECT') AND NOT row_security_active(pg_class.oid) AS readable,
        NOT EXISTS (
            SELECT 1 FROM pg_options_to_table(reloptions)
            WHERE option_name = 'autovacuum_enabled' AND NOT CAST(option_value AS BOOLEAN)
        ) AS autovacuum
    FROM pg_class LEFT JOIN pg_stat_user_tables ON relid = pg_class.oid
    WHERE relkind = 'r' AND relnamespace = CAST(current_schema() AS regnamespace)
    ORDER BY bytes DESC, name
"""
