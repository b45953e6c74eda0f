"""`keesa backup --changes`, as an operator or the server runs it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import cast
from command import keesa
from desks import OWN, back_up, rows_of
from keesa.backup import keys, records
from keesa.backup.making import Extra, quietly
from keesa.backup.manifest import Manifest
from keesa.backup.places import name_of
from keesa.backup.snapshots import take
from keesa.cli.serving import chores_of
from keesa.cli.snapshots import Snapshots
from keesa.clock import now
from keesa.config import Config
from keesa.desk import find
from keesa.errors import Refused
from live import LiveServer
from places import NewPlace, Place, opened
from waiting import wait_until

PHRASE = {"KEESA_BACKUP_PASSPHRASE": "a phrase for tests alone"}
DAY = 24 * 3600 * 1000


pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "back-ups"


@pytest.fixture
def taking(place: Place, to: Path) -> Snapshots:
    return Snapshots(Config(data=place.data, backup_to=str(to), backup_keep=1))


def full_and_snapshots(to: Path) -> tuple[list[Path], list[Path]]:
    found = sorted(to.glob("*.keesa"))
    return [path for path in found if "since" not in path.name], [path for path in found if "since" in path.name]


def full_one(place: Place, to: Path, days: int, extras: Sequence[Extra] = ()) -> Path:
    """That was made so many days ago, as its name tells."""
    with opened(place) as database:
        desk = database.read(find)
    return back_up(place, to, name_of(desk.id, now() - days * DAY), extras)


def test_a_desk_comes_back_from_a_snapshot(place: Place, new_place: NewPlace, to: Path) -> None:
    """As `keesa backup` and `keesa restore` have it, with what `keesa check` tells; the key comes with the full one."""
    (place.data / "secret.key").write_text("k" * 128)
    (place.data / "secret.key").chmod(0o600)
    base = full_one(place, to, 0, keys.encrypted(place.data, PHRASE["KEESA_BACKUP_PASSPHRASE"]))
    done = keesa("backup", "--to", str(to), "--changes", place=place)
    assert (done.status, " blocks, in " in done.out) == (0, True), done.err
    [made] = full_and_snapshots(to)[1]
    elsewhere, before = new_place(), rows_of(place)
    done = keesa("restore", str(made), "--with-key", place=elsewhere, variables=PHRASE)
    assert (done.status, done.err.count("reading")) == (0, 2), done.err
    assert f"  what has changed since {base.name}: " in done.out
    assert "  3 customers, 6 users, 5 tickets, 2 ticket_notes" in done.out.splitlines()
    assert (elsewhere.data / "secret.key").read_text() == "k" * 128
    after = rows_of(elsewhere)
    assert {name for name in before if before[name] != after[name]} <= set(OWN)
    assert json.loads(keesa("check", "--json", place=place).out)["snapshot"]["name"] == made.name


def test_one_stands_on_the_newest_full_back_up(place: Place, to: Path, taking: Snapshots) -> None:
    """The older one goes once nothing stands on it."""
    full_one(place, to, 0)
    assert "changes-since" in taking.take(quietly)[0]
    [base], [made] = full_and_snapshots(to)
    assert made.name.endswith(f"since-{base.stem.rpartition('-')[2]}.keesa")
    newest = full_one(place, to, -1)
    assert f"since-{newest.stem.rpartition('-')[2]}" in taking.take(quietly)[0]
    assert {base, newest} == set(full_and_snapshots(to)[0])


@pytest.mark.parametrize("fault", ["none", "old", "damaged", "without sums", "too many changes"])
def test_where_there_is_none_to_stand_on_a_full_one_is_made(
    place: Place, to: Path, taking: Snapshots, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """None at all, one of days ago, one that is no back-up, one of a Keesa that knew no snapshots, and one since which
    too much has changed.
    """
    match fault:
        case "old":
            full_one(place, to, 2)
        case "damaged":
            made = full_one(place, to, 0)
            made.write_bytes(made.read_bytes()[:-1])
        case "without sums":
            full_one(place, to, 0)
            monkeypatch.setattr("keesa.backup.snapshots.SUMS", "none")
        case "too many changes":
            full_one(place, to, 0)
            monkeypatch.setattr("keesa.backup.snapshots.SMALL", -1)
            monkeypatch.setattr("keesa.backup.snapshots.SHARE", 10**9)
    monkeypatch.setattr("keesa.cli.full_backup.name_of", lambda desk, at: name_of(desk, at + 60_000))
    assert "5 tickets, 2 notes" in taking.take(quietly)[0]
    assert full_and_snapshots(to)[1] == []
    monkeypatch.undo()
    assert "changes-since" in taking.take(quietly)[0]


def test_one_whose_base_goes_meanwhile_goes_too(
    place: Place, to: Path, taking: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be of no use; the next one stands on what is there then."""
    base = full_one(place, to, 0)

    def take_and_remove(*arguments: Any) -> Manifest:  # noqa: ANN401 - whatever it takes
        base.unlink()
        return take(*arguments)

    monkeypatch.setattr("keesa.cli.snapshots.take", take_and_remove)
    with pytest.raises(Refused, match="was removed while a snapshot was taken"):
        taking.take(quietly)
    assert list(to.iterdir()) == []
    monkeypatch.undo()
    assert "5 tickets, 2 notes" in taking.take(quietly)[0]


def test_while_a_full_one_is_made_there_is_none(place: Place, to: Path, taking: Snapshots) -> None:
    """Where it would make another one itself; that is no failure."""
    with opened(place) as database:
        assert database.write(lambda tx: records.begin_if_due(tx, now(), 0))
    assert "a full back-up is being made" in taking.take(quietly)[0]
    assert not to.exists()


def test_the_next_one_is_due_after_the_last(place: Place, to: Path, taking: Snapshots) -> None:
    """Whoever has made that, and of whichever kind; a clock that was set back makes no longer gap."""
    assert taking.due_in(5) == 0
    taking.take(quietly)
    assert 299 < taking.due_in(5) <= 300
    with opened(place) as database:
        record = database.read(records.last)
        assert record is not None
        snapshot = records.Record(now() - 240_000, "x", str(to), 1, 1.0, 1, 1)
        database.write(lambda tx: records.keep_snapshot(tx, snapshot))
        database.write(lambda tx: records.keep(tx, records.Record(now() - 400_000, "x", str(to), 1, 1.0, 1, 1)))
        assert 59 < taking.due_in(5) <= 60
        database.write(lambda tx: records.keep(tx, records.Record(now() + DAY, "x", str(to), 1, 1.0, 1, 1)))
        assert taking.due_in(5) == 300


def test_the_server_takes_them_by_itself(place: Place, to: Path) -> None:
    """Where it was told to; they end with it."""
    full_one(place, to, 0)
    settings = {"KEESA_BACKUP_TO": str(to), "KEESA_SNAPSHOT_EVERY": "1", "KEESA_SECRET": cast.SECRET}
    with LiveServer(place.data, place.url, "--workers", "1", **settings) as server:
        wait_until(lambda: bool(full_and_snapshots(to)[1]))
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if '"snapshots"' in line]
    assert [(line["event"], line["status"]) for line in lines] == [("done", 0)]


def test_what_cannot_be_is_refused_in_a_sentence(place: Place, to: Path) -> None:
    """And nothing is made."""
    url = "postgresql://nobody@127.0.0.1:1/none"
    for config, said in (
        (Config(data=place.data), "Say where to: --to, or KEESA_BACKUP_TO"),
        (Config(data=place.data, backup_to="s3://somewhere/else"), "Snapshots go into a folder, not to S3"),
        (Config(data=place.data, backup_to=str(to), database_url=url), r"docs/point-in-time\.md"),
    ):
        with pytest.raises(Refused, match=said):
            Snapshots(config)
        with pytest.raises(
            Refused, match=r"KEESA_SNAPSHOT_EVERY is set: say where to" if not config.backup_to else said
        ):
            chores_of(replace(config, snapshot_every=5))
    done = keesa("backup", "--to", str(to), "--changes", "--with-key", place=place)
    assert (done.status, "--changes goes without --with-key" in done.err) == (1, True), done.err
    assert not to.exists()
