"""The configuration: every variable, the files that may hold them, and the values that stop the start."""

from dataclasses import FrozenInstanceError, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from keesa.config import Config, load_config
from keesa.errors import Refused

LONG: Final = "a secret for tests, of 32 characters"

READ: Final[dict[str, tuple[str, Any]]] = {
    "host": ("0.0.0.0", "0.0.0.0"),  # noqa: S104 - read, not bound
    "port": ("0", 0),
    "workers": ("4", 4),
    "connections": ("500", 500),
    "header_seconds": ("5", 5),
    "idle_seconds": ("30", 30),
    "least_rate": ("256", 256),
    "bodies_mib": ("16", 16),
    "answers_mib": ("32", 32),
    "data": ("/srv/keesa", Path("/srv/keesa")),
    "database_url": ("postgresql://desk@db/keesa", "postgresql://desk@db/keesa"),
    "database_connections": ("8", 8),
    "demo": ("true", True),
    "demo_on_network": ("yes", True),
    "secret": (LONG, LONG),
    "secret_previous": (f"{'f' * 32}, {'e' * 32},", ("f" * 32, "e" * 32)),
    "zone": ("Asia/Colombo", ZoneInfo("Asia/Colombo")),
    "number_form": ("monthly", "monthly"),
    "reopen_on_answer": ("held", "held"),
    "cors_origins": ("https://desk.example, http://localhost:3000", ("https://desk.example", "http://localhost:3000")),
    "trusted_proxies": (
        "10.0.0.0/8, 192.0.2.1,::1",
        (ip_network("10.0.0.0/8"), ip_network("192.0.2.1"), ip_network("::1")),
    ),
    "public_url": ("https://example.com/desk/", "https://example.com/desk"),
    "body_limit": ("4096", 4096),
    "cache_mib": ("7", 7),
    "files": ("/srv/files", "/srv/files"),
    "file_mib": ("5", 5),
    "picture_megapixels": ("12", 12),
    "files_per_call": ("3", 3),
    "files_per_ticket": ("50", 50),
    "keep_picture_data": ("yes", True),
    "login_failures_per_user_and_address": ("3", 3),
    "login_failures_per_user": ("5", 5),
    "login_failures_per_address": ("50", 50),
    "requests_per_user": ("600", 600),
    "requests_per_token": ("0", 0),
    "requests_per_address": ("60", 60),
    "jobs": ("no", False),
    "backup_to": ("/var/backups/keesa", "/var/backups/keesa"),
    "backup_every": ("24", 24),
    "backup_keep": ("14", 14),
    "backup_keep_days": ("90", 90),
    "snapshot_every": ("5", 5),
    "backup_passphrase": ("a passphrase", "a passphrase"),
    "metrics_token": ("m" * 32, "m" * 32),
    "metrics_from": ("127.0.0.1, 192.0.2.0/24,::1", (*map(ip_network, ("127.0.0.1", "192.0.2.0/24", "::1")),)),
    "log_format": ("json", "json"),
}
"""Each setting: a text in the environment, and what it is read as."""


def test_every_setting_is_tried_here() -> None:
    """A new one needs its row in the table."""
    assert set(READ) == {setting.name for setting in fields(Config)}


@pytest.mark.parametrize("name", READ)
def test_each_setting_comes_from_the_environment(name: str) -> None:
    """As `KEESA_` and its name in capitals; no other setting moves."""
    text, value = READ[name]
    config = load_config({f"KEESA_{name.upper()}": text})
    assert getattr(config, name) == value != getattr(Config(), name)
    others = {setting.name for setting in fields(Config)} - {name}
    assert all(getattr(config, other) == getattr(Config(), other) for other in others)


@pytest.mark.parametrize("name", READ)
def test_each_setting_may_come_in_a_file(name: str, tmp_path: Path) -> None:
    """Which `KEESA_NAME_FILE` names; the line's end is not part of it."""
    text, value = READ[name]
    (tmp_path / "setting").write_text(f"{text}\n")
    config = load_config({f"KEESA_{name.upper()}_FILE": str(tmp_path / "setting")})
    assert getattr(config, name) == value


def test_without_anything_the_desk_is_private_and_embedded() -> None:
    """On loopback, with SQLite, in the Maldives, with limits on guessing."""
    config = load_config({})
    assert config == Config()
    assert (config.host, config.port, config.database_url, config.secret) == ("127.0.0.1", 8000, None, None)
    assert (config.zone.key, config.number_form, config.demo) == ("Indian/Maldives", "yearly", False)
    assert (config.cors_origins, config.trusted_proxies) == (("*",), ())
    assert config.login_failures_per_user_and_address == 10
    assert (config.login_failures_per_user, config.login_failures_per_address) == (100, 300)


def test_an_option_counts_more_than_the_environment() -> None:
    """And one that was not given counts nothing."""
    config = load_config({"KEESA_PORT": "1", "KEESA_WORKERS": "2"}, port=3, workers=None)
    assert (config.port, config.workers) == (3, 2)


def test_other_variables_do_not_matter() -> None:
    """Neither without the prefix, nor the tests' own, nor what Kubernetes makes of services named keesa…."""
    theirs = {
        "PORT": "1",
        "SECRET": "x",
        "MY_KEESA_PORT": "2",
        "KEESAPORTAL_URL": "3",
        "KEESADB_PORT": "4",
        "KEESA_TEST_POSTGRES_BIN": "/usr/lib",
        "KEESA_SERVICE_HOST": "10.0.0.1",
        "KEESA_SERVICE_PORT": "80",
        "KEESA_SERVICE_PORT_HTTP": "80",
        "KEESA_PORT_80_TCP_ADDR": "10.0.0.1",
        "KEESA_PORT_80_TCP": "tcp://10.0.0.1:80",
        "KEESA_DB_SERVICE_HOST": "10.0.0.2",
        "KEESA_DB_PORT": "tcp://10.0.0.2:5432",
        "KEESA_DB_PORT_5432_TCP_PROTO": "tcp",
    }
    assert load_config(theirs) == Config()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("KEESA_PROT", "KEESA_PROT is no setting, did you mean KEESA_PORT?"),
        ("KEESA_port", "KEESA_port is no setting, did you mean KEESA_PORT?"),
        ("keesa_workers", "keesa_workers is no setting, did you mean KEESA_WORKERS?"),
        ("KEESA_SECRETFILE", "KEESA_SECRETFILE is no setting, did you mean KEESA_SECRET_FILE?"),
        ("KEESA_SECRET_FILES", "KEESA_SECRET_FILES is no setting, did you mean KEESA_SECRET_FILE?"),
        ("KEESA_TRUSTED_PROXY", "KEESA_TRUSTED_PROXY is no setting, did you mean KEESA_TRUSTED_PROXIES?"),
        ("KEESAPORT", "KEESAPORT is no setting, did you mean KEESA_PORT?"),
        ("KEESA-PORT", "KEESA-PORT is no setting, did you mean KEESA_PORT?"),
        ("keesaCacheMib", "keesaCacheMib is no setting, did you mean KEESA_CACHE_MIB?"),
        ("KEESA_", "KEESA_ is no setting"),
        ("KEESA_QQQQQQQQQQQQ", "KEESA_QQQQQQQQQQQQ is no setting"),
    ],
)
def test_a_misspelt_setting_stops_the_start(name: str, sentence: str) -> None:
    """With a sentence that names the nearest one: what is overlooked would be the default, for years."""
    with pytest.raises(Refused) as refused:
        load_config({name: "1", "KEESA_PORT": "8001"})
    assert str(refused.value).startswith(sentence)
    assert len(str(refused.value)) <= len(sentence) + len(", did you mean KEESA_TRUSTED_PROXIES_FILE?")


def test_every_misspelt_setting_is_named_at_once() -> None:
    """The operator mends them in one go."""
    with pytest.raises(Refused, match=r"^KEESA_PROT .+ KEESA_PORT\?; KEESA_HOTS .+ KEESA_HOST\?$"):
        load_config({"KEESA_PROT": "1", "KEESA_HOTS": "x"})


def test_the_configuration_cannot_be_changed() -> None:
    """One object, the same for all who hold it."""
    with pytest.raises(FrozenInstanceError):
        Config().port = 1  # type: ignore[misc]  # what must fail


def test_its_text_shows_no_secret() -> None:
    """Neither the key nor the database's password: a log may hold it one day."""
    shown = repr(Config(secret=LONG, database_url="postgresql://desk:pa55word@db/keesa"))
    assert LONG not in shown
    assert "pa55word" not in shown


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("true", True), ("Yes", True), ("0", False), ("FALSE", False), ("no", False), ("", False)],
)
def test_a_switch_has_few_words(text: str, *, value: bool) -> None:
    """On and off, in any capitals."""
    assert load_config({"KEESA_DEMO": text}).demo is value


def test_no_database_url_is_sqlite() -> None:
    """Also where the variable is there and empty, as compose files have it."""
    assert not load_config({"KEESA_DATABASE_URL": ""}).database_url


def test_no_public_address_may_be_chosen() -> None:
    """Also where the variable is there and empty."""
    assert load_config({"KEESA_PUBLIC_URL": ""}).public_url is None


def test_no_origin_at_all_may_be_chosen() -> None:
    """An empty list is not the default."""
    assert load_config({"KEESA_CORS_ORIGINS": ""}).cors_origins == ()


UNREADABLE: Final = [
    ("port", ""),
    ("port", "eighty"),
    ("port", "80.5"),
    ("workers", "two"),
    ("demo", "maybe"),
    ("zone", ""),
    ("zone", "Atlantis/Capital"),
    ("zone", "../../etc/passwd"),
    ("zone", "Indian"),
    ("trusted_proxies", "the proxy"),
    ("trusted_proxies", "10.0.0.1/8"),
    ("trusted_proxies", "10.0.0.0/33"),
    ("trusted_proxies", "Unix"),
    ("metrics_from", "unix"),
    ("metrics_from", "monitoring"),
    ("body_limit", "1 MB"),
    ("cache_mib", "24 MiB"),
    ("backup_every", "daily"),
    ("backup_keep", "all"),
    ("backup_keep_days", "a week"),
    ("snapshot_every", "often"),
    ("database_connections", "a few"),
    ("login_failures_per_user_and_address", "few"),
    ("login_failures_per_user", "many"),
    ("login_failures_per_address", "1e3"),
]


@pytest.mark.parametrize(("name", "text"), UNREADABLE)
def test_what_cannot_be_read_stops_the_start(name: str, text: str) -> None:
    """And the sentence names the variable and the value."""
    with pytest.raises(Refused) as refused:
        load_config({f"KEESA_{name.upper()}": text})
    assert str(refused.value) == f"KEESA_{name.upper()}: {text!r} is no valid value"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("port", "-1"),
        ("port", "65536"),
        ("workers", "0"),
        ("workers", "65"),
        ("metrics_token", "m" * 31),
        ("metrics_token", f"{'m' * 16} {'m' * 16}"),
        ("number_form", "weekly"),
        ("number_form", ""),
        ("reopen_on_answer", "on"),
        ("reopen_on_answer", ""),
        ("cors_origins", "desk.example"),
        ("cors_origins", "https://desk.example/"),
        ("cors_origins", "*,https://desk.example/app"),
        ("cors_origins", "null"),
        ("public_url", "desk.example"),
        ("public_url", "/desk"),
        ("public_url", "ftp://desk.example"),
        ("public_url", "https://"),
        ("public_url", "https://desk.example/?a=b"),
        ("public_url", "https://desk.example/#top"),
        ("public_url", "https://user:password@desk.example"),
        ("public_url", "https://desk.example:port"),
        ("public_url", "https://desk.example/a; Domain=b"),
        ("public_url", "https://desk.example/../b"),
        ("public_url", "https://desk.example//b"),
        ("public_url", "https://d\xe9sk.example"),
        ("body_limit", "1023"),
        ("body_limit", "-1"),
        ("cache_mib", "-1"),
        ("file_mib", "0"),
        ("file_mib", "1025"),
        ("picture_megapixels", "0"),
        ("picture_megapixels", "201"),
        ("files_per_call", "0"),
        ("files_per_call", "101"),
        ("files_per_ticket", "0"),
        ("files_per_ticket", "10001"),
        ("backup_every", "-1"),
        ("backup_every", "8761"),
        ("backup_keep", "0"),
        ("backup_keep_days", "0"),
        ("snapshot_every", "-1"),
        ("snapshot_every", "1441"),
        ("cache_mib", "65537"),
        ("database_connections", "3"),
        ("database_connections", "1001"),
        ("login_failures_per_user_and_address", "0"),
        ("login_failures_per_user", "0"),
        ("login_failures_per_address", "0"),
        ("log_format", "xml"),
        ("secret", ""),
        ("secret", "31 characters are not enough..."),
        ("database_url", "mysql://desk@db/keesa"),
        ("database_url", "db.example"),
    ],
)
def test_what_makes_no_sense_stops_the_start(name: str, text: str) -> None:
    """And the sentence says what the variable must be, without the value: it may be secret."""
    with pytest.raises(Refused, match=rf"^KEESA_{name.upper()} must ") as refused:
        load_config({f"KEESA_{name.upper()}": text})
    if name in ("secret", "database_url") and text:
        assert text not in str(refused.value)


def test_everything_senseless_is_named_at_once() -> None:
    """The operator mends it in one go."""
    with pytest.raises(Refused) as refused:
        load_config({"KEESA_PORT": "-1", "KEESA_WORKERS": "0", "KEESA_LOG_FORMAT": "xml"})
    for name in ("PORT", "WORKERS", "LOG_FORMAT"):
        assert f"KEESA_{name} must be" in str(refused.value)


def test_options_are_checked_too() -> None:
    """A bad one stops the start as a bad variable does."""
    with pytest.raises(Refused, match=r"^port must be 0 to 65535"):
        load_config({}, port=70_000)


def test_a_setting_given_twice_is_refused(tmp_path: Path) -> None:
    """By itself and in a file: which one is meant is not guessed."""
    (tmp_path / "secret").write_text(LONG)
    with pytest.raises(Refused, match=r"^KEESA_SECRET and KEESA_SECRET_FILE are both set: keep one$"):
        load_config({"KEESA_SECRET": LONG, "KEESA_SECRET_FILE": str(tmp_path / "secret")})


def test_former_secrets_may_stand_on_lines_of_their_own(tmp_path: Path) -> None:
    """Where there are several lines a comma is a part of its secret; each is as long as a secret must be, and there
    are 16 at the most.
    """
    (tmp_path / "former").write_text(f"{LONG}\n\nanother one, with a comma, {LONG}\n")
    config = load_config({"KEESA_SECRET_PREVIOUS_FILE": str(tmp_path / "former")})
    assert config.secret_previous == (LONG, f"another one, with a comma, {LONG}")
    assert LONG not in repr(config)
    with pytest.raises(Refused, match=r"^KEESA_SECRET_PREVIOUS must have 32 characters or more each"):
        load_config({"KEESA_SECRET_PREVIOUS": f"{'f' * 32},short"})
    with pytest.raises(Refused, match=r"^KEESA_SECRET_PREVIOUS must be 16 at the most"):
        load_config({"KEESA_SECRET_PREVIOUS": ",".join(["f" * 32] * 17)})


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    """A missing one, and one that is no text; the sentence names the variable and the path."""
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Refused, match=rf"^KEESA_SECRET_FILE: cannot read {path}: "):
        load_config({"KEESA_SECRET_FILE": str(path)})


@pytest.mark.parametrize("name", ["KEESA_SECRET", "KEESA_DATABASE_URL", "KEESA_HOST"])
def test_what_is_no_utf_8_is_refused(name: str) -> None:
    """As Python shows the bytes of the environment that it cannot read."""
    with pytest.raises(Refused, match=rf"^{name} must be UTF-8$"):
        load_config({name: "\udcff\udcfe" * 40})
