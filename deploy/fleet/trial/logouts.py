"""Whether a logout on one node counts at once on the other, and for good."""

from typing import Final

from deploy.fleet.trial.fleet import Fleet
from deploy.trial.asking import Asking
from deploy.trial.keesa import VISITOR

TRIES: Final = 10


class Logouts:
    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._ended: list[str] = []

    def late(self) -> int:
        """How many sessions were good on some node after their logout was answered; those of earlier calls too, which
        a fail-over must not bring back.
        """
        late = sum(_is_good(node.address, token) for token in self._ended for node in self._fleet.nodes)
        for number in range(TRIES):
            here, there = self._fleet.nodes[:: 1 if number % 2 else -1]
            token = self._fleet.token(VISITOR, here)
            if not _is_good(there.address, token):
                raise RuntimeError(f"a new session is not good at {there.name}")
            _log_out(here.address, token)
            late += _is_good(there.address, token)
            self._ended.append(token)
        return late


def _log_out(address: str, token: str) -> None:
    asking = Asking(address, token)
    answer = asking.ask("DELETE", "/api/v1/auth/logout")
    asking.close()
    if not answer.good:
        raise RuntimeError(f"{address} answers a logout with {answer}")


def _is_good(address: str, token: str) -> bool:
    """Whether the node takes it; any answer but 200 and 401 is an error."""
    asking = Asking(address, token)
    status = asking.get("/api/v1/tickets?limit=1").status
    asking.close()
    if status not in (200, 401):
        raise RuntimeError(f"{address} answers {status}")
    return status == 200
