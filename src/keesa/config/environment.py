"""Settings from the environment: `KEESA_NAME`, or `KEESA_NAME_FILE` with the path of a file that holds the value."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from keesa.config.given import Fault, Given, Origin
from keesa.config.values import SETTINGS, Unreadable, read_text

FILE: Final = "KEESA_CONFIG"
"""The path of the configuration file."""

_OTHERS: Final = re.compile(r"KEESA_(TEST_\w+|(\w+_)?SERVICE_(HOST|PORT\w*)|(\w+_)?PORT_\d+_(TCP|UDP|SCTP)\w*)")
"""Variables that are not ours: the tests', and those that Kubernetes makes of services whose names begin with keesa."""


def from_environment(environ: Mapping[str, str], faults: list[Fault]) -> Mapping[str, Given]:
    """By setting; what is wrong is added to the faults."""
    faults += _unknown(environ)
    found = {}
    for name in SETTINGS:
        variable = f"KEESA_{name.upper()}"
        variable = f"{variable}_FILE" if f"{variable}_FILE" in environ else variable
        try:
            text = _text(environ, f"KEESA_{name.upper()}")
            if text is not None:
                found[name] = Given(read_text(name, text), Origin(variable, variable))
        except Unreadable as error:
            faults.append(Fault(f"KEESA_{name.upper()}{error}"))
    return found


def _text(environ: Mapping[str, str], name: str) -> str | None:
    path = environ.get(f"{name}_FILE")
    if path is None:
        text = environ.get(name)
        if text is not None and not _is_utf8(text):
            raise Unreadable(" must be UTF-8")
        return text
    if name in environ:
        raise Unreadable(f" and {name}_FILE are both set: keep one")
    return text_of(Path(path), "_FILE: ")


def text_of(path: Path, before: str) -> str:
    """What a setting's own file holds, without blanks around it; raises `Unreadable` that begins with `before`."""
    try:
        return path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise Unreadable(f"{before}cannot read {path}: {error}") from error


def _unknown(environ: Mapping[str, str]) -> Iterator[Fault]:
    """A setting with a slip in its name would be overlooked for years; in small letters, or without its `_`, too."""
    names = [f"KEESA_{name.upper()}" for name in SETTINGS]
    known = {*names, *(f"{name}_FILE" for name in names), FILE}
    letters = {_letters(name) for name in known}
    ours = [name for name in environ if name.upper().startswith("KEESA_") or _letters(name) in letters]
    for name in (name for name in ours if name not in known):
        if _OTHERS.fullmatch(name) or environ[name].startswith(("tcp://", "udp://", "sctp://")):
            continue
        nearest = get_close_matches(name.upper(), known, 1)
        yield Fault(f"{name} is no setting" + (f", did you mean {nearest[0]}?" if nearest else ""))


def _is_utf8(text: str) -> bool:
    """What Python makes of other bytes stands for them, and can be neither sent nor kept."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _letters(name: str) -> str:
    return "".join(filter(str.isalpha, name)).upper()
