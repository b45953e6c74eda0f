"""What docs/operations.md says of settings and of systemd's unit, held against the program."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from keesa.cli.serving import FILES_BESIDE, STOP_SECONDS
from keesa.config import Config, load, load_config
from keesa.secret_key import FILE
from keesa.server.limits import Limits
from operations_document import BACK_UP, DOCS, DOCUMENT, block, replaced

ROW: Final = re.compile(r"^\| (?:`(--[\w-]+)`)? ?\| `KEESA_(\w+)` \| (?:`([^`]*)`|(\w*)) ?\|", re.MULTILINE)
UNIT: Final = block("ini", "[Unit]")


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


def in_unit(name: str) -> list[str]:
    """The values of the unit's lines of that name, those that are to be uncommented too."""
    return re.findall(rf"^#?{name}=(.*)$", UNIT, re.MULTILINE)


def settings_in_unit() -> Iterator[tuple[str, str]]:
    for line in in_unit("Environment"):
        name, _, value = line.partition("=")
        yield name, value


def test_the_unit_s_settings_are_keesa_s(tmp_path: Path) -> None:
    """Secrets come from the files that systemd hands on; the data lies in the folder that it makes."""
    given = dict(settings_in_unit())
    handed_on = {line.partition(":")[0] for line in in_unit("LoadCredential")}
    files = {value.removeprefix("%d/") for name, value in given.items() if name.endswith("_FILE")}
    assert handed_on == files == {"database-url", "secret"}
    (tmp_path / "database-url").write_text("postgresql://keesa@db.example/keesa\n")
    (tmp_path / "secret").write_text("a secret for tests, of 32 characters\n")
    config = load_config({name: value.replace("%d", str(tmp_path)) for name, value in given.items()})
    assert config.secret
    assert config.database_url
    assert in_unit("StateDirectory") == [config.data.name]
    assert config.data.parent == Path("/var/lib")
    assert in_unit("StateDirectoryMode") == ["0700"]
    assert in_unit("UMask") == ["0077"]


def test_the_unit_gives_what_keesa_takes() -> None:
    """More time for a stop than it may need, and files for all its connections."""
    assert int(in_unit("TimeoutStopSec")[0]) > STOP_SECONDS + 2
    assert int(in_unit("LimitNOFILE")[0]) >= Config().connections + FILES_BESIDE + Limits.overflow
    assert in_unit("KillMode") == ["mixed"]


def test_the_unit_starts_what_was_installed() -> None:
    """As the user who was made, whose folder the back-ups go to."""
    lines = block("sh", "# install Keesa")
    [program] = in_unit("ExecStart")
    assert f"python3.11 -m venv {Path(program.split()[0]).parent.parent}\n" in lines
    [user] = in_unit("User")
    assert re.search(rf"^useradd .* {user}$", lines, re.MULTILINE)
    assert f"install -d -o {user} -g {user} -m 0700 /var/backups/keesa\n" in lines


def test_the_timer_runs_what_was_installed() -> None:
    """As the service's user, into the folder that was made for it, with settings that Keesa reads."""
    folder = DOCS.parent / "deploy" / "systemd"
    unit = (folder / "keesa-backup.service").read_text("utf-8")
    assert re.findall(r"^(?:User|Group)=(.*)$", unit, re.MULTILINE) == [*in_unit("User"), *in_unit("Group")]
    [program] = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    assert program == f"{in_unit('ExecStart')[0].split()[0]} backup"
    given = dict(line.split("=", 1) for line in re.findall(r"^Environment=(.*)$", unit, re.MULTILINE))
    config = load_config(given)
    assert (config.data, config.backup_to) == (Path("/var/lib/keesa"), "/var/backups/keesa")
    assert re.findall(r"^ReadWritePaths=(.*)$", unit, re.MULTILINE) == [f"{config.data} {config.backup_to}"]
    lines = block("sh", "# back up each night", BACK_UP)
    assert all(f"deploy/systemd/{path.name}" in lines for path in folder.glob("keesa-backup.*"))


def test_the_file_that_is_shown_is_read(tmp_path: Path) -> None:
    """Its lines are settings, each with another value than the default or the default itself."""
    text = block("toml", "# /etc/keesa/keesa.toml")
    (tmp_path / "secret").write_text("a secret for tests, of 32 characters\n")
    file = tmp_path / "keesa.toml"
    file.write_text(replaced(text, {"#secret_file = ": "secret_file = ", "/etc/keesa/secret": "secret"}))
    loaded = load({"KEESA_CONFIG": str(file)})
    assert loaded.given.keys() >= {"data", "port", "trusted_proxies", "cors_origins", "backup_every", "secret"}
    assert loaded.config.data == Path("/var/lib/keesa")
    assert loaded.config.cors_origins == ("https://desk.example", "https://app.example")
