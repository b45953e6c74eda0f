"""Migration 8: permissions that stood as JSON in the roles become rows, and Keesa itself becomes a user."""

import json
from collections.abc import Iterator
from typing import Final

import pytest

from account_rows import rows
from keesa.accounts.roles import list_roles
from keesa.accounts.users import has_users, list_users
from keesa.db import Database, Tx, migrate, open_database
from keesa.db.migrate import Migration, latest, migrations
from keesa.errors import Refused
from older_schemas import migrate_before
from places import Place


@pytest.fixture
def older(empty_place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """With the schema of before, and the usual roles alone."""
    database = open_database(empty_place.data, empty_place.url)
    migrate_before(monkeypatch, database, 8)
    yield database
    database.close()


def add_role(tx: Tx, name: str, permissions: str) -> int:
    sql = "INSERT INTO roles (name, permissions) VALUES (:name, :permissions) RETURNING id AS value"
    found: int = tx.value(sql, name=name, permissions=permissions)
    return found


LONG: Final = "w" * 255
STORED: Final[dict[str, list[tuple[str, list[str]]]]] = {
    '{"tickets": ["write", "read"], "boats": ["sail"]}': [("tickets", ["write", "read"]), ("boats", ["sail"])],
    '{"zebras":["z","a"],"Ants":["b","B"],"ants":[]}': [("zebras", ["z", "a"]), ("Ants", ["b", "B"])],
    "{}": [],
    '{"tickets": [], "boats": ["sail"], "": []}': [("boats", ["sail"])],
    '{"tickets": ["read", "write", "read", "read"]}': [("tickets", ["read", "write"])],
    '{"a": ["x"], "b": ["y"], "a": ["z", "x"]}': [("a", ["z", "x"]), ("b", ["y"])],
    '{"a": ["x"], "b": ["y"], "a": []}': [("b", ["y"])],
    '{"a": ["x"], "a": 5, "b": ["y"]}': [("b", ["y"])],
    '{"": ["x"], " ": [" "]}': [("", ["x"]), (" ", [" "])],
    '{"ރިޕޯޓް": ["އެހެން"], "\\u0041": ["\\ud83d\\ude00", "q\\"\\\\"], "it\'s": ["%s :name $word"]}': [
        ("ރިޕޯޓް", ["އެހެން"]),
        ("A", ["\U0001f600", 'q"\\']),
        ("it's", ["%s :name $word"]),
    ],
    '{"a": "read", "b": 5, "c": null, "d": {"e": ["f"]}, "g": [1, null, true, ["h"], {"i": "j"}, "k"]}': [("g", ["k"])],
    '{"a\\u0000b": ["x"], "a": ["read\\u0000", "\\\\u0000", "write"]}': [("a", ["\\u0000", "write"])],
    json.dumps({LONG: [LONG], "w": [LONG + "w", "x"], LONG + "w": ["x"]}): [(LONG, [LONG]), ("w", ["x"])],
    json.dumps({"many": [f"action {number}" for number in range(3000)]}): [
        ("many", [f"action {number}" for number in range(3000)])
    ],
    '["tickets", ["read"]]': [],
    '"tickets"': [],
    "5": [],
    "null": [],
    "": [],
    "no JSON": [],
    '{"tickets": ["read"]': [],
    "[" * 100_000: [],
}
"""Whatever somebody may have kept, to what it gives. Words that no row holds: too long, or with NUL in them."""


def test_permissions_are_moved_in_their_order(older: Database) -> None:
    """Resources and actions; what is odd stops nothing, and takes nothing from what is not."""
    ids = {text: older.write(lambda tx, text=text: add_role(tx, f"{hash(text)}", text)) for text in STORED}  # type: ignore[misc]  # a default in a lambda
    assert migrate.migrate(older)[0] == "0008_permissions"
    names = {row["id"]: row["name"] for row in rows(older, "SELECT id, name FROM roles")}
    given = {role.name: list(role.permissions.items()) for role in older.read(list_roles)}
    assert {text: given[names[role_id]] for text, role_id in ids.items()} == STORED
    usual = [("projects", ["read"]), ("tickets", ["read", "write"]), ("customers", ["read"]), ("ecos", ["read"])]
    usual += [("tags", ["write"]), ("canned_answers", ["write"]), ("reports", ["read"])]
    assert given["control_room"] == usual


def test_half_a_character_stops_no_upgrade(older: Database) -> None:
    """What PostgreSQL can make of the rest is less than what SQLite can."""
    older.write(lambda tx: add_role(tx, "halves", '{"a\\ud800": ["x"], "b": ["\\udc00", "y"]}'))
    migrate.migrate(older)
    [halves] = [role for role in older.read(list_roles) if role.name == "halves"]
    assert halves.permissions in ({}, {"b": ["y"]})


def test_what_the_rows_say_is_all_that_is_left(older: Database) -> None:
    """The column is gone, and roles are made without it; who has a role may do what its rows say."""
    migrate.migrate(older)
    older.write(lambda tx: tx.run("INSERT INTO roles (name) VALUES ('new')"))
    [role] = rows(older, "SELECT * FROM roles WHERE name = 'new'")
    assert role == {"id": 6, "name": "new", "retired_at": None}


def test_older_programs_are_refused_afterwards(older: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would look for the column."""
    migrate.migrate(older)
    monkeypatch.setattr(migrate, "latest", lambda: 7)
    with pytest.raises(Refused, match="was upgraded by a newer Keesa"):
        older.read(migrate.check_schema)


def test_a_change_of_them_moves_the_accounts_after_the_upgrade(older: Database) -> None:
    """In random steps, as every revision."""
    migrate.migrate(older)
    seen = set()
    for sql in (
        "INSERT INTO role_permissions (role_id, resource, action, position) VALUES (1, 'boats', 'sail', 9)",
        "UPDATE role_permissions SET position = 10 WHERE resource = 'boats'",
        "DELETE FROM role_permissions WHERE resource = 'boats'",
    ):
        assert older.write(lambda tx, sql=sql: tx.changed(sql)) == 1  # type: ignore[misc]  # a default in a lambda
        seen.add(rows(older, "SELECT accounts FROM desk_revisions")[0]["accounts"])
    assert len(seen) == 3
    assert min(seen) > 1000


def test_a_migration_can_give_a_permission(older: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one statement, to the roles that have another one: that is what the rows are for."""
    giving = Migration(
        latest() + 1,
        "giving",
        None,
        "INSERT INTO role_permissions (role_id, resource, action, position)"
        " SELECT role_id, 'tickets', 'assign', max(position) + 1 FROM role_permissions GROUP BY role_id"
        " HAVING sum(CASE WHEN resource = 'projects' AND action = 'write' THEN 1 ELSE 0 END) = 1;",
    )
    monkeypatch.setattr(migrate, "migrations", lambda engine: [*migrations(engine), giving])
    migrate.migrate(older)
    given = {role.name: role.permissions["tickets"] for role in older.read(list_roles)}
    assert given == {name: ["read", "write"] for name in given} | {"admin": ["read", "write", "transfer", "assign"]}


@pytest.mark.parametrize("address", ["keesa", "Keesa", "keesa@keesa.example", "", "0"])
def test_whatever_address_there_is_the_system_s_is_free(older: Database, address: str) -> None:
    """The people of before keep their ids and addresses, and the next one's id follows theirs."""
    add = (
        "INSERT INTO users (email, full_name, nick_name, user_type, password_hash, created_at)"
        " VALUES (:email, 'Keesa', 'Keesa', 'admin', '', 1)"
    )
    older.write(lambda tx: tx.run(add, email=address))
    migrate.migrate(older)
    older.write(lambda tx: tx.run(add, email="next@keesa.example"))
    assert [(user.actor.id, user.actor.email) for user in older.read(list_users)] == [
        (1, address),
        (2, "next@keesa.example"),
    ]


def test_the_first_user_s_id_is_1(older: Database) -> None:
    """Keesa itself has 0, and does not count."""
    migrate.migrate(older)
    assert not older.read(has_users)
    older.write(lambda tx: tx.follow_given_ids("users"))
    add = (
        "INSERT INTO users (email, full_name, nick_name, user_type, password_hash, created_at)"
        " VALUES ('first@keesa.example', 'First', 'First', 'admin', '', 1) RETURNING id AS value"
    )
    assert older.write(lambda tx: tx.value(add)) == 1
    assert older.read(has_users)
