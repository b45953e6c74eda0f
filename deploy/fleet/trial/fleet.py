"""The three machines together, as docs/fleet.md has them, on this one's loopback."""

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.fleet.fill import fill
from deploy.fleet.trial.database import USER, Cluster, DatabaseMachine
from deploy.fleet.trial.network import Network
from deploy.fleet.trial.node import BALANCER, Node
from deploy.fleet.trial.places import MACHINES, NODES, Values, choose
from deploy.trial.asking import log_in
from deploy.trial.checks import Kept
from deploy.trial.kept import Connection, engineer_in, kept_in


class Fleet:
    def __init__(self, folder: Path, values: Mapping[int, Values], network: Network) -> None:
        self._values = values
        self.network = network
        """Of the first node."""
        self.password = secrets.token_hex(8)
        for number in MACHINES:
            _make_folders(folder / f"keesa{number}")
            fill(values[number], folder / f"keesa{number}" / "etc")
            _give_away(folder / f"keesa{number}")
        self.cluster = Cluster([DatabaseMachine(values[n], folder / f"keesa{n}") for n in MACHINES])
        self.nodes = [Node(n, values[n], folder / f"keesa{n}") for n in NODES]

    @property
    def desks(self) -> list[str]:
        """Where clients find it: HAProxy of each node's machine."""
        return [node.desk for node in self.nodes]

    def start(self) -> None:
        self.cluster.start()
        self._make_database()
        for node in self.nodes:
            node.start()
            node.start_keesa()
            if node is self.nodes[0]:
                node.keesa.make_people(self.password)

    def kill(self) -> None:
        for node in self.nodes:
            node.kill()
        self.cluster.kill()

    def token(self, user: str, node: Node) -> str:
        return log_in(node.address, user, self.password)

    def kept(self) -> dict[int, Kept]:
        """Every ticket, as the primary has it."""
        with self._connect("keesa") as connection:
            return kept_in(connection)

    def engineer(self) -> int:
        with self._connect("keesa") as connection:
            return engineer_in(connection)

    def _make_database(self) -> None:
        password = sql.Literal(self._values[1]["KEESA_PASSWORD"])
        with self._connect("postgres") as connection:
            connection.execute(sql.SQL("CREATE ROLE keesa LOGIN PASSWORD {}").format(password))
            connection.execute("CREATE DATABASE keesa OWNER keesa TEMPLATE template0 ENCODING 'UTF8'")

    def _connect(self, database: str) -> Connection:
        """To the primary itself."""
        host, _, port = self.cluster.primary().address.rpartition(":")
        password = self._values[1]["SUPERUSER_PASSWORD"]
        return psycopg.connect(
            host=host, port=port, dbname=database, user="postgres", password=password, autocommit=True
        )


@contextmanager
def running(folder: Path) -> Iterator[Fleet]:
    """None of its processes is left, however it ends."""
    values = choose(folder)
    with Network(values[NODES[0]], folder / "link.log") as network:
        values[NODES[0]] |= network.addresses
        fleet = Fleet(folder, values, network)
        try:
            fleet.start()
            yield fleet
        finally:
            fleet.kill()


def _make_folders(place: Path) -> None:
    for name in ("data", "run", "etc", "haproxy", "logs"):
        (place / name).mkdir(parents=True, mode=0o755)
    place.parent.chmod(0o755)


def _give_away(place: Path) -> None:
    """Each program's user owns what it reads and writes; the logs are root's, who opens them."""
    for path in (place / "data", place / "run", *(place / "etc").iterdir()):
        shutil.chown(path, USER, USER)
    for path in (place / "haproxy", place / "etc/haproxy.cfg"):
        shutil.chown(path, BALANCER, BALANCER)
