"""Keeps databases that a commit's own program has made and filled, for the tests of upgrades.

    .venv/bin/python tests/upgrades/make_form.py COMMIT [CHECKOUT]

A checkout of the commit, made for this or ready at the given place (`make setup`), with the packages that it asks for,
serves the documented world; people and programs work with it over its command line and its API. What that
program does not take is left out. Then the data file and a dump of PostgreSQL are compressed into `forms/`, and
`forms.json` gets an entry.
"""

import json
import lzma
import re
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests" / "support")]

from form_filling import fill  # noqa: E402  # where it is found is said above
from kept_forms import FORMS, LISTED, Form, kept_forms  # noqa: E402
from postgres_server import PostgresServer  # noqa: E402

ONLY_NEWER: Final = re.compile(r"^(\\(un)?restrict .*|SET transaction_timeout = .*)\n", re.MULTILINE)
"""Lines of a dump that a PostgreSQL 15 cannot read."""


def main(commit: str, checkout: str | None = None) -> None:
    with tempfile.TemporaryDirectory(prefix="keesa-form-") as folder, PostgresServer() as server:
        if checkout:
            make(commit, Path(checkout), Path(folder), server)
            return
        made = Path(folder) / "checkout"
        git("worktree", "add", "--detach", str(made), commit)
        try:
            subprocess.run(["make", "setup"], cwd=made, check=True)
            make(commit, made, Path(folder), server)
        finally:
            git("worktree", "remove", "--force", str(made))


def make(commit: str, checkout: Path, folder: Path, server: PostgresServer) -> None:
    commit, date, committed_at = git("log", "-1", "--format=%h %cs %cI", "--abbrev=7", commit).split()
    name = f"{date}-{commit}"
    python = str(checkout / ".venv" / "bin" / "python")
    server.create_database("form")
    made = {
        "sqlite": fill(python, folder / "sqlite", None),
        "postgres": fill(python, folder / "postgres", server.url("form")),
    }
    keep(f"{name}.sqlite.xz", data_file(folder / "sqlite"))
    keep(f"{name}.sql.xz", dump(server))
    enter(Form(name, committed_at, migrations_of(folder / "sqlite"), made))


def git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def data_file(folder: Path) -> bytes:
    """With all that was written: nothing of it is left in the log."""
    file = folder / "keesa.db"
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    return file.read_bytes()


def dump(server: PostgresServer) -> bytes:
    """As statements that any driver can send."""
    options = ["--no-owner", "--no-privileges", "--inserts", "--rows-per-insert=100"]
    program = [str(server.binaries / "pg_dump"), *options, server.url("form")]
    text = subprocess.run(program, check=True, stdout=subprocess.PIPE, text=True).stdout
    return ONLY_NEWER.sub("", text).encode()


def keep(name: str, content: bytes) -> None:
    compressed = lzma.compress(content, preset=9 | lzma.PRESET_EXTREME)
    (FORMS / name).write_bytes(compressed)
    print(f"{name}: {len(compressed)} bytes")  # noqa: T201  # for who makes it


def migrations_of(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "keesa.db")) as connection:
        rows = connection.execute("SELECT version, name FROM schema_migrations ORDER BY version")
        return [f"{version:04}_{name}" for version, name in rows]


def enter(form: Form) -> None:
    """In the order of time; what was there of this commit is replaced."""
    forms = [other for other in kept_forms() if other.name != form.name]
    entries = [asdict(each) for each in sorted([*forms, form], key=lambda each: each.committed_at)]
    LISTED.write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
