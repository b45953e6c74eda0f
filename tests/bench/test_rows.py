"""The rows of the target table: which there are on which engine."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench import rows
from bench.contending import Contender, Figure
from bench.desks import Place

FIGURE = Figure(clients=32, per_second=100, p50=2, p99=6, cpu=500, answer_bytes=9, refused=0, broken=0)
TAIL = "durable creates, 32 clients: p99 to p50"
GROUPS = "durable creates, 32 clients: to one commit each"


@pytest.mark.parametrize(
    ("url", "expected"), [(None, [GROUPS, TAIL] * 2), ("postgresql://keesa@127.0.0.1/bench", [TAIL] * 2)]
)
def test_what_groups_are_worth_is_measured_where_there_are_groups(
    url: str | None, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only SQLite commits in groups; the tail of the creates is that of either engine."""
    desk: Any = SimpleNamespace(place=Place(Path(), url, None), world=None, url="", processes=())
    monkeypatch.setattr(rows, "serving", lambda *_, **__: nullcontext(desk))
    monkeypatch.setattr(rows, "writes", lambda _: {"create": []})
    monkeypatch.setattr(rows, "alternate", alternate)
    found = list(rows.durable_creates(desk, rows.Effort(seconds=1, rounds=1)))
    assert [reached.row for reached in found] == expected
    assert {reached.reached.middle for reached in found if reached.row == TAIL} == {3}


def alternate(contenders: list[Contender], *_: object) -> dict[str, list[Figure]]:
    return {contender.name: [FIGURE] for contender in contenders}
