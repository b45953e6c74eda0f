"""One text for both engines: words, parameters, scripts, and ids of the caller's choice."""

import pytest

from keesa.db import Database, Tx
from keesa.db.engine import Dialect

SQLITE = Dialect({"identity": "INTEGER PRIMARY KEY"})
POSTGRES = Dialect({"identity": "BIGINT GENERATED PRIMARY KEY"}, parameter=r"%(\1)s")


@pytest.mark.parametrize(
    ("given", "sqlite", "postgres"),
    [
        ("id $identity", "id INTEGER PRIMARY KEY", "id BIGINT GENERATED PRIMARY KEY"),
        ("a = :a AND b=:b_2", "a = :a AND b=:b_2", "a = %(a)s AND b=%(b_2)s"),
        ("(:a,:b)", "(:a,:b)", "(%(a)s,%(b)s)"),
        (":a::text", ":a::text", "%(a)s::text"),
        ("a::text", "a::text", "a::text"),
        ("a LIKE '%x' OR a % 2 = :a", "a LIKE '%x' OR a % 2 = :a", "a LIKE '%%x' OR a %% 2 = %(a)s"),
        (
            "'at 10:30' || ' :noon' || 'it''s :a'",
            "'at 10:30' || ' :noon' || 'it''s :a'",
            "'at 10:30' || ' :noon' || 'it''s :a'",
        ),
        ("'a' || :a || 'b'", "'a' || :a || 'b'", "'a' || %(a)s || 'b'"),
        ("a -- it's :a\n= :a", "a -- it's :a\n= :a", "a -- it's :a\n= %(a)s"),
        ("price = '$1'", "price = '$1'", "price = '$1'"),
    ],
)
def test_words_and_parameters(given: str, sqlite: str, postgres: str) -> None:
    """`$words` become the engine's, `:names` its parameters; casts, strings, comments and percents stay."""
    assert SQLITE.text(given) == sqlite
    assert POSTGRES.text(given) == postgres


def test_an_unknown_word_is_an_error() -> None:
    """A slip of the pen never reaches the engine."""
    with pytest.raises(KeyError, match="identiti"):
        SQLITE.text("id $identiti")


def test_the_engines_read_the_same_text(lines_database: Database) -> None:
    """A statement with every difficulty in it gives the same on both."""
    found = lines_database.read(
        lambda tx: tx.value(
            "SELECT :a || ' 100 % :b ' || CAST(:n % 7 AS TEXT) AS value -- it's :c\n WHERE :a LIKE 'x%'",
            a="x:y%(z)s",
            n=9,
        )
    )
    assert found == "x:y%(z)s 100 % :b 2"


def test_a_script_runs_all_its_statements(lines_database: Database) -> None:
    """Statements over several lines, semicolons in strings and comments, and a last one without its semicolon."""

    def work(tx: Tx) -> list[str]:
        tx.script(
            """
            -- not yet; it's a comment
            INSERT INTO lines (line)
            VALUES ('one; two'),
                ('100 % :sure');

            INSERT INTO lines (line) VALUES ('it''s'); -- and another; comment
            INSERT INTO lines (line) VALUES ('last')
            """
        )
        return [row["line"] for row in tx.all("SELECT line FROM lines ORDER BY id")]

    assert lines_database.migrating(work) == ["one; two", "100 % :sure", "it's", "last"]


def test_made_ids_follow_given_ones(lines_database: Database) -> None:
    """After rows with ids of the caller's choice the next made id is one more than the largest."""

    def work(tx: Tx) -> tuple[int, int]:
        added = "INSERT INTO lines (line) VALUES (:line) RETURNING id AS value"
        tx.follow_given_ids("lines")
        first = tx.value(added, line="made")
        tx.run("INSERT INTO lines (id, line) VALUES (70, 'given')")
        tx.run("INSERT INTO lines (id, line) VALUES (41, 'given too')")
        tx.follow_given_ids("lines")
        return first, tx.value(added, line="made after them")

    assert lines_database.write(work) == (1, 71)
