"""The lists of the command line: values as they are stored, a line a row, and nothing that drives a terminal."""

import json
import os
import pty
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

import cast
from command import keesa, keesa_process, options
from keesa.db import Database, Tx
from live import KEESA, environment
from places import Place

HOSTILE: Final = {
    "closing markup": "Harbour [/closed]",
    "markup": "Resort [old] [bold]x[/bold] [link=https://evil.example]y[/link]",
    "emoji code": "Island :smile: :warning:",
    "long": "Long " + "w" * 250,
    "backslashes": r"C:\new\table \[x]",
    "quotes": """The "Old" 'Pier', No. 5""",
    "tab": "a\tb",
    "line ends": "a\nb\r\nc\x0bd\x0ce\x85f\u2028g\u2029h",
    "escape sequence": "\x1b]0;owned\x07\x1b[31mred\x1b[0m",
    "C1": "\x9b31mred\x9d0;owned\x9c\x7f",
    "other direction": "abc\u202edef\u2066ghi\u200f",
    "Dhivehi": "ލިޔުން \u200d\u200c é 島 👩\u200d🔧",
}
TABLES: Final = {
    "customer": "INSERT INTO customers (name, contact_name, contact_number) VALUES (:text, :text, 1)",
    "eco": f"INSERT INTO ecos (name, customer_id) VALUES (:text, {cast.LONE})",
    "canned-answer": "INSERT INTO canned_answers (name, body) VALUES (:text, :text)",
    "role": "INSERT INTO roles (name) VALUES (:text)",
    "reference": "INSERT INTO products (name) VALUES (:text)",
    "tag": "INSERT INTO tags (name, folded) VALUES (:text, :text)",
    "user": (
        "INSERT INTO users (email, full_name, nick_name, user_type, password_hash, created_at)"
        " VALUES (:text, :text, :text, 'staff', '', 0)"
    ),
}
"""List to the statement that adds a row with the text in it: older versions, or other programs, may have kept any."""
STEERING: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def hostile_desk(desk: Place, desk_database: Database) -> Place:
    """The desk with every hostile text in each of the lists."""

    def add(tx: Tx) -> None:
        for statement in TABLES.values():
            for text in HOSTILE.values():
                tx.run(statement, text=text)

    desk_database.write(add)
    return desk


def shown(text: str) -> str:
    """As a list shows it."""
    return STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text).replace("\n", r"\n")


@pytest.mark.parametrize("name", TABLES)
def test_values_are_as_they_are_stored(hostile_desk: Place, name: str) -> None:
    """With `--json` in one array of objects; in a pipe a line a row, cells with tabs between them, without a heading
    and uncut. What would end a line or drive a terminal is escaped in both.
    """
    asked = keesa(name, "list", "--json", place=hostile_desk)
    listed = keesa(name, "list", place=hostile_desk)
    assert (asked.status, asked.err, listed.status, listed.err) == (0, "", 0, "")
    objects = json.loads(asked.out)
    key = "full_name" if name == "user" else "name"
    assert [row[key] for row in objects if row[key] in HOSTILE.values()] == list(HOSTILE.values())
    rows = [line.split("\t") for line in listed.out.removesuffix("\n").split("\n")]
    assert rows == [[cell(*pair) for pair in row.items()] for row in objects]
    assert not STEERING.search(asked.out + listed.out.replace("\t", ""))


def cell(key: str, value: Any) -> str:  # noqa: ANN401 - whatever JSON has
    if isinstance(value, bool):
        return key if value else ""
    if isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"))
    return ", ".join(value) if isinstance(value, list) else "" if value is None else shown(str(value))


@pytest.mark.parametrize("name", TABLES)
def test_on_a_terminal_a_table_folds_what_is_long(hostile_desk: Place, name: str) -> None:
    """Nothing is cut or read as markup; the only escape sequences are the table's own colours."""
    plain = COLOURS.sub("", on_terminal(hostile_desk, name, "list"))
    assert not STEERING.search(plain.replace("\r\n", ""))
    lines = [line.strip("│\r").split("│") for line in plain.split("\n") if line.startswith("│")]
    columns = ["".join("".join(column).split()) for column in zip(*lines, strict=True)]
    for text in HOSTILE.values():
        assert any("".join(shown(text).split()) in column for column in columns), text


def test_a_narrow_terminal_has_all_columns(desk: Place) -> None:
    """None of them vanishes, which a reader would not even see."""
    plain = COLOURS.sub("", on_terminal(desk, "user", "list", columns=20))
    cells = [line.strip("│\r").split("│") for line in plain.split("\n") if line.startswith("│")]
    names = "".join(row[2].strip() for row in cells if len(row) > 2)
    assert cast.CUSTOMER.full_name.replace(" ", "") in names.replace(" ", "")


def test_a_full_disk_behind_the_output_is_a_sentence(desk: Place) -> None:
    """Of a list, and of what a command says that it has done."""
    for command in (("customer", "list"), ("customer", "list", "--json"), ("maintenance", "off")):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [*KEESA, *command, *options(desk)], stdout=full, stderr=subprocess.PIPE, env=environment(), check=False
            )
        assert done.returncode != 0
        assert b"Traceback" not in done.stderr
        assert b"No space left on device" in done.stderr


def on_terminal(place: Place, *arguments: str, columns: int = 100) -> str:
    """What the command prints on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    env = environment() | {"COLUMNS": str(columns), "TERM": "xterm"}
    running = subprocess.Popen([*KEESA, *arguments, *options(place)], stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    found = bytearray()
    try:
        while piece := os.read(ours, 65536):
            found += piece
    except OSError:  # how Linux says that nobody writes there any more
        pass
    finally:
        os.close(ours)
    assert running.wait(60) == 0, found
    return found.decode()


def test_an_empty_list_is_no_line_and_an_empty_array(embedded_desk: Place, embedded_database: Database) -> None:
    """Programs need no case of their own for it."""
    embedded_database.write(lambda tx: tx.run("DELETE FROM ecos WHERE id NOT IN (SELECT eco_id FROM tickets)"))
    embedded_database.write(lambda tx: tx.run("DELETE FROM ecos"))
    assert keesa("eco", "list", place=embedded_desk) == (0, "", "")
    assert json.loads(keesa("eco", "list", "--json", place=embedded_desk).out) == []


def test_ids_and_keys_that_calls_take_can_be_looked_up(desk: Place) -> None:
    """ECOs with their customers; products by id, ticket types and categories by key."""
    ecos = json.loads(keesa("eco", "list", "--json", place=desk).out)
    assert ecos[0] == {"id": 1, "name": "Router of Fulhadhoo Harbour", "customer_id": cast.HARBOUR}
    entries = json.loads(keesa("reference", "list", "--json", place=desk).out)
    for entry in (
        {"list": "product", "key": 4, "name": "WIFI"},
        {"list": "ticket_type", "key": "eco_support", "name": "Eco Support"},
        {"list": "category", "key": "fault", "name": "Fault"},
    ):
        assert entry in entries


def test_users_are_objects_too(desk: Place) -> None:
    """With numbers, lists and nulls as such, and no password."""
    out = keesa("user", "list", "--json", place=desk).out
    assert json.loads(out)[cast.CUSTOMER.id - 1] == {
        "id": cast.CUSTOMER.id,
        "email": cast.CUSTOMER.email,
        "full_name": cast.CUSTOMER.full_name,
        "nick_name": cast.CUSTOMER.nick_name,
        "user_type": "customer",
        "roles": ["customer"],
        "customer_id": cast.HARBOUR,
        "disabled": False,
    }
    assert json.loads(out)[0]["customer_id"] is None
    assert "argon2" not in out


def test_a_terminal_without_the_letters_gets_their_numbers(desk: Place) -> None:
    """A list does not end in the middle with a traceback."""
    keesa("customer", "add", "島", "--contact-name", "I", "--contact-number", "1", place=desk)
    done = keesa_process("customer", "list", place=desk, variables={"PYTHONIOENCODING": "ascii"})
    assert (done.status, done.err) == (0, "")
    assert "\\u5cf6" in done.out


@pytest.mark.parametrize("arguments", [("cust\x1b]0;owned\x07",), ("user", "disable", "\x9b31m@keesa.example")])
def test_no_message_repeats_what_drives_a_terminal(embedded_desk: Place, arguments: tuple[str, ...]) -> None:
    """Neither of a misspelt command nor of a value that there is not."""
    done = keesa(*arguments, place=embedded_desk)
    assert done == (1, "", "keesa: The arguments must have no control characters\n")


def test_no_path_drives_a_terminal(embedded_desk: Place) -> None:
    """A folder's name comes from the environment too, and is shown with its control characters escaped."""
    folder = embedded_desk.data / "de\x1b]0;owned\x07sk\u202e"
    done = keesa("migrate", variables={"KEESA_DATA": str(folder)})
    assert not STEERING.search(done.out)
    assert r"de\x1b]0;owned\x07sk\u202e" in done.out


def test_the_version_is_printed() -> None:
    """And nothing else is looked at: neither a database nor the configuration."""
    done = keesa_process("--version", variables={"KEESA_PORT": "eighty"})
    assert (done.status, done.out, done.err) == (0, "keesa 0.1.0\n", "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_json_is_json_in_any_character_set(desk: Place, encoding: str) -> None:
    """Escaped as JSON has it where the output lacks letters."""
    keesa("customer", "add", "Café 👩", "--contact-name", "I", "--contact-number", "1", place=desk)
    plain = json.loads(keesa("customer", "list", "--json", place=desk).out)
    done = keesa_process("customer", "list", "--json", place=desk, variables={"PYTHONIOENCODING": encoding})
    assert json.loads(done.out) == plain
    assert "Café 👩" in [customer["name"] for customer in plain]


@pytest.mark.parametrize("more", ["", "--json"])
def test_a_closed_output_is_a_sentence(desk: Place, more: str) -> None:
    """As `>&-` of a shell closes it."""
    command = shlex.join([*KEESA, "customer", "list", *more.split(), *options(desk)])
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} >&-"], env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "Standard output is closed" in done.stderr
