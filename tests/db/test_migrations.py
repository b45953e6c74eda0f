"""Bringing a database to the program's schema: from empty, again, at once, none by halves, and never backwards."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest

from acting import rows
from keesa.db import Database, Tx, migrate, open_database
from keesa.db.migrate import Migration, check_schema, latest, migrations
from keesa.errors import Refused
from live import environment
from newer_schemas import extended
from older_schemas import migrate_before
from places import Place

NAMES = [f"{migration.version:04}_{migration.name}" for migration in migrations("sqlite")]


@pytest.fixture
def empty_database(empty_place: Place) -> Iterator[Database]:
    database = open_database(empty_place.data, empty_place.url)
    yield database
    database.close()


@pytest.fixture
def migrated_database(empty_database: Database) -> Database:
    migrate.migrate(empty_database)
    return empty_database


def tables(tx: Tx) -> int:
    """How many of the tables that the migrations and these tests know are there."""
    names = "('schema_migrations', 'tickets', 'users', 'fine')"
    found: int = tx.value(f"SELECT count(*) AS value FROM $tables WHERE $table_name IN {names}")
    return found


def applied(tx: Tx) -> list[tuple[int, str, int]]:
    rows = tx.all("SELECT version, name, compatible FROM schema_migrations ORDER BY version")
    return [(row["version"], row["name"], row["compatible"]) for row in rows]


def test_an_empty_database_gets_the_schema(empty_database: Database) -> None:
    """All migrations in their order, each noted with the oldest schema that it is compatible with."""
    assert migrate.migrate(empty_database) == NAMES
    empty_database.read(check_schema)
    assert [f"{version:04}_{name}" for version, name, _ in empty_database.read(applied)] == NAMES
    compatible = {version: compatible for version, _, compatible in empty_database.read(applied)}
    assert compatible[1] == 1
    assert all(oldest >= 5 for version, oldest in compatible.items() if version >= 5), "programs before 5 keep no sizes"
    assert empty_database.read(lambda tx: tx.value("SELECT count(*) AS value FROM products")) == 24


def test_migrating_again_changes_nothing(migrated_database: Database) -> None:
    """What is applied is not applied again."""
    before = migrated_database.read(applied)
    assert migrate.migrate(migrated_database) == []
    assert migrated_database.read(applied) == before


MIGRATE_WHEN_TOLD = """
import sys
from pathlib import Path
from keesa.db import open_database
from keesa.db.migrate import migrate

print("ready", flush=True)
sys.stdin.readline()
database = open_database(Path(sys.argv[1]), sys.argv[2] or None)
print(*migrate(database))
database.close()
"""


def test_processes_that_migrate_at_once_apply_each_migration_once(empty_place: Place) -> None:
    """Of four processes that begin at the same time all succeed, and share the work, or one has done it."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE_WHEN_TOLD, empty_place.data, empty_place.url or ""],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    outcomes = [(*process.communicate(timeout=60), process.returncode) for process in processes]
    assert [(err, status) for _, err, status in outcomes] == [("", 0)] * 4
    assert sorted(name for out, _, _ in outcomes for name in out.split()) == NAMES
    database = open_database(empty_place.data, empty_place.url)
    try:
        database.read(check_schema)
        assert len(database.read(applied)) == len(NAMES)
    finally:
        database.close()


FINE = Migration(
    latest() + 1, "fine", None, "CREATE TABLE fine (id $identity);\nINSERT INTO products (name) VALUES ('x');\n"
)
BROKEN = Migration(
    latest() + 2, "broken", None, "UPDATE products SET name = 'y' WHERE id = 1;\nINSERT INTO nowhere VALUES (1);\n"
)


def test_a_migration_that_fails_leaves_nothing_of_itself(
    migrated_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was applied before it is kept; with the mistake mended the next run goes on from there."""
    before = migrated_database.read(applied)
    changed = "SELECT name FROM products WHERE id = 1 OR name IN ('x', 'y') ORDER BY id"
    with monkeypatch.context() as patch:
        extended(patch, FINE, BROKEN)
        with pytest.raises(Exception, match="nowhere"):
            migrate.migrate(migrated_database)
    assert migrated_database.read(applied) == [*before, (FINE.version, "fine", before[-1][2])]
    assert migrated_database.read(tables) == 4
    assert [row["name"] for row in migrated_database.read(lambda tx: rows(tx, changed))] == ["PABX", "x"]
    mended = Migration(BROKEN.version, "mended", None, "UPDATE products SET name = 'y' WHERE name = 'x'")
    extended(monkeypatch, FINE, mended)
    assert migrate.migrate(migrated_database) == [mended.file]
    assert [row["name"] for row in migrated_database.read(lambda tx: rows(tx, changed))] == ["PABX", "y"]


def apply_from_the_future(database: Database, *, compatible: int) -> None:
    """What a newer Keesa leaves behind."""
    database.write(
        lambda tx: tx.run(
            "INSERT INTO schema_migrations (version, name, compatible, applied_at) VALUES (:version, 'later', :it, 0)",
            version=latest() + 1,
            it=compatible,
        )
    )


def test_a_newer_database_that_asks_for_more_is_refused(migrated_database: Database) -> None:
    """With a sentence that says what to do, by the start and by every command; and nothing is changed."""
    apply_from_the_future(migrated_database, compatible=latest() + 1)
    before = migrated_database.read(applied)
    with pytest.raises(Refused, match=r"was upgraded by a newer Keesa .*: run that version, or restore the back-up"):
        migrate.migrate(migrated_database)
    with pytest.raises(Refused, match="was upgraded by a newer Keesa"):
        migrated_database.read(check_schema)
    assert migrated_database.read(applied) == before


def test_a_newer_database_that_is_compatible_works(migrated_database: Database) -> None:
    """Old nodes go on beside new ones where the migration says that they can."""
    apply_from_the_future(migrated_database, compatible=latest())
    assert migrate.migrate(migrated_database) == []
    migrated_database.read(check_schema)


def test_an_empty_database_is_refused_where_a_schema_is_needed(empty_database: Database) -> None:
    """A sentence names the command that makes it."""
    with pytest.raises(Refused, match="The database is empty: run `keesa migrate`"):
        empty_database.read(check_schema)


def test_an_older_database_is_refused_where_the_newest_is_needed(
    migrated_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sentence names both schemas and the command; after it all is well."""
    extended(monkeypatch, FINE)
    with pytest.raises(
        Refused, match=rf"has schema {FINE.version - 1}, this Keesa needs {FINE.version} \(it is .*\): run `keesa migr"
    ):
        migrated_database.read(check_schema)
    assert migrate.migrate(migrated_database) == [f"{FINE.version:04}_fine"]
    migrated_database.read(check_schema)


def test_what_a_migration_asks_for_is_kept_until_another_asks_for_more(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One without a word on compatibility is compatible with what the one before it was."""
    asking = Migration(FINE.version, "asking", FINE.version, "")
    silent = Migration(FINE.version + 1, "silent", None, "")
    extended(monkeypatch, asking, silent)
    migrate.migrate(empty_database)
    assert empty_database.read(applied)[-2:] == [
        (FINE.version, "asking", FINE.version),
        (FINE.version + 1, "silent", FINE.version),
    ]


def test_migrations_are_contiguous_and_the_same_for_both_engines() -> None:
    """Each number from 1 on is there once; a file for one engine has its twin for the other, of the same name."""
    for engine in ("sqlite", "postgres"):
        assert [migration.version for migration in migrations(engine)] == list(range(1, latest() + 1))
    twins = zip(migrations("sqlite"), migrations("postgres"), strict=True)
    assert all((one.name, one.compatible) == (other.name, other.compatible) for one, other in twins)


def test_every_file_among_the_migrations_is_one() -> None:
    """A name with a slip in it would be passed over in silence."""
    files = [file.name for file in resources.files("keesa.db").joinpath("migrations").iterdir()]
    assert files
    assert [name for name in files if not re.fullmatch(r"\d{4}_[a-z_]+(\.(sqlite|postgres))?\.sql", name)] == []


def test_the_first_line_tells_what_a_migration_is_compatible_with() -> None:
    """The schema itself can be used by nothing older than itself."""
    assert migrations("sqlite")[0].compatible == 1


LONG_BODY = "<b title='é'>" + "x & y</b>" * 20_000
SHORT_BODY = "<p>ރ</p>"
TOO_LONG = "… (This text was too long to be shown. The whole of it is in the database, in the table long_texts.)"


def keep_texts(tx: Tx) -> None:
    """A ticket without notes, one with two of which one is long, and one whose description is."""
    tx.run("INSERT INTO customers (name, contact_name, contact_number) VALUES ('Harbour', 'Ibrahim', 7771234)")
    tx.run(
        "INSERT INTO users (email, full_name, nick_name, user_type, password_hash, created_at)"
        " VALUES ('a@keesa.example', 'Aminath', 'Ami', 'admin', '', 1)"
    )
    for number, text in ((2024001, "Down"), (2024002, SHORT_BODY), (2024003, LONG_BODY)):
        tx.run(
            "INSERT INTO tickets (id, title, description, status, priority, customer_id, product_id, contact_name,"
            " contact_number, raised_by_id, raised_at) VALUES (:id, 'Link', :text, 'open', 3, 1, 1, 'I', 1, 1, 1)",
            id=number,
            text=text,
        )
    for text in (SHORT_BODY, LONG_BODY):
        tx.run(
            "INSERT INTO ticket_notes (ticket_id, author_id, body, created_at) VALUES (2024002, 1, :text, 1)", text=text
        )


def test_texts_that_were_kept_without_a_bound_are_cut_and_kept_aside(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is shown is safe and short and says so; the whole text is in a table of its own, and all are counted."""
    migrate_before(monkeypatch, empty_database, 5)
    empty_database.write(keep_texts)
    migrate.migrate(empty_database)

    def look(tx: Tx) -> tuple[list[dict[str, Any]], ...]:
        columns = "id, description, description_size, notes_count, notes_size"
        return (
            rows(tx, f"SELECT {columns} FROM tickets ORDER BY id"),
            rows(tx, "SELECT body FROM ticket_notes ORDER BY id"),
            rows(tx, "SELECT ticket_id, note_id, body FROM long_texts ORDER BY ticket_id"),
        )

    tickets, notes, aside = empty_database.read(look)
    assert [tuple(row.values()) for row in aside] == [(2024002, 2, LONG_BODY), (2024003, None, LONG_BODY)]
    kept, cut = (note["body"] for note in notes)
    assert kept == SHORT_BODY
    assert cut.startswith("&lt;b title='é'&gt;x &amp; y&lt;/b&gt;x &amp; y")
    assert cut.endswith(TOO_LONG)
    assert "<" not in cut
    assert len(cut) < 24_000
    assert [tuple(ticket.values()) for ticket in tickets] == [
        (2024001, "Down", 4, 0, 0),
        (2024002, SHORT_BODY, len(SHORT_BODY.encode()), 2, len((SHORT_BODY + cut).encode())),
        (2024003, cut, len(cut.encode()), 0, 0),
    ]


def test_customers_from_before_are_in_use_and_have_a_revision_that_moves(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else of them changes, nor the revision of the names that tickets show."""
    migrate_before(monkeypatch, empty_database, 8)
    empty_database.write(
        lambda tx: tx.run(
            "INSERT INTO customers (name, contact_name, contact_number, contact_phone)"
            " VALUES ('Harbour', 'Ibrahim', 7771234, NULL), ('ސްކޫލް', 'Ibrahim', 9607771234, '+960 777-1234')"
        )
    )
    customers = "SELECT * FROM customers ORDER BY id"
    names = "SELECT names FROM desk_revisions"
    before = empty_database.read(lambda tx: (rows(tx, customers), rows(tx, names)))
    migrate.migrate(empty_database)
    assert empty_database.read(lambda tx: rows(tx, customers)) == [
        {**row, "revision": 1, "retired_at": None} for row in before[0]
    ]
    assert empty_database.read(lambda tx: rows(tx, names)) == before[1]
    empty_database.write(lambda tx: tx.run("UPDATE customers SET contact_name = 'Moosa' WHERE id = 2"))
    revisions = [row["revision"] for row in empty_database.read(lambda tx: rows(tx, customers))]
    assert revisions[0] == 1 < 2**32 < revisions[1]
