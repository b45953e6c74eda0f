"""Fills the fleet's files for one machine: `python3 fill.py machines.ini keesa1 FOLDER`.

`@NAME@` in a file stands for the value of NAME in `[all]`, or in the machine's own section, which goes before. It
needs Python's standard library alone, so that it runs on a machine that has nothing else.
"""

import re
import sys
from collections.abc import Mapping
from configparser import ConfigParser, ExtendedInterpolation
from pathlib import Path

TEMPLATES = ("etcd.env", "patroni.yml", "haproxy.cfg", "pgbouncer.ini", "userlist.txt", "keesa.env")
HERE = Path(__file__).parent
PLACEHOLDER = re.compile(r"@([A-Z][A-Z0-9_]*)@")


def filled(text: str, values: Mapping[str, str]) -> str:
    """Raises KeyError with the name of what has no value."""
    return PLACEHOLDER.sub(lambda found: values[found[1]], text)


def fill(values: Mapping[str, str], folder: Path) -> None:
    """Write every file, for its owner alone: there are passwords in most of them."""
    for name in TEMPLATES:
        file = folder / name
        file.touch(mode=0o600)
        file.write_text(filled((HERE / name).read_text("utf-8"), values), "utf-8")


def values_of(file: Path, machine: str) -> dict[str, str]:
    """Raises KeyError for a machine that the file does not have."""
    found = ConfigParser(interpolation=ExtendedInterpolation())
    found.optionxform = str  # type: ignore[assignment, method-assign]  # names are written in capitals
    found.read_string(file.read_text("utf-8"))
    return {**found["all"], **found[machine]}


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    machine, folder = sys.argv[2], Path(sys.argv[3])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        fill(values_of(Path(sys.argv[1]), machine), folder)
    except KeyError as missing:
        sys.exit(f"{missing} has no value in {sys.argv[1]}")


if __name__ == "__main__":
    main()
