"""A machine with Keesa: HAProxy, PgBouncer, and a Keesa of two workers."""

import csv
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.fleet.trial.database import environment_of
from deploy.trial.keesa import Keesa
from deploy.trial.processes import Process, children, wait_until

BACKENDS: Final = ("ready", "alive")
"""Of haproxy.cfg, each with every node."""
POOLER: Final = "postgres"
"""The user that Debian's PgBouncer runs as."""
BALANCER: Final = "haproxy"
"""HAProxy's user, from its start: one that changes it itself would not be ended with us."""


class Node:
    def __init__(self, number: int, values: Mapping[str, str], place: Path) -> None:
        self.name = f"keesa{number}"
        self.address, self.desk = values[f"KEESA{number}"], values["DESK"]
        etc, logs, data = place / "etc", place / "logs", place / "keesa"
        data.mkdir()
        self._stats = Path(values["HAPROXY_SOCKET"])
        balancing = ["haproxy", "-db", "-f", str(etc / "haproxy.cfg")]
        self.haproxy = Process(balancing, logs / "haproxy.log", user=BALANCER)
        self.pgbouncer = Process(["pgbouncer", str(etc / "pgbouncer.ini")], logs / "pgbouncer.log", user=POOLER)
        environment = environment_of(etc / "keesa.env") | {"KEESA_DATA": str(data)}
        self.keesa = Keesa(self.address, logs / "keesa.log", environment)

    def start(self) -> None:
        """All but Keesa, which needs the others' roads to the database first."""
        self.haproxy.start()
        self.pgbouncer.start()
        wait_until(f"HAProxy of {self.name}", self._stats.exists)

    def start_keesa(self) -> None:
        self.keesa.start()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        self.keesa.wait_until_ready()

    def kill(self) -> None:
        for process in (self.keesa, self.pgbouncer, self.haproxy):
            process.kill()

    def workers(self) -> tuple[int, ...]:
        """Their process ids."""
        return tuple(sorted(children(self.keesa.pid)))

    def give(self, node: "Node", state: str) -> None:
        """Have this machine's HAProxy give `node` requests (`ready`), or no new ones (`drain`)."""
        for backend in BACKENDS:
            self._tell(f"set server {backend}/{node.name} state {state}")

    def requests_at(self, node: "Node") -> int:
        """That this machine's HAProxy waits for."""
        return sum(int(row["scur"]) for row in self._statistics(node))

    def gives_to(self, node: "Node") -> bool:
        return all(row["status"] == "UP" for row in self._statistics(node))

    def _statistics(self, node: "Node") -> list[dict[str, str]]:
        rows = csv.DictReader(self._tell("show stat").removeprefix("# ").splitlines())
        return [row for row in rows if row["pxname"] in BACKENDS and row["svname"] == node.name]

    def restart_pgbouncer(self) -> None:
        """As a service manager that does not wait for what is under way."""
        self.pgbouncer.stop(signal.SIGTERM)
        self.pgbouncer.start()

    def restart_keesa(self) -> None:
        self.keesa.stop()
        self.start_keesa()

    def _tell(self, command: str) -> str:
        """HAProxy's answer on its socket."""
        with socket.socket(socket.AF_UNIX) as talking:
            talking.settimeout(5)
            talking.connect(str(self._stats))
            talking.sendall(f"{command}\n".encode())
            return b"".join(iter(lambda: talking.recv(65536), b"")).decode()
