"""PostgreSQL on another machine: what is measured in which turns, what it is compared with, and where it is shown."""

import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

import places
from bench import __main__ as command
from bench import report
from bench.dataset import World
from bench.desks import PEOPLE, Desk, Place
from bench.distance import ROWS, Alone, Case, Desks, measured, measuring, tables, targets
from bench.distance.measuring import ALONE, Figure
from bench.distance.telling import kept
from bench.limits import pgbench
from bench.rows import Reached
from bench.wrk import Load, Request

NUMBERS = tuple(range(2024001, 2024031))
PEOPLES = dict.fromkeys(PEOPLE, "somebody")
WORLD = World(
    tickets=30,
    **PEOPLES,
    customer_id=1,
    ticket_type="eco_support",
    category="network",
    ids=NUMBERS,
    engineers_ids=NUMBERS,
    customers_ids=NUMBERS,
    unclosed_ids=NUMBERS,
)


class Machine:
    """In place of wrk, pgbench, the processes and the proxy: what was done in which order, and what it took."""

    def __init__(self) -> None:
        self.done: list[tuple[object, ...]] = []
        self._asked = 0

    def run(self, url: str, requests: Sequence[Request], clients: int, seconds: float) -> Load:
        self.done.append((url, requests[0].method, clients, seconds))
        self._asked += 100
        return Load(clients, 100, 0.5, 2, 6, 9, 500, 1, 0)

    def run_alone(self, url: str, script: str, clients: int, seconds: float) -> tuple[int, float]:
        self.done.append((url, script, clients, seconds))
        self._asked += 100
        return 100, 400.0

    def cpu_seconds(self, processes: Sequence[int]) -> float:
        """A tenth of a millisecond a request of the database, five of the application."""
        return self._asked * (0.0001 if 7 in processes else 0.0005)

    def delay(self, distance: float) -> None:
        self.done.append((distance,))

    def reset(self) -> None:
        self._asked = 0

    def counts(self) -> SimpleNamespace:
        return SimpleNamespace(turns=self._asked * 4)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine()
    monkeypatch.setattr(measuring, "run", found.run)
    monkeypatch.setattr(measuring, "cpu_seconds", found.cpu_seconds)
    monkeypatch.setattr(pgbench, "run", found.run_alone)
    return found


def desks(machine: Any) -> Desks:  # noqa: ANN401 - it stands in for the proxy
    nowhere = Place(Path(), None, 7)
    by_workers = {number: Desk(f"{number}", number, nowhere, WORLD, PEOPLES, PEOPLES, 0) for number in (1, 2)}
    return Desks(by_workers, machine, 7, Alone("alone", "script"))


def test_every_server_is_asked_at_every_distance_in_turns(machine: Machine) -> None:
    """So that a ratio is of the same moments; and what it took is told for each request."""
    found = measured(desks(machine), ["create"], [0, 2.4], 3, 2)
    warm: list[tuple[object, ...]] = [("1", "POST", 32, 1), ("2", "POST", 32, 1)]
    asked = [("1", "POST", 32, 3), ("2", "POST", 32, 3), ("alone", "script", 32, 3)]
    assert machine.done == [*warm, *[(0,), *asked, (2.4,), *asked] * 2]
    assert {case: len(figures) for case, figures in found.items()} == {
        Case("create", workers, distance): 2 for workers in (1, 2, ALONE) for distance in (0, 2.4)
    }
    figure = found[Case("create", 2, 2.4)][1]
    assert (figure.per_second, figure.p50, figure.p99, figure.refused) == (200, 2, 6, 1)
    assert (figure.application, figure.database, figure.turns) == pytest.approx((500, 100, 4))
    alone = found[Case("create", ALONE, 2.4)][0]
    assert (alone.per_second, alone.p99) == (400, None)
    assert (alone.application, alone.database, alone.turns) == pytest.approx((0, 100, 4))


def test_every_row_is_an_endpoint(machine: Machine) -> None:
    """Asked for by its word; a read has nothing of the engine alone beside it."""
    found = measured(desks(machine), list(ROWS), [0], 1, 1)
    assert [*dict.fromkeys(case.row for case in found)] == [*ROWS]
    assert [case.row for case in found if case.workers == ALONE] == ["create"]


def figure(per_second: float, micros: float, tail: float = 2) -> Figure:
    return Figure(per_second, 2, 2 * tail, micros - 100, 100, 1.9, 4)


FOUND = {
    Case("create", 1, 0.0): [figure(900, 900), figure(1000, 1000), figure(1100, 1100)],
    Case("create", 1, 2.4): [figure(540, 900), figure(500, 1000), figure(440, 1100)],
    Case("create", 2, 0.0): [figure(1000, 1000, tail) for tail in (12, 8, 11)],
    Case("create", 2, 2.4): [figure(810, 990), figure(800, 1050), figure(704, 1320)],
    Case("create", ALONE, 2.4): [figure(2000, 300)] * 3,
    Case("one", 1, 0.0): [figure(2000, 400)] * 3,
    Case("one", 1, 2.4): [figure(1100, 400)] * 3,
}


def test_the_targets_are_ratios_round_by_round() -> None:
    """With the bounds that were set; what was not measured has no row."""
    found = {(reached.row, reached.case): reached for reached in targets(FOUND)}
    far, workers = "requests a second, 2.4 ms to 0 ms", "requests a second, 2 workers to 1"
    cpu = "CPU a request, 2 workers to 1 (counts where the cores are full)"
    alone, tail = "requests a second, to the engine alone", "durable creates, 32 clients: p99 to p50"
    assert told(found[far, "create, 1 worker"]) == (0.5, 0.5, True)
    assert told(found[far, "one ticket, 1 worker"]) == (0.55, 0.6, False)
    assert told(found[workers, "create, 2.4 ms"]) == (1.6, 1.6, True)
    assert told(found[cpu, "create, 2.4 ms"]) == (1.1, 1.1, True)
    assert told(found[alone, "create, 2.4 ms, 1 worker"]) == (0.25, 0.25, True)
    assert told(found[alone, "create, 2.4 ms, 2 workers"]) == (0.4, 0.25, True)
    assert told(found[tail, "2 workers, 0 ms"]) == (11, 10, False)
    assert told(found[far, "create, 2 workers"]) == (0.8, None, None)
    assert not [case for _, case in found if "list" in case or "0 ms, 1 worker" in case]


def told(reached: Reached) -> tuple[float, float | None, bool | None]:
    return round(reached.reached.middle, 2), reached.bound, reached.good


def results() -> dict[str, Any]:
    return {
        "machine": {"cores": "2"},
        "tickets": 10_000,
        "seconds": 2,
        "rounds": 3,
        "figures": kept(FOUND),
        "targets": [],
    }


def test_the_table_has_a_column_for_each_distance() -> None:
    """And a line for each server, with the middle of each value; errors are shown."""
    wrong = Figure(10, 1, 2, 3, 4, 1, 4, refused=2, broken=1)
    lines = tables(results() | {"figures": kept({**FOUND, Case("list", 1, 2.4): [wrong] * 2})}).splitlines()
    create = "p50 2.0, p99 4.0 ms; CPU 900 + 100 µs; 1.9 cores; 4.0 round trips"
    assert "| what | of | 0 ms | 2.4 ms |" in lines
    assert f"| create | 1 worker | 1,000/s; {create} | 500/s; {create} |" in lines
    assert any(line.startswith("| create | the engine alone |  | 2,000/s; ") for line in lines)
    assert next(line for line in lines if "failed" in line).endswith("**6 failed** |")
    assert "10,000 tickets, 32 clients, each 3 times for 2 s" in lines[0]


def test_the_page_is_written_between_its_marks(tmp_path: Path) -> None:
    """What else is on it stays, and writing it again leaves one; without marks it is left alone."""
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{report.DISTANCE_BEGIN}\nold\n{report.DISTANCE_END}\nafter {report.BEGIN}\n")
    report.write_distance(results(), page)
    once = page.read_text()
    report.write_distance(results(), page)
    assert page.read_text() == once
    assert once.startswith("before\n")
    assert once.endswith(f"{report.DISTANCE_END}\nafter {report.BEGIN}\n")
    assert "| what | of | 0 ms |" in once
    assert "old" not in once
    assert '"workers": 2' in (tmp_path / "performance/distance.json").read_text()
    page.write_text("no marks\n")
    with pytest.raises(ValueError, match="has no <!-- distance"):
        report.write_distance(results(), page)
    assert page.read_text() == "no marks\n"


def test_our_own_page_has_the_marks() -> None:
    """Of both measurements, each once."""
    text = (Path(__file__).parents[2] / command.PAGE).read_text()
    for mark in (report.BEGIN, report.END, report.DISTANCE_BEGIN, report.DISTANCE_END):
        assert text.count(mark) == 1


def options(monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:  # noqa: ANN401 - as argparse gives them
    monkeypatch.setattr(sys, "argv", ["bench", *words])
    return command._options()  # noqa: SLF001 - a part by itself


def test_a_distance_has_rows_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them where none is named, at three distances where none is; the other measurements keep theirs."""
    found = options(monkeypatch, "--distance")
    assert (found.distance, tuple(found.rows)) == ((0, 1, 2.4), tuple(ROWS))
    found = options(monkeypatch, "--distance", "0,5.5", "--rows", "note")
    assert (found.distance, tuple(found.rows)) == ((0, 5.5), ("note",))
    found = options(monkeypatch, "--rows", "bare")
    assert (found.distance, found.rows) == (None, ("bare",))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--distance", "--engine", "sqlite"], "SQLite is never on another machine"),
        (["--distance", "--rows", "bare"], "'bare' is no row: these are one, list, mix, status, note, create"),
        (["--distance", "--tickets", "300,400"], "takes one size"),
        (["--distance", "--beside", "HEAD"], "neither --beside"),
        (["--distance", "--peers"], "nor --peers"),
        (["--rows", "note"], "'note' is no row: these are bare"),
        (["--distance", "near"], "invalid _distances value"),
    ],
)
def test_what_does_not_belong_to_a_distance_is_refused(
    words: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is begun, with what would have been right."""
    with pytest.raises(SystemExit, match="2"):
        options(monkeypatch, *words)
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("engine", ["postgres"], scope="session", indirect=True)
def test_the_engine_alone_creates_in_one_statement(place: places.Place) -> None:
    """Both rows, with numbers of its own that follow the last ticket's, and none twice."""
    assert place.url is not None
    script = pgbench.create_at_once(place.url)
    assert script.count(";") == 1
    with psycopg.connect(place.url) as connection:
        before = connection.execute("SELECT max(id) FROM tickets").fetchall()[0][0]
        for _ in range(3):
            connection.execute(script.encode())
        raised = connection.execute(
            "SELECT id, tickets.status, title FROM tickets WHERE id > %s ORDER BY id", [before]
        ).fetchall()
        statuses = connection.execute("SELECT ticket_id FROM ticket_statuses WHERE ticket_id > %s", [before]).fetchall()
    assert raised == [(before + number, "open", "Raised by the engine alone") for number in (1, 2, 3)]
    assert sorted(statuses) == [(before + number,) for number in (1, 2, 3)]
