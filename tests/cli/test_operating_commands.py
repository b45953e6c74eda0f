"""`keesa migrate`, `check` and `maintenance`, the help of every command, and where their settings come from."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from command import Done, keesa, keesa_process
from keesa import maintenance
from keesa.cli import app_for
from keesa.db import Database, Tx, open_database
from keesa.db.migrate import check_schema, latest
from keesa.db.opening import SQLITE_FILE
from keesa.secret_key import FILE, load_secret
from places import Place
from unchanged import TRAIL, unchanged


def commands(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and every group of them, by its words."""
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


def test_every_command_explains_itself() -> None:
    """With its usage and a sentence of its own."""
    words = list(commands(get_command(app_for(()))))
    assert ("reference", "add-type") in words
    for path in words:
        shown = CliRunner().invoke(app_for(path), [*path, "--help"], prog_name="keesa", env={"COLUMNS": "200"})
        assert shown.exit_code == 0
        usage, _, sentence = (line.strip() for line in shown.output.strip().splitlines()[:3])
        assert usage.startswith(" ".join(("Usage: keesa", *path)))
        assert sentence.endswith(".")


def test_help_needs_no_data() -> None:
    """Nothing is opened for it, and it is no error."""
    done = keesa("user", "add", "--help")
    assert (done.status, done.err) == (0, "")
    assert "--password-stdin" in done.out


def test_migrate_makes_the_schema_and_again_changes_nothing(empty_place: Place) -> None:
    """It says what it has applied, and where."""
    first = keesa_process("migrate", place=empty_place)
    assert (first.status, first.err) == (0, "")
    assert first.out.startswith("applied 0001_schema\napplied 0002_reference_data\n")
    assert first.out.endswith(f": schema {latest()}\n")
    again = keesa("migrate", place=empty_place)
    assert (again.status, again.out, again.err) == (0, first.out.splitlines(keepends=True)[-1], "")
    database = open_database(empty_place.data, empty_place.url)
    try:
        database.read(check_schema)
    finally:
        database.close()


def test_check_says_that_all_is_well_and_changes_nothing(place: Place, database: Database) -> None:
    """Engine, schema, key and zone, and not a file or a row is another afterwards."""
    load_secret(place.data, None)
    with unchanged(database):
        before = sorted(place.data.iterdir())
        done = keesa("check", place=place)
        assert sorted(place.data.iterdir()) == before
    assert (done.status, done.err) == (0, "")
    engine, key, files, zone, *sizes = done.out.splitlines()
    assert not any(line.startswith("ok: ") for line in sizes)
    oldest = database.read(lambda tx: tx.value("SELECT max(compatible) AS value FROM schema_migrations"))
    beside = f"Keesa 0.1.0 and later, from schema {oldest} on"
    assert engine == f"ok: {database.describe()}, schema {latest()}; beside it may run {beside}"
    assert key == f"ok: secret key in {place.data / FILE}"
    assert files == f"ok: pictures and files in {place.data / 'files'}"
    assert zone == "ok: times in Indian/Maldives, yearly ticket numbers"


def test_options_and_variables_say_the_same(place: Place) -> None:
    """Folder and URL may come either way, and an option goes before its variable."""
    load_secret(place.data, None)
    by_options = fit(keesa("check", place=place))
    variables = {"KEESA_DATA": str(place.data)} | ({"KEESA_DATABASE_URL": place.url} if place.url else {})
    assert len(by_options) == 4
    assert fit(keesa("check", variables=variables)) == by_options
    nonsense = dict.fromkeys(variables, "postgresql://nobody@127.0.0.1:1/nowhere")
    assert fit(keesa("check", place=place, variables=nonsense)) == by_options


def fit(done: Done) -> list[str]:
    """What is said of the configuration and the database, without the sizes of the moment."""
    assert (done.status, done.err) == (0, "")
    return [line for line in done.out.splitlines() if line.startswith("ok: ")]


def refused(done: Done) -> str:
    """The one sentence on standard error of a command that refused."""
    assert done.status == 1
    assert done.err.startswith("keesa: ")
    assert done.err.count("\n") == 1
    return done.err.removeprefix("keesa: ").rstrip("\n")


def test_check_finds_nothing_and_makes_nothing(tmp_path: Path) -> None:
    """Nor does any command that needs the data: a slip in the folder's name makes no new desk."""
    place = Place(tmp_path / "nowhere", None)
    told = f"There is no {place.data / SQLITE_FILE}: run `keesa migrate`, or `keesa serve`"
    for command in (("check",), ("user", "list"), ("maintenance", "on")):
        assert refused(keesa(*command, place=place)) == told
    assert list(tmp_path.iterdir()) == []


def test_check_finds_no_schema(empty_place: Place) -> None:
    """Of a database that is there and empty; other commands refuse it too."""
    open_database(empty_place.data, empty_place.url).close()
    for command in (("check",), ("customer", "list")):
        assert refused(keesa(*command, place=empty_place)) == "The database is empty: run `keesa migrate`"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (f"DELETE FROM schema_migrations WHERE version = {latest()}", f"has schema {latest() - 1}, this Keesa needs"),
        (f"UPDATE schema_migrations SET compatible = {latest() + 1}", "was upgraded by a newer Keesa"),
    ],
)
def test_check_finds_another_schema(place: Place, database: Database, change: str, sentence: str) -> None:
    """Older, or newer than this program understands; other commands refuse it too, and change nothing."""
    load_secret(place.data, None)
    database.write(lambda tx: tx.run(change))
    with unchanged(database):
        for command in (("check",), ("maintenance", "on")):
            assert sentence in refused(keesa(*command, place=place))


def test_check_finds_a_missing_key(place: Place) -> None:
    """And makes none: that is for the first start."""
    assert refused(keesa_process("check", place=place)).startswith(f"There is no {place.data / FILE}")
    assert not (place.data / FILE).exists()


def test_check_finds_a_key_that_others_may_read(place: Place) -> None:
    """It says what to do, and does not do it itself."""
    load_secret(place.data, None)
    (place.data / FILE).chmod(0o644)
    assert "may be read by others (mode 644): run `chmod 600" in refused(keesa("check", place=place))
    assert stat.S_IMODE((place.data / FILE).stat().st_mode) == 0o644


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """With a sentence that names it."""
    (tmp_path / SQLITE_FILE).write_text("Dear diary, " * 1000)
    for command in ("check", "migrate"):
        assert refused(keesa(command, place=Place(tmp_path, None))).startswith(f"Cannot open {tmp_path / SQLITE_FILE}")


def test_a_server_that_does_not_answer_is_refused(tmp_path: Path) -> None:
    """With a sentence, in which there is no password."""
    place = Place(tmp_path, "postgresql://keesa:hunter2@127.0.0.1:1/desk")
    for command in ("check", "migrate"):
        sentence = refused(keesa(command, place=place))
        assert sentence.startswith("Cannot connect to PostgreSQL: ")
        assert "hunter2" not in sentence


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("KEESA_PROT", "8001", "KEESA_PROT is no setting, did you mean KEESA_PORT?"),
        ("KEESA_PORT", "eighty", "KEESA_PORT: 'eighty' is no valid value"),
        ("KEESA_WORKERS", "0", "KEESA_WORKERS must be 1 to 64"),
        ("KEESA_ZONE", "Atlantis/Poseidonis", "KEESA_ZONE: 'Atlantis/Poseidonis' is no valid value"),
        ("KEESA_SECRET", "short", "KEESA_SECRET must have 32 characters or more"),
        ("KEESA_SECRET_FILE", "/nowhere/secret", "KEESA_SECRET_FILE: cannot read /nowhere/secret"),
        ("KEESA_DATABASE_URL", "mysql://localhost/desk", "KEESA_DATABASE_URL must begin with postgresql"),
    ],
)
def test_a_bad_value_stops_everything(tmp_path: Path, variable: str, value: str, sentence: str) -> None:
    """The start too: with a sentence that names the variable, before anything is made."""
    done = keesa(
        "serve" if variable == "KEESA_PORT" else "check",
        place=Place(tmp_path / "desk", None),
        variables={variable: value},
    )
    assert refused(done).startswith(sentence)
    assert list(tmp_path.iterdir()) == []


def test_maintenance_is_switched_on_and_off(place: Place, database: Database) -> None:
    """Twice is no error, and nothing but the switch is another afterwards."""

    def is_on(tx: Tx) -> bool:
        return maintenance.is_on(tx)

    with unchanged(database, but=("settings", *TRAIL)):
        for _ in range(2):
            assert keesa("maintenance", "on", place=place) == (0, "maintenance is on\n", "")
            assert database.read(is_on)
        for _ in range(2):
            assert keesa("maintenance", "off", place=place) == (0, "maintenance is off\n", "")
            assert not database.read(is_on)


def test_tables_without_that_of_migrations_are_refused(place: Place, database: Database) -> None:
    """Never called empty, and nothing is made beside them: whose they are is not known."""
    database.write(lambda tx: tx.script("ALTER TABLE schema_migrations RENAME TO elsewhere;"))
    with unchanged(database):
        for command in (("check",), ("migrate",), ("customer", "list")):
            assert "but not schema_migrations" in refused(keesa(*command, place=place))


def test_a_schema_that_somebody_changed_is_a_sentence(place: Place, database: Database) -> None:
    """What no command foresees is told in the database's own words, without a traceback."""
    database.write(lambda tx: tx.script("ALTER TABLE customers RENAME COLUMN contact_name TO elsewhere;"))
    for command in (("customer", "list"), ("customer", "add", "A", "--contact-name", "B", "--contact-number", "1")):
        assert "contact_name" in refused(keesa(*command, place=place))
