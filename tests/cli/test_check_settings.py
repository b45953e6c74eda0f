"""What `keesa check` tells of settings and of the configuration file, and that every command takes one."""

import json
import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from command import keesa
from keesa.cli import app_for
from keesa.config import Config
from keesa.config.sample import sample
from keesa.data_folder import CONFIG_FILE
from keesa.secret_key import load_secret
from places import Place

HIDDEN = ("hunter2", "a secret for tests, of 32 characters")


def checked(*arguments: str, **variables: str) -> str:
    """What `keesa check` prints, in this process, which it leaves without a setting."""
    ours: dict[str, str | None] = {name: None for name in os.environ if name.startswith("KEESA_")}
    done = CliRunner().invoke(app_for(["check"]), ["check", *arguments], env=ours | {"KEESA_CONFIG": None} | variables)
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ours.toml"
    path.touch(0o600)
    path.write_text(f"""\
port = 81
workers = 2
secret = "{HIDDEN[1]}"
database_url = "postgresql://desk:{HIDDEN[0]}@db.example/keesa"
trusted_proxies = ["10.0.0.1"]
""")
    return path


def option_words(command: object) -> Iterator[set[str]]:
    """Of each command below, and of itself where it has none."""
    inner = getattr(command, "commands", {})
    yield from (words for one in inner.values() for words in option_words(one))
    if not inner:
        yield {word for option in getattr(command, "params", ()) for word in option.opts}


def test_every_command_on_a_desk_takes_the_file() -> None:
    """Whichever can be told where the data is."""
    on_a_desk = [words for words in option_words(get_command(app_for([]))) if "--data" in words]
    assert len(on_a_desk) > 20
    assert all("--config" in words for words in on_a_desk)


def test_every_setting_is_told_with_where_it_comes_from(file: Path) -> None:
    """With what it goes before, no secret among it, and no database is looked for."""
    lines = checked("--settings", "--config", str(file), KEESA_PORT="8080", KEESA_CORS_ORIGINS="").splitlines()
    told = dict(line.removeprefix("setting: ").split("=", 1) for line in lines)
    assert [name.rstrip() for name in told] == [setting.name for setting in fields(Config)]
    by_name = {name.rstrip(): text.strip() for name, text in told.items()}
    assert by_name["port"] == f"8080  (KEESA_PORT; it goes before {file}, line 1)"
    assert by_name["workers"] == f"2  ({file}, line 2)"
    assert by_name["secret"] == f"(set, not shown)  ({file}, line 3)"
    assert by_name["database_url"] == f"(set, not shown)  ({file}, line 4)"
    assert by_name["trusted_proxies"] == f'["10.0.0.1/32"]  ({file}, line 5)'
    assert by_name["cors_origins"] == "[]  (KEESA_CORS_ORIGINS)"
    assert by_name["zone"] == '"Indian/Maldives"  (default)'
    assert by_name["backup_to"] == "(none)  (default)"
    assert not any(secret in "".join(lines) for secret in HIDDEN)


def test_programs_read_the_same(file: Path) -> None:
    """As an object, with values as JSON has them."""
    text = checked("--settings", "--json", "--config", str(file), KEESA_PORT="8080")
    told = json.loads(text)
    assert told["config_file"] == str(file)
    assert list(told["settings"]) == [setting.name for setting in fields(Config)]
    assert told["settings"]["port"] == {"value": 8080, "from": "KEESA_PORT", "before": [f"{file}, line 1"]}
    assert told["settings"]["trusted_proxies"]["value"] == ["10.0.0.1/32"]
    assert told["settings"]["backup_to"] == {"value": None, "from": "default", "before": []}
    assert not any(secret in text for secret in HIDDEN)


def test_a_desk_is_checked_by_its_file(place: Place) -> None:
    """Which names its database, or lies in its folder; lines that do not count are told."""
    load_secret(place.data, None)
    file = place.data / CONFIG_FILE
    file.touch(0o600)
    url = f'database_url = "{place.url}"\n' if place.url else ""
    file.write_text(f'log_format = "json"\nport = 81\n{url}')
    lines = checked("--data", str(place.data), KEESA_PORT="80").splitlines()
    settings = [line for line in lines if line.startswith("setting: ")]
    assert lines[: len(settings)] == settings
    assert len(settings) == len(fields(Config))
    first, database, *_ = (line for line in lines if line.startswith("ok: "))
    assert first == f"ok: {file}, line 2: port does not count, KEESA_PORT goes before it"
    assert database.startswith("ok: PostgreSQL" if place.url else "ok: SQLite")
    elsewhere = file.rename(place.data.parent / "elsewhere.toml")
    elsewhere.write_text(f'data = "{place.data.name}"\n{url}')
    told = json.loads(checked("--json", "--config", str(elsewhere)))
    assert told["settings"]["data"] == {"value": str(place.data), "from": f"{elsewhere}, line 1", "before": []}
    assert told["database"] == database.removeprefix("ok: ").split(", schema")[0]


def test_every_wrong_line_is_a_line_of_the_command(tmp_path: Path) -> None:
    """On standard error, for the start too; nothing is made."""
    file = tmp_path / "keesa.toml"
    file.write_text('prot = 80\nworkers = 0\nhost = "\n')
    expected = (
        f"keesa: {file}, line 1: prot is no setting, did you mean port?\n"
        f"keesa: {file}, line 2: workers must be 1 to 64\n"
        f"keesa: {file}, line 3, column 9: A text that does not end on its line\n"
    )
    for command in ("check", "serve"):
        done = keesa(command, "--data", str(tmp_path / "data"), variables={"KEESA_CONFIG": str(file)})
        assert (done.status, done.out, done.err) == (1, "", expected)
    assert list(tmp_path.iterdir()) == [file]


def test_a_sample_is_printed() -> None:
    """As it stands in the repository; whatever is wrong with the settings."""
    assert checked("--sample", KEESA_PORT="eighty") == sample()
