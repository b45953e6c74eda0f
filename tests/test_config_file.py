"""The configuration file: where it is found, what its lines are read as, and what is said of each wrong one."""

import os
import tomllib
from dataclasses import fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from keesa.config import Config, Misconfigured, load, load_config
from keesa.config.file import MOST_BYTES
from keesa.config.sample import sample
from keesa.config.statements import MOST_LINES, Broken, Statement, statements
from keesa.errors import Refused

LONG: Final = "a secret for tests, of 32 characters"
ROOT: Final = Path(__file__).parents[1]

WRITTEN: Final[dict[str, tuple[str, Any]]] = {
    "host": ('"0.0.0.0"', "0.0.0.0"),  # noqa: S104 - read, not bound
    "port": ("0", 0),
    "workers": ('"4"', 4),
    "connections": ("5_00", 500),
    "demo": ("true", True),
    "demo_on_network": ('"yes"', True),
    "data": ('"/srv/keesa"', Path("/srv/keesa")),
    "database_url": ('"postgresql://desk@db/keesa"', "postgresql://desk@db/keesa"),
    "secret": (f"'{LONG}'", LONG),
    "secret_previous": (f'[\n  "{LONG}, too",  # the last one\n  "{"e" * 32}",\n]', (f"{LONG}, too", "e" * 32)),
    "zone": ('"Asia/Colombo"', ZoneInfo("Asia/Colombo")),
    "cors_origins": ('"https://a.example, https://b.example"', ("https://a.example", "https://b.example")),
    "trusted_proxies": ('["10.0.0.0/8", "unix"]', (ip_network("10.0.0.0/8"), "unix")),
    "public_url": ('"https://example.com/desk/"', "https://example.com/desk"),
    "backup_to": ('"s3://bucket/keesa"', "s3://bucket/keesa"),
    "backup_keep": ("14", 14),
}
"""A setting of each kind, as a file has it: typed, or as a text in the environment's form."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keesa.toml"
    path.touch(0o600)
    return path


def at(path: Path) -> dict[str, str]:
    return {"KEESA_CONFIG": str(path)}


def sentences(path: Path, text: str, **environ: str) -> list[str]:
    """What is said of the file with that text, without its path at the beginning."""
    path.write_text(text)
    with pytest.raises(Misconfigured) as refused:
        load_config(at(path) | environ)
    return [sentence.removeprefix(f"{path}, ") for sentence in refused.value.sentences]


@pytest.mark.parametrize("name", WRITTEN)
def test_each_kind_of_setting_comes_from_the_file(name: str, file: Path) -> None:
    """Below a comment, in any line, and no other setting moves."""
    text, value = WRITTEN[name]
    file.write_text(f"# ours\r\n\r\n{name} = {text} # so\r\n")
    loaded = load(at(file))
    assert getattr(loaded.config, name) == value != getattr(Config(), name)
    assert loaded.given.keys() == {name}
    assert loaded.given[name][0].origin.told == f"{file}, line 3"
    others = {setting.name for setting in fields(Config)} - {name}
    assert all(getattr(loaded.config, other) == getattr(Config(), other) for other in others)


def test_an_option_goes_before_the_environment_and_that_before_the_file(file: Path) -> None:
    """Which goes before the default; where each comes from is kept, what does not count too."""
    file.write_text("port = 1\nworkers = 2\nidle_seconds = 3\n")
    loaded = load(at(file) | {"KEESA_PORT": "4", "KEESA_WORKERS": "5"}, port=6)
    config = loaded.config
    assert (config.port, config.workers, config.idle_seconds, config.header_seconds) == (6, 5, 3, 15)
    assert {name: [each.origin.told for each in given] for name, given in loaded.given.items()} == {
        "port": ["an option", "KEESA_PORT", f"{file}, line 1"],
        "workers": ["KEESA_WORKERS", f"{file}, line 2"],
        "idle_seconds": [f"{file}, line 3"],
    }


def test_it_is_found_in_the_folder_of_the_data(file: Path, tmp_path: Path) -> None:
    """However that is named; a file that is named itself goes before it, an empty name is none."""
    file.write_text("port = 1\n")
    (tmp_path / "another.toml").write_text("port = 2\n")
    assert load_config({}, data=tmp_path).port == 1
    assert load_config({"KEESA_DATA": str(tmp_path)}).port == 1
    assert load_config(at(tmp_path / "another.toml"), data=tmp_path).port == 2
    assert load_config({"KEESA_CONFIG": ""}, data=tmp_path).port == 1
    assert load_config({}, data=tmp_path / "elsewhere").port == 8000
    assert load_config({}, data=file).port == 8000
    file.write_text('data = "/srv/keesa"\n')
    with pytest.raises(Refused, match=r"line 1: data is where this file was found: leave it out$"):
        load_config({}, data=tmp_path)
    assert load_config(at(file), data=tmp_path).data == tmp_path


def test_relative_paths_count_from_its_folder(file: Path, tmp_path: Path) -> None:
    """So that a command finds the same wherever it is begun; a secret may stand in a file beside."""
    (tmp_path / "key").write_text(f"{LONG}\n")
    file.write_text('data = "../data"\nbackup_to = "back-ups"\nsecret_file = "key"\n')
    config = load_config(at(file))
    assert (config.data, config.backup_to) == (tmp_path.parent / "data", str(tmp_path / "back-ups"))
    assert config.secret == LONG


def test_every_wrong_line_is_told_at_once(file: Path) -> None:
    """In the order of the lines, and those after them in the environment: what does not parse, what is no setting,
    what is of another type, and what is out of bounds.
    """
    text = """\
# ours
prot = 80
port = 65536
zone = Indian/Maldives
cors_origins = [
  "https://a.example",
  "https://b.example/",
]
workers = 1.5
[server]
backup.to = "/srv"
port = 9
cache_mib = true
demo = "maybe"
trusted_proxies = ["10.0.0.0/8", "10.0.0.1/8"]
log_format = "xml
number_form = 7
data_file = 1
secret = "short"
secret_file = "beside"
database_url = ["a"]
idle_seconds = 0
secret_previous = [1]
KEESA_BODY_LIMIT = 1
header_seconds 15
"""
    assert sentences(file, text, KEESA_IDLE_SECONDS="9", KEESA_WORKERS="0", KEESA_HOTS="x") == [
        "line 2: prot is no setting, did you mean port?",
        "line 3: port must be 0 to 65535",
        "line 4, column 8: Invalid value (a text stands in quotation marks)",
        "line 5: cors_origins must be * or such as https://desk.example",
        "line 9: workers must be a whole number",
        "line 10: [server] is a section: settings stand without any",
        "line 11: backup.to is no setting, did you mean backup_to?",
        "line 12: port: port stands on line 3 already, keep one",
        "line 13: cache_mib must be a whole number",
        "line 14: demo: 'maybe' is no valid value",
        "line 15: trusted_proxies: '10.0.0.1/8' is no valid value",
        "line 16, column 18: A text that does not end on its line",
        'line 17: number_form must be a text, "in quotation marks"',
        "line 18: data_file must be the path of a file",
        "line 19: secret must have 32 characters or more",
        "line 20: secret_file: secret stands on line 19 already, keep one",
        'line 21: database_url must be a text, "in quotation marks"',
        "line 22: idle_seconds must be 1 to 3600",
        'line 23: secret_previous must be a list of texts, such as ["one", "another"]',
        "line 24: KEESA_BODY_LIMIT is no setting, did you mean body_limit?",
        "line 25, column 16: Expected '=' after a key in a key/value pair",
        "KEESA_HOTS is no setting, did you mean KEESA_HOST?",
        "KEESA_WORKERS must be 1 to 64",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("zone = [\n  1,\nport = -1\n", ["line 3, column 1: Invalid value", "line 3: port must be"]),
        ('zone = """\nIndian\nport = -1\n', ["line 1: Unterminated string", "line 3: port must be"]),
        ("zone = [1 2,\n  3,\n]\nport = -1\n", ["line 1, column 11: Unclosed array", "line 4: port must be"]),
        ("zone = [" + "\n" * MOST_LINES + "]\nport = -1\n", ["line 1: No end within 500", "line 502: port must be"]),
        ("zone = " + "[" * 5000 + "\n", ["line 1: Nested too deeply"]),
        ("port = 99999999999999999999\n", ["line 1: port must be 0 to 65535"]),
        ("port = 0x\nworkers = -1", ["line 1, column 9: Expected newline", "line 2: workers must be"]),
    ],
    ids=["list", "text", "list on its first line", "long", "deep", "large", "number"],
)
def test_after_a_value_without_an_end_the_other_lines_are_still_told(text: str, told: list[str], file: Path) -> None:
    """And its own rest is not told as further errors."""
    found = sentences(file, text)
    assert len(found) == len(told)
    assert [sentence.startswith(begun) for sentence, begun in zip(found, told, strict=True)] == [True] * len(told)


VALUES: Final = st.one_of(
    st.integers(-9, 99).map(str),
    st.sampled_from(
        [
            "true",
            '"a # b"',
            "'c = 1'",
            '"""d\ne = 2\n[f]\n"""',
            "'''\n]\n'''",
            "[]",
            "[1,\n2, # ]\n]",
            '["]",\n[\n"""\n]\n"""]]',
            "{a = 1, b = [\n2]}",
            '"\\u20ac"',
            "2024-01-01",
        ]
    ),
)
BETWEEN: Final = st.sampled_from(["\n", "\r\n", " # [\n", "\n\n", '\n# a comment = """\n', "\n  "])


@deterministic(150)
@given(st.lists(st.tuples(VALUES, BETWEEN), max_size=8))
def test_statements_are_cut_as_the_parser_reads_the_whole(parts: list[tuple[str, str]]) -> None:
    """Each once, with its value, on the line where its key stands: lines inside a value are no statements."""
    text = "".join(f"k{number} = {value}{between}" for number, (value, between) in enumerate(parts))
    found = [each for each in statements(text) if isinstance(each, Statement)]
    assert len(found) == len(list(statements(text)))
    assert {key: value for each in found for key, value in each.values.items()} == tomllib.loads(text)
    lines = text.replace("\r\n", "\n").split("\n")
    assert [lines[each.line - 1].split()[0] for each in found] == [f"k{number}" for number in range(len(parts))]


def test_a_broken_statement_is_where_the_parser_finds_it() -> None:
    """The first one, with its line and column."""
    [broken] = [each for each in statements("a = 1\n\nb = [1,\n  2 3]\nc = 4\n") if isinstance(each, Broken)]
    assert (broken.line, broken.column) == (4, 5)


@pytest.mark.parametrize(
    ("line", "is_secret"),
    [
        (f'secret = "{LONG}"', True),
        (f'secret_previous = ["{LONG}"]', True),
        ('backup_passphrase = "a passphrase"', True),
        ('database_url = "postgresql://desk:hunter2@db/keesa"', True),
        ('database_url = "postgresql://db/keesa?user=desk&password=hunter2"', True),
        ('database_url = "postgresql://desk@db/keesa"', False),
        ('secret_file = "key"', False),
        ("port = 80", False),
    ],
)
def test_a_secret_stands_in_a_file_that_not_everybody_may_read(line: str, is_secret: bool, file: Path) -> None:  # noqa: FBT001 - a table's column
    """Its owner may, and a group; the sentence says what to do, and tells no secret."""
    (file.parent / "key").write_text(LONG)
    file.write_text(f"\n{line}\n")
    for mode in (0o600, 0o640):
        file.chmod(mode)
        load_config(at(file))
    file.chmod(0o644)
    if not is_secret:
        load_config(at(file))
        return
    with pytest.raises(
        Misconfigured, match=r"line 2: \w+ is secret, and everybody may read the file \(mode 644\)"
    ) as no:
        load_config(at(file))
    assert f"run `chmod o-r {file}`" in str(no.value)
    assert not any(secret in str(no.value) for secret in (LONG, "hunter2", "a passphrase"))


def test_what_is_no_such_file_is_refused(file: Path, tmp_path: Path) -> None:
    """One that is missing, though it was named; a folder; a pipe, which is not waited for; one that everybody may
    write, that is too large, or no text.
    """
    os.mkfifo(tmp_path / "pipe")
    for path, sentence in (
        (tmp_path / "nowhere", "There is no configuration file "),
        (tmp_path, f"{tmp_path} is no file"),
        (tmp_path / "pipe", f"{tmp_path / 'pipe'} is no file"),
    ):
        with pytest.raises(Refused) as refused:
            load_config(at(path))
        assert str(refused.value).startswith(sentence)
    file.write_bytes(b"#" * MOST_BYTES)
    load_config(at(file))
    file.write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(Refused, match=r"is larger than 64 KiB"):
        load_config(at(file))
    file.write_bytes(b"port = 1\nhost = '\xff'\n")
    with pytest.raises(Refused, match=r"line 2: must be UTF-8$"):
        load_config(at(file))
    file.write_bytes(b"\xef\xbb\xbfport = 1\n")
    assert load_config(at(file)).port == 1
    file.chmod(0o602)
    with pytest.raises(Refused, match=r"can be written by everybody \(mode 602\): run `chmod o-w "):
        load_config(at(file))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "keesa.toml").symlink_to("nowhere")
    with pytest.raises(Refused, match=r"There is no configuration file "):
        load_config({}, data=tmp_path / "data")


def test_the_sample_has_every_setting_with_its_default(file: Path) -> None:
    """As it stands it sets nothing; without the # each line is read, and is the default where there is one."""
    text = sample()
    file.write_text(text)
    assert load_config(at(file)) == Config()
    lines = [
        line.removeprefix("#") for line in text.splitlines() if line.startswith("#") and line[1:2] not in (" ", "")
    ]
    assert [line.split(" = ")[0].removesuffix("_file") for line in lines] == [each.name for each in fields(Config)]
    for line in (line for line in lines if "_file = " not in line):
        file.write_text(f"{line}\n")
        name = line.split(" = ")[0]
        value, default = getattr(load_config(at(file)), name), getattr(Config(), name)
        if name == "data":
            default = file.parent / default
        assert (value == default) == (default is not None), line


def test_the_sample_is_in_the_repository() -> None:
    """`keesa check --sample > deploy/keesa.toml` after a change of a setting."""
    assert (ROOT / "deploy" / "keesa.toml").read_text("utf-8") == sample()
