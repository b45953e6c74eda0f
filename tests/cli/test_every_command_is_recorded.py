"""The audit trail, walked by the commands: each that administers leaves one row, and a refused one leaves none.

A new command fails here until it records, or until it is said why it does not.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

import cast
from account_rows import rows
from command import options
from desks import back_up
from keesa.accounts.audit.recording import keesa_itself, record
from keesa.cli import app_for
from keesa.cli.serving import prepare
from keesa.config import Config
from keesa.db import Database
from keesa.db.migrate import migrate
from keesa.secret_key import load_secret
from places import NewPlace, Place, opened
from trail import actions_behind, kept_secrets, last_id, trail_text

Words = tuple[str, ...]


class Row(NamedTuple):
    """A command with arguments that are good once, those that are refused, and what it does."""

    arguments: str
    refused: str | None
    action: str
    stdin: str = ""
    first: str = ""
    """A command before it, so that there is something to change."""


EMAIL: Final = "moosa@keesa.example"
SECRET: Final = "a password of Moosa"
GIVEN_UP: Final = """
    INSERT INTO jobs (kind, payload, queued_at, run_at, given_up_at) VALUES ('given_up', '{}', 0, 0, 1)
"""
ACTS: Final[dict[str, Row]] = {
    "maintenance on": Row("", None, "desk.maintenance", first="maintenance off"),
    "maintenance off": Row("", None, "desk.maintenance", first="maintenance on"),
    "desk sending": Row("off", None, "desk.sending", first="desk sending on"),
    "secret rotate": Row("", None, "secret.rotate"),
    "user add": Row(
        f"{EMAIL} --name Moosa --type staff --role reader --password-stdin",
        f"{cast.ADMIN.email} --name Moosa --password-stdin",
        "user.create",
        stdin=SECRET,
    ),
    "user disable": Row(cast.STRANGER.email, "nobody@keesa.example", "user.disable"),
    "user enable": Row(cast.BOT.email, "nobody@keesa.example", "user.enable", first=f"user disable {cast.BOT.email}"),
    "user password": Row(
        f"{cast.BOT.email} --password-stdin",
        "nobody@keesa.example --password-stdin",
        "user.password",
        stdin=SECRET,
    ),
    "role add": Row('crew --permissions {"tickets":["read"]}', "reader", "role.create"),
    "role grant": Row("reader tickets:write customers:read", "nobody tickets:write", "role.change"),
    "role revoke": Row("school_crew tickets:write", "nobody tickets:write", "role.change"),
    "customer add": Row(
        "Harbour --contact-name Ali --contact-number 7771234",
        "Harbour --contact-name Ali --contact-number x",
        "customer.create",
    ),
    "customer change": Row("2 --name School", "999 --name School", "customer.change"),
    "customer retire": Row("3", "999", "customer.retire", first="customer reinstate 3"),
    "customer reinstate": Row("3", "999", "customer.reinstate", first="customer retire 3"),
    "eco add": Row("Router --customer 1", "Router --customer 999", "eco.create"),
    "reference add-product": Row("Modem", "Router", "product.create"),
    "reference add-type": Row("repair Repair", "eco_support Again", "ticket_type.create"),
    "reference add-category": Row("cable Cable", "fault Again", "category.create"),
    "customer contact add": Row("1 Ali --number 7771234", "999 Ali --number 7771234", "customer.change"),
    "customer contact remove": Row(
        "2 1", "2 9", "customer.change", first="customer contact add 2 Ali --number 7771234"
    ),
    "eco change": Row("2 --name Mast", "999 --name Mast", "eco.change"),
    "eco move": Row("2 --customer 1", "2 --customer 999", "eco.change"),
    "eco retire": Row("3", "999", "eco.retire", first="eco reinstate 3"),
    "eco reinstate": Row("3", "999", "eco.reinstate", first="eco retire 3"),
    "reference rename": Row("category survey Surveys", "category nothing Surveys", "category.change"),
    "reference move": Row("ticket_type eco_support 1", "ticket_type eco_support 0", "ticket_type.change"),
    "reference retire": Row("product 20", "product 999", "product.retire", first="reference reinstate product 20"),
    "reference reinstate": Row(
        "category software", "category nothing", "category.reinstate", first="reference retire category software"
    ),
    "reference defaults": Row("4 --category network", "4 --category nothing", "product.change"),
    "tag add": Row("Cable", "MOORING", "tag.create", first="tag add Mooring"),
    "tag rename": Row("storm Storms", "nothing Storms", "tag.change", first="tag add Storm"),
    "tag retire": Row("power", "nothing", "tag.retire", first="tag add Power"),
    "tag reinstate": Row("Flood", "nothing", "tag.reinstate", first="tag retire flood"),
    "role rename": Row("harbour_crew crew_of_the_harbour", "nobody crew", "role.change"),
    "role types": Row("reader eco_support", "reader nothing", "role.change"),
    "role retire": Row("bosuns", "school_crew", "role.retire", first="role add bosuns"),
    "role reinstate": Row("bosuns", "nobody", "role.reinstate", first="role retire bosuns"),
    "user change": Row(f"{cast.CUSTOMER.email} --nick Mary", "nobody@keesa.example --nick Mary", "user.change"),
    "user password-link": Row(
        f"{cast.ENGINEER.email} --url https://desk.example",
        "nobody@keesa.example --url https://desk.example",
        "user.password_link",
    ),
    "session end": Row("--all", "0000", "session.end"),
    "token add": Row(f"{cast.ADMIN.email} Alarms", "nobody@keesa.example Alarms", "token.create"),
    "token renew": Row("1", "999", "token.renew"),
    "token end": Row("1", "999", "token.end"),
    "canned-answer add": Row("Fixed {{title}}", "Fixed {{tea}}", "canned_answer.create"),
    "canned-answer change": Row("1 --name Sailing", "999 --name Sailing", "canned_answer.change"),
    "canned-answer retire": Row("1", "999", "canned_answer.retire", first="canned-answer reinstate 1"),
    "canned-answer reinstate": Row("1", "999", "canned_answer.reinstate", first="canned-answer retire 1"),
    "job retry": Row("--kind given_up", "999", "job.retry"),
    "job drop": Row("--kind given_up", "999", "job.drop"),
    "job pause": Row("clear_sessions", "nothing", "job.pause", first="job resume --all"),
    "job resume": Row("--all", "nothing", "job.resume", first="job pause --all"),
    "file adopt": Row("--missing-too", "", "desk.adopt_files"),
    "desk renew": Row("--leave-out 0", "--leave-out -1", "desk.renew"),
}
"""By its words."""
NO_ACTS: Final = {
    "serve": "a migration that it makes is recorded as `keesa migrate` does (tests below)",
    "migrate": "recorded, and tested below, on a database without a schema",
    "restore": "recorded, and tested below, on another desk",
    "audit prune": "recorded, and tested below, on a desk with years behind it",
    "backup": "reads; back-ups are made by the hour, and their folder lists them",
    "vacuum": "changes what the file looks like, and nothing that is in it",
    "check": "reads",
    "user list": "reads",
    "canned-answer list": "reads",
    "canned-answer show": "reads",
    "role list": "reads",
    "customer list": "reads",
    "customer show": "reads",
    "customer contact list": "reads",
    "eco show": "reads",
    "role show": "reads",
    "session list": "reads",
    "token list": "reads",
    "user show": "reads",
    "eco list": "reads",
    "reference list": "reads",
    "tag list": "reads",
    "search check": "reads",
    "search rebuild": "makes anew what is made of what is there, and changes nothing of that",
    "report recount": "makes anew what is counted of what is there, and changes nothing of that",
    "desk show": "reads",
    "job list": "reads",
    "job show": "reads",
    "secret show": "reads",
    "file check": "reads, and brings back what tickets show from the bin",
    "file sweep": "takes away what no ticket shows, as a server does by itself",
}
"""With the reason."""


def commands(command: object, path: Words = ()) -> Iterator[str]:
    """Without the groups."""
    inner = getattr(command, "commands", {})
    if not inner:
        yield " ".join(path)
    for name, each in inner.items():
        yield from commands(each, (*path, name))


def run(words: str, place: Place, stdin: str = "") -> Result:
    ours = {name: None for name in os.environ if name.startswith("KEESA_")}
    return CliRunner().invoke(app_for(words.split()), [*words.split(), *options(place)], input=stdin, env=ours)


@pytest.fixture(scope="module")
def desk_with_key(desk: Place) -> Place:
    load_secret(desk.data, None)
    return desk


def test_every_command_is_one_or_the_other() -> None:
    """Recorded, or not for a reason that is told."""
    assert set(commands(get_command(app_for([])))) == {*ACTS, *NO_ACTS}
    assert not ACTS.keys() & NO_ACTS.keys()


@pytest.mark.parametrize(("name", "row"), ACTS.items(), ids=ACTS)
def test_each_act_leaves_one_row(desk_with_key: Place, desk_database: Database, name: str, row: Row) -> None:
    """By the account that runs it, without a secret; and none where it is refused."""
    if name == "session end":
        cast.named_session(desk_database, cast.ENGINEER)
    if name in ("job retry", "job drop"):
        desk_database.write(lambda tx: tx.run(GIVEN_UP))
    if row.first:
        assert run(row.first, desk_with_key).exit_code == 0
    before = last_id(desk_database)
    if row.refused is not None:
        assert run(f"{name} {row.refused}", desk_with_key, row.stdin).exit_code != 0
        assert actions_behind(desk_database, before) == []
    done = run(f"{name} {row.arguments}", desk_with_key, row.stdin)
    assert done.exit_code == 0, done.output
    assert actions_behind(desk_database, before) == [row.action]
    [act] = rows(desk_database, "SELECT via, actor_id FROM audit WHERE id > :id", id=before)
    assert act == {"via": "command", "actor_id": 0}
    [person] = rows(desk_database, "SELECT operator, address FROM audit_people WHERE audit_id > :id", id=before)
    assert person["operator"]
    assert person["address"] is None
    text = trail_text(desk_database)
    assert [secret for secret in (SECRET, *kept_secrets(desk_database)) if secret in text] == []


@pytest.mark.parametrize("name", ["maintenance off", "desk sending off"])
def test_what_is_so_already_leaves_no_row(desk_with_key: Place, desk_database: Database, name: str) -> None:
    """Said a second time."""
    run(name, desk_with_key)
    before = last_id(desk_database)
    assert run(name, desk_with_key).exit_code == 0
    assert actions_behind(desk_database, before) == []


def test_a_new_schema_leaves_one_row(empty_place: Place) -> None:
    """From which one, to which one; and none where there was nothing to do."""
    for _ in range(2):
        assert run("migrate", empty_place).exit_code == 0
    with opened(empty_place) as database:
        assert rows(database, "SELECT action, via FROM audit") == [{"action": "desk.migrate", "via": "command"}]


def test_a_server_records_the_schema_that_it_makes(empty_place: Place) -> None:
    """By itself: nobody has asked for that."""
    config = Config(data=empty_place.data, database_url=empty_place.url, secret=cast.SECRET)
    for _ in range(2):
        prepare(config)
    with opened(empty_place) as database:
        assert rows(database, "SELECT action, via FROM audit") == [{"action": "desk.migrate", "via": "keesa"}]


def test_what_is_left_out_leaves_one_row(empty_place: Place) -> None:
    """Where something was old enough; and none for a rule that is refused."""
    with opened(empty_place) as database:
        migrate(database)
        database.write(lambda tx: record(tx, keesa_itself(0), "desk.try", None))
        assert run("audit prune --older-than 3d", empty_place).exit_code != 0
        for _ in range(2):
            assert run("audit prune --older-than 2y", empty_place).exit_code == 0
        found = rows(database, "SELECT action, via FROM audit")
    assert found == [{"action": "audit.prune", "via": "command"}]


def test_a_restored_desk_has_its_trail(place: Place, new_place: NewPlace, tmp_path: Path) -> None:
    """All of it, and a row for having been restored."""
    elsewhere = new_place(None)
    made = back_up(place, tmp_path / "back-ups")
    with opened(place) as database:
        kept = trail_text(database)[:-1]
        before = last_id(database)
    done = run(f"restore {made}", elsewhere)
    assert done.exit_code == 0, done.output
    with opened(elsewhere) as database:
        assert actions_behind(database, before) == ["desk.restore"]
        assert rows(database, "SELECT action FROM audit WHERE id <= :id", id=before) != []
        text = trail_text(database)
        assert "desk.restore" in text
        assert kept.split("]")[0] in text
