"""One place for a desk: a server that would keep files elsewhere does not start, and says what to do."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import cast
from command import keesa
from file_places import DESK, opened_at, put
from file_rows import attach, picture, store
from keesa import desk
from keesa.cli.serving import prepare
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database
from keesa.errors import Refused
from keesa.files import claims, sweeping
from keesa.files.holds import hold
from keesa.files.opening import Opening, open_place
from keesa.files.places import Place
from places import Place as Where


def config_of(where: Where, files: str | None, data: Path | None = None) -> Config:
    return Config(data=data or where.data, database_url=where.url, secret=cast.SECRET, files=files)


def test_who_comes_first_claims_and_others_share(place: Where, database: Database, configured: str) -> None:
    """A node with the same place starts, as often as it likes; the mark stays."""
    for _ in range(2):
        prepare(config_of(place, configured))
    found = Opening(configured, place.data)
    opened = database.read(found)
    assert opened is database.read(found)
    assert opened.mark() == database.read(claims.mark)
    assert opened.describe() == configured
    assert list(opened.all()) == []


def test_a_node_with_files_elsewhere_does_not_start(place: Where, database: Database, tmp_path: Path) -> None:
    """With a folder of its own, on which there is nothing or another place's mark."""
    prepare(config_of(place, str(tmp_path / "one")))
    picture(database, database.read(Opening(str(tmp_path / "one"), place.data)))
    other = config_of(place, str(tmp_path / "other"))
    with pytest.raises(Refused, match=r"are not in .*other: nothing of it is there. All nodes of a desk share one"):
        prepare(other)
    opened_at(str(tmp_path / "other"), database.read(claims.owner)).put_mark("f" * 32)
    with pytest.raises(Refused, match=r"what is there is another place's.*set KEESA_FILES to it.*`keesa file adopt`"):
        prepare(other)
    prepare(config_of(place, str(tmp_path / "one")))


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_two_nodes_with_disks_of_their_own_do_not_both_start(place: Where, tmp_path: Path) -> None:
    """Also where no file was ever sent, and they begin at the same time: one claims."""
    both = [config_of(place, None, tmp_path / name) for name in ("one", "other")]

    def start(config: Config) -> str:
        try:
            prepare(config)
        except Refused as refused:
            return str(refused)
        return ""

    with ThreadPoolExecutor(2) as threads:
        told = sorted(threads.map(start, both))
    assert (told[0], "All nodes of a desk share one folder" in told[1]) == ("", True)


def test_nodes_that_begin_at_once_share_one_mark(place: Where, database: Database, configured: str) -> None:
    """The mark of one of them is in both places."""
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: prepare(config_of(place, configured)), range(4)))
    assert open_place(configured, place.data, database.read(claims.owner)).mark() == database.read(claims.mark)


def test_a_start_that_was_killed_between_is_gone_on_with(place: Where, database: Database, configured: str) -> None:
    """The mark was put, and the database does not know it yet."""
    opened = open_place(configured, place.data, database.read(claims.owner))
    opened.put_mark("0" * 32)
    prepare(config_of(place, configured))
    assert database.read(claims.mark) == opened.mark() == "0" * 32


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_data_folder_that_moves_takes_its_mark_along(place: Where, tmp_path: Path) -> None:
    """The whole of it; and a data file alone begins anew where no file was ever sent."""
    prepare(config_of(place, None))
    moved, alone = place.data.with_name("moved"), tmp_path / "alone"
    alone.mkdir(mode=0o700)
    (alone / "keesa.db").write_bytes((place.data / "keesa.db").read_bytes())
    prepare(config_of(place, None, alone))
    place.data.rename(moved)
    prepare(Config(data=moved, secret=cast.SECRET))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_data_file_that_moves_without_its_files_is_told(place: Where, database: Database, tmp_path: Path) -> None:
    """Where there are some."""
    prepare(config_of(place, None))
    picture(database, database.read(Opening(None, place.data)))
    alone = tmp_path / "alone"
    alone.mkdir(mode=0o700)
    for file in place.data.glob("keesa.db*"):
        (alone / file.name).write_bytes(file.read_bytes())
    with pytest.raises(Refused, match="nothing of it is there"):
        prepare(config_of(place, None, alone))


def test_a_copy_has_a_folder_of_its_own(database: Database) -> None:
    """The first desk's is called by its id, which the copy has too."""
    first = database.read(claims.owner)
    assert first == database.read(desk.find).id
    database.write(desk.begin_anew)
    name = database.read(claims.owner_of_copy)
    database.write(lambda tx: claims.keep_owner(tx, name))
    assert database.read(claims.owner) == name != first
    assert name.startswith(f"{first}-")


def test_a_place_that_cannot_be_written_is_refused(place: Where, tmp_path: Path) -> None:
    """In a sentence that names it: by the start, and by `keesa check`."""
    prepare(config_of(place, str(tmp_path / "kept")))
    [drafts] = (tmp_path / "kept").glob("*/drafts")
    drafts.rmdir()
    drafts.write_bytes(b"")
    said = rf"{tmp_path}/kept, where files are kept \(KEESA_FILES\), cannot be used: .*Not a directory"
    with pytest.raises(Refused, match=said):
        prepare(config_of(place, str(tmp_path / "kept")))
    done = keesa("check", place=place, variables={"KEESA_FILES": str(tmp_path / "kept"), "KEESA_SECRET": cast.SECRET})
    assert (done.status, "cannot be used: " in done.err) == (1, True)


@pytest.mark.parametrize("configured", ["bucket"], indirect=True)
def test_a_bucket_that_refuses_is_told(place: Where, configured: str, variables: Mapping[str, str]) -> None:
    """A wrong key, or nobody there: in a sentence."""
    asked = {**variables, "KEESA_FILES": configured, "KEESA_SECRET": cast.SECRET}
    for wrong in ({"AWS_SECRET_ACCESS_KEY": "another"}, {"AWS_ENDPOINT": "http://127.0.0.1:9"}):
        done = keesa("serve", "--port", "0", place=place, variables=asked | wrong)
        assert done.status == 1
        assert f"keesa: {configured}, where files are kept (KEESA_FILES), cannot be used: " in done.err


def test_check_tells_where_files_are(
    place: Where, configured: str, variables: Mapping[str, str], tmp_path: Path
) -> None:
    """And that a desk has its files elsewhere."""
    prepare(config_of(place, configured))
    ours = {**variables, "KEESA_FILES": configured, "KEESA_SECRET": cast.SECRET}
    done = keesa("check", place=place, variables=ours)
    assert (done.status, f"ok: pictures and files in {configured}" in done.out.splitlines()) == (0, True), done.err
    done = keesa("check", place=place, variables={**ours, "KEESA_FILES": str(tmp_path / "none")})
    assert (done.status, "run `keesa file adopt`" in done.err) == (1, True)
    assert not (tmp_path / "none").exists()


def file(*words: str, where: Where, files: str, variables: Mapping[str, str]) -> tuple[int, str, str]:
    done = keesa("file", *words, place=where, variables={**variables, "KEESA_FILES": files})
    return done.status, done.out, done.err


def test_files_that_have_moved_are_adopted(
    place: Where, database: Database, configured: str, variables: Mapping[str, str], tmp_path: Path
) -> None:
    """Once all are there: then the old place is none any more."""
    prepare(config_of(place, str(tmp_path / "old")))
    owner = database.read(claims.owner)
    old, new = opened_at(str(tmp_path / "old"), owner), opened_at(configured, owner)
    name, _ = picture(database, old, ["original"])
    status, _, err = file("adopt", where=place, files=configured, variables=variables)
    assert (status, "1 pictures and files that tickets show are not in" in err) == (1, True)
    assert new.mark() is None
    put(new, b"".join(old.read(f"{name}/original")), at=name)
    status, out, err = file("adopt", where=place, files=configured, variables=variables)
    assert (status, out, err) == (0, f"pictures and files are in {configured}: 1, 3.0 kB\n", "")
    prepare(config_of(place, configured))
    with pytest.raises(Refused, match="another place's"):
        prepare(config_of(place, str(tmp_path / "old")))


def test_what_is_lost_is_told_and_what_is_in_the_bin_comes_back(
    place: Where, database: Database, configured: str, variables: Mapping[str, str]
) -> None:
    """With the tickets that show it; exit status 1 while anything is lost."""
    kept = _claimed(place, database, configured)
    name, _ = picture(database, kept)
    put(kept)
    kept.throw(f"{name}/screen")
    status, out, _ = file("check", where=place, files=configured, variables=variables)
    assert (status, out.splitlines()[:3]) == (
        0,
        [
            f"{configured}: 3 pictures and files, 9.0 kB",
            "1 were in the bin, and are back",
            "1 are needed by nobody: a sweep takes those that are a day old",
        ],
    )
    database.write(lambda tx: attach(tx, store(tx, "e" * 32, ["original"])))
    status, out, _ = file("check", where=place, files=configured, variables=variables)
    assert (status, f"lost: {'e' * 32}/original of {cast.ASSIGNED}" in out.splitlines()) == (1, True)


def test_a_sweep_by_hand(place: Where, database: Database, configured: str, variables: Mapping[str, str]) -> None:
    """Tells what it has done, and `keesa file check` tells it again."""
    kept = _claimed(place, database, configured)
    database.write(lambda tx: store(tx, "e" * 32, age=2 * 24 * 3600 * 1000))
    young = put(kept)
    status, out, _ = file("sweep", where=place, files=configured, variables=variables)
    assert (status, out) == (0, "1 rows that no ticket needs, 0 files into the bin, 0 out of it for good\n")
    assert kept.size(young)
    _, out, _ = file("check", where=place, files=configured, variables=variables)
    assert out.splitlines()[-1].endswith(": 1 rows that no ticket needs, 0 files into the bin, 0 out of it for good")


def test_a_sweep_by_hand_waits_a_little(
    place: Where,
    database: Database,
    configured: str,
    variables: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While a back-up reads all files; then it says so."""
    monkeypatch.setattr(sweeping, "PAUSE", 0.0)
    _claimed(place, database, configured)
    database.write(lambda tx: hold(tx, "one", now() + 60_000, now()))
    status, _, err = file("sweep", where=place, files=configured, variables=variables)
    assert (status, "Somebody reads all files, such as a back-up" in err) == (1, True)


def _claimed(place: Where, database: Database, configured: str) -> Place:
    prepare(config_of(place, configured))
    assert database.read(claims.owner) != DESK
    return opened_at(configured, database.read(claims.owner))
