"""docs/point-in-time.md, its files, and the trial that runs them say the same."""

import re
import subprocess
from pathlib import Path

import pytest

from deploy.point_in_time.guide import EXAMPLE, FILES, PAGE, TIMELINE, Step, blocks, command_of
from deploy.point_in_time.machine import PATHS
from deploy.point_in_time.rehearsal import ALLOWED, ROUNDS
from deploy.trial.figures import END, begin

TRIAL = Path(__file__).parents[2] / "deploy/point_in_time"
NAMES = sorted(path.name for path in FILES.iterdir())


def text_of_all() -> str:
    return "".join([PAGE.read_text("utf-8"), *((FILES / name).read_text("utf-8") for name in NAMES)])


def test_the_trial_follows_every_block() -> None:
    """Each block of the page is a step, each step a block, and each is asked for where the trial goes on."""
    assert set(blocks()) == set(Step)
    assert PAGE.read_text("utf-8").count("```") == 2 * len(Step)
    trial = "".join(path.read_text("utf-8") for path in TRIAL.glob("*.py"))
    assert [step.name for step in Step if f"follow(Step.{step.name}" not in trial] == []


def test_every_file_has_its_place() -> None:
    """The page's table has each, and its first block installs each where the table says."""
    rows = re.findall(r"^\| (`.*`) \| `(/etc\S*)` \|", PAGE.read_text("utf-8"), re.MULTILINE)
    listed = {name: place for names, place in rows for name in re.findall(r"`([^`]+)`", names)}
    assert sorted(listed) == NAMES
    lines = [line.split() for line in blocks()[Step.FILES].splitlines()]
    installed = {name: line[-1] for line in lines if line[:2] != ["install", "-d"] for name in line if name in NAMES}
    assert installed == listed


def test_the_trial_replaces_what_stands_there() -> None:
    """Each of the names that it has places of its own for is one of the page's, or of the files'."""
    assert [name for name in PATHS if name not in text_of_all()] == []
    assert EXAMPLE in blocks()[Step.TO_A_TIME]
    assert EXAMPLE in blocks()[Step.LATER]
    assert TIMELINE in blocks()[Step.LATER]


def test_all_speak_of_one_stanza() -> None:
    """The one that pgbackrest.conf describes."""
    [stanza] = re.findall(r"^\[(?!global)(\w+)\]$", (FILES / "pgbackrest.conf").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"--stanza=(\w+)", text_of_all())) == {stanza}


def test_what_may_be_lost_is_what_the_file_says() -> None:
    """The page's sentence, the file's setting, and what the trial lets pass."""
    settings = (FILES / "point-in-time.conf").read_text("utf-8")
    [seconds] = re.findall(r"^archive_timeout = (\d+)$", settings, re.MULTILINE)
    assert f"the last {seconds} seconds" in PAGE.read_text("utf-8")
    assert int(seconds) < ALLOWED <= int(seconds) + 5


def test_every_timer_starts_a_unit_of_the_files() -> None:
    """By its name; and the page's line turns each on."""
    timers = [name for name in NAMES if name.endswith(".timer")]
    for timer in timers:
        service = re.sub("@.*", "@", timer.removesuffix(".timer")) + ".service"
        assert service in NAMES
        assert re.search(rf"enable --now .*{re.escape(timer)}", PAGE.read_text("utf-8"))
    assert len(timers) == 3


def test_a_unit_s_command_is_read_as_systemd_does() -> None:
    assert command_of(FILES / "pgbackrest-backup@.service", "diff") == [
        "/usr/bin/pgbackrest",
        "--stanza=keesa",
        "--type=diff",
        "backup",
    ]


@pytest.mark.parametrize(
    ("found", "status", "ends"),
    [("", 0, 0), ("stanza: keesa\nstatus: ok", 0, 0), ("stanza: keesa\nstatus: error", 0, 1), ("", 25, 25)],
)
def test_the_weekly_look_fails_where_something_is_broken(found: str, status: int, ends: int, tmp_path: Path) -> None:
    """Whatever status pgBackRest ends with; and where that fails itself. What it found is printed."""
    program = tmp_path / "pgbackrest"
    program.write_text(f"#!/bin/sh\necho '{found}'\nexit {status}\n")
    program.chmod(0o755)
    command, path = command_of(FILES / "pgbackrest-verify.service"), {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(command, env=path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == ends
    assert done.stdout.strip() == found


def test_the_page_has_a_row_for_every_round() -> None:
    figures = PAGE.read_text("utf-8").partition(begin("point-in-time"))[2].partition(END)[0]
    assert [each.what for each in ROUNDS.values() if f"| {each.what} |" not in figures] == []
