"""All that a schema is made of, as the engine itself tells of it: equal for two databases that have the same."""

import re
from typing import Any, Final

from keesa.db import Tx

Catalog = dict[str, list[tuple[Any, ...]]]

_POSTGRES: Final = {
    "columns": (
        "SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity, identity_generation,"
        " collation_name, is_generated FROM information_schema.columns WHERE table_schema = current_schema()"
    ),
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    "constraints": (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = current_schema()::regnamespace"
    ),
    "triggers": (  # a dump writes more brackets into a condition than there were
        "SELECT tgname, tgenabled::text, translate(pg_get_triggerdef(oid), '( )', '') FROM pg_trigger"
        " WHERE NOT tgisinternal"
    ),
    "functions": "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = current_schema()::regnamespace",
    "sequences": (
        "SELECT sequencename, data_type::text, start_value, min_value, max_value, increment_by, cycle, cache_size"
        " FROM pg_sequences WHERE schemaname = current_schema()"
    ),
    "others": (
        "SELECT relname, relkind::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
        " AND relkind NOT IN ('r', 'i', 'S')"
    ),
}
_SQLITE: Final = {
    "columns": (
        'SELECT tables.name, columns.name, columns.type, columns."notnull", dflt_value, pk, hidden'
        " FROM sqlite_master tables, pragma_table_xinfo(tables.name) columns WHERE tables.type = 'table'"
    ),
    "all": "SELECT type, name, tbl_name, sql FROM sqlite_master",
}
_PARTS: Final = re.compile(r"[,\n]")


def catalog(tx: Tx) -> Catalog:
    """By kind, each in an order of its own. Where a column stands in its table counts for nothing."""
    if tx.writes_alone:
        return {kind: sorted(map(_in_any_order, tx.each(sql))) for kind, sql in _SQLITE.items()}
    return {kind: sorted(tx.each(sql), key=repr) for kind, sql in _POSTGRES.items()}


def _in_any_order(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """SQLite keeps the statements that made its tables: their parts are sorted."""
    *named, last = row
    text = str(last).removesuffix(")")
    return (*map(str, named), *sorted(filter(None, map(str.strip, _PARTS.split(text)))))
