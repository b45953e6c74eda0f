"""The database of a machine: etcd, Patroni and the PostgreSQL that it runs; and what the cluster says of itself."""

import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from deploy.trial.asking import LOST, Asking
from deploy.trial.packages import output_of
from deploy.trial.processes import Process, children, command_of, kill_all, wait_until

USER: Final = "postgres"
"""Debian's; etcd too runs as it here, which has less to say."""


class DatabaseMachine:
    def __init__(self, values: Mapping[str, str], place: Path) -> None:
        self.name = values["NAME"]
        self.address, self.patroni_address = values["POSTGRES"], values["PATRONI"]
        self.config = place / "etc/patroni.yml"
        self._data = Path(values["POSTGRES_DATA"])
        settings = environment_of(place / "etc/etcd.env")
        self._etcd = Process(["etcd"], place / "logs/etcd.log", user=USER, environment=settings)
        self._patroni = Process(["patroni", str(self.config)], place / "logs/patroni.log", user=USER)

    def start(self) -> None:
        self._etcd.start()
        self._patroni.start()

    def kill(self) -> None:
        """As a machine dies: every process of its database at once."""
        postgres = self._postgres()
        kill_all(postgres[:1])  # Patroni would start it again
        self._patroni.kill()
        self._etcd.kill()
        kill_all(postgres)

    def silence(self) -> None:
        """Nothing of what it writes from now on reaches the standbys."""
        senders = [process for process in self._postgres() if "walsender" in command_of(process)]
        assert len(senders) == 2, senders
        for process in senders:
            os.kill(process, signal.SIGSTOP)

    def require_alive(self) -> None:
        self._etcd.require_alive()
        self._patroni.require_alive()

    def _postgres(self) -> Sequence[int]:
        """The postmaster, which is in a session of its own, and its children."""
        with suppress(FileNotFoundError, ValueError, IndexError):
            postmaster = int((self._data / "postmaster.pid").read_text().splitlines()[0])
            return [postmaster, *children(postmaster)]
        return []


class Cluster:
    """All three."""

    def __init__(self, machines: Sequence[DatabaseMachine]) -> None:
        self.machines = machines

    def start(self) -> None:
        for machine in self.machines:
            machine.start()
        self.wait_until_whole()

    def kill(self) -> None:
        for machine in self.machines:
            machine.kill()

    def wait_until_whole(self) -> None:
        """One primary, one synchronous standby and one more, on one timeline."""
        wait_until("a primary with two standbys", self._is_whole, 120)

    def primary(self) -> DatabaseMachine:
        return self._with_role("leader")

    def synchronous_standby(self) -> DatabaseMachine:
        return self._with_role("sync_standby")

    def switch_over(self) -> None:
        """To the synchronous standby, as docs/fleet.md has it."""
        primary, standby = self.primary(), self.synchronous_standby()
        names = ["--leader", primary.name, "--candidate", standby.name]
        output_of(["patronictl", "-c", str(primary.config), "switchover", *names, "--force"])

    def _with_role(self, role: str) -> DatabaseMachine:
        [name] = [member["name"] for member in self._members() if member["role"] == role]
        return next(machine for machine in self.machines if machine.name == name)

    def _is_whole(self) -> bool:
        for machine in self.machines:
            machine.require_alive()
        members = self._members()
        return (
            sorted(member["role"] for member in members) == ["leader", "replica", "sync_standby"]
            and all(member["state"] in ("running", "streaming") for member in members)
            and len({member.get("timeline") for member in members}) == 1
        )

    def _members(self) -> list[dict[str, Any]]:
        """As the first Patroni that answers sees them; none where none does."""
        for machine in self.machines:
            asking = Asking(machine.patroni_address, deadline=5)
            with suppress(*LOST):
                members: list[dict[str, Any]] = asking.get("/cluster").body["members"]
                return members
        return []


def environment_of(file: Path) -> dict[str, str]:
    """The lines of a file as systemd's EnvironmentFile= reads them."""
    lines = (line.partition("=") for line in file.read_text("utf-8").splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in lines}
