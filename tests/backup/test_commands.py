"""`keesa backup`, `restore` and `desk`, as an operator runs them."""

import json
import time
from pathlib import Path

import pytest

import cast
from command import keesa
from keesa import desk
from keesa.backup import records
from keesa.config import Config
from keesa.db.sqlite_copying import look
from live import LiveServer
from places import NewPlace, Place, opened
from waiting import wait_until

PHRASE = {"KEESA_BACKUP_PASSPHRASE": "a phrase for tests alone"}


def lay_files(place: Place) -> None:
    """Those that the cast's rows name: none is missing."""
    with opened(place) as database:
        cast.lay_files(database, Config(data=place.data))


def test_a_desk_with_its_key_is_made_listed_and_brought_back(place: Place, new_place: NewPlace, tmp_path: Path) -> None:
    """What is said of it; the newest stays; the key comes back only to who has the passphrase."""
    to, elsewhere = tmp_path / "back-ups", new_place()
    lay_files(place)
    (place.data / "secret.key").write_text("k" * 128)
    (place.data / "secret.key").chmod(0o600)
    first = keesa("backup", "--to", str(to), place=place)
    assert (first.status, first.out.startswith(f"{to}/keesa-")) == (0, True)
    [made] = to.iterdir()
    wait_until(lambda: int(time.time()) > int(made.stat().st_mtime))  # a name tells seconds
    second = keesa("backup", "--to", str(to), "--keep", "1", "--with-key", place=place, variables=PHRASE)
    assert second.out.splitlines()[1:] == [f"removed {made.name}"]
    [made] = to.iterdir()
    with opened(place) as database:
        record = database.read(records.last)
    assert record is not None
    assert (record.name, record.place, record.size) == (made.name, str(to), made.stat().st_size)

    told = keesa("restore", str(made), "--check", place=elsewhere)
    assert "  3 customers, 6 users, 5 tickets, 2 ticket_notes" in told.out.splitlines()
    wrong = {"KEESA_BACKUP_PASSPHRASE": "another phrase of theirs"}
    refused = keesa("restore", str(made), "--with-key", place=elsewhere, variables=wrong)
    assert (refused.status, "The passphrase is not the one" in refused.err) == (1, True)
    assert not [path.name for path in elsewhere.data.iterdir()]
    done = keesa("restore", str(made), "--with-key", place=elsewhere, variables=PHRASE | {"KEESA_ZONE": "UTC"})
    assert (done.status, "warning: the desk had times in Indian/Maldives" in done.out) == (0, True)
    assert (elsewhere.data / "secret.key").read_text() == "k" * 128
    assert keesa("check", place=elsewhere).status == 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_cannot_be_is_refused_in_a_sentence(place: Place, tmp_path: Path) -> None:
    """And nothing is made."""
    to = str(tmp_path / "back-ups")
    for arguments, said in (
        (("backup",), "Say where to: --to, or KEESA_BACKUP_TO"),
        (("backup", "--to", to, "--with-key"), "Set KEESA_BACKUP_PASSPHRASE"),
        (("restore", f"{to}/none"), f"There is no file {to}/none"),
    ):
        done = keesa(*arguments, place=place)
        assert (done.status, done.out, said in done.err) == (1, "", True), done.err
    short = keesa("backup", "--to", to, "--with-key", place=place, variables={"KEESA_BACKUP_PASSPHRASE": "short"})
    assert (short.status, "12 characters or more" in short.err) == (1, True)
    nowhere = Place(tmp_path / "none", None)
    assert "There is no" in keesa("backup", "--to", to, place=nowhere).err
    assert not Path(to).exists()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_no_back_up_is_made_of_damaged_data(place: Place, tmp_path: Path) -> None:
    """It is told at once, and not when the back-up is needed."""
    path = place.data / "keesa.db"
    page = look(path, lambda tx: tx.value("SELECT rootpage AS value FROM sqlite_master WHERE name = 'tickets'"))
    content = bytearray(path.read_bytes())
    content[(page - 1) * 4096 + 8 : (page - 1) * 4096 + 200] = b"\xff" * 192
    path.write_bytes(content)
    done = keesa("backup", "--to", str(tmp_path / "back-ups"), place=place)
    assert (done.status, "The data is damaged, and no back-up is made of it" in done.err) == (1, True)
    assert not list((tmp_path / "back-ups").iterdir())


def test_the_server_makes_them_by_itself(place: Place, tmp_path: Path) -> None:
    """Where the configuration file tells it to, which its commands read too, when the last one is old; another node
    finds it made.
    """
    to, file = tmp_path / "back-ups", tmp_path / "ours.toml"
    lay_files(place)
    file.touch(0o600)
    file.write_text(f'workers = 1\nbackup_to = "{to.name}"\nbackup_every = 24\nsecret = "{cast.SECRET}"\n')
    with LiveServer(place.data, place.url, "--config", str(file)) as server:
        wait_until(lambda: to.exists() and any(to.glob("*.keesa")))
        wait_until(lambda: _said(server) is not None)
    line = _said(server)
    assert line is not None
    assert (line["event"], line["status"], "5 tickets" in str(line["said"])) == ("done", 0, True)
    again = keesa("backup", "--if-older-than", "24", "--config", str(file), place=place)
    assert (again.status, again.out) == (0, "the last back-up is not so old, or another one is being made\n")
    assert len(list(to.iterdir())) == 1


def _said(server: LiveServer) -> dict[str, object] | None:
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if '"back-up"' in line]
    return next((line for line in lines if line.get("chore") == "back-up"), None)


def test_a_desk_that_was_brought_back_by_other_means_is_renewed(place: Place) -> None:
    """As a restored one is; and sends again when it is told to."""
    with opened(place) as database:
        cast.token(database, cast.ADMIN)
    done = keesa("desk", "renew", "--since", "2026-01-02T03:04", place=place)
    assert (done.status, done.err) == (0, "")
    assert "2026-01-02T03:04:00.000+05:00" in done.out
    with opened(place) as database:
        found = database.read(desk.find)
        assert database.read(lambda tx: tx.value("SELECT count(*) AS value FROM sessions")) == 0
    assert found.epoch
    shown = keesa("desk", "show", place=place).out
    assert shown.splitlines()[0] == f"desk {found.id}"
    assert "sending is paused since" in shown
    assert keesa("desk", "sending", "on", place=place).out == "sending is on\n"
    assert "paused" not in keesa("desk", "show", place=place).out
