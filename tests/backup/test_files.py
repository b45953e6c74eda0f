"""Pictures and files in back-ups: their bytes go with the rows that name them, out of and into either kind of place."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cast
from command import keesa
from desks import back_up, restore, rows_of, snapshot
from file_places import content_of, names, put
from file_rows import detach, forget_all, later, named_of, picture, sweep
from keesa.backup import archive, files, making
from keesa.backup.archive import check, read_manifest
from keesa.backup.restoring import Files
from keesa.clock import now
from keesa.db import Tx
from keesa.errors import Refused, Unavailable
from keesa.files import claims, sweeping
from keesa.files.holds import are_held
from keesa.files.opening import open_place
from keesa.files.places import DAY, Place
from places import NewPlace, opened
from places import Place as Where


@pytest.fixture
def place(place: Where) -> Where:
    """The cast's database, without files."""
    forget_all(place)
    return place


def kept_by(where: Where, configured: str) -> Place:
    with opened(where) as database:
        return open_place(configured, where.data, database.read(claims.owner))


def damage(place: Place, name: str) -> None:
    """Where it is not any more, something shorter."""
    at, _, form = name.partition("/")
    put(place, b"short", form, at=at)


def contents(place: Place) -> dict[str, bytes]:
    return {name: content_of(place, name) for name in names(place)}


@pytest.fixture
def kept(place: Where, configured: str) -> Place:
    """With three pictures, and a file that nobody names."""
    found = kept_by(place, configured)
    with opened(place) as database:
        for _ in range(3):
            picture(database, found)
    put(found)
    return found


def test_they_come_back_with_a_copy(
    place: Where, new_place: NewPlace, configured: str, kept: Place, tmp_path: Path
) -> None:
    """To a place of its own, though the same is configured: the first desk's are not touched, nor is what nobody named
    brought back. What was made is checked to the byte.
    """
    before, elsewhere = contents(kept), new_place()
    made = back_up(place, tmp_path / "back-ups", files=kept)
    told = read_manifest(made).files
    assert told is not None
    assert (told.count, told.missing) == (9, 0)
    restored = restore(made, elsewhere, files=configured)
    assert restored.files == Files(9, 0)
    copy = kept_by(elsewhere, configured)
    with opened(elsewhere) as database:
        named = database.read(named_of)
        assert database.read(claims.mark) == copy.mark()
        claims.claim(database, copy)
    assert contents(copy) == {name: before[name] for name in named}
    assert contents(kept) == before
    with opened(place) as database:
        assert not database.read(lambda tx: are_held(tx, now()))


def test_they_come_back_with_the_same_desk(
    place: Where, new_place: NewPlace, configured: str, kept: Place, tmp_path: Path
) -> None:
    """Where its place is there still, or is empty: what is there is left, what is missing or damaged comes back."""
    made = back_up(place, tmp_path / "back-ups", files=kept)
    with opened(place) as database:
        claims.claim(database, kept)
        named = database.read(named_of)
    before = contents(kept)
    kept.throw(named[0])
    kept.throw(named[1])
    damage(kept, named[1])
    elsewhere = new_place()
    assert restore(made, elsewhere, same_desk=True, files=configured).files == Files(9, 0)
    assert contents(kept) == before
    with opened(elsewhere) as database, opened(place) as lost:
        claims.claim(database, kept_by(elsewhere, configured))
        with pytest.raises(Refused, match="run `keesa file adopt`"):
            claims.claim(lost, kept)
    third = new_place()
    assert restore(made, third, same_desk=True, files=str(tmp_path / "new")).files == Files(9, 0)
    assert contents(kept_by(third, str(tmp_path / "new"))) == {name: before[name] for name in named}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_snapshot_has_those_that_are_new(
    place: Where, new_place: NewPlace, configured: str, kept: Place, tmp_path: Path
) -> None:
    """With its base it brings all back."""
    base = back_up(place, tmp_path / "back-ups", files=kept)
    with opened(place) as database:
        new, _ = picture(database, kept, ["original"])
        before, named = contents(kept), database.read(named_of)
    made = snapshot(place, base, files=kept)
    told = read_manifest(made).files
    assert told is not None
    assert (told.count, told.missing) == (1, 0)
    assert [member.name for member, _ in archive.read(made)][-1] == f"files/{new}/original"
    elsewhere = new_place()
    assert restore(made, elsewhere, files=configured).files == Files(10, 0)
    assert contents(kept_by(elsewhere, configured)) == {name: before[name] for name in named}


def test_a_lost_file_keeps_none_of_the_others_out(
    place: Where, new_place: NewPlace, kept: Place, tmp_path: Path
) -> None:
    """What is missing, and what is not as large as it should be, is counted, and told again by the restore."""
    with opened(place) as database:
        named = database.read(named_of)
    for name in named[:2]:
        kept.throw(name)
    damage(kept, named[1])
    made = back_up(place, tmp_path / "back-ups", files=kept)
    told = read_manifest(made).files
    assert told is not None
    assert (told.count, told.missing) == (7, 2)
    assert restore(made, new_place(), files=str(tmp_path / "new")).files == Files(7, 2)


def test_a_place_that_is_gone_is_given_up(place: Where, kept: Place, tmp_path: Path) -> None:
    """After some files it is asked no more, and the tables are backed up all the same."""
    asked = []

    class Gone:
        def read(self, name: str) -> Iterator[bytes]:
            asked.append(name)
            raise Unavailable("it does not answer")

    made = back_up(place, tmp_path / "back-ups", files=Gone())  # type: ignore[arg-type]
    told = read_manifest(made).files
    assert told is not None
    assert (told.count, told.missing, len(asked)) == (0, 9, 5)
    assert names(kept)


def test_without_files_it_says_so(place: Where, new_place: NewPlace, kept: Place, tmp_path: Path) -> None:
    """As before an upgrade: the restored desk has its rows, and is told what is missing; as the same desk it finds them
    where they are.
    """
    made = back_up(place, tmp_path / "back-ups")
    assert read_manifest(made).files is None
    assert restore(made, new_place(), files=str(tmp_path / "new")).files == Files(0, 9)
    assert "no pictures and files: it was made before an upgrade" in keesa("restore", "--check", str(made)).out
    assert names(kept)


def test_a_byte_that_is_another_is_found(place: Where, kept: Place, tmp_path: Path) -> None:
    """Of a file too; and one that is told of and left out."""
    made = back_up(place, tmp_path / "back-ups", files=kept)
    check(made)
    written = read_manifest(made)
    assert written.files is not None

    class Short(archive.Writer):
        def add_file(self, name: str, size: int, content: archive.Readable) -> None:
            if self.files.count != 3:
                super().add_file(name, size, content)
            else:
                self.files.add(name, size, "0" * 64)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("keesa.backup.making.Writer", Short)
        with pytest.raises(Refused, match="is damaged"):
            back_up(place, tmp_path / "back-ups", "keesa-2.keesa", files=kept)


def test_a_back_up_during_uploads_and_sweeps_is_whole(
    place: Where, new_place: NewPlace, kept: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While pictures come and go, and all that is not needed is swept at once, it has each that its rows name."""
    monkeypatch.setattr(sweeping, "now", lambda: later(2))
    monkeypatch.setattr(files, "HELD", 5 * DAY)
    over, swept = threading.Event(), [0]

    def change() -> None:
        with opened(place) as database:
            while not over.is_set():
                _, attachment = picture(database, kept, ["original"])
                database.write(lambda tx: detach(tx, attachment))  # noqa: B023 - it is done at once
                done = sweep(database, kept)
                swept[0] += 0 if done is None else done.rows

    changing = threading.Thread(target=change)
    changing.start()
    try:
        for number in range(4):
            made = back_up(place, tmp_path / "back-ups", f"keesa-{number}.keesa", files=kept)
            told = read_manifest(made).files
            assert told is not None
            assert told.missing == 0
    finally:
        over.set()
        changing.join()
    elsewhere = new_place()
    assert restore(made, elsewhere, files=str(tmp_path / "new")).files.missing == 0
    assert swept[0] > 0


class Meanwhile:
    """A place at which something happens while its files are read."""

    def __init__(self, place: Place, happens: Callable[[], None]) -> None:
        self._place = place
        self._happens = happens

    def read(self, name: str) -> Iterator[bytes]:
        self._happens()
        return self._place.read(name)


def test_what_its_rows_name_is_kept_from_sweeps(
    place: Where, kept: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though no ticket shows any of it any more once the rows are copied: until the last file is read, however long
    that takes, and no longer.
    """
    monkeypatch.setattr(sweeping, "now", lambda: later(2))
    monkeypatch.setattr(files, "HELD", 5 * DAY)
    monkeypatch.setattr(files, "RENEWED", 0.0)
    held = []

    def happens() -> None:
        with opened(place) as database:
            held.append(database.read(lambda tx: tx.value("SELECT max(until) AS value FROM file_holds")))
            database.write(lambda tx: tx.run("DELETE FROM attachments"))
            assert sweep(database, kept) is None

    def write(*given: Any) -> Any:  # noqa: ANN401 - as it is
        state = copy(*given)
        happens()
        return state

    copy = vars(making)["_write"]
    monkeypatch.setattr(making, "_write", write)
    made = back_up(place, tmp_path / "back-ups", files=Meanwhile(kept, happens))  # type: ignore[arg-type]
    told = read_manifest(made).files
    assert told is not None
    assert (told.count, told.missing) == (9, 0)
    assert held == sorted(set(held))
    with opened(place) as database:
        swept = sweep(database, kept)
    assert swept is not None
    assert (swept.rows, swept.thrown) == (3, 10)


def test_uploads_and_holds_are_not_the_restored_desks(
    place: Where, new_place: NewPlace, kept: Place, tmp_path: Path
) -> None:
    """Who was uploading begins anew there, and nobody reads all files."""

    def begin(tx: Tx) -> None:
        tx.run(
            "INSERT INTO uploads (id, user_id, length, name, media_type, created_at, expires_at)"
            " VALUES ('a', :user, 9, 'a', 'b', 0, :later)",
            user=cast.ENGINEER.id,
            later=later(1),
        )
        tx.run("INSERT INTO upload_pieces (upload_id, start, size, place) VALUES ('a', 0, 5, :p)", p="a" * 32)

    with opened(place) as database:
        database.write(begin)
    made, elsewhere = back_up(place, tmp_path / "back-ups", files=kept), new_place()
    assert restore(made, elsewhere, files=str(tmp_path / "new")).files.missing == 0
    rows = rows_of(elsewhere)
    assert (rows["uploads"], rows["upload_pieces"], rows["file_holds"]) == ([], [], [])
