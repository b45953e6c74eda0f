"""What docs/point-in-time.md and the files of `deploy/point-in-time` have an operator run."""

import re
import shlex
import textwrap
from enum import StrEnum
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[2] / "docs/point-in-time.md"
FILES: Final = PAGE.parents[1] / "deploy/point-in-time"
_BLOCK: Final = re.compile(r"^( *)```sh\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


class Step(StrEnum):
    """The first line of each block of the page: who runs it, and what for."""

    FILES = "as root: put the files where they go"
    PASSPHRASE = "as root: make the passphrase, once"  # noqa: S105 - a sentence
    BEGIN = "as postgres: begin the repository"
    LOOK = "as postgres: look at what there is"
    VERIFY = "as postgres: look for what is broken"
    FOLDER = "as root: make an empty folder for the data"
    TO_A_TIME = "as postgres: restore to a time"
    LATER = "as postgres: restore to a later time after all"
    TO_THE_END = "as postgres: restore to the end of the archive"
    RECOVERED = "as postgres: wait until it has recovered"
    CHECK = "as keesa: look at the data"
    RENEW = "as keesa: renew the desk"

    @property
    def user(self) -> str:
        return self.removeprefix("as ").partition(":")[0]


EXAMPLE: Final = "2026-01-02 03:04:05+00"
"""The time that the page restores to."""
TIMELINE: Final = "--target-timeline=1"
"""The timeline that it goes back to."""


def blocks() -> dict[str, str]:
    """The page's blocks, by their first line."""
    texts = (textwrap.dedent(body) for _, body in _BLOCK.findall(PAGE.read_text("utf-8")))
    return {text.partition("\n")[0].removeprefix("# "): text for text in texts}


def setting(unit: Path, name: str) -> str:
    """The one line of that name in a unit of systemd's."""
    [value] = re.findall(rf"^{name}=(.*)$", unit.read_text("utf-8"), re.MULTILINE)
    return str(value)


def command_of(unit: Path, instance: str = "") -> list[str]:
    """What a unit starts, in the words that systemd makes of it."""
    words = shlex.split(setting(unit, "ExecStart").replace("%i", instance))
    return [word.replace("$$", "$") for word in words]
