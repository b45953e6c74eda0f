"""What docs/operations.md says of settings, held against the program."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from keesa.config import Config, load
from keesa.secret_key import FILE
from operations_document import DOCUMENT, block, replaced

ROW: Final = re.compile(r"^\| (?:`(--[\w-]+)`)? ?\| `KEESA_(\w+)` \| (?:`([^`]*)`|(\w*)) ?\|", re.MULTILINE)


def shown(value: object) -> str:
    """A default, as the table has it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, ZoneInfo):
        return value.key
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def test_every_setting_stands_in_the_table_with_its_default() -> None:
    """Once, and none that is not there; the key's is the file where it is kept."""
    found = {name: code or word for _, name, code, word in ROW.findall(DOCUMENT.read_text("utf-8"))}
    defaults = {setting.name.upper(): shown(getattr(Config(), setting.name)) for setting in fields(Config)}
    assert found == defaults | {"SECRET": FILE}
    assert len(ROW.findall(DOCUMENT.read_text("utf-8"))) == len(found)


def test_the_file_that_is_shown_is_read(tmp_path: Path) -> None:
    """Each line of it, that of a secret's file too."""
    text = block("toml", "# /etc/keesa/keesa.toml")
    (tmp_path / "secret").write_text("a secret for tests, of 32 characters\n")
    file = tmp_path / "keesa.toml"
    file.write_text(replaced(text, {"#secret_file = ": "secret_file = ", "/etc/keesa/secret": "secret"}))
    loaded = load({"KEESA_CONFIG": str(file)})
    assert loaded.given.keys() >= {"data", "port", "trusted_proxies", "cors_origins", "backup_every", "secret"}
    assert loaded.config.data == Path("/var/lib/keesa")
    assert loaded.config.cors_origins == ("https://desk.example", "https://app.example")
