"""A real PgBouncer before a PostgreSQL, on a free port, gone with the test.

The program is the machine's own, or the one that `install_clients` has unpacked. It refuses to run as root.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import urlsplit

from install_clients import PGBOUNCER
from listening import free_port, is_listening
from postgres_server import USER, owner_of_servers

PATIENCE: Final = 30.0
Mode = Literal["session", "transaction"]


class PgBouncer:
    """Before the server of `url`, with so few connections to it that its clients share them."""

    def __init__(self, folder: Path, url: str, mode: Mode, *, connections: int = 3) -> None:
        behind = urlsplit(url)
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = folder
        self._database = behind.path.lstrip("/")
        self.port = free_port()
        self._settings = _SETTINGS.format(
            behind=f"host={behind.hostname} port={behind.port} user={USER}",
            mode=mode,
            port=self.port,
            connections=connections,
        )

    @property
    def url(self) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{self._database}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Raises RuntimeError with its own words when it does not come up."""
        settings, log = self._folder / "pgbouncer.ini", self._folder / "log"
        settings.write_text(self._settings)
        program, environment = _program()
        with settings.open("rb") as given, log.open("ab") as errors:
            self._process = subprocess.Popen(
                [program, "/dev/stdin"],  # its user could not come to the file by a path through our folders
                stdin=given,
                stdout=errors,
                stderr=errors,
                env=environment,
                **owner_of_servers(),
            )
        if not is_listening(self._process, self.port, PATIENCE):
            raise RuntimeError(f"PgBouncer does not start:\n{log.read_text()}")

    def stop(self) -> None:
        """At once, with all connections. Again is no error."""
        if self._process:
            self._process.kill()  # a newer one waits for its clients when it is asked to end
            self._process.wait(PATIENCE)
        self._process = None


_SETTINGS: Final = """\
[databases]
* = {behind}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {connections}
max_client_conn = 200
"""


def _program() -> tuple[Path, dict[str, str]]:
    """And the environment that it runs in."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
    found = shutil.which("pgbouncer", path=path)
    if found:
        return Path(found), dict(os.environ)
    libraries = sorted({str(library.parent) for library in PGBOUNCER.rglob("*.so*")})
    return PGBOUNCER / "usr" / "sbin" / "pgbouncer", os.environ | {"LD_LIBRARY_PATH": os.pathsep.join(libraries)}
