"""What the tests keep in memory (tests/support/memory.py) goes with them."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import memory
from memory import folder_in_memory, folder_within
from waiting import wait_until

TAKES_ONE: Final = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import memory
memory.MEMORY, memory.SPACE = Path(sys.argv[2]), 0
with memory.folder_in_memory(Path("/nowhere")) as folder:
    (folder / "desk").mkdir()
    (folder / "desk" / "keesa.db").write_bytes(b"rows")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_tests_that_are_killed_leave_nothing(tmp_path: Path) -> None:
    """A SIGKILL runs no clean-up of theirs: the guard removes what they had."""
    command: list[str | Path] = [sys.executable, "-c", TAKES_ONE, Path(memory.__file__).parent, tmp_path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        assert (folder / "desk" / "keesa.db").exists()
        process.kill()
    wait_until(lambda: not folder.exists())


def test_a_folder_goes_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what is in it."""
    monkeypatch.setattr(memory, "MEMORY", tmp_path)
    monkeypatch.setattr(memory, "SPACE", 0)
    with folder_in_memory(tmp_path / "otherwise") as folder:
        assert folder.parent == tmp_path
        with folder_within(folder) as inner:
            (inner / "keesa.db").write_bytes(b"rows")
        assert list(folder.iterdir()) == []
    assert not folder.exists()


def test_without_space_it_is_among_the_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is put into a memory that has not enough of it."""
    monkeypatch.setattr(memory, "SPACE", 2**63)
    with folder_in_memory(tmp_path) as folder:
        assert folder == tmp_path
