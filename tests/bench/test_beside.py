"""The comparison with an older commit: what it sets up, in which turns it asks, and what it calls slower."""

import argparse
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from math import exp
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bench.beside import Effort, measuring, run, running
from bench.beside.commits import Commit, find_commit, repository_of, set_up
from bench.beside.measuring import SERVERS, Measured, Turn, Unfit, measure, order_of_turns
from bench.beside.rows import chosen_rows, every_row, word
from bench.beside.telling import Row, status, told
from bench.beside.verdicts import BOUND, Interval, interval, verdict
from bench.dataset import World
from bench.desks import PEOPLE, Desk, Place
from bench.engines import chosen_engines
from bench.wrk import Load, Request
from keesa.errors import Refused

MAKEFILE = """
setup:
\tmkdir -p .venv/bin
\tln -s $(PYTHON) .venv/bin/python
\techo "$(ARGS)$${PYTHONPATH}$${KEESA_PORT}" >> ../made
"""
LEVEL = Interval(1, 0.99, 1.01)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits, of which the older has no data set."""
    top = tmp_path / "repository"
    top.mkdir()
    _git(top, "init", "--quiet")
    (top / "Makefile").write_text(MAKEFILE)
    (top / "requirements.lock").write_text("")
    _commit(top, "Begin")
    (top / "bench/dataset").mkdir(parents=True)
    (top / "bench/dataset/__main__.py").write_text("first = 1\n")
    _commit(top, "Add a data set")
    return top


def test_a_commit_is_set_up_by_its_own_makefile_from_what_was_committed(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder of its own, with an environment of its own, and without a word of what surrounds the benchmark."""
    for name, value in {
        "MAKEFLAGS": "-- ARGS=--beside",
        "ARGS": "--beside",
        "PYTHONPATH": "src",
        "KEESA_PORT": "1",
    }.items():
        monkeypatch.setenv(name, value)
    commit = find_commit(repository, "HEAD")
    (repository / "bench/dataset/__main__.py").write_text("second = 2\n")
    found = set_up(repository, commit, tmp_path / "beside")
    assert found.folder == tmp_path / "beside" / commit.sha
    assert (found.tree / "bench/dataset/__main__.py").read_text() == "first = 1\n"
    assert not found.python.is_relative_to(repository)
    assert found.python.exists()
    assert (found.folder / "made").read_text() == "\n"


def test_a_commit_is_set_up_once(repository: Path, tmp_path: Path) -> None:
    """What is complete is used again; what was broken off, or has lost its Python, is made anew."""
    commit, folder = find_commit(repository, "HEAD"), tmp_path / "beside"
    found = set_up(repository, commit, folder)
    (found.tree / "left").touch()
    set_up(repository, commit, folder)
    assert (found.tree / "left").exists()
    (found.folder / "ready").unlink()
    set_up(repository, commit, folder)
    assert not (found.tree / "left").exists()
    (found.tree / "left").touch()
    found.python.unlink()
    set_up(repository, commit, folder)
    assert found.python.exists()
    assert not (found.tree / "left").exists()


def test_what_cannot_be_installed_says_why(repository: Path, tmp_path: Path) -> None:
    """With the last words of whoever failed; and the next try begins anew."""
    (repository / "Makefile").write_text("setup:\n\t@echo no such wheel; false\n")
    _commit(repository, "Ask for too much")
    commit = find_commit(repository, "HEAD")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no such wheel"):
            set_up(repository, commit, tmp_path / "beside")


@pytest.mark.parametrize("rev", ["nothing", "--all", "HEAD:Makefile", "HEAD..HEAD~1", ""])
def test_what_is_no_commit_is_refused(repository: Path, rev: str) -> None:
    """Whatever git itself would make of the words."""
    with pytest.raises(Refused, match="is no commit"):
        find_commit(repository, rev)


def test_a_commit_that_can_make_no_desk_is_refused(repository: Path) -> None:
    """With what it lacks."""
    assert find_commit(repository, "HEAD").told.endswith("Add a data set")
    with pytest.raises(Refused, match=r"too old to be measured: it has no bench/dataset/__main__\.py"):
        find_commit(repository, "HEAD~1")


@pytest.mark.parametrize("name", ["Makefile", "new.py"])
def test_what_is_not_committed_is_refused(repository: Path, name: str) -> None:
    """A changed file and a new one: the result would be of no commit."""
    assert repository_of(repository / "bench") == repository
    (repository / name).write_text("")
    with pytest.raises(Refused, match=f"what is committed, and this is not: {name}; commit"):
        repository_of(repository)


def test_without_a_repository_it_is_refused(tmp_path: Path) -> None:
    """With git's own words."""
    with pytest.raises(Refused, match=r"there is none here: fatal: not a git repository"):
        repository_of(tmp_path)


def test_without_a_program_that_it_needs_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git and wrk, each with the package that brings it, before anything is begun."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match="apt-get install git"):
        repository_of(tmp_path)
    with pytest.raises(Refused, match="apt-get install wrk"):
        run("HEAD", ["sqlite"], None, Effort(300, 20, 0.1), tmp_path / "beside")
    assert not (tmp_path / "beside").exists()


def test_rows_are_chosen_by_words() -> None:
    """Each row has one of its own; an unknown one is refused, and told those that there are."""
    assert len({word(row) for row in every_row()}) == len(every_row()) > 20
    assert chosen_rows(None) == every_row()
    assert chosen_rows(["create", "list-admin"]) == ["list, admin", "create"]
    with pytest.raises(Refused, match=r"'lists' is no row .* list-admin, .* create, "):
        chosen_rows(["create", "lists"])


def test_engines_are_chosen_by_words() -> None:
    """`both` is both; an unknown one is refused, and not taken for PostgreSQL."""
    assert chosen_engines("sqlite") == ["sqlite"]
    assert chosen_engines("postgres") == ["postgres"]
    assert chosen_engines("both") == chosen_engines("postgres, sqlite") == ["sqlite", "postgres"]
    for text in ("mysql", "sqlite,mysql", ""):
        with pytest.raises(argparse.ArgumentTypeError, match="is no engine"):
            chosen_engines(text)


def test_turns_are_mixed() -> None:
    """Each server once a turn, each order equally often, and the same plan from the same seed."""
    plan = order_of_turns(24, 1)
    assert all(sorted(turn) == sorted(SERVERS) for turn in plan)
    assert {plan.count(turn) for turn in plan} == {4}
    assert plan == order_of_turns(24, 1) != order_of_turns(24, 2)
    assert len(order_of_turns(20, 1)) == 20


def test_an_interval_holds_the_truth_in_95_of_100_times() -> None:
    """Of ratios that spread evenly, and of those among which the machine spoils every tenth."""
    random = Random(1)  # noqa: S311 - the same at each run, no secret
    for spoilt in (0, 0.1):
        held = 0
        for _ in range(1000):
            noise = [random.gauss(0, 0.6 if random.random() < spoilt else 0.05) for _ in range(20)]
            found = interval([1.2 * exp(each) for each in noise])
            assert found.low <= found.middle <= found.high
            held += found.low <= 1.2 <= found.high
        assert 930 <= held <= 985


def test_an_interval_has_the_ends_of_the_tables() -> None:
    """Of six turns the extremes; of twenty, the fifty-third of the 210 means (Wilcoxon's 52 at 5 %)."""
    assert interval([1, 2, 4, 8, 16, 32]).low == pytest.approx(1)
    assert interval([1, 2, 4, 8, 16, 32]).high == pytest.approx(32)
    means = sorted((one + other) / 2 for one in range(20) for other in range(one, 20))
    assert interval([exp(each) for each in range(20)]).low == pytest.approx(exp(means[52]))
    with pytest.raises(ValueError, match="5 turns"):
        interval([1] * 5)


def test_one_spoilt_turn_moves_little() -> None:
    """A turn in which the machine did something else is no verdict."""
    found = interval([1.0, 1.01, 0.99, 1.02, 0.98] * 4 + [9.0])
    assert found.high < BOUND


@pytest.mark.parametrize(
    ("newer", "itself", "expected"),
    [
        (Interval(1.05, 1.031, 1.07), LEVEL, "slower"),
        (Interval(1.05, 1.030, 1.07), LEVEL, "open"),
        (Interval(1.00, 0.980, 1.02), LEVEL, "not slower"),
        (Interval(0.90, 0.880, 0.92), LEVEL, "faster"),
        (Interval(1.50, 1.400, 1.60), Interval(1.05, 1.031, 1.07), "too noisy"),
        (Interval(1.00, 0.980, 1.02), Interval(0.90, 0.880, 0.92), "too noisy"),
    ],
)
def test_slower_is_an_interval_above_the_bound(newer: Interval, itself: Interval, expected: str) -> None:
    """Its low end, and only where the older commit is not told apart from itself."""
    assert verdict(newer, itself) == expected


def test_the_status_tells_the_worst() -> None:
    """A row that is slower or fails counts before one that is too noisy; what is open is no fault."""
    good = _row("faster"), _row("not slower"), _row("open")
    assert status(good) == 0
    assert status([*good, _row("too noisy")]) == 3
    assert status([*good, _row("too noisy"), _row("slower")]) == 1
    assert status([*good, _row("fails")]) == 1
    assert "No row is slower (an interval whose low end is over 1.03)." in told(good)
    assert "Slower or failing: create on sqlite. Too noisy to tell: notes on sqlite" in told(
        [*good, _row("too noisy", "notes"), _row("slower", "create")]
    )


class Machine:
    """In place of wrk and of the servers: what was asked of whom, and a CPU time that the test says."""

    def __init__(self, micros: Mapping[str, float], refused: Mapping[str, int] | None = None) -> None:
        self.asked: list[tuple[str, Sequence[tuple[str, bytes]], int]] = []
        self.once: list[tuple[str, Request]] = []
        self.clients: set[int] = set()
        self._micros = micros
        self._refused = refused or {}
        self._spent = 0.0

    def run_exactly(self, url: str, requests: Sequence[Request], clients: int, count: int) -> Load:
        self.asked.append((url, tuple((request.path, request.body) for request in requests), count))
        self.clients.add(clients)
        self._spent += self._micros[url] * count / 1e6
        return Load(clients, count, count / 1000 * self._micros[url] / 100, 1, 1, 1, 100, self._refused.get(url, 0), 0)

    def cpu_seconds(self, _processes: Sequence[int]) -> float:
        return self._spent

    def ask_well(self, url: str, request: Request) -> None:
        self.once.append((url, request))
        if request.path == "/wrong":
            raise RuntimeError("/wrong answered 500")


@pytest.fixture
def desks() -> Mapping[str, Desk]:
    numbers = tuple(range(2024001, 2024031))
    people = dict.fromkeys(PEOPLE, "somebody")
    world = World(
        tickets=30,
        **people,
        customer_id=1,
        ticket_type="eco_support",
        category="network",
        ids=numbers,
        engineers_ids=numbers,
        customers_ids=numbers,
        unclosed_ids=numbers,
    )
    return {name: Desk(name, 1, Place(Path(), None, None), world, people, people, 0) for name in SERVERS}


def _measure(monkeypatch: pytest.MonkeyPatch, machine: Machine, row: str, desks: Mapping[str, Desk]) -> Measured:
    for name in ("run_exactly", "cpu_seconds", "ask_well"):
        monkeypatch.setattr(measuring, name, getattr(machine, name))
    return measure(row, desks, 0.1, 20, 1)


def test_all_servers_are_asked_for_the_same_in_turns(
    desks: Mapping[str, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many requests, the same ones, on from where the last turn ended; in the order that was drawn."""
    machine = Machine({"older": 100, "itself": 101, "newer": 150})
    found = _measure(monkeypatch, machine, "status change", desks)
    turns = [machine.asked[start : start + 3] for start in range(0, len(machine.asked), 3)][-20:]
    assert [tuple(url for url, _, _ in turn) for turn in turns] == order_of_turns(20, 1)
    assert all(len({(requests, count) for _, requests, count in turn}) == 1 for turn in turns)
    assert {count for _, _, count in machine.asked[-60:]} == {found.requests} == {100}
    every = [(request.path, request.body) for request in measuring.requests_of(desks["older"])["status change"]]
    begins = [every.index(turn[0][1][0]) for turn in turns]
    assert begins == [(begins[0] + 100 * position) % len(every) for position in range(20)]
    assert len(set(begins)) == 3
    assert [found.micros(name) for name in SERVERS] == pytest.approx([100, 101, 150])
    assert found.newer.low == pytest.approx(1.5)
    assert found.itself.high == pytest.approx(1.01)


@pytest.mark.parametrize(("row", "clients"), [("create", 8), ("create, 32 clients", 32)])
def test_creates_are_asked_for_by_few_and_by_many(
    row: str, clients: int, desks: Mapping[str, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What many get in a second is shown, and judges nothing: it is of the machine's load too."""
    machine = Machine({"older": 100, "itself": 100, "newer": 80})
    found = _measure(monkeypatch, machine, row, desks)
    assert machine.clients == {clients}
    assert found.speed is not None
    assert found.speed.low == pytest.approx(1.25)
    assert "| 1.250 (1.250 to 1.250) |" in told([Row("postgres", row, "not slower", 1, found)])


def test_every_request_is_answered_well_before_any_is_measured(
    desks: Mapping[str, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By each of the three: an endpoint that fails at once is not fast."""
    machine = Machine(dict.fromkeys(SERVERS, 100.0))
    _measure(monkeypatch, machine, "one ticket", desks)
    assert len(machine.once) == len({(url, request.path) for url, request in machine.once}) == 90
    monkeypatch.setattr(measuring, "requests_of", lambda _: {"wrong": [Request("GET", "/wrong")]})
    with pytest.raises(Unfit, match="the older server: /wrong answered 500"):
        _measure(monkeypatch, machine, "wrong", desks)


def test_a_turn_with_refusals_is_no_turn(desks: Mapping[str, Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where they begin later."""
    machine = Machine(dict.fromkeys(SERVERS, 100.0), {"newer": 3})
    with pytest.raises(Unfit, match="the newer server refused 3 of"):
        _measure(monkeypatch, machine, "create", desks)


@pytest.mark.parametrize(("noisy", "expected"), [(0, "not slower"), (2, "not slower"), (9, "too noisy")])
def test_a_noisy_row_is_measured_again(noisy: int, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With servers started anew, three times at most."""
    started: list[Any] = []

    def measure_(*_: object) -> Measured:
        itself = 1.2 if len(started) <= noisy else 1.0
        return Measured([Turn(1, itself, 1)] * 20, 1, {})

    def serving(side: object, _: object) -> nullcontext[None]:
        started.append(side)
        return nullcontext()

    monkeypatch.setattr(running, "measure", measure_)
    monkeypatch.setattr(running, "serving", serving)
    sides: Any = {"older": 1}
    world: Any = None
    found = running._row("sqlite", "create", sides, world, Effort(300, 20, 0.1))  # noqa: SLF001 - a part by itself
    assert (found.verdict, found.tries) == (expected, min(noisy + 1, 3))
    assert len(started) == found.tries


def test_two_comparisons_do_not_disturb_each_other(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second is refused, and the copies of the first are left alone; what a killed one left is cleared away."""
    monkeypatch.chdir(repository)
    monkeypatch.setattr(running, "require_wrk", lambda: None)
    folder = tmp_path / "beside"
    (folder / "copies/old").mkdir(parents=True)
    with running._alone_in(folder) as copies:  # noqa: SLF001 - as above
        assert list(copies.iterdir()) == []
        with pytest.raises(Refused, match="Another comparison is under way"):
            run("HEAD", ["sqlite"], None, Effort(300, 20, 0.1), folder)
        assert copies.exists()
    assert not copies.exists()


def _row(verdict_: Any, name: str = "health") -> Row:  # noqa: ANN401 - one of the verdicts
    return Row("sqlite", name, verdict_, 1, None)


def _commit(top: Path, message: str) -> None:
    _git(top, "add", "--all")
    _git(top, "-c", "user.name=Aishath", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", message)


def _git(top: Path, *words: str) -> None:
    subprocess.run(["git", "-C", top, *words], check=True)


def test_the_told_name_of_a_commit_is_its_hash_and_first_line(repository: Path) -> None:
    """So that a table says what it is of."""
    commit = find_commit(repository, "HEAD")
    assert commit == Commit(commit.sha, f"{commit.sha[:7]} Add a data set")
