"""`keesa secret rotate` and `show`."""

import json
import os
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

import cast
from account_rows import rows
from command import keesa
from keesa.accounts import sessions
from keesa.accounts.keys import KEPT
from keesa.accounts.sessions import open_session
from keesa.cli import app_for
from keesa.clock import Clock, now
from keesa.config import DEFAULT_ZONE
from keesa.db import Database
from keesa.db.opening import SQLITE_FILE
from keesa.errors import Refused
from keesa.key_rotation import rotate
from keesa.secret_key import FILE, FORMER_FILE, files, load_secret, read_kept
from places import Place
from unchanged import TRAIL, unchanged

AT: Final = 1_893_438_000_000
"""2030 begins in the Maldives."""
PREVIOUS: Final = {"KEESA_SECRET_PREVIOUS": f"{'a' * 32},{'b' * 32}"}


def run(*command: str, data: Path, **variables: str) -> list[str]:
    """What the command prints, run in this process; raises as it does."""
    ours = {name: None for name in os.environ if name.startswith("KEESA_")}
    result = CliRunner().invoke(
        app_for(["secret"]), ["secret", *command, "--data", str(data)], env={**ours, **variables}
    )
    if result.exception:
        raise result.exception
    return result.output.splitlines()


def test_rotate_says_what_happens(place: Place, database: Database) -> None:
    """Nothing of the database changes but that it is recorded, and `check` counts the former key."""
    key = load_secret(place.data, None)
    with unchanged(database, but=TRAIL):
        done = keesa("secret", "rotate", place=place)
    signing, former = read_kept(place.data)
    assert former.key == key != signing.key
    assert former.until is not None
    assert abs(former.until - KEPT - now()) < 60_000
    until = Clock(DEFAULT_ZONE).iso(former.until)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"a new key signs, in {place.data / FILE}",
        f"the former one verifies until {until}; no session ends",
    ]
    checked = keesa("check", place=place, variables=PREVIOUS).out.splitlines()[1]
    assert checked == (
        f"ok: secret key in {place.data / FILE}, 1 former one until {until}, 2 former ones from the configuration"
    )


def test_a_leaked_key_goes_with_every_session(place: Place, database: Database) -> None:
    """However many there are; nothing else of the database changes."""
    load_secret(place.data, None)
    rotate(place.data, now())
    before = [each.key for each in read_kept(place.data)]
    for person in cast.CAST:
        database.write(lambda tx, person=person: open_session(tx, person.id, "2024", now()))  # type: ignore[misc]
    with unchanged(database, but=("sessions", *TRAIL)):
        done = keesa("secret", "rotate", "--leaked", place=place)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"a new key signs, in {place.data / FILE}; all former ones are forgotten",
        f"ended {len(cast.CAST)} sessions: everybody logs in again",
    ]
    assert rows(database, "SELECT * FROM sessions") == []
    assert read_kept(place.data)[0].key not in before
    assert files(place.data) == [place.data / FILE]


def test_sessions_end_in_pieces(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write holds others up for as long as it runs."""
    monkeypatch.setattr(sessions, "CLEARED_AT_ONCE", 2)
    for person in cast.CAST:
        database.write(lambda tx, person=person: open_session(tx, person.id, "2024", now()))  # type: ignore[misc]
    assert len(cast.CAST) == 5
    assert [database.write(sessions.end_some) for _ in range(4)] == [2, 2, 1, 0]


def test_sessions_that_cannot_be_ended_leave_the_key(tmp_path: Path) -> None:
    """Where there is no database, nothing is changed."""
    key = load_secret(tmp_path, None)
    with pytest.raises(Refused, match=rf"^There is no {tmp_path / SQLITE_FILE}"):
        run("rotate", "--leaked", data=tmp_path)
    assert load_secret(tmp_path, None) == key


@pytest.mark.parametrize("options", [(), ("--leaked",)])
def test_a_configured_secret_is_not_ours_to_change(tmp_path: Path, options: tuple[str, ...]) -> None:
    """It says where to read how; a key in the folder, which would be another one, is left alone."""
    key = load_secret(tmp_path, None)
    with pytest.raises(Refused, match=r"comes from the configuration: docs/operations.md says how"):
        run("rotate", *options, data=tmp_path, KEESA_SECRET=cast.SECRET)
    assert [each.key for each in read_kept(tmp_path)] == [key]


def test_show_lists_when_and_no_key(tmp_path: Path) -> None:
    """The one that signs first; of the configuration's nobody knows the times."""
    load_secret(tmp_path, None)
    rotate(tmp_path, now() - KEPT)
    forgotten = (tmp_path / FORMER_FILE).read_text()
    rotate(tmp_path, AT)
    (tmp_path / FORMER_FILE).write_text((tmp_path / FORMER_FILE).read_text() + forgotten)
    lines = run("show", data=tmp_path, **PREVIOUS)
    assert [line.split("\t")[0] for line in lines] == ["signs", "verifies", "forgotten", "verifies", "verifies"]
    assert lines[1].split("\t")[2:] == ["2030-01-01T00:00:00.000+05:00", "2030-01-11T00:01:00.000+05:00"]
    assert lines[3].split("\t")[1:] == ["", "", ""]
    shown = "\n".join(run("show", "--json", data=tmp_path))
    made = Clock(DEFAULT_ZONE).iso((tmp_path / FILE).stat().st_mtime_ns // 1_000_000)
    assert json.loads(shown)[0] == {"use": "signs", "made": made, "retired": None, "until": None}
    for each in read_kept(tmp_path):
        for text in (each.key.decode(), each.key.hex()):
            assert text[:16] not in shown
            assert not any(text[:16] in line for line in lines)


def test_show_of_a_configured_secret_needs_no_folder(tmp_path: Path) -> None:
    """It tells how many there are."""
    lines = run("show", data=tmp_path / "nowhere", KEESA_SECRET=cast.SECRET, **PREVIOUS)
    assert [line.rstrip("\t") for line in lines] == ["signs", "verifies", "verifies"]


@pytest.mark.parametrize("command", ["rotate", "show"])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, command: str) -> None:
    """With what to do, which is not done by itself; and a missing one is not made."""
    with pytest.raises(Refused, match=rf"^There is no {tmp_path / FILE}: `keesa serve` makes it on its first start$"):
        run(command, data=tmp_path)
    assert list(tmp_path.iterdir()) == []
    load_secret(tmp_path, None)
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(Refused, match=r"run `chmod 600 .*`, and `keesa secret rotate --leaked` if it was$"):
        run(command, data=tmp_path)
