"""One fault at a time, while clients write and read; and what is found afterwards."""

import threading
import time
from dataclasses import dataclass
from typing import Final

from deploy.fleet.trial.agreement import Agreement, agree
from deploy.fleet.trial.faults import Fault
from deploy.fleet.trial.fleet import Fleet
from deploy.fleet.trial.logouts import Logouts
from deploy.trial.checks import Verdict, judge
from deploy.trial.client import Client
from deploy.trial.keesa import ADMIN
from deploy.trial.processes import wait_until
from deploy.trial.told import Told, longest_gap, together

CLIENTS: Final = 32
QUIET: Final = 5.0
"""Seconds of work before the fault, and after it."""


@dataclass(frozen=True)
class Outcome:
    fault: Fault
    told: Told
    gap: float
    verdict: Verdict
    agreement: Agreement
    late_logouts: int
    workers_stayed: bool

    @property
    def faults(self) -> list[str]:
        """A sentence for each thing that must not be."""
        found = [*self.verdict.lost, *self.verdict.doubled, *self.verdict.numbers, *self.told.went_back]
        found += self.agreement.differences
        if self.late_logouts:
            found.append(f"{self.late_logouts} ended sessions were good on some node")
        if self.fault.longest_gap is not None and self.gap >= self.fault.longest_gap:
            found.append(f"no write for {self.gap:.1f} s: {self.fault.longest_gap:.0f} are allowed")
        if not (self.workers_stayed or self.fault.restarts_keesa):
            found.append("workers of Keesa ended")
        return found


class Rehearsal:
    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._tokens = [fleet.token(ADMIN, fleet.nodes[number % 2]) for number in range(CLIENTS)]
        self._engineer = fleet.engineer()
        self._logouts = Logouts(fleet)
        self._round = 0

    def put_to(self, fault: Fault) -> Outcome:
        fleet, before = self._fleet, [node.workers() for node in self._fleet.nodes]
        clients, stop = self._clients()
        try:
            time.sleep(QUIET)
            fault.do(fleet, lambda: _writes_go_on(clients))
            time.sleep(QUIET)
            end = time.monotonic()
        finally:
            stop.set()
            for client in clients:
                client.join()
        told = together(client.told for client in clients)
        return Outcome(
            fault,
            told,
            longest_gap(told.acknowledged, end),
            judge(told, fleet.kept()),
            agree(fleet, told, self._tokens[0]),
            self._logouts.late(),
            before == [node.workers() for node in fleet.nodes],
        )

    def _clients(self) -> tuple[list[Client], threading.Event]:
        stop, clients = threading.Event(), []
        self._round += 1
        for number, token in enumerate(self._tokens):
            turned = self._fleet.desks[number % 2 :] + self._fleet.desks[: number % 2]
            clients.append(Client(f"round {self._round}, client {number}", turned, token, self._engineer, stop))
            clients[-1].start()
        return clients, stop


def _writes_go_on(clients: list[Client]) -> None:
    """Until each of most clients has been told of a new write."""
    before = [len(client.told.acknowledged) for client in clients]

    def most_went_on() -> bool:
        went_on = sum(len(c.told.acknowledged) > n + 1 for c, n in zip(clients, before, strict=True))
        return went_on > len(clients) * 3 // 4

    wait_until("writes go on", most_went_on)
