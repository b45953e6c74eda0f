"""PostgreSQL's own load generator, with the bare function's statements: what the database itself can do."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg

from bench.limits.given import TICKET
from bench.limits.statements import DRAWN, statements
from keesa.db.postgres_statements import NEW_REVISION

CLIENTS: Final = (1, 8, 32)
MISSING: Final = "pgbench is not here, so it was left out: it is on PATH, or in the folder KEESA_TEST_POSTGRES_BIN"

_SQL: Final = statements("json_agg", "json_build_array", NEW_REVISION, "FOR UPDATE", next_number=DRAWN)
_NUMBER: Final = (
    "CAST(:prefix || lpad(CAST(last AS TEXT), greatest(3, length(CAST(last AS TEXT))), '0') AS BIGINT) AS id"
)
"""The ticket's, in place of the running number: pgbench cannot put it together."""

_NUMBERS: Final = "numbers_of_the_engine_alone"

_LONGEST_RUN: Final = """
    SELECT min(id), max(id) FROM (SELECT id, id - row_number() OVER (ORDER BY id) AS run FROM tickets) numbered
    GROUP BY run ORDER BY count(*) DESC LIMIT 1
"""
"""The first and the last of the most tickets whose ids follow each other: among them any may be asked for."""


def program() -> Path | None:
    """Where it is: in KEESA_TEST_POSTGRES_BIN, on PATH, or where Debian keeps it; None where it is not."""
    named = os.environ.get("KEESA_TEST_POSTGRES_BIN")
    found = (named and shutil.which("pgbench", path=named)) or shutil.which("pgbench")
    kept = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    return Path(found) if found else next(reversed(kept), None)


def runs(url: str) -> Iterator[tuple[str, int, str]]:
    """Name, clients and script of each run; none without the program."""
    if program() is None:
        return
    for name, script in _scripts(url).items():
        for clients in CLIENTS:
            yield name, clients, script


def run(url: str, script: str, clients: int, seconds: float) -> tuple[int, float]:
    """How many were done, and how many a second; raises RuntimeError with pgbench's own words."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [str(program()), f"--file={file.name}", f"--client={clients}", f"--time={max(1, round(seconds))}"]
        command += ["--no-vacuum", "--protocol=prepared", url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    count = re.search(r"^number of transactions actually processed: (\d+)", done.stdout, re.MULTILINE)
    per_second = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode or count is None or per_second is None:
        raise RuntimeError(f"pgbench failed: {done.stdout}{done.stderr}")
    return int(count[1]), float(per_second[1])


def create_at_once(url: str) -> str:
    """The script of a create in one round trip: all of its rows in one statement, its number from a sequence that is
    made here and begins after the last ticket. Keesa knows nothing of these numbers, so it wants a database of its own.
    """
    with psycopg.connect(url) as connection:
        connection.execute(f"CREATE SEQUENCE IF NOT EXISTS {_NUMBERS}")
        connection.execute(f"SELECT setval('{_NUMBERS}', (SELECT max(id) FROM tickets))")
        values = _values(connection) | {"id": f"nextval('{_NUMBERS}')"}
    raising = re.sub(r"RETURNING .*", "RETURNING tickets.*", _SQL.raise_ticket)
    recording = re.sub(r"VALUES \(:id, (.*)\)", r"SELECT id, \1 FROM raised", _SQL.record_status)
    telling = _SQL.record_event.replace("FROM tickets WHERE id = :id", "FROM raised")
    telling = telling.replace("WHERE ticket_id = :id", "WHERE ticket_id = raised.id")
    return _script("", values, [f"WITH raised AS ({raising}), moved AS ({recording}) {telling}"])


def _scripts(url: str) -> dict[str, str]:
    with psycopg.connect(url) as connection:
        [[first, last]] = connection.execute(_LONGEST_RUN).fetchall()
        values = _values(connection)
    drawn = " ".join(_SQL.next_number.split())
    next_number = re.sub(r"SELECT (nextval.* FROM found)$", rf"SELECT {_NUMBER} FROM (SELECT \1) drawn \\gset", drawn)
    return {
        "list": _script("", {"limit": "20"}, [_SQL.lists["admin"]]),
        "one ticket": _script(f"\\set id random({first}, {last})\n", {}, [_SQL.one]),
        "durable create": _script(
            "", values, ["BEGIN", next_number, _SQL.raise_ticket, _SQL.record_status, _SQL.record_event, "COMMIT"]
        ),
    }


def _values(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Of a create: for the first customer, in the name of the first user."""
    [[customer_id]] = connection.execute("SELECT min(id) FROM customers").fetchall()
    [[user_id]] = connection.execute("SELECT min(id) FROM users WHERE id > 0").fetchall()
    return {name: _literal(value) for name, value in TICKET.items()} | {
        "prefix": "to_char(now(), 'YYYY')",
        "customer_id": str(customer_id),
        "user_id": str(user_id),
        "status": "'open'",
        "kind": "'raised'",
        "changes": "'{}'",
        "at": "CAST(extract(epoch FROM now()) * 1000 AS BIGINT)",
    }


def _literal(value: str | int | None) -> str:
    if value is None:
        return "NULL"
    return f"'{value}'" if isinstance(value, str) else str(value)


def _script(before: str, values: dict[str, str], parts: list[str]) -> str:
    """One line a statement, with the values written in but those that pgbench has as variables (`:id`)."""
    lines = []
    for part in parts:
        filled = re.sub(r":([a-z_]+)", lambda match: values.get(match[1], match[0]), " ".join(part.split()))
        lines.append(filled if filled.endswith("gset") else f"{filled};")
    return before + "\n".join(lines) + "\n"
