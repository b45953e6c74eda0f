"""Whose the data is: its owner's alone, and nobody else's commands leave files in it."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from command import keesa
from keesa.data_folder import is_there, require_own
from keesa.db import open_database
from keesa.db.opening import SQLITE_FILE, has_data_file
from keesa.db.sqlite import SqliteDatabase
from keesa.errors import Refused, Unavailable
from keesa.secret_key import check_secret
from places import Place

FILES = (SQLITE_FILE, "secret.key")


@pytest.mark.parametrize("names", [(SQLITE_FILE,), ()])
def test_another_user_s_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    """Root too, whose files its owner could not open: the sentence says whose it is, and nothing is touched. An empty
    one is refused too, unless it is root's, as a fresh volume is.
    """
    for name in names:
        (tmp_path / name).touch(mode=0o600)
    if os.geteuid() == 0:
        os.chown(tmp_path, 12_345, -1)
    monkeypatch.setattr(os, "geteuid", lambda: 54_321)
    with pytest.raises(Refused, match=r"belongs to .*, and this runs as 54321"):
        require_own(tmp_path, FILES)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


@pytest.mark.parametrize(("name", "mode"), [("", 0o777), (SQLITE_FILE, 0o666), ("secret.key", 0o602)])
def test_what_everybody_may_write_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    """The folder as well as each file, with the command that mends it."""
    for file in FILES:
        (tmp_path / file).touch(mode=0o600)
    (tmp_path / name).chmod(mode)
    with pytest.raises(Refused, match=r"can be written by everybody .*chmod"):
        require_own(tmp_path, FILES)


def test_what_everybody_may_read_becomes_the_owner_s_alone(tmp_path: Path) -> None:
    """As a back-up is that was copied to its place."""
    (tmp_path / SQLITE_FILE).touch()
    (tmp_path / SQLITE_FILE).chmod(0o644)
    require_own(tmp_path, FILES)
    assert (tmp_path / SQLITE_FILE).stat().st_mode & 0o007 == 0


def test_commands_look_at_the_folder_first(place: Place) -> None:
    """`check` and `serve` are refused with a sentence."""
    place.data.chmod(0o777)
    for command in ("check", "serve"):
        done = keesa(command, place=place)
        assert done.status == 1
        assert "can be written by everybody" in done.err.splitlines()[-1]


def test_the_demo_s_passwords_stay_on_this_machine(empty_place: Place) -> None:
    """On an address that others reach it is refused, unless that is asked for."""
    done = keesa("serve", "--demo", "--host", "0.0.0.0", "--port", "0", place=empty_place)  # noqa: S104 - refused
    assert done.status == 1
    assert "KEESA_DEMO_ON_NETWORK" in done.err


def test_a_folder_that_cannot_be_looked_at_is_refused(tmp_path: Path) -> None:
    """By every command, with a sentence: here its name is too long, elsewhere a folder above it is closed."""
    folder = tmp_path / ("x" * 300)
    for command in (["check"], ["migrate"], ["serve", "--port", "0"], ["user", "list"], ["maintenance", "on"]):
        done = keesa(*command, variables={"KEESA_DATA": str(folder)})
        assert (done.status, len(done.err.splitlines())) == (1, 1)
        assert done.err.startswith(f"keesa: Cannot look at {folder}")
    with pytest.raises(Refused, match="Cannot look at"):
        check_secret(folder, None)


def test_a_closed_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests, root too."""

    def closed(path: Path, **_: object) -> os.stat_result:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "stat", closed)
    for act in (lambda: require_own(tmp_path, FILES), lambda: has_data_file(tmp_path), lambda: is_there(tmp_path)):
        with pytest.raises(Refused, match=f"Cannot look at {tmp_path}.*: Permission denied"):
            act()


def test_a_link_in_the_place_of_the_lock_is_refused(place: Place) -> None:
    """Whatever it leads to keeps its mode: `/dev/null` of a machine, say."""
    other = place.data / "other"
    other.touch()
    other.chmod(0o644)
    lock = place.data / "keesa.lock"
    lock.unlink(missing_ok=True)
    lock.symlink_to(other)
    with pytest.raises(Refused, match="is a link"):
        SqliteDatabase(place.data / SQLITE_FILE)
    assert other.stat().st_mode & 0o777 == 0o644


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A folder, a device or a pipe of such a name."""
    (tmp_path / "keesa.db-wal").mkdir()
    with pytest.raises(Refused, match="is no file"):
        open_database(tmp_path, None)


def test_the_file_may_be_a_link(place: Place) -> None:
    """To a larger disk, say: its log lies beside the file itself."""
    if place.url is not None:
        return
    disk = place.data / "disk"
    disk.mkdir(0o700)
    for path in place.data.glob(f"{SQLITE_FILE}*"):
        path.rename(disk / path.name)
    (place.data / SQLITE_FILE).symlink_to(disk / SQLITE_FILE)
    assert keesa("maintenance", "on", place=place).status == 0
    assert keesa("user", "list", place=place).status == 0
    assert not list(place.data.glob(f"{SQLITE_FILE}-*"))


def test_a_file_that_cannot_be_opened_for_its_mode_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a log that was left read-only; whoever runs the tests, root too."""

    def refuse(*_: object) -> sqlite3.Connection:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(SqliteDatabase, "_connect", refuse)
    monkeypatch.setattr(os, "access", lambda path, _mode: not str(path).endswith(SQLITE_FILE))
    with pytest.raises(Unavailable, match=rf"^{SQLITE_FILE} cannot be written: look at its owner"):
        SqliteDatabase(tmp_path / SQLITE_FILE)
