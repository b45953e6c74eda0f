"""Through engines and rows: what is measured, measured again, and told."""

import fcntl
import json
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from bench.beside.commits import Commit, SetUp, find_commit, repository_of, set_up
from bench.beside.desks import Side, serving, sides
from bench.beside.measuring import Measured, Unfit, measure
from bench.beside.rows import chosen_rows
from bench.beside.telling import Row, status, told
from bench.beside.verdicts import FEWEST_TURNS, verdict
from bench.dataset import World
from bench.desks import server_of
from bench.engines import Engine
from bench.wrk import require_wrk
from keesa.errors import Refused

SEED: Final = 1
TRIES: Final = 3
"""Of a row that is too noisy, each with servers started anew."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured; `seconds` of each server in each turn."""

    tickets: int
    turns: int
    seconds: float


def run(rev: str, engines: Sequence[Engine], words: Sequence[str] | None, effort: Effort, folder: Path) -> int:
    """Measure HEAD beside `rev`, and print it; 0 where no row is slower, 1 where one is or fails, 3 where one stays
    too noisy. Raises `Refused` before anything is begun.
    """
    _require_wrk()
    rows = chosen_rows(words)
    if effort.turns < FEWEST_TURNS:
        raise Refused(f"{effort.turns} turns are too few to tell anything: at least {FEWEST_TURNS}")
    repository = repository_of(Path.cwd())
    older, newer = find_commit(repository, rev), find_commit(repository, "HEAD")
    found: list[Row] = []
    with _ended_by_signals(), _alone_in(folder := folder.absolute()) as copies:
        installed = [_installed(repository, commit, folder) for commit in (older, newer)]
        for engine in engines:
            for row in _on_engine(engine, installed[0], installed[1], rows, effort, copies):
                found.append(row)
                print(f"{engine}, {row.name}: {row.verdict} {row.failure}", file=sys.stderr, flush=True)
                _keep(found, folder / "results.json")
    print(f"{newer.told}\nbeside {older.told}; {effort.turns} turns, {effort.tickets:,} tickets\n\n{told(found)}")
    return status(found)


def _require_wrk() -> None:
    try:
        require_wrk()
    except SystemExit as missing:
        raise Refused(str(missing)) from missing


def _installed(repository: Path, commit: Commit, folder: Path) -> SetUp:
    try:
        return set_up(repository, commit, folder)
    except (RuntimeError, OSError) as failure:
        raise Refused(f"{commit.told!r} cannot be set up: {failure}") from failure


def _on_engine(
    engine: Engine, older: SetUp, newer: SetUp, rows: Sequence[str], effort: Effort, copies: Path
) -> Iterator[Row]:
    folder = copies / engine
    folder.mkdir()
    with server_of(engine) as server:
        made, world = sides(older, newer, server, effort.tickets, SEED, folder)
        for name in rows:
            yield _row(engine, name, made, world, effort)


def _row(engine: Engine, name: str, made: Mapping[str, Side], world: World, effort: Effort) -> Row:
    """Measured again where the older commit differs from itself, up to `TRIES` times."""
    found: Measured | None = None
    for tries in range(1, TRIES + 1):
        try:
            with ExitStack() as stack:
                desks = {each: stack.enter_context(serving(side, world)) for each, side in made.items()}
                found = measure(name, desks, effort.seconds, effort.turns, SEED + tries)
        except Unfit as failure:
            return Row(engine, name, "fails", tries, None, str(failure))
        if (judged := verdict(found.newer, found.itself)) != "too noisy":
            return Row(engine, name, judged, tries, found)
    return Row(engine, name, "too noisy", TRIES, found)


@contextmanager
def _alone_in(folder: Path) -> Iterator[Path]:
    """A place for the copies of this run: what a killed one left there is gone before, and this one's afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise Refused(f"Another comparison is under way in {folder}, and would be measured too") from busy
        copies = folder / "copies"
        shutil.rmtree(copies, ignore_errors=True)
        copies.mkdir(mode=0o700)
        try:
            yield copies
        finally:
            shutil.rmtree(copies, ignore_errors=True)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """As by Ctrl-C: servers are stopped, copies removed."""
    before = {number: signal.signal(number, _exit) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def _keep(rows: Sequence[Row], file: Path) -> None:
    kept: list[dict[str, Any]] = [asdict(row) for row in rows]
    file.write_text(f"{json.dumps(kept, indent=1)}\n", "utf-8")
