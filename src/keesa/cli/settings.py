"""How `keesa check` tells each setting and where it comes from. What is secret is not shown."""

from collections.abc import Iterator, Mapping
from typing import Any

from keesa.config import Loaded
from keesa.config.sample import as_toml
from keesa.config.values import SETTINGS, holds_secret

_HIDDEN = "(set, not shown)"


def settings_for_people(loaded: Loaded) -> Iterator[str]:
    """Every setting, as it would stand in the file."""
    names = max(map(len, SETTINGS))
    for name, told in settings_for_programs(loaded).items():
        passed = f"; it goes before {' and '.join(told['before'])}" if told["before"] else ""
        yield f"setting: {name:{names}} = {_shown(loaded, name)}  ({told['from']}{passed})"


def settings_for_programs(loaded: Loaded) -> Mapping[str, Mapping[str, Any]]:
    """`from` is where the value that counts comes from, `before` where others stand that do not."""
    return {
        name: {
            "value": _plain(loaded, name),
            "from": given[0].origin.told if given else "default",
            "before": [each.origin.told for each in given[1:]],
        }
        for name, given in ((name, loaded.given.get(name, ())) for name in SETTINGS)
    }


def passed_over(loaded: Loaded) -> Iterator[str]:
    """Lines of the file that do not count, and what does."""
    for name, given in loaded.given.items():
        for each in given[1:]:
            if each.origin.line is not None:
                yield f"{each.origin.told}: {name} does not count, {given[0].origin.told} goes before it"


def _shown(loaded: Loaded, name: str) -> str:
    value = getattr(loaded.config, name)
    if holds_secret(name, value):
        return _HIDDEN
    return "(none)" if value is None else as_toml(value)


def _plain(loaded: Loaded, name: str) -> object:
    value = getattr(loaded.config, name)
    if holds_secret(name, value):
        return _HIDDEN
    if isinstance(value, tuple):
        return [str(each) for each in value]
    return value if value is None or isinstance(value, int) else str(value)
