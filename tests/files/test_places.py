"""A place of files, a folder and a bucket alike: what is put there, read, listed, thrown away and brought back."""

import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from file_places import DESK, OTHER, content_of, names, opened_at, put
from keesa.clock import now
from keesa.errors import Unavailable
from keesa.files import places
from keesa.files.folder import Folder
from keesa.files.places import DAY, Stored

LARGE = 18 * 1024 * 1024 + 7
"""Bytes: more than travels to a bucket in one request."""


def test_what_is_put_is_read_and_listed(configured: str) -> None:
    """The bytes as they were, from any place to any place, with size and time; also none, and many."""
    place = opened_at(configured)
    begun = now() // 1000 * 1000
    for content in (b"", b"x", bytes(range(256)) * 5000, os.urandom(LARGE)):
        name = put(place, content)
        assert content_of(place, name) == content
        assert place.size(name) == len(content)
        assert content_of(place, name, 1) == content[1:]
        assert content_of(place, name, len(content) // 2, len(content) - 1) == content[len(content) // 2 : -1 or None]
        assert content_of(place, name, len(content) + 5) == b""
        [found] = [stored for stored in place.all() if stored.name == name]
        assert found == Stored(name, len(content), found.changed_at)
        assert begun <= found.changed_at <= now() + 1000


def test_a_name_is_given_once(configured: str) -> None:
    """The first content stays, small or large; what ends early has no name."""
    place = opened_at(configured)
    for content in (b"first", os.urandom(LARGE)):
        name = put(place, content)
        with pytest.raises(FileExistsError):
            place.put(name, io.BytesIO(b"x" * len(content)), len(content))
        assert content_of(place, name) == content
    for size in (11, LARGE):
        with pytest.raises(ValueError, match="are missing"):
            place.put(f"{'a' * 32}/original", io.BytesIO(b"x" * (size - 1)), size)
    assert f"{'a' * 32}/original" not in names(place)


@pytest.mark.parametrize(
    "name",
    [
        "original",
        f"{'a' * 32}",
        f"{'a' * 31}/original",
        f"{'a' * 32}/../../etc",
        f"{'a' * 32}/..",
        f"../{'a' * 32}",
        f"/{'a' * 32}/original",
        f"{'A' * 32}/original",
        f"{'a' * 32}/original\n",
        f"{'a' * 32}/a/b",
        f"uploads/{'a' * 32}/x",
        "uploads/..",
        f"bin/{'a' * 32}",
        "",
    ],
)
def test_nothing_else_is_a_name(configured: str, name: str) -> None:
    """So none leads out of the desk's part."""
    place = opened_at(configured)
    for call in (place.size, place.read, place.throw, place.fetch_back):
        with pytest.raises(ValueError, match="is no name"):
            call(name)
    with pytest.raises(ValueError, match="is no name"):
        place.put(name, io.BytesIO(b"x"), 1)
    for owner in ("..", "", f"{DESK}/..", "bin"):
        with pytest.raises(ValueError, match="is no name"):
            opened_at(configured, owner)


def test_what_is_not_there_is_told(configured: str) -> None:
    """As of a disk, at once and not where the first byte is asked for."""
    place, name = opened_at(configured), f"{'a' * 32}/original"
    for call in (place.size, place.read, place.throw, place.fetch_back):
        with pytest.raises(FileNotFoundError):
            call(name)
    assert names(place) == []
    assert place.empty(now(), 10) == 0
    assert place.mark() is None


def test_all_are_listed_in_order_and_from_any(configured: str) -> None:
    """The same in both, whatever lies in the bin; uploads among them."""
    place = opened_at(configured)
    made = [
        put(place, form=form, at=f"{number * 11:032x}"[::-1]) for number in range(1, 12) for form in ("a", "b.webp")
    ]
    made += [f"uploads/{number:032x}" for number in range(3)]
    for name in made[-3:]:
        place.put(name, io.BytesIO(b"piece"), 5)
    thrown = [put(place, at=digit * 32) for digit in "0bcf"]
    for name in thrown:
        place.throw(name)
    place.put_mark("mine")
    place.prove()
    listed = names(place)
    assert listed == sorted(made)
    for name in (listed[0], listed[5], listed[-4], listed[-1]):
        assert names(place, after=name) == listed[listed.index(name) + 1 :]
    assert names(place, after="b" * 32) == [name for name in listed if name > "b" * 32]


def test_the_bin_gives_back(configured: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was thrown is not there, comes back as it was, and is gone once the bin is emptied, by whole days."""
    place = opened_at(configured)
    name, upload = put(place, b"wanted again"), f"uploads/{'b' * 32}"
    place.put(upload, io.BytesIO(b"piece"), 5)
    for each, content in ((name, b"wanted again"), (upload, b"piece")):
        place.throw(each)
        with pytest.raises(FileNotFoundError):
            place.read(each)
        place.fetch_back(each)
        assert content_of(place, each) == content
        with pytest.raises(FileNotFoundError):
            place.fetch_back(each)
    for each in (name, upload):
        place.throw(each)
    monkeypatch.setattr(places, "today", lambda: "20200101")
    tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    over = int(tomorrow.timestamp() * 1000)
    assert place.empty(over - 1, 10) == 0
    assert place.empty(over, 1) == 1
    assert place.empty(over, 10) == 1
    for each in (name, upload):
        with pytest.raises(FileNotFoundError):
            place.fetch_back(each)


def test_two_desks_do_not_see_each_other(configured: str) -> None:
    """In one folder, or one bucket: the names are each one's own, and so are bins and marks."""
    one, other = opened_at(configured), opened_at(configured, OTHER)
    copy = opened_at(configured, f"{DESK}-1f")
    name = put(one, b"of one")
    put(other, b"of the other", at=name.partition("/")[0])
    assert (content_of(one, name), content_of(other, name), names(copy)) == (b"of one", b"of the other", [])
    one.put_mark("one")
    other.put_mark("other")
    one.throw(name)
    assert other.empty(now() + 9 * DAY, 10) == 0
    assert content_of(other, name) == b"of the other"
    with pytest.raises(FileNotFoundError):
        copy.fetch_back(name)
    assert (one.mark(), other.mark(), copy.mark()) == ("one", "other", None)


def test_a_mark_is_replaced_only_on_purpose(configured: str) -> None:
    """So of two nodes that begin at once one has put it."""
    place = opened_at(configured)
    place.put_mark("first")
    with pytest.raises(FileExistsError):
        place.put_mark("second")
    assert place.mark() == "first"
    place.put_mark("second", anew=True)
    assert place.mark() == "second"


def test_a_folder_is_its_owners_alone(tmp_path: Path) -> None:
    """Whatever the umask is: folders 0700, files 0600, nothing left of drafts."""
    before = os.umask(0)
    try:
        place = Folder(tmp_path / "kept", DESK)
        put(place)
        place.put_mark("mine")
        place.throw(put(place))
    finally:
        os.umask(before)
    found = {(path.is_dir(), path.stat().st_mode & 0o777) for path in (tmp_path / "kept").rglob("*")}
    assert found == {(True, 0o700), (False, 0o600)}
    assert not list((tmp_path / "kept" / DESK / "drafts").iterdir())


def test_drafts_that_were_left_go_with_the_bin(tmp_path: Path) -> None:
    """Those that are old: a newer one may be somebody's who writes."""
    place = Folder(tmp_path, DESK)
    put(place)
    for name, age in (("old", 8 * DAY), ("new", 0)):
        draft = tmp_path / DESK / "drafts" / name
        draft.write_bytes(b"half")
        os.utime(draft, ((now() - age) / 1000,) * 2)
    assert place.empty(now() - 7 * DAY, 10) == 1
    assert [path.name for path in (tmp_path / DESK / "drafts").iterdir()] == ["new"]


def test_a_place_that_refuses_is_told_of(tmp_path: Path) -> None:
    """A file where the folder should be, and a bucket that nobody serves."""
    (tmp_path / "kept").write_bytes(b"")
    place = Folder(tmp_path / "kept", DESK)
    for call in (place.prove, lambda: put(place), lambda: place.put_mark("x"), lambda: names(place)):
        with pytest.raises(Unavailable, match="Not a directory"):
            call()
