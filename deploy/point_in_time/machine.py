"""A PostgreSQL of Debian's in a folder of its own, with the files of `deploy/point-in-time` filled for it."""

import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import psycopg

from bench.programs import Surroundings, free_port, last_words
from deploy.point_in_time.guide import FILES, Step, blocks, command_of, setting
from deploy.trial.kept import Connection
from deploy.trial.processes import PATIENCE, Process, children, kill_all, wait_until

USER: Final = "postgres"
PROGRAMS: Final = Path("/usr/lib/postgresql/15/bin")
OWN: Final = ("data", "run", "repository", "log", "lock")
"""Folders of the user postgres."""
PATHS: Final[Mapping[str, str]] = {
    "/etc/pgbackrest": "etc/pgbackrest",
    "/etc/postgresql/15/main": "etc/postgresql/15/main",
    "/etc/systemd/system": "etc/systemd",
    "/var/lib/postgresql/15/main": "data/main",
    "/var/lib/pgbackrest": "repository",
    "/var/run/postgresql": "run",
    "/var/lib/keesa": "keesa",
}
"""What the page and its files name, and where it is in the trial's folder."""


class Machine:
    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.repository, self.data = folder / "repository", folder / "data/main"
        self.password = secrets.token_hex(20)
        self.followed: set[Step] = set()
        self._names = {name: str(folder / place) for name, place in PATHS.items()}
        self._names |= {
            "pg1-port=5432": f"pg1-port={self.port}",
            "/opt/keesa/bin/keesa": str(Path(sys.executable).parent / "keesa"),
        }
        self._log = folder / "log/postgresql.log"
        config = folder / "etc/postgresql/15/main/postgresql.conf"
        starting = [str(PROGRAMS / "postgres"), "-D", str(self.data), "-c", f"config_file={config}"]
        self._postgres = Process(starting, self._log, user=USER, environment=self._environment())

    def prepare(self) -> None:
        """A cluster as Debian makes it, and the page's files."""
        for name in (*OWN, "etc/systemd", "keesa"):
            (self.folder / name).mkdir(parents=True)
        for name in OWN:
            shutil.chown(self.folder / name, USER, USER)
        making = ["pg_createcluster", "15", "main", "--port", str(self.port), "--datadir", str(self.data)]
        self.run([*making, "--socketdir", str(self.folder / "run"), "--logfile", str(self._log)])
        self.follow(Step.FILES, folder=FILES)
        for file in (*self._installed("etc/pgbackrest"), *self._installed("etc/systemd")):
            file.write_text(self._renamed(file.read_text("utf-8")), "utf-8")
        self.follow(Step.PASSPHRASE)
        passwords = self.folder / "etc/pgpass"
        passwords.touch(mode=0o600)
        passwords.write_text(f"127.0.0.1:{self.port}:keesa:keesa:{self.password}\n")

    def _installed(self, folder: str) -> list[Path]:
        return [path for path in (self.folder / folder).iterdir() if path.is_file()]

    def start(self) -> None:
        self._postgres.start()

    def make_database(self) -> None:
        wait_until("PostgreSQL takes connections", self._takes_connections)
        for statement in (
            f"CREATE ROLE keesa LOGIN PASSWORD '{self.password}'",
            "CREATE DATABASE keesa OWNER keesa TEMPLATE template0 ENCODING 'UTF8'",
        ):
            self.run(["psql", "--command", statement], USER)

    def _takes_connections(self) -> bool:
        self._postgres.require_alive()
        return not self.status_of(["psql", "--command", "SELECT 1"], USER)

    def stop(self) -> None:
        """As Debian's service does: what clients have under way is broken off."""
        self._postgres.stop(signal.SIGINT)

    def kill(self) -> None:
        """Every process of it at once, whatever they do. Again is no error."""
        with suppress(FileNotFoundError, ValueError, IndexError):
            told = (self.data / "postmaster.pid").read_text().splitlines()
            family = _family(int(told[0]))
            self._postgres.kill()
            kill_all(family)
            self.status_of(["ipcrm", "--shmem-id", told[6].split()[1]])  # nobody else would
        self._postgres.kill()

    def follow(self, step: Step, values: Mapping[str, str] | None = None, folder: Path = Path("/")) -> str:
        """Run that block of the page as it stands there, with names and `values` of the trial's; what it prints."""
        self.followed.add(step)
        script = blocks()[step]
        for old, new in (values or {}).items():
            assert old in script, old
            script = script.replace(old, new)
        user = USER if step.user == USER else None
        try:
            return self.run(["sh", "-eu"], user, given=self._renamed(script), folder=folder)
        except subprocess.TimeoutExpired as late:
            raise RuntimeError(f"{step}: not within {PATIENCE:.0f} seconds: {last_words(self._log)}") from late

    def back_up(self, kind: str) -> None:
        self.run(*self._unit("pgbackrest-backup@.service", kind))

    def verify(self, **environment: str) -> int:
        """The status that the weekly look ends with."""
        return self.status_of(*self._unit("pgbackrest-verify.service"), **environment)

    def _unit(self, name: str, instance: str = "") -> tuple[list[str], str]:
        """What a unit of the page's starts, and as whom."""
        unit = self.folder / "etc/systemd" / name
        return command_of(unit, instance), setting(unit, "User")

    def run(self, command: Sequence[str], user: str | None = None, given: str = "", folder: Path = Path("/")) -> str:
        """What a command prints. Raises RuntimeError with it where it fails."""
        done = self._done(command, user, given, folder)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed ({done.returncode}): {given}{done.stdout}{done.stderr}")
        return done.stdout

    def status_of(self, command: Sequence[str], user: str | None = None, **environment: str) -> int:
        return self._done(command, user, environment=environment).returncode

    def _done(
        self,
        command: Sequence[str],
        user: str | None,
        given: str = "",
        folder: Path = Path("/"),
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        around = Surroundings(self._log, user=user, environment=self._environment() | dict(environment or {}))
        return subprocess.run(  # noqa: S603 - our own words, and the page's
            around.command(command),
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env=around.variables(),
            cwd=folder,
        )

    def connect(self) -> Connection:
        """As Keesa does."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, dbname="keesa", user="keesa", password=self.password, autocommit=True
        )

    def size(self) -> int:
        """Of all databases, in bytes."""
        with self.connect() as connection:
            [[size]] = connection.execute("SELECT sum(pg_database_size(oid)) FROM pg_database").fetchall()
        return int(size)

    def _renamed(self, text: str) -> str:
        return re.sub("|".join(map(re.escape, self._names)), lambda found: self._names[found[0]], text)

    def _environment(self) -> dict[str, str]:
        """What keeps Debian's programs, and pgBackRest's, to this folder."""
        return {
            "PG_CLUSTER_CONF_ROOT": str(self.folder / "etc/postgresql"),
            "PGBACKREST_CONFIG_PATH": self._names["/etc/pgbackrest"],
            "PGBACKREST_LOCK_PATH": str(self.folder / "lock"),
            "PGBACKREST_LOG_PATH": str(self.folder / "log"),
            "PGHOST": str(self.folder / "run"),
            "PGPORT": str(self.port),
            "PGPASSFILE": str(self.folder / "etc/pgpass"),
        }


def _family(process: int) -> list[int]:
    """It, and all that it and these have started."""
    return [process, *(each for child in children(process) for each in _family(child))]
