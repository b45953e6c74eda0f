"""`keesa migrate` in a process of its own, with migrations of the test's, so that it can be stopped in the middle."""

import fcntl
import pickle
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

import psycopg

from command import options as options_of
from keesa.db.migrate import Migration, migrations
from keesa.db.postgres_migrating import MIGRATION_LOCK
from live import environment
from places import Place

_HELD: Final = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND (classid, objid) = (%s, %s)"


def start_migrating(
    place: Place, *further: Migration, options: Sequence[str] = ("--no-backup",)
) -> "subprocess.Popen[str]":
    """As an operator does who has a newer program, with `further` as its last migrations. It says "begins" first."""
    return _start(further, "migrate", *options, *options_of(place))


def start_serving(place: Place, *further: Migration) -> "subprocess.Popen[str]":
    """The same with `keesa serve`."""
    return _start(further, "serve", "--port", "0", *options_of(place))


def _start(further: Sequence[Migration], *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, __file__, pickle.dumps(tuple(further)).hex(), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    )


def is_migrating(place: Place) -> bool:
    """Whether somebody has the lock that a migration runs under."""
    if place.url:
        with psycopg.connect(place.url) as other:
            row = other.execute(_HELD, [MIGRATION_LOCK >> 32, MIGRATION_LOCK & 0xFFFFFFFF]).fetchone()
        return row is not None and row[0] > 0
    with (place.data / "keesa.lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(lock, fcntl.LOCK_UN)
        return False


def _run(told: str) -> None:
    from keesa.cli import run  # noqa: PLC0415 - in that process alone
    from keesa.db import migrate  # noqa: PLC0415 - as above

    further: tuple[Migration, ...] = pickle.loads(bytes.fromhex(told))  # noqa: S301 - our own
    migrate.migrations = lambda engine: [*migrations(engine), *further]
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    run()


if __name__ == "__main__":
    _run(sys.argv.pop(1))
