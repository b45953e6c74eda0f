"""Every setting's value: the option's, else that of the environment, of the configuration file, the default."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keesa.config.environment import FILE, from_environment
from keesa.config.file import find_file, from_file
from keesa.config.given import Fault, Given, Misconfigured, Origin
from keesa.config.rules import RULES
from keesa.config.settings import Config
from keesa.config.values import SETTINGS


@dataclass(frozen=True, slots=True)
class Loaded:
    config: Config
    file: Path | None
    """The configuration file, where there is one."""
    given: Mapping[str, Sequence[Given]]
    """By setting, those that have one: the value that counts first."""


def load_config(environ: Mapping[str, str], **options: object) -> Config:
    """The options that are not None, then the environment, then the file, then the defaults; raises `Misconfigured`
    with everything that is wrong, in places that do not count too, and `Refused` where the file cannot be read.

    Each `KEESA_NAME` may come as `KEESA_NAME_FILE`, the path of a file that holds it (a secret's way). The
    configuration file is that of `KEESA_CONFIG`, else `keesa.toml` in the folder of the data.
    """
    return load(environ, **options).config


def load(environ: Mapping[str, str], **options: object) -> Loaded:
    """The same, and where each value comes from."""
    faults: list[Fault] = []
    chosen = {name: Given(value, Origin("an option", name)) for name, value in options.items() if value is not None}
    surrounding = from_environment(environ, faults)
    path = find_file(environ.get(FILE), _folder(chosen, surrounding))
    written = from_file(path, faults) if path else {}
    if path and not environ.get(FILE) and "data" in written:
        origin = written["data"].origin
        faults.append(Fault(f"{origin.label} is where this file was found: leave it out", origin.line))
    given = {name: [source[name] for source in (chosen, surrounding, written) if name in source] for name in SETTINGS}
    values: dict[str, Any] = {name: each[0].value for name, each in given.items() if each}
    config = Config(**values)
    faults += _broken(config, given)
    if faults:
        raise Misconfigured(faults)
    return Loaded(config, path, {name: each for name, each in given.items() if each})


def _folder(*sources: Mapping[str, Given]) -> Path:
    """Of the data, as it is known before the file is read."""
    return next((Path(str(source["data"].value)) for source in sources if "data" in source), Config().data)


def _broken(config: Config, given: Mapping[str, Sequence[Given]]) -> Iterator[Fault]:
    """Rules that a value breaks: the one that counts, and those in its shadow, which will count one day."""
    for rule in RULES:
        for number, each in enumerate(given[rule.name]):
            alone: dict[str, Any] = {rule.name: each.value}
            looked_at = Config(**alone) if number else config
            if not (number and rule.looks_at_others) and not rule.holds(looked_at):
                yield Fault(f"{each.origin.label} {rule.must}", each.origin.line)
