"""One desk for both commits: made by the older one, copied for each server, and migrated by the newer one."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from bench.beside.commits import SetUp
from bench.beside.measuring import ITSELF, NEWER, OLDER
from bench.dataset import EnginePlace, World, postgres, sqlite
from bench.dataset.world import read_world
from bench.desks import PEOPLE, Desk, Place, log_in
from bench.programs import Program, Surroundings, finish, last_words, program
from keesa.db import open_database
from keesa.db.opening import SQLITE_FILE
from live import UNMET
from postgres_server import PostgresServer

_LOADING: Final = 3600
_STARTING: Final = 60
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Side:
    """A commit with a copy of the desk."""

    commit: SetUp
    place: Place


def sides(
    older: SetUp, newer: SetUp, server: PostgresServer | None, tickets: int, seed: int, folder: Path
) -> tuple[Mapping[str, Side], World]:
    """The three servers' sides by name, and what there is to ask for. The copies lie in `folder`, or on `server`.

    The older commit's own loader makes the desk, since a newer one may make another, or need columns that the older
    one lacks; the newer commit migrates its copy, as an operator's upgrade does. So all rows are the same.
    """
    whole = EnginePlace(older.folder / ("postgres" if server else "sqlite"), server.url("bench") if server else None)
    pristine = whole.pristine(tickets, seed)
    around = Surroundings(folder / "loading.log", folder=older.tree)
    how = [f"--tickets={tickets}", f"--seed={seed}", *_options(pristine.data, pristine.database_url)]
    finish([str(older.python), "-m", "bench.dataset", *how], around, seconds=_LOADING)
    found = {}
    for name, commit in ((OLDER, older), (ITSELF, older), (NEWER, newer)):
        url = postgres.named(whole.database_url, name) if whole.database_url else None
        found[name] = Side(commit, Place(folder / name, url, server.pid if server else None))
        _copy(pristine, found[name].place)
    place = found[NEWER].place
    finish([str(newer.keesa), "migrate", *_options(place.data, place.database_url)], around, seconds=_LOADING)
    for side in found.values():
        _analyze(side.place)
    return found, _world(place, tickets)


@contextmanager
def serving(side: Side, world: World) -> Iterator[Desk]:
    """`keesa serve` of the side's commit, as an operator starts it, with new sessions of its people."""
    log = side.place.data / "serve.log"
    log.unlink(missing_ok=True)
    options = _options(side.place.data, side.place.database_url)
    begun = time.perf_counter()
    around = Surroundings(log, environment=UNMET if _has_rates(side.commit) else {})
    with program([str(side.commit.keesa), "serve", "--port=0", *options], around) as started:
        url = _address(started, log)
        took = time.perf_counter() - begun
        opened = {person: log_in(url, getattr(world, person)) for person in PEOPLE}
        access = {person: answer["access"] for person, answer in opened.items()}
        refresh = {person: answer["refresh"] for person, answer in opened.items()}
        yield Desk(url, started.pid, side.place, world, access, refresh, took)


def _has_rates(commit: SetUp) -> bool:
    """Whether it knows how often a caller may ask: an older one refuses the settings."""
    settings = commit.tree / "src/keesa/config/settings.py"
    return settings.is_file() and "requests_per_user" in settings.read_text("utf-8")


def _address(started: Program, log: Path) -> str:
    end = time.monotonic() + _STARTING
    while True:
        if found := re.search(r"^Keesa serves on (http://\S+)$", log.read_text("utf-8", "replace"), re.MULTILINE):
            return found[1]
        started.require_alive()
        if time.monotonic() > end:
            raise RuntimeError(f"keesa serve did not come up within {_STARTING} seconds: {last_words(log)}")
        time.sleep(0.02)


def _options(data: Path, database_url: str | None) -> list[str]:
    return [f"--data={data}", *([f"--database-url={database_url}"] if database_url else [])]


def _copy(pristine: EnginePlace, place: Place) -> None:
    place.data.mkdir(mode=0o700, parents=True)
    if pristine.database_url and place.database_url:
        postgres.copy(pristine.database_url, place.database_url)
    else:
        sqlite.copy(pristine.data / SQLITE_FILE, place.data)


def _analyze(place: Place) -> None:
    """Now, and not by the server itself amid the measuring."""
    if place.database_url:
        with psycopg.connect(place.database_url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")


def _world(place: Place, tickets: int) -> World:
    database = open_database(place.data, place.database_url)
    try:
        return database.read(lambda tx: read_world(tx, tickets))
    finally:
        database.close()
