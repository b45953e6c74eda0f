"""CONTRIBUTING.md's example is the code as it stands."""

from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]


def additions() -> dict[str, list[str]]:
    """The lines that the example adds, by file."""
    found: dict[str, list[str]] = {}
    for block in (ROOT / "CONTRIBUTING.md").read_text().split("```diff\n")[1:]:
        for line in block.partition("```")[0].splitlines():
            if line.startswith("+++ b/"):
                lines = found.setdefault(line.removeprefix("+++ b/"), [])
            else:
                lines.append(line.removeprefix("+"))
    return found


@pytest.mark.parametrize("file", additions())
def test_the_example_stands_in_the_code(file: str) -> None:
    """Line by line, in that order."""
    lines = iter((ROOT / file).read_text().splitlines())
    assert [line for line in additions()[file] if line not in lines] == []


def test_an_endpoint_takes_little() -> None:
    """In one file of the API layer, with its structs and its route."""
    [endpoint] = [lines for file, lines in additions().items() if file.startswith("src/keesa/api/")]
    assert 15 < len(endpoint) <= 35
