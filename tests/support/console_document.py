"""The ```console blocks of a page of docs/api, run as they are printed: each command, then what it must print.

A command is a line after `$ `, with the lines after `> ` that go on with it. Below it stands what it prints: blanks and
line ends do not count, and `…` stands for anything.
"""

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from live import environment

DOCS: Final = Path(__file__).parents[2] / "docs" / "api"
ADDRESS: Final = "http://127.0.0.1:8000"
"""The server's, as the page has it."""
_BLOCK: Final = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ENDED: Final = "--- this command has ended ---"


@dataclass
class Command:
    text: str
    printed: str = ""
    """What must be printed, with `…` for anything."""


@dataclass(frozen=True)
class Ran:
    """A command, with what it printed."""

    command: Command
    out: str

    @property
    def is_as_printed(self) -> bool:
        parts = map(re.escape, _bare(self.command.printed).split("…"))
        return re.fullmatch(".*".join(parts), _bare(self.out), re.DOTALL) is not None


def commands_of(page: str) -> list[Command]:
    return [command for block in _BLOCK.findall((DOCS / page).read_text("utf-8")) for command in _commands(block)]


def run_page(page: str, address: str) -> Sequence[Ran]:
    """Every command of the page in one shell, against a server at that address; ends at the first that fails."""
    commands = commands_of(page)
    script = "".join(f"{command.text}\nprintf '\\n{_ENDED}\\n'\n" for command in commands).replace(ADDRESS, address)
    done = subprocess.run(
        ["sh", "-eu"], input=script, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    *outputs, _ = done.stdout.split(f"\n{_ENDED}\n")
    return [Ran(command, out) for command, out in zip(commands, outputs, strict=True)]


def _commands(block: str) -> Iterator[Command]:
    command = None
    for line in block.splitlines():
        if line.startswith("$ "):
            if command is not None:
                yield command
            command = Command(line.removeprefix("$ "))
        elif command is None:
            raise ValueError(f"a block of the console begins with a command, not with {line}")
        elif line.startswith("> ") and not command.printed:
            command.text += "\n" + line.removeprefix("> ")
        else:
            command.printed += line + "\n"
    if command is not None:
        yield command


def _bare(text: str) -> str:
    return "".join(text.split())
