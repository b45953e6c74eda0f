"""What is done to the fleet while its clients work. Each function returns when the fleet is whole again."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from deploy.fleet.trial.fleet import Fleet
from deploy.fleet.trial.node import Node
from deploy.trial.processes import wait_until

CUT_SECONDS: Final = 25
"""Longer than anything waits: Keesa 15 seconds for an answer, HAProxy 20 for Keesa."""
SILENT_SECONDS: Final = 1
"""That a primary goes on before it dies, and its standbys hear nothing of it."""
WritesGoOn = Callable[[], None]
"""Returns when clients have been told of new writes."""


@dataclass(frozen=True)
class Fault:
    what: str
    do: Callable[[Fleet, WritesGoOn], None]
    longest_gap: float | None = None
    """Seconds without a write that it may cost; None where no bound was set."""
    restarts_keesa: bool = False


def nothing(fleet: Fleet, writes_go_on: WritesGoOn) -> None:
    """For comparison: what the clients see on a good day."""
    time.sleep(5)
    writes_go_on()
    fleet.cluster.wait_until_whole()


def switch_over(fleet: Fleet, writes_go_on: WritesGoOn) -> None:
    fleet.cluster.switch_over()
    writes_go_on()
    fleet.cluster.wait_until_whole()


def kill_primary(fleet: Fleet, writes_go_on: WritesGoOn) -> None:
    """Its last words never reached a standby: whatever it acknowledged of them would be lost."""
    dead = fleet.cluster.primary()
    dead.silence()
    time.sleep(SILENT_SECONDS)
    dead.kill()
    writes_go_on()
    dead.start()
    fleet.cluster.wait_until_whole()


def kill_standby(fleet: Fleet, writes_go_on: WritesGoOn) -> None:
    """The synchronous one, whose word every commit waits for."""
    dead = fleet.cluster.synchronous_standby()
    dead.kill()
    writes_go_on()
    dead.start()
    fleet.cluster.wait_until_whole()


def kill_node(fleet: Fleet, writes_go_on: WritesGoOn) -> None:
    """The supervisor and its workers at once; it stays away for longer than HAProxy needs to see it."""
    dead = fleet.nodes[0]
    dead.keesa.kill()
    time.sleep(5)
    writes_go_on()
    dead.start_keesa()


def restart_nodes(fleet: Fleet, writes_go_on: WritesGoOn) -> None:
    """One after the other, as an upgrade does."""
    for node in fleet.nodes:
        for at in fleet.nodes:
            at.give(node, "drain")
        wait_until(f"no request at {node.name}", partial(_is_idle, fleet, node))
        node.restart_keesa()
        for at in fleet.nodes:
            at.give(node, "ready")
        wait_until(f"{node.name} gets requests", partial(_gets_requests, fleet, node))
        writes_go_on()


def _is_idle(fleet: Fleet, node: Node) -> bool:
    return not any(at.requests_at(node) for at in fleet.nodes)


def _gets_requests(fleet: Fleet, node: Node) -> bool:
    return all(at.gives_to(node) for at in fleet.nodes)


def cut_network(fleet: Fleet, writes_go_on: WritesGoOn) -> None:
    """Between the first node's machine and every database: bytes are neither passed nor refused."""
    fleet.network.cut()
    time.sleep(CUT_SECONDS)
    writes_go_on()
    fleet.network.join()
    fleet.nodes[0].wait_until_ready()


def restart_pgbouncer(fleet: Fleet, writes_go_on: WritesGoOn) -> None:
    """Of one node, and then of the other; each ends at once, with what is under way."""
    for node in fleet.nodes:
        node.restart_pgbouncer()
        node.wait_until_ready()
        writes_go_on()


FAULTS: Final[Mapping[str, Fault]] = {
    "nothing": Fault("no fault", nothing),
    "switchover": Fault("a switch-over", switch_over, longest_gap=10),
    "primary": Fault("SIGKILL of the primary's machine", kill_primary, longest_gap=30),
    "standby": Fault("SIGKILL of the synchronous standby's machine", kill_standby),
    "node": Fault("SIGKILL of a Keesa node", kill_node, longest_gap=2, restarts_keesa=True),
    "restart": Fault("a rolling restart of both nodes", restart_nodes, restarts_keesa=True),
    "network": Fault(f"a node cut off from the databases for {CUT_SECONDS} s", cut_network),
    "pgbouncer": Fault("PgBouncer restarted, of one node and then of the other", restart_pgbouncer),
}
