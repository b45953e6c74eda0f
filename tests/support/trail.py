"""The audit trail after what a test has done, and the secrets that must not stand in it."""

from typing import Any, Final

from acting import rows
from keesa.db import Database, Tx

_SECRET_FIELDS: Final = frozenset(
    {
        "password",
        "old_password",
        "new_password",
        "current_password",
        "access",
        "refresh",
        "csrf",
        "secret",
        "token",
        "link",
    }
)
_SHORTEST: Final = 8
"""Characters: what is shorter stands in some text by chance."""


def last_id(database: Database) -> int:
    found: int = database.read(lambda tx: tx.value("SELECT coalesce(max(id), 0) AS value FROM audit"))
    return found


def actions_behind(database: Database, act_id: int) -> list[str]:
    """What was done since the act, in order."""
    return [row["action"] for row in database.read(lambda tx: rows(tx, _BEHIND, id=act_id))]


_BEHIND: Final = "SELECT action FROM audit WHERE id > :id ORDER BY id"


def trail_text(database: Database) -> str:
    """All that stands in it, and what names people beside it."""
    return database.read(_text)


def _text(tx: Tx) -> str:
    tables = ("audit", "audit_people", "audit_prunings", "unknown_logins")
    return "".join(repr(rows(tx, f"SELECT * FROM {name}")) for name in tables)


def kept_secrets(database: Database) -> set[str]:
    """Of the tables: hashes, and what tells sessions apart."""
    statements = (
        "SELECT password_hash AS secret FROM users",
        "SELECT csrf_secret AS secret FROM sessions",
        "SELECT hash AS secret FROM api_tokens",
        "SELECT hash AS secret FROM password_links",
    )
    found = {str(row["secret"]) for sql in statements for row in database.read(lambda tx, sql=sql: rows(tx, sql))}  # type: ignore[misc]
    return {secret for secret in found if len(secret) >= _SHORTEST}


def secrets_in(value: Any) -> set[str]:  # noqa: ANN401 - any JSON
    """The texts under names that are those of secrets, at any depth."""
    found: set[str] = set()
    match value:
        case dict():
            for name, inner in value.items():
                if name in _SECRET_FIELDS and isinstance(inner, str) and len(inner) >= _SHORTEST:
                    found.add(inner)
                found |= secrets_in(inner)
        case list():
            found = found.union(*map(secrets_in, value))
    return found
