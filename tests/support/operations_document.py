"""The blocks of docs/operations.md and its pages beside it, for tests that run them as an operator would."""

import re
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from live import environment

DOCS: Final = Path(__file__).parents[2] / "docs"
DOCUMENT: Final = DOCS / "operations.md"
BACK_UP: Final = DOCS / "backup.md"
BIN: Final = Path(sys.executable).parent
_BLOCK: Final = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def block(kind: str, first_line: str, document: Path = DOCUMENT) -> str:
    """The one block of that kind that begins with that line."""
    found = [
        text
        for indent, language, body in _BLOCK.findall(document.read_text("utf-8"))
        if language == kind and (text := textwrap.dedent(body)).startswith(f"{first_line}\n")
    ]
    assert len(found) == 1, f"{len(found)} blocks {first_line!r}"
    return found[0]


def replaced(text: str, replacements: Mapping[str, str]) -> str:
    """What an operator puts in place of the document's names; each must stand there."""
    for old, new in replacements.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def run(first_line: str, replacements: Mapping[str, str], path: str, document: Path = DOCUMENT) -> None:
    """The lines of a shell's block, one after the other until one fails, which is an error."""
    script = replaced(block("sh", first_line, document), replacements)
    done = subprocess.run(
        ["sh", "-eu"],
        input=script,
        env=environment() | {"PATH": path},
        umask=0o022,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
