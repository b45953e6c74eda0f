"""Settings from the configuration file: TOML, a line a setting, named as in `Config`."""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from keesa.config.environment import text_of
from keesa.config.given import Fault, Given, Origin
from keesa.config.values import SETTINGS, Unreadable, holds_secret, read_text, read_toml
from keesa.data_folder import CONFIG_FILE
from keesa.errors import Refused

MOST_BYTES: Final = 64 * 1024
_PATHS: Final = ("data", "files", "backup_to")
"""Settings that may be relative paths: they count from the folder of the file, wherever a command is begun."""


@dataclass(frozen=True, slots=True)
class _Entry:
    key: str
    value: Any
    line: int


def find_file(named: str | None, data: Path) -> Path | None:
    """The one that was named, which must be there; else that of the data's folder, if there is one."""
    if named:
        return Path(named)
    path = data / CONFIG_FILE
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Refused(f"Cannot look at {path}: {error.strerror}") from error
    return path


def from_file(path: Path, faults: list[Fault]) -> Mapping[str, Given]:
    """By setting; what is wrong is added to the faults. Raises `Refused` where the file cannot be read at all."""
    text, mode = _read(path)
    found: dict[str, Given] = {}
    for entry in _entries(path, text, faults):
        name = entry.key if entry.key in SETTINGS else entry.key.removesuffix("_file")
        origin = Origin(f"{path}, line {entry.line}", f"{path}, line {entry.line}: {entry.key}", entry.line)
        try:
            _require_first(name, found)
            found[name] = Given(_value(path, entry, name), origin)
            _require_private(path, mode, entry, found[name].value)
        except Unreadable as error:
            faults.append(Fault(f"{origin.label}{error}", entry.line))
    return found


def _read(path: Path) -> tuple[str, int]:
    """The text, and the mode of the file."""
    try:
        if not path.is_file():  # to read a pipe would wait for who writes it
            raise Refused(f"{path} is no file" if path.exists() else f"There is no configuration file {path}")
        with path.open("rb") as file:
            mode, content = stat.S_IMODE(os.fstat(file.fileno()).st_mode), file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Refused(f"Cannot read {path}: {error.strerror}") from error
    if mode & stat.S_IWOTH:
        raise Refused(f"{path} can be written by everybody (mode {mode:o}): run `chmod o-w {path}`")
    if len(content) > MOST_BYTES:
        raise Refused(f"{path} is larger than {MOST_BYTES // 1024} KiB: it is no configuration of Keesa's")
    try:
        return content.decode("utf-8-sig"), mode
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Refused(f"{path}, line {line}: must be UTF-8") from error


def _entries(path: Path, text: str, faults: list[Fault]) -> Iterator[_Entry]:
    """Those whose key is known."""
    from keesa.config.statements import Broken, statements  # noqa: PLC0415 - only who has a file waits for the parser

    for each in statements(text):
        place = f"{path}, line {each.line}"
        if isinstance(each, Broken):
            column = "" if each.column is None else f", column {each.column}"
            faults.append(Fault(f"{place}{column}: {each.what}", each.line))
            continue
        for key, value in each.values.items():
            if each.is_section:
                faults.append(Fault(f"{place}: [{key}] is a section: settings stand without any", each.line))
            elif _is_known(key):
                yield _Entry(key, value, each.line)
            else:
                faults.append(Fault(f"{place}: {_unknown(key, value)}", each.line))


def _is_known(key: str) -> bool:
    return key in SETTINGS or (key.endswith("_file") and key.removesuffix("_file") in SETTINGS)


def _unknown(key: str, value: object) -> str:
    """Also a name with points, which TOML reads as tables in each other."""
    while isinstance(value, dict) and len(value) == 1:
        [(inner, value)] = value.items()
        key = f"{key}.{inner}"
    known = [*SETTINGS, *(f"{name}_file" for name in SETTINGS)]
    wanted = key.lower().replace(".", "_").replace("-", "_").removeprefix("keesa_")
    nearest = get_close_matches(wanted, known, 1)
    return f"{key} is no setting" + (f", did you mean {nearest[0]}?" if nearest else "")


def _require_first(name: str, found: Mapping[str, Given]) -> None:
    if name in found:
        raise Unreadable(f": {name} stands on line {found[name].origin.line} already, keep one")


def _value(path: Path, entry: _Entry, name: str) -> object:
    if entry.key != name:
        if not isinstance(entry.value, str):
            raise Unreadable(" must be the path of a file")
        return read_text(name, text_of(path.parent / entry.value, ": "))
    value = read_toml(name, entry.value)
    if name in _PATHS and "://" not in str(value):
        return type(value)(os.path.normpath(path.parent / str(value)))  # type: ignore[call-arg]  # str or Path
    return value


def _require_private(path: Path, mode: int, entry: _Entry, value: object) -> None:
    """A group that may read it is the operator's choice: a service's, of a file that is root's."""
    if entry.key in SETTINGS and mode & stat.S_IROTH and holds_secret(entry.key, value):
        raise Unreadable(
            f" is secret, and everybody may read the file (mode {mode:o}): run `chmod o-r {path}`,"
            " and replace what was read"
        )
