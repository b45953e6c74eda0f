"""A snapshot: with the full back-up that it stands on it gives the desk as it was, or it is refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from desks import OWN, back_up, restore, rows_of, snapshot
from keesa.backup import snapshots
from keesa.backup.archive import PIECE, check, read_manifest
from keesa.backup.blocks import BLOCK, TooManyError, sums_of
from keesa.db import vacuum
from keesa.db.sqlite import SqliteDatabase
from keesa.errors import Refused
from places import NewPlace, Place, opened
from unshrunk import fill

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def change(place: Place, turn: int) -> None:
    """The desk in some way, and its file: it grows, has free pages, or becomes shorter."""
    with opened(place) as database:
        assert isinstance(database, SqliteDatabase)
        database.write(lambda tx: tx.run("UPDATE tickets SET title = :title", title=f"turn {turn}"))
        if turn % 3 != 2:
            fill(database, 1 + Random(turn).randrange(2 * PIECE // BLOCK))  # noqa: S311 - no secret
        if turn % 3 != 1:
            vacuum.vacuum(database, lambda _: None)


@pytest.mark.parametrize("turn", range(4))
def test_every_row_comes_back(place: Place, new_place: NewPlace, tmp_path: Path, turn: int) -> None:
    """However the data file was changed since the full back-up; the snapshot has what was changed, and no more."""
    change(place, turn)
    base, elsewhere = back_up(place, tmp_path / "back-ups"), new_place()
    change(place, turn + 1)
    made, before = snapshot(place, base), rows_of(place)
    told = read_manifest(made).changes
    assert told is not None
    restored = restore(made, elsewhere).manifest
    after = rows_of(elsewhere)
    assert {name for name in before if before[name] != after[name]} <= set(OWN)
    assert restored.tables["tickets"] == len(before["tickets"])
    with opened(place) as database:
        database.write(
            lambda tx: tx.run("UPDATE tickets SET title = 'one more' WHERE id = (SELECT min(id) FROM tickets)")
        )
    unchanged = read_manifest(snapshot(place, back_up(place, tmp_path / "back-ups", "keesa-3.keesa"), "keesa-4.keesa"))
    assert unchanged.changes is not None
    assert unchanged.changes.blocks == 1  # the header's
    assert told.blocks > 1


def test_the_file_is_its_owners_alone(place: Place, tmp_path: Path) -> None:
    """And nothing else is left of its making."""
    base = back_up(place, tmp_path / "back-ups")
    made = snapshot(place, base)
    assert made.stat().st_mode & 0o077 == 0
    assert {path.name for path in base.parent.iterdir()} == {base.name, made.name}


def _remove(base: Path, _made: Path) -> None:
    base.unlink()


def _damage(base: Path, _made: Path) -> None:
    content = bytearray(base.read_bytes())
    content[len(content) // 2] ^= 1
    base.write_bytes(content)


def _damage_the_snapshot(_base: Path, made: Path) -> None:
    _damage(made, made)


def _cut(base: Path, _made: Path) -> None:
    base.write_bytes(base.read_bytes()[:-1])


def _make_it_the_snapshot(base: Path, made: Path) -> None:
    base.unlink()
    base.write_bytes(made.read_bytes())


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_remove, "must lie beside it: it is not there"),
        (_damage, "keesa-1.keesa is damaged"),
        (_cut, "keesa-1.keesa is no whole back-up"),
        (_make_it_the_snapshot, "keesa-1.keesa is not the back-up that keesa-2.keesa was made to"),
        (_damage_the_snapshot, "keesa-2.keesa is damaged"),
    ],
)
def test_without_its_base_it_is_refused_and_nothing_is_made(
    place: Place, new_place: NewPlace, tmp_path: Path, spoil: Callable[[Path, Path], None], said: str
) -> None:
    """Missing, damaged or another one; the place stays as empty as it was."""
    base, elsewhere = back_up(place, tmp_path / "back-ups"), new_place()
    made = snapshot(place, base)
    spoil(base, made)
    with pytest.raises(Refused, match=said):
        restore(made, elsewhere)
    assert not list(elsewhere.data.iterdir())


def test_another_back_up_of_the_same_desk_is_no_base(place: Place, new_place: NewPlace, tmp_path: Path) -> None:
    """Though it has the right name, and is whole."""
    made = snapshot(place, back_up(place, tmp_path / "back-ups"))
    back_up(place, tmp_path / "later").replace(made.with_name("keesa-1.keesa"))
    with pytest.raises(Refused, match=r"is not the back-up that keesa-2\.keesa was made to"):
        restore(made, new_place())


def test_one_changed_byte_is_noticed(place: Place, tmp_path: Path) -> None:
    """Some hundred of them, one after the other."""
    made = snapshot(place, back_up(place, tmp_path / "back-ups"))
    whole = made.read_bytes()
    for place_ in range(0, len(whole), 1 + len(whole) // 200):
        changed = bytearray(whole)
        changed[place_] ^= 1
        made.write_bytes(changed)
        with pytest.raises(Refused, match=r"is damaged|is no whole back-up|was made by a newer Keesa"):
            check(made)


def test_data_that_does_not_come_out_is_refused(
    place: Place, new_place: NewPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though each file is what was written: here the base told of other blocks than it has."""
    base, elsewhere = back_up(place, tmp_path / "back-ups"), new_place()
    change(place, 0)
    known = snapshots.read_base(base)
    assert known is not None
    with opened(place) as database:
        assert isinstance(database, SqliteDatabase)
        with database.frozen() as frozen:
            now = b"".join(map(sums_of, frozen.pieces()))
    other = replace(known, sums=now)
    monkeypatch.setattr(snapshots, "read_base", lambda _: other)
    with pytest.raises(Refused, match="do not give the data that it tells of"):
        restore(snapshot(place, base), elsewhere)
    assert not list(elsewhere.data.iterdir())


def test_too_many_changes_are_none(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has the snapshot taken makes a full back-up then; of a small desk it may have all."""
    base = back_up(place, tmp_path / "back-ups")
    with opened(place) as database:
        fill(database, 200)
    assert snapshot(place, base).exists()
    monkeypatch.setattr(snapshots, "SMALL", 0)
    with pytest.raises(TooManyError):
        snapshot(place, base, "keesa-3.keesa")
    assert not (tmp_path / "back-ups" / "keesa-3.keesa").exists()
    assert not [path for path in base.parent.iterdir() if path.name.startswith(".")]
