"""Whether every node answers with what is kept, and with the same."""

from dataclasses import dataclass, field
from typing import Any

from deploy.fleet.trial.fleet import Fleet
from deploy.trial.asking import Asking
from deploy.trial.checks import judge
from deploy.trial.client import kept_of
from deploy.trial.told import Told


@dataclass
class Agreement:
    tickets: int = 0
    differences: list[str] = field(default_factory=list)


def agree(fleet: Fleet, told: Told, token: str) -> Agreement:
    """Every acknowledged ticket and a list, asked of each node itself; nobody writes meanwhile."""
    paths = [f"/tickets/{ticket.number}" for ticket in told.tickets] + ["/tickets?limit=100"]
    answers = [_answers(node.address, paths, token) for node in fleet.nodes]
    found = Agreement(len(told.tickets))
    found.differences = [
        f"{path} differs between the nodes" for path in paths if len({str(a[path]) for a in answers}) > 1
    ]
    kept = fleet.kept()
    for node, answered in zip(fleet.nodes, answers, strict=True):
        shown = {ticket.number: answered[f"/tickets/{ticket.number}"] for ticket in told.tickets}
        views = {number: kept_of(body) for number, body in shown.items() if body is not None}
        verdict = judge(told, views)
        found.differences += [f"{node.name}: {fault}" for fault in (*verdict.lost, *verdict.doubled, *verdict.numbers)]
        found.differences += [
            f"{node.name} shows an old {number}" for number, view in views.items() if view != kept.get(number)
        ]
    return found


def _answers(address: str, paths: list[str], token: str) -> dict[str, Any]:
    """The body of each; None where it is none."""
    asking = Asking(address, token)
    answers = {path: asking.get(f"/api/v1{path}") for path in paths}
    asking.close()
    return {path: answer.body if answer.good else None for path, answer in answers.items()}
