"""A desk that is backed up, and comes back: with all that it had, as another one or as the same."""

import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from starlette.testclient import TestClient

import cast
from asking import Api
from desks import OWN, back_up, restore, rows_of
from keesa import desk
from keesa.app import serve_from
from keesa.backup.archive import read_manifest
from keesa.backup.restoring import require_fit
from keesa.config import Config
from keesa.db.migrate import latest
from keesa.db.tables import any_present
from keesa.errors import Refused
from keesa.readiness import prove_writing
from places import NewPlace, Place, opened

A_DAY = 10_000
"""Numbers that a restored desk leaves out where its state is not a day old."""


@pytest.fixture
def made(place: Place, tmp_path: Path) -> Path:
    """A back-up of the cast's desk."""
    return back_up(place, tmp_path / "back-ups")


TICKET = {
    "title": "After all",
    "description": "No signal",
    "category": "fault",
    "ticket_type": "eco_support",
    "product_id": 3,
}


@contextmanager
def asking(place: Place, token: str = "") -> Iterator[Api]:
    """As the admin, with that token or in a session of their own."""
    with opened(place) as database:
        config = Config(data=place.data, database_url=place.url, secret=cast.SECRET, log_format="json")
        with TestClient(serve_from(database, config), raise_server_exceptions=False) as client:
            yield Api(client, token or cast.token(database, cast.ADMIN))


def api_token_of(place: Place) -> str:
    """A new one of the admin's."""
    with opened(place) as database:
        return cast.api_token(database, cast.ADMIN)


def raise_a_ticket(api: Api) -> int:
    """Its running number."""
    answer = api("POST", "/tickets", {"ticket": TICKET, "customer_id": cast.HARBOUR})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["ticket_number"][4:])


def test_every_row_comes_back(place: Place, made: Path, new_place: NewPlace) -> None:
    """But for what a restored desk has of its own; with the schema's rules, which hold for what is written next."""
    elsewhere = new_place()
    manifest = restore(made, elsewhere).manifest
    before, after = rows_of(place), rows_of(elsewhere)
    assert {name for name in before if before[name] != after[name]} <= set(OWN)
    with opened(elsewhere) as database:
        database.write(prove_writing)
    assert manifest.tables["tickets"] == len(before["tickets"])
    assert manifest.schema == latest()


def test_events_are_in_an_order_of_the_new_place(place: Place, made: Path, new_place: NewPlace) -> None:
    """Who reads in the order of commits finds all of them, and what is written next comes after."""
    elsewhere = new_place()
    restore(made, elsewhere)
    if elsewhere.url is None:
        return
    ended = "SELECT count(*) AS value FROM ticket_events WHERE xid < pg_snapshot_xmin(pg_current_snapshot())"
    with opened(place) as before, opened(elsewhere) as after:
        every = before.read(lambda tx: tx.value("SELECT count(*) AS value FROM ticket_events"))
        assert every == after.read(lambda tx: tx.value(ended)) > 0
        assert after.read(lambda tx: tx.value("SELECT count(DISTINCT xid) AS value FROM ticket_events")) == 1


def test_the_files_are_their_owners_alone(made: Path, new_place: NewPlace) -> None:
    """Back-up, folder, and what is restored."""
    elsewhere = new_place()
    restore(made, elsewhere)
    files = [made, made.parent, *elsewhere.data.iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in files} == {0}


def test_what_is_restored_is_a_desk_of_its_own(place: Place, new_place: NewPlace, tmp_path: Path) -> None:
    """Its sessions and API tokens have ended, its numbers go on far behind the last one, it sends nothing, and cursors,
    conditions and keys of the first one are void; its people log in, and find all that was there.
    """
    elsewhere, customer, list_ = new_place(), f"/customers/{cast.HARBOUR}", "/customers?limit=1"
    program = api_token_of(place)
    with asking(place) as first:
        assert add_note(first) == (201, False)
        made = back_up(place, tmp_path / "back-ups")
        assert replace(first, token=program)("GET", "/tickets").status_code == 200
        number = raise_a_ticket(first)
        cursor = first("GET", list_).json()["data"]["next"]
        etag = first("GET", customer).headers["etag"]
        shown = first("GET", f"/tickets/{cast.ASSIGNED}").json()
    restore(made, elsewhere)
    with asking(elsewhere) as second:
        for token in (first.token, program):
            assert replace(second, token=token)("GET", "/tickets").status_code == 401
        assert raise_a_ticket(second) == number + A_DAY
        assert second("GET", f"/tickets/{cast.ASSIGNED}").json() == shown
        assert add_note(second) == (201, False)
        void = second("GET", f"{list_}&after={cursor}")
        assert (void.status_code, list(void.json()["errors"])) == (422, ["after"])
        read = second("GET", customer, If_None_Match=etag)
        assert (read.status_code, read.headers["etag"] != etag) == (200, True)
        change = {"customer": {"name": "The harbour"}}
        assert second("PATCH", customer, change, If_Match=etag).status_code == 412
        own = second("GET", list_).json()["data"]["next"]
        assert second("GET", f"{list_}&after={own}").status_code == 200
        assert second("GET", customer, If_None_Match=read.headers["etag"]).status_code == 304
        assert second("PATCH", customer, change, If_Match=read.headers["etag"]).status_code == 200
    before, after = desk_of(place), desk_of(elsewhere)
    assert (before.id, before.epoch, before.sending_paused_at) == (after.id, 0, None)
    assert after.epoch
    assert after.sending_paused_at == after.began_at


def add_note(caller: Api) -> tuple[int, bool]:
    """Under a key: its status, and whether it was done before."""
    note = {"ticket_number": cast.ASSIGNED, "ticket_note": {"note": "Back on line"}}
    answer = caller("POST", "/tickets/add_ticket_note", note, Idempotency_Key="the-same")
    return answer.status_code, answer.headers.get("Idempotency-Replayed") == "true"


def desk_of(place: Place) -> desk.Desk:
    with opened(place) as database:
        return database.read(desk.find)


def test_as_the_same_desk_it_goes_on(place: Place, new_place: NewPlace, tmp_path: Path) -> None:
    """Sessions, API tokens, cursors, conditions and keys too; numbers given since are given to nobody else."""
    elsewhere, customer, list_ = new_place(), f"/customers/{cast.HARBOUR}", "/customers?limit=1"
    program = api_token_of(place)
    with asking(place) as first:
        assert add_note(first) == (201, False)
        made = back_up(place, tmp_path / "back-ups")
        number = raise_a_ticket(first)
        cursor = first("GET", list_).json()["data"]["next"]
        etag = first("GET", customer).headers["etag"]
    restore(made, elsewhere, same_desk=True)
    with asking(elsewhere, first.token) as second:
        assert replace(second, token=program)("GET", "/tickets").status_code == 200
        assert second("GET", f"{list_}&after={cursor}").status_code == 200
        assert second("GET", customer, If_None_Match=etag).status_code == 304
        assert add_note(second) == (201, True)
        assert raise_a_ticket(second) == number + A_DAY
    assert desk_of(elsewhere) == desk_of(place)


def test_none_need_be_left_out(place: Place, made: Path, new_place: NewPlace) -> None:
    """Where a desk moves to another machine, and was stopped before, as the operator says. A count without sense is
    refused, and nothing is restored.
    """
    elsewhere = new_place()
    with pytest.raises(Refused, match="to leave out must be 0 to"):
        restore(made, elsewhere, leave_out=-1)
    restore(made, elsewhere, same_desk=True, leave_out=0)
    with asking(place) as first, asking(elsewhere) as second:
        assert raise_a_ticket(first) == raise_a_ticket(second)


def _damage(made: Path) -> None:
    content = bytearray(made.read_bytes())
    content[len(content) // 2] ^= 1
    made.write_bytes(content)


def _cut(made: Path) -> None:
    made.write_bytes(made.read_bytes()[:-1])


@pytest.mark.parametrize("spoil", [_damage, _cut])
def test_a_spoilt_back_up_is_refused_and_nothing_is_made(
    made: Path, new_place: NewPlace, spoil: Callable[[Path], None]
) -> None:
    """The place stays as empty as it was."""
    elsewhere = new_place()
    spoil(made)
    with pytest.raises(Refused, match=str(made)):
        restore(made, elsewhere)
    assert not list(elsewhere.data.iterdir())
    if elsewhere.url:
        with opened(elsewhere) as database:
            assert not database.read(any_present)


def test_a_place_that_is_not_empty_is_refused(place: Place, made: Path) -> None:
    """And stays as it is: a desk, or only something that might be one's."""
    before = rows_of(place)
    with pytest.raises(Refused, match=r" is not empty \(it has "):
        restore(made, place)
    assert rows_of(place) == before


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("there", ["keesa.db-wal", "keesa.db-shm", "keesa.lock", "anything"])
def test_a_folder_with_anything_but_key_and_settings_is_refused(made: Path, new_place: NewPlace, there: str) -> None:
    """The log of another file would be written into this one."""
    elsewhere = new_place()
    (elsewhere.data / there).touch()
    with pytest.raises(Refused, match=rf"\(it has {there}\)"):
        restore(made, elsewhere)
    assert [path.name for path in elsewhere.data.iterdir()] == [there]
    (elsewhere.data / there).unlink()
    (elsewhere.data / "secret.key").write_text("k" * 64)
    (elsewhere.data / "keesa.toml").touch()
    restore(made, elsewhere)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_database_with_anybodys_table_is_refused(made: Path, new_place: NewPlace) -> None:
    """Somebody may need it."""
    elsewhere = new_place()
    with opened(elsewhere) as database:
        database.write(lambda tx: tx.script("CREATE TABLE somebodys (x INTEGER)"))
    with pytest.raises(Refused, match=r"\(it has the table somebodys\)"):
        restore(made, elsewhere)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_what_is_none_of_keesas_is_left_out(place: Place, made: Path, new_place: NewPlace) -> None:
    """And said: the rest comes back, and the table is in the file."""
    elsewhere = new_place()
    with opened(place) as database:
        database.write(lambda tx: tx.script("CREATE TABLE aaa (x INTEGER); INSERT INTO aaa VALUES (1)"))
    assert restore(back_up(place, made.parent / "later"), elsewhere).left_out == ["aaa"]
    assert rows_of(elsewhere)["tickets"] == rows_of(place)["tickets"]


def test_the_other_engines_back_up_is_refused(made: Path, place: Place, tmp_path: Path) -> None:
    """Before anything is made, with what to do."""
    other = Place(tmp_path / "other", None if place.url else "postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Refused, match="is PostgreSQL's" if place.url else "is SQLite's"):
        restore(made, other)
    assert not other.data.exists()


def test_the_back_up_of_a_newer_schema_is_refused(made: Path, new_place: NewPlace) -> None:
    """Before anything is made."""
    told = read_manifest(made)
    with pytest.raises(Refused, match="was made by a newer Keesa"):
        require_fit(msgspec.structs.replace(told, schema=latest() + 1), new_place().url)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_file_that_could_not_shrink_comes_back_as_one_that_can(
    place: Place, new_place: NewPlace, tmp_path: Path
) -> None:
    """Without the pages that were free in it."""
    old = new_place()
    with closing(sqlite3.connect(place.data / "keesa.db")) as data:
        data.execute("VACUUM INTO ?", (str(old.data / "keesa.db"),))
    with closing(sqlite3.connect(old.data / "keesa.db", isolation_level=None)) as data:
        data.execute("PRAGMA auto_vacuum = NONE")
        data.execute("VACUUM")
        data.execute("CREATE TABLE gone (x BLOB)")
        data.executemany("INSERT INTO gone VALUES (?)", [(bytes(1000),)] * 1000)
        data.execute("DROP TABLE gone")
        assert pragma(data, "auto_vacuum") == 0
        assert pragma(data, "freelist_count") > 100
    elsewhere = new_place()
    restore(back_up(old, tmp_path / "back-ups"), elsewhere)
    with closing(sqlite3.connect(elsewhere.data / "keesa.db")) as data:
        assert (pragma(data, "auto_vacuum"), pragma(data, "freelist_count") < 10) == (2, True)
    assert rows_of(elsewhere)["tickets"] == rows_of(place)["tickets"]


def pragma(data: sqlite3.Connection, name: str) -> int:
    found: int = data.execute(f"PRAGMA {name}").fetchone()[0]
    return found
