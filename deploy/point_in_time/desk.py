"""The Keesa of the trial, its clients, and what it answers after a restore."""

import secrets
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from bench.programs import free_port
from deploy.point_in_time.machine import Machine
from deploy.trial.asking import Asking, log_in
from deploy.trial.checks import Kept
from deploy.trial.client import Client, kept_of, new_ticket
from deploy.trial.keesa import ADMIN, Keesa
from deploy.trial.kept import engineer_in
from deploy.trial.told import Told

CLIENTS: Final = 8


class Desk:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._password = secrets.token_hex(8)
        address = f"127.0.0.1:{free_port()}"
        settings = {
            "KEESA_PORT": address.rpartition(":")[2],
            "KEESA_WORKERS": "2",
            "KEESA_DATA": str(machine.folder / "keesa"),
            "KEESA_DATABASE_URL": f"postgresql://keesa:{machine.password}@127.0.0.1:{machine.port}/keesa",
        }
        self.keesa = Keesa(address, machine.folder / "log/keesa.log", settings)

    def open(self) -> None:
        self.start()
        self.keesa.make_people(self._password)

    def start(self) -> None:
        self.keesa.start()
        self.keesa.wait_until_ready()

    def log_in(self) -> str:
        """A token."""
        return log_in(self.keesa.address, ADMIN, self._password)

    @contextmanager
    def working(self, name: str) -> Iterator[list[Told]]:
        """Clients of these names work meanwhile; when it ends, the list is whole."""
        stop, token = threading.Event(), self.log_in()
        with self._machine.connect() as connection:
            engineer = engineer_in(connection)
        names = [f"{name}, client {number}" for number in range(CLIENTS)]
        clients = [Client(each, [self.keesa.address], token, engineer, stop) for each in names]
        for client in clients:
            client.start()
        try:
            yield [client.told for client in clients]
        finally:
            stop.set()
            for client in clients:
                client.join()

    def differences(self, numbers: Collection[int], kept: Mapping[int, Kept], taken: Collection[int]) -> list[str]:
        """A sentence for each of the tickets that Keesa does not answer as the database holds it. It has to raise one
        more, too, by a number that is not `taken`.
        """
        asking, found = Asking(self.keesa.address, self.log_in()), []
        for number in numbers:
            answer = asking.get(f"/api/v1/tickets/{number}")
            shown = kept_of(answer.body) if answer.good else None
            if shown != kept.get(number) or (shown is None and answer.status != 404):
                found.append(f"{number} is answered with {answer.status}, {shown}")
        raised = asking.ask("POST", "/api/v1/tickets", new_ticket("after the restore"))
        if not raised.good or int(raised.body["ticket_number"]) in taken:
            found.append(f"a new ticket is answered with {raised.status}, {raised.body}")
        asking.close()
        return found

    def status_with(self, token: str) -> int:
        asking = Asking(self.keesa.address, token)
        status = asking.get("/api/v1/tickets?limit=1").status
        asking.close()
        return status
