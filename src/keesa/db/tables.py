"""The tables of the schema, and what the server does with each: so that it can be told beforehand what would fail."""

from collections.abc import Mapping
from typing import Final

from keesa.db.engine import Tx

_READ: Final = ("SELECT",)
_APPEND: Final = ("SELECT", "INSERT")
_KEEP: Final = ("SELECT", "INSERT", "UPDATE")
_LINK: Final = ("SELECT", "INSERT", "DELETE")
_ALL: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")

RIGHTS: Final[Mapping[str, tuple[str, ...]]] = {
    "schema_migrations": _READ,
    "desk": _READ,
    "desk_revisions": ("SELECT", "UPDATE"),
    "settings": _KEEP,
    "customers": _KEEP,
    "customer_contacts": _ALL,
    "ecos": _KEEP,
    "products": _KEEP,
    "ticket_types": _KEEP,
    "ticket_categories": _KEEP,
    "statuses": _READ,
    "roles": _KEEP,
    "role_permissions": _ALL,
    "role_ticket_types": _ALL,
    "user_roles": _ALL,
    "users": _KEEP,
    "sessions": _ALL,
    "password_links": _ALL,
    "api_tokens": _ALL,
    "api_token_permissions": _ALL,
    "audit": _APPEND,
    "audit_people": _APPEND,
    "audit_prunings": (),
    "unknown_logins": _ALL,
    "login_failures": _ALL,
    "login_networks": _ALL,
    "tickets": _KEEP,
    "ticket_statuses": _APPEND,
    "ticket_events": _APPEND,
    "ticket_notes": _ALL,
    "internal_notes": _KEEP,
    "ticket_causes": _LINK,
    "ticket_watchers": _LINK,
    "ticket_mentions": _LINK,
    "tags": _KEEP,
    "ticket_tags": _LINK,
    "canned_answers": _KEEP,
    "jobs": _ALL,
    "idempotency_keys": _ALL,
    "request_rates": _ALL,
    "stored_files": _ALL,
    "attachments": _ALL,
    "uploads": _ALL,
    "upload_pieces": _ALL,
    "file_holds": _ALL,
    "ticket_words": _ALL,
    "pending_words": _ALL,
    "name_words": _ALL,
    "report_changes": _LINK,
    "report_counts": _ALL,
    "long_texts": (),
    "rules": ("SELECT", "UPDATE"),  # which are held, and never changed
}
"""Of who serves, on both engines; the command line needs more, and who migrates owns them."""
_COUNTING: Final[Mapping[str, tuple[str, ...]]] = {"ticket_counters": _KEEP}
_DRAWING: Final[Mapping[str, tuple[str, ...]]] = {"ticket_number_bases": _APPEND, "ticket_numbers": ("SELECT", "USAGE")}
"""The same for ticket numbers, which differ; a sequence among them."""

_SHOWN: Final = 4
"""What is named of all that lacks."""


def rights(tx: Tx) -> Mapping[str, tuple[str, ...]]:
    """By table or sequence, on this engine."""
    return {**RIGHTS, **(_COUNTING if tx.writes_alone else _DRAWING)}


def lacking(tx: Tx) -> str:
    """What the server could not do, such as "INSERT on tickets"; nothing where it may do all."""
    pairs = ", ".join(f"('{table}', '{right}')" for table, needed in rights(tx).items() for right in needed)
    rows = tx.all(f"SELECT column1 AS name, column2 AS needed FROM (VALUES {pairs}) wanted WHERE NOT $has_right")
    named = ", ".join(f"{row['needed']} on {row['name']}" for row in rows[:_SHOWN])
    return named + (f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else "")


def touch(tx: Tx) -> None:
    """Take each table's lock as its use does, without a row: raises where another program has locked one. Who calls
    undoes it, or keeps the locks.
    """
    used = [(table, needed) for table, needed in rights(tx).items() if "SELECT" in needed]
    touching = [_touching(table, alone=tx.writes_alone, inserts="INSERT" in needed) for table, needed in used]
    tx.script("$hurry;\n" + "".join(f"{statement};\n" for statement in touching))


def _touching(table: str, *, alone: bool, inserts: bool) -> str:
    """On PostgreSQL the lock of an INSERT and not the statement, whose triggers would hold a row that all share."""
    nothing = f"SELECT * FROM {table} WHERE 1 = 0"
    if not inserts:
        return nothing
    return f"INSERT INTO {table} {nothing}" if alone else f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE"


def any_present(tx: Tx) -> str | None:
    """The name of one table of anybody's, where Keesa would make its own."""
    rows = tx.all("SELECT name FROM $own_tables own ORDER BY name LIMIT 1")
    return rows[0]["name"] if rows else None


def present(tx: Tx) -> list[str]:
    """Which of the tables there are, where Keesa would make them."""
    names = ", ".join(f"'{name}'" for name in (*RIGHTS, *_COUNTING, *_DRAWING))
    return [row["name"] for row in tx.all(f"SELECT name FROM $own_tables own WHERE name IN ({names})")]
