"""How every list is printed: a table for people, lines for programs, JSON for both. Values are as they are stored."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import msgspec
import typer

from keesa.errors import Refused
from keesa.visible import visible, visible_json

AsJson = Annotated[bool, typer.Option("--json", help="Print a JSON array of objects.")]

Value = str | int | bool | None | Sequence[str] | Mapping[str, object]
Rows = Sequence[Mapping[str, Value]]

_INDENT: Final = 2
_NARROWEST: Final = 7
"""Characters of a table's column, with its frame."""


def print_list(headings: Sequence[str], rows: Rows, *, as_json: bool) -> None:
    """Print the rows, each a mapping with those keys: a table on a terminal; elsewhere a line a row with a tab between
    its cells, and no heading. Nothing is cut, and no text is read as markup or drives the terminal.
    """
    if as_json:
        print_json(rows)
        return
    _require_output()
    cells = [[_cell(heading, row[heading]) for heading in headings] for row in rows]
    if sys.stdout.isatty():
        _print_table(headings, cells)
    else:
        sys.stdout.writelines("\t".join(row) + "\n" for row in cells)


def print_json(value: object) -> None:
    _require_output()
    text = msgspec.json.format(msgspec.json.encode(value), indent=_INDENT)
    if sys.stdout.encoding.lower().replace("-", "") != "utf8":  # then escapes, which every reader of JSON knows
        text = json.dumps(msgspec.json.decode(text), indent=_INDENT).encode()
    lines = text.split(b"\n")
    sys.stdout.writelines(visible_json(line).decode() + "\n" for line in lines)


def _require_output() -> None:
    if sys.stdout is None:
        raise Refused("Standard output is closed: there is nowhere to print the list")


def _print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - slow to load, and no program reads tables
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    table = Table()
    for heading in headings:
        table.add_column(heading.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console()
    console.width = max(
        console.width, _NARROWEST * len(headings)
    )  # else columns would vanish; the terminal folds lines
    console.print(table)


def _cell(heading: str, value: Value) -> str:
    """Nothing for what is not there; for what is either so or not, its heading where it is so."""
    if value is None or value is False:
        return ""
    if value is True:
        return heading
    if isinstance(value, Mapping):
        return visible(msgspec.json.encode(value).decode())
    return visible(value if isinstance(value, str) else str(value) if isinstance(value, int) else ", ".join(value))
