"""A configuration file with every setting as a comment, made of what stands below each in `Config`."""

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from keesa.config import settings
from keesa.config.settings import Config
from keesa.config.values import SETTINGS

_WIDTH: Final = 118
_HEAD: Final = """\
# Settings of Keesa. Each stands here with its default, as a comment: take the # away to change it.
# An option of the command line goes before the environment (KEESA_PORT), which goes before this file. Each NAME may be
# a NAME_file instead: the path of a file that holds the value. Relative paths count from the folder of this file.
# It is read at the start. `keesa check` says what is wrong in it, by its line.
"""
_SUCH_AS: Final[Mapping[str, str]] = {
    "database_url": 'database_url = "postgresql://keesa:password@db.example/keesa"',
    "secret": 'secret_file = "/etc/keesa/secret"',
    "public_url": 'public_url = "https://desk.example"',
    "files": 'files = "/srv/keesa-files"',
    "backup_to": 'backup_to = "/var/backups/keesa"',
    "backup_keep": "backup_keep = 14",
    "backup_keep_days": "backup_keep_days = 90",
    "backup_passphrase": 'backup_passphrase_file = "/etc/keesa/passphrase"',
    "metrics_token": 'metrics_token_file = "/etc/keesa/metrics-token"',
}
"""For settings that are not set by default: lines without their #. A secret that a sample has is none."""


def sample() -> str:
    """The text of the file, which sets nothing."""
    return "".join([_HEAD, *(f"\n{_lines(name, told)}" for name, told in descriptions().items())])


def descriptions() -> Mapping[str, str]:
    """What each setting is, on one line."""
    told = dict(_told(ast.parse(inspect.getsource(settings))))
    return {name: told[name] for name in SETTINGS}


def as_toml(value: object) -> str:
    """A value as it would stand in the file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(map(as_toml, value))}]"
    if isinstance(value, int):
        return str(value)
    text = value.key if isinstance(value, ZoneInfo) else str(value)
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")  # its escapes are TOML's too


def _told(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The setting above each text in the body of `Config`."""
    [body] = [node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == Config.__name__]
    for above, node in pairwise(body):
        if isinstance(above, ast.AnnAssign) and isinstance(above.target, ast.Name) and isinstance(node, ast.Expr):
            yield above.target.id, " ".join(ast.literal_eval(node.value).split())


def _lines(name: str, told: str) -> str:
    default = getattr(Config(), name)
    line = f"{name} = {as_toml(default)}"
    if default is None:
        told, line = f"{told} Not set; such as:", _SUCH_AS[name]
    comment = textwrap.fill(told, _WIDTH, initial_indent="# ", subsequent_indent="# ")
    return f"{comment}\n#{line}\n"
