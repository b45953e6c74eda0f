"""A file has its name when it is whole, and what a kill has left goes with the next one."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

import pytest

from keesa.backup.drafts import draft
from keesa.errors import Refused


def test_a_file_gets_its_name_at_the_end(tmp_path: Path) -> None:
    """Until then nothing has it; and afterwards nothing else is left."""
    to = tmp_path / "keesa.made"
    with draft(to) as folder:
        (folder / to.name).write_text("made")
        (folder / "beside").write_text("scratch")
        assert not to.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["keesa.made"]
    assert to.read_text() == "made"


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    """And is told."""
    with suppress(ZeroDivisionError), draft(tmp_path / "keesa.made") as folder:
        (folder / "keesa.made").write_text("half")
        _ = 1 / 0
        pytest.fail("it is not told")
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_not_replaced(tmp_path: Path) -> None:
    """Also where it came while the other one was made."""
    to = tmp_path / "keesa.made"
    making = draft(to)
    (making.__enter__() / to.name).write_text("newer")
    to.write_text("older")
    with pytest.raises(Refused, match="is there already"):
        making.__exit__(None, None, None)
    assert to.read_text() == "older"


def test_what_a_killed_program_left_goes_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    """The living one holds its folder; other people's files are none of ours."""
    for name in (".keesa.left.part", ".keesa.alive.part", ".other.part"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    (tmp_path / ".keesa.file.part").write_text("somebody's")
    alive = os.open(tmp_path / ".keesa.alive.part", os.O_RDONLY)
    fcntl.flock(alive, fcntl.LOCK_EX)
    with draft(tmp_path / "keesa.made") as folder:
        (folder / "keesa.made").write_text("made")
    os.close(alive)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {".keesa.alive.part", ".other.part", ".keesa.file.part", "keesa.made"}
    assert (tmp_path / ".keesa.alive.part" / "file").exists()


def test_two_that_make_the_same_file_are_told_apart(tmp_path: Path) -> None:
    """The second one is refused, and the first one goes on."""
    to = tmp_path / "keesa.made"
    with draft(to) as folder:
        with pytest.raises(Refused, match="Another program is making"), draft(to):
            pytest.fail("both make it")
        (folder / to.name).write_text("made")
    assert to.exists()
