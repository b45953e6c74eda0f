"""A table of lines: the least that a transaction can be tried on."""

from typing import Final

from keesa.db import Database, Tx, Work
from keesa.db.postgres_waits import Waits

PATIENT: Final = Waits(patience=60, answer=60, statement=60, longest=120)
"""For what has to be done, however slow the machine is."""


def make_table(database: Database) -> None:
    database.migrating(lambda tx: tx.script("CREATE TABLE lines (id $identity, line TEXT NOT NULL UNIQUE);"))


def adding(line: str) -> Work[str]:
    """Work that adds the line, and gives it back."""

    def work(tx: Tx) -> str:
        tx.run("INSERT INTO lines (line) VALUES (:line)", line=line)
        return line

    return work


def read_lines(tx: Tx) -> list[str]:
    """Every line, in the order in which they were added."""
    return [row["line"] for row in tx.all("SELECT line FROM lines ORDER BY id")]
