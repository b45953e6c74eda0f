"""The desks of a comparison: one for both commits, and `keesa serve` of each on a copy of it."""

import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from bench.accounts import tree
from bench.asking import ask_well
from bench.beside.commits import Commit, SetUp
from bench.beside.desks import Side, serving, sides
from bench.beside.measuring import NEWER, OLDER, SERVERS, requests_of
from bench.dataset import World
from bench.desks import get
from keesa.db import open_database
from live import environment
from workers import wait_until_gone

HOME = Path(__file__).parents[2]
TABLES = ("tickets", "ticket_notes", "ticket_statuses", "users", "customers")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> SetUp:
    """The commit at hand, as if it had been set up: its programs are ours."""
    folder = tmp_path_factory.mktemp("installed")
    programs = folder / "tree/.venv/bin"
    programs.mkdir(parents=True)
    (folder / "tree/bench").symlink_to(HOME / "bench")
    path = f"PYTHONPATH={HOME / 'src'}:{HOME / 'tests' / 'support'}"
    for name, words in {"python": "", "keesa": " -m keesa"}.items():
        (programs / name).write_text(f'#!/bin/sh\n{path} exec {sys.executable}{words} "$@"\n')
        (programs / name).chmod(0o755)
    return SetUp(Commit("0" * 40, "this one"), folder / "tree", folder)


@pytest.fixture(scope="module")
def made(
    engine: str, installed: SetUp, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> tuple[Mapping[str, Side], World]:
    server = request.getfixturevalue("postgres") if engine == "postgres" else None
    return sides(installed, installed, server, 400, 1, tmp_path_factory.mktemp("copies"))


def test_the_desks_are_copies_of_one(made: tuple[Mapping[str, Side], World]) -> None:
    """Each in a place of its own, with the same rows."""
    found, world = made
    places = [side.place for side in found.values()]
    assert {*found} == {*SERVERS}
    assert len({place.data for place in places}) == 3
    assert len({place.database_url for place in places}) == (3 if places[0].database_url else 1)
    assert [_counts(side) for side in found.values()] == [_counts(found[OLDER])] * 3
    assert _counts(found[NEWER])["tickets"] == world.tickets == 400


def test_every_row_is_answered_well(made: tuple[Mapping[str, Side], World]) -> None:
    """By `keesa serve` on the older and on the newer desk, to people who have just logged in; and lists alike."""
    found, world = made
    with ExitStack() as stack:
        desks = {name: stack.enter_context(serving(found[name], world)) for name in (OLDER, NEWER)}
        path = "/api/v1/tickets?limit=50"
        lists = {get(desk.url, path, desk.tokens["engineer"]) for desk in desks.values()}
        assert len(lists) == 1
        for desk in desks.values():
            for requests in requests_of(desk).values():
                ask_well(desk.url, requests[0])
                ask_well(desk.url, requests[-1])


def test_a_comparison_that_is_broken_off_leaves_no_server(
    made: tuple[Mapping[str, Side], World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does one whose Keesa was told otherwise by the environment: it is not asked."""
    found, world = made
    monkeypatch.setenv("KEESA_PORT", "not a port")
    assert "KEESA_PORT" not in environment()
    processes: set[int] = set()
    with suppress(KeyboardInterrupt), serving(found[OLDER], world) as desk:
        processes |= {*tree(desk.pid)}
        raise KeyboardInterrupt
    assert len(processes) >= 2
    wait_until_gone(processes)


def test_a_server_that_does_not_start_says_why(made: tuple[Mapping[str, Side], World], tmp_path: Path) -> None:
    """With its own last words."""
    found, world = made
    programs = tmp_path / "tree/.venv/bin"
    programs.mkdir(parents=True)
    (programs / "keesa").write_text("#!/bin/sh\necho no such option >&2\nexit 2\n")
    (programs / "keesa").chmod(0o755)
    broken = SetUp(Commit("1" * 40, "broken"), tmp_path / "tree", tmp_path)
    with (
        pytest.raises(RuntimeError, match="no such option"),
        serving(Side(broken, found[OLDER].place), world),
    ):
        pass


def _counts(side: Side) -> dict[str, int]:
    database = open_database(side.place.data, side.place.database_url)
    try:
        return database.read(lambda tx: {table: tx.value(f"SELECT count(*) AS value FROM {table}") for table in TABLES})
    finally:
        database.close()
