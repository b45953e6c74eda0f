"""Which migrations a database has: those of the stream, in its order, or one of the few other orders that there were.

Before the first release some programs numbered a migration otherwise, or had one whose forerunner came later
(docs/decisions/0031-kept-forms.md). What they left is brought into the stream's order here; anything else that differs
from it is refused, since nobody knows what is in such a database.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from keesa.clock import now
from keesa.db.engine import Tx
from keesa.db.tables import present
from keesa.errors import Refused

if TYPE_CHECKING:
    from keesa.db.migration_files import Migration

_RENUMBERED: Final = {"0007_telephone_numbers": 4, "0004_random_revisions": 6}
"""As early programs named them, to their numbers in the stream."""
_CAUGHT_UP: Final = ({4}, {4, 5}, {5, 6, 7}, {8})
"""The migrations that lack below one that is there, as early programs and those after them have left it."""
_PERMISSIONS: Final = 8
"""It follows 9 there, and so what 9 gives comes after it."""
_GIVE_CUSTOMERS: Final = """
INSERT INTO role_permissions (role_id, resource, action, position)
SELECT roles.id, 'customers', column2, column3 + (
    SELECT coalesce(max(position) + 1, 0) FROM role_permissions WHERE role_id = roles.id
)
FROM roles, (VALUES
    ('admin', 'read', 0), ('admin', 'write', 1),
    ('control_room', 'read', 0), ('engineer', 'read', 0), ('customer', 'read', 0)
) given WHERE column1 = roles.name
ON CONFLICT DO NOTHING;
"""
_ADD_SYSTEM: Final = """
INSERT INTO users (id, email, full_name, nick_name, user_type, password_hash, disabled_at, created_at)
VALUES (0, '(Keesa itself)', 'Keesa', 'Keesa', 'admin', '!', 0, 0);
"""
"""As migration 8 does, which at first did not."""


def settle(tx: Tx, known: Sequence["Migration"]) -> list[str]:
    """Bring what an early program left into the order of `known`, the program's own migrations; the names of what was
    applied for that.

    Raises `Refused` for what is neither in that order nor in one of those.
    """
    missing = _missing(_renumbered(tx, known), known)
    for migration in missing:
        tx.script(migration.sql)
        record(tx, migration, migration.compatible or newest(tx)[1])
        if migration.version == _PERMISSIONS:
            tx.script(_GIVE_CUSTOMERS)
    if _lacks_system(tx):
        tx.script(_ADD_SYSTEM)
    return [_named(migration) for migration in missing]


def record(tx: Tx, migration: "Migration", compatible: int) -> None:
    """It is applied; from now on a program must know the schema `compatible` at the least."""
    tx.run(
        "INSERT INTO schema_migrations (version, name, compatible, applied_at)"
        " VALUES (:version, :name, :compatible, :applied_at)",
        version=migration.version,
        name=migration.name,
        compatible=compatible,
        applied_at=now(),
    )


def require_settled(tx: Tx, known: Sequence["Migration"]) -> None:
    """Raises `Refused`, with what to do, where `settle` would raise it or has something to do."""
    applied = _applied(tx)
    if early := [label for label in map(_label, applied.items()) if label in _RENUMBERED]:
        raise Refused(f"The database has the early migration {early[0]}: run `keesa migrate`")
    if missing := _missing(applied, known):
        raise Refused(f"The database lacks the migration {_named(missing[0])}: run `keesa migrate`")


def newest(tx: Tx) -> tuple[int, int]:
    """The database's version, and the oldest that a program must know; 0 and 1 for an empty one.

    Raises `Refused` where the table of migrations is no more what Keesa has written.
    """
    rows = tx.all("SELECT version, compatible FROM schema_migrations")
    if not all(isinstance(row[column], int) for row in rows for column in ("version", "compatible")):
        raise Refused(_sentence("has a migration without a number"))
    if not rows and (found := [name for name in present(tx) if name != "schema_migrations"]):
        raise Refused(_sentence(f"has the table {found[0]}, but no migration"))
    return max(((row["version"], row["compatible"]) for row in rows), default=(0, 1))


def _applied(tx: Tx) -> dict[int, str]:
    rows = tx.all("SELECT version, name FROM schema_migrations ORDER BY version")
    return {row["version"]: row["name"] for row in rows}


def _label(applied: tuple[int, str]) -> str:
    version, name = applied
    return f"{version:04}_{name}"


def _named(migration: "Migration") -> str:
    return _label((migration.version, migration.name))


def _renumbered(tx: Tx, known: Sequence["Migration"]) -> dict[int, str]:
    """What is applied, under the numbers of `known` from here on."""
    applied = _applied(tx)
    for version, name in list(applied.items()):
        number = _RENUMBERED.get(_label((version, name)))
        if number is None:
            continue
        applied.pop(version)
        if number in applied:  # a later program has applied it again
            tx.run("DELETE FROM schema_migrations WHERE version = :version", version=version)
            continue
        tx.run(
            "UPDATE schema_migrations SET version = :number, compatible = :compatible WHERE version = :version",
            number=number,
            compatible=next(each.compatible for each in known if each.version == number),
            version=version,
        )
        applied[number] = name
    return applied


def _missing(applied: Mapping[int, str], known: Sequence["Migration"]) -> list["Migration"]:
    """Those that lack below the newest one. A newer program's own, which are above all of `known`, are its affair."""
    for migration in known:
        if (name := applied.get(migration.version, migration.name)) != migration.name:
            raise Refused(_sentence(f"has {_label((migration.version, name))} in the place of {_named(migration)}"))
    newest = max(applied, default=0)
    missing = [each for each in known if each.version < newest and each.version not in applied]
    if missing and {each.version for each in missing} not in _CAUGHT_UP:
        raise Refused(_sentence(f"lacks {_named(missing[0])}"))
    return missing


def _sentence(fault: str) -> str:
    return (
        f"The database {fault}, which no Keesa leaves so (the table schema_migrations tells): restore a back-up, or"
        " give Keesa a database of its own"
    )


def _lacks_system(tx: Tx) -> bool:
    if _applied(tx).get(_PERMISSIONS) is None:
        return False
    return tx.one("SELECT id FROM users WHERE id = 0") is None
