"""TOML with the lines on which its statements begin, and every error in it.

The standard library's parser tells neither the line of a key nor of more errors than the first. But a file without
sections is a sequence of statements, each of whole lines, and the shortest run of lines that it can read is one of
them: so it is asked for each by itself (docs/decisions/0036-configuration-file.md).
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MOST_LINES: Final = 500
"""Of one value. Each line that may end it is tried, from its first line on."""

_IN_OTHER_WORDS: Final[Mapping[str, str]] = {
    "Invalid value": "Invalid value (a text stands in quotation marks)",
    "Illegal character '\\n'": "A text that does not end on its line",
}
"""Of what the parser says of the commonest slips."""
_AT: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_MAY_CLOSE: Final = re.compile(r"[\]}]|\"\"\"|'''")
"""In the last line of a value of several lines."""
_MAY_OPEN: Final = re.compile(r"[\[{]|\"\"\"|'''")
_BEGINS: Final = re.compile(r"\s*[\w.\"'-]+\s*=")


@dataclass(frozen=True, slots=True)
class Statement:
    line: int
    """Its first, from 1."""
    values: Mapping[str, Any]
    """A key and its value; of a section (`[name]`) its name."""
    is_section: bool


@dataclass(frozen=True, slots=True)
class Broken:
    line: int
    column: int | None
    """From 1; None where what begins on the line has no end."""
    what: str


def statements(text: str) -> Iterator[Statement | Broken]:
    """In the file's order. Behind an error it goes on with the next line that begins a statement."""
    lines = text.replace("\r\n", "\n").split("\n")
    at = 0
    while at < len(lines):
        end, found = _read(lines, at)
        if isinstance(found, Broken):
            yield found
            at = _next(lines, at)
            continue
        if found:
            yield Statement(at + 1, found, lines[at].lstrip().startswith("["))
        at = end


def _read(lines: Sequence[str], at: int) -> tuple[int, Mapping[str, Any] | Broken]:
    """What begins on that line, and the line behind it."""
    what = ""
    for end in range(at + 1, min(len(lines), at + MOST_LINES) + 1):
        if at + 1 < end < len(lines) and not _MAY_CLOSE.search(lines[end - 1]):
            continue
        try:
            return end, tomllib.loads("".join(f"{line}\n" for line in lines[at:end]))
        except tomllib.TOMLDecodeError as error:
            what = str(error)
        except RecursionError:
            return end, Broken(at + 1, None, "Nested too deeply")
        place = _AT.search(what)
        if place and place[1]:
            line = at + int(place[1])
            begun = f", in what begins on line {at + 1}" if line > at + 1 else ""
            return end, Broken(line, int(place[2]), _worded(_AT.sub("", what)) + begun)
    if len(lines) - at > MOST_LINES:
        what = f"No end within {MOST_LINES} lines"
    return len(lines), Broken(at + 1, None, _AT.sub("", what))


def _worded(what: str) -> str:
    return _IN_OTHER_WORDS.get(what, what)


def _next(lines: Sequence[str], broken: int) -> int:
    """Where to go on: behind a value of several lines their rest would be told as further errors."""
    at = broken + 1
    if _MAY_OPEN.search(lines[broken]):
        while at < len(lines) and not _BEGINS.match(lines[at]):
            at += 1
    return at
