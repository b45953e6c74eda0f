"""The configuration: one frozen object, read from options and `KEESA_*` variables. A bad value stops the start."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from keesa.accounts.keys import MOST_FORMER
from keesa.db.postgres import CONNECTIONS, FEWEST_CONNECTIONS
from keesa.errors import Refused
from keesa.tickets.numbers import NumberForm

DEFAULT_ZONE: Final = ZoneInfo("Indian/Maldives")

_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s]+")
_PATH: Final = re.compile(r"(/[A-Za-z0-9_~@:+%-][A-Za-z0-9._~@:+%-]*)*")
"""Segments that need no quoting in a header, none of them `.` or `..`."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_OTHERS: Final = re.compile(r"KEESA_(TEST_\w+|(\w+_)?SERVICE_(HOST|PORT\w*)|(\w+_)?PORT_\d+_(TCP|UDP|SCTP)\w*)")
"""Variables that are not ours: the tests', and those that Kubernetes makes of services whose names begin with keesa."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
TrustedProxy = Network | Literal["unix"]
"""A network of proxies; or `unix`, for whoever comes through a Unix socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    host: str = "127.0.0.1"
    port: int = 8000
    """0 takes a free one."""
    workers: int = 1
    """Processes that answer requests."""
    connections: int = 4096
    """The most connections of clients that a worker holds, as far as the system lets it open so many files."""
    header_seconds: int = 15
    """In which the headers of a request must have arrived."""
    idle_seconds: int = 75
    """That a connection is kept between two requests."""
    least_rate: int = 1024
    """Bytes a second: a body that arrives, or an answer that is fetched, more slowly is given up after 15 seconds."""
    bodies_mib: int = 64
    """MiB of all bodies that a worker holds."""
    answers_mib: int = 128
    """MiB of all answers that a worker holds for clients who do not fetch them."""
    data: Path = Path("keesa-data")
    """The folder of the data file and the secret keys."""
    database_url: str | None = field(default=None, repr=False)
    """`postgresql://…`; SQLite in `data` without it."""
    database_connections: int = CONNECTIONS
    """The most connections to PostgreSQL that a worker holds."""
    demo: bool = False
    """Fill an empty database with the documented world."""
    demo_on_network: bool = False
    """Serve it elsewhere than on loopback, though everybody can read its passwords."""
    secret: str | None = field(default=None, repr=False)
    """What tokens are signed with; made and kept in `data` without it. Several nodes must share it."""
    secret_previous: tuple[str, ...] = field(default=(), repr=False)
    """Former secrets, which verify tokens and sign none."""
    zone: ZoneInfo = DEFAULT_ZONE
    """Of the times in answers, of ticket numbers and of closing days."""
    number_form: NumberForm = "yearly"
    cors_origins: tuple[str, ...] = ("*",)
    """The origins whose pages may call the API; `*` for any."""
    trusted_proxies: tuple[TrustedProxy, ...] = ()
    """The proxies whose `X-Forwarded-…` and `Forwarded` are believed."""
    public_url: str | None = None
    """Where clients find it, such as `https://example.com/desk`; None where they come as they came to the proxy."""
    body_limit: int = 1024 * 1024
    """Bytes of a request's body."""
    login_failures_per_user_and_address: int = 10
    """In 15 minutes; after them even the right password is refused from there until they are over."""
    login_failures_per_user: int = 100
    """From all addresses, in an hour; who logs in from where they have logged in before is let through."""
    login_failures_per_address: int = 300
    """Of all users, in 15 minutes; likewise."""
    cache_mib: int = 24
    """MiB of rendered tickets that each worker keeps; 0 keeps none."""
    backup_to: str | None = None
    """The folder, or `s3://bucket/path`, that back-ups are put in."""
    backup_every: int = 0
    """Hours between two back-ups that the server has made by itself; 0: it makes none."""
    backup_keep: int | None = None
    """How many of them stay, the newest; None for all."""
    backup_keep_days: int | None = None
    """For how many days they stay; None for ever."""
    snapshot_every: int = 0
    """Minutes between two snapshots that the server has made by itself, on SQLite; 0: it makes none."""
    backup_passphrase: str | None = field(default=None, repr=False)
    """What the secret key in a back-up is encrypted with."""
    metrics_token: str | None = field(default=None, repr=False)
    """What `GET /metrics` may be read with, as a bearer token."""
    metrics_from: tuple[Network, ...] = ()
    """The networks from which it may be read without one."""
    log_format: str = "auto"
    """`json`, `text`, or `auto`: text on a terminal, JSON elsewhere."""

    @property
    def may_show_demo(self) -> bool:
        """Whether those who reach the server may meet the demo's people, whose passwords are published."""
        return self.demo_on_network or _is_loopback(self.host)


def load_config(environ: Mapping[str, str], **options: object) -> Config:
    """The options that are not None, then the environment, then the defaults; raises `Refused` for a bad value.

    Each `KEESA_NAME` may come as `KEESA_NAME_FILE`, the path of a file that holds it (a secret's way).
    """
    _refuse_unknown(environ)
    values: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    for name in (setting.name for setting in fields(Config)):
        text = _from_environment(environ, f"KEESA_{name.upper()}")
        if name not in values and text is not None:
            values[name] = _read(name, text)
    config = Config(**values)
    _refuse_senseless(config)
    return config


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    """A setting with a slip in its name would be overlooked for years; in small letters, or without its `_`, too."""
    names = [f"KEESA_{setting.name.upper()}" for setting in fields(Config)]
    known = {*names, *(f"{name}_FILE" for name in names)}
    letters = {_letters(name) for name in known}
    ours = [name for name in environ if name.upper().startswith("KEESA_") or _letters(name) in letters]
    unknown = [name for name in ours if name not in known]
    sentences = []
    for name in unknown:
        if _OTHERS.fullmatch(name) or environ[name].startswith(("tcp://", "udp://", "sctp://")):
            continue
        nearest = get_close_matches(name.upper(), known, 1)
        sentences.append(f"{name} is no setting" + (f", did you mean {nearest[0]}?" if nearest else ""))
    if sentences:
        raise Refused("; ".join(sentences))


def _is_utf8(text: str) -> bool:
    """What Python makes of other bytes stands for them, and can be neither sent nor kept."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _letters(name: str) -> str:
    return "".join(filter(str.isalpha, name)).upper()


def _from_environment(environ: Mapping[str, str], name: str) -> str | None:
    path = environ.get(f"{name}_FILE")
    if path is None:
        text = environ.get(name)
        if text is not None and not _is_utf8(text):
            raise Refused(f"{name} must be UTF-8")
        return text
    if name in environ:
        raise Refused(f"{name} and {name}_FILE are both set: keep one")
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{name}_FILE: cannot read {path}: {error}") from error


def _boolean(text: str) -> bool:
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}[text.lower()]


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _secrets(text: str) -> tuple[str, ...]:
    """A line each, where there are several lines: a secret may have a comma."""
    parts = text.splitlines() if len(text.strip().splitlines()) > 1 else text.split(",")
    return tuple(part.strip() for part in parts if part.strip())


def _proxy(name: str) -> TrustedProxy:
    return "unix" if name == "unix" else _network(name)


def _network(name: str) -> Network:
    """That of an IPv4 address in IPv6's form is the IPv4 one, as which such peers are looked at."""
    network = ipaddress.ip_network(name)
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= 96 and network.network_address.ipv4_mapped:
        return ipaddress.IPv4Network((network.network_address.ipv4_mapped, network.prefixlen - 96))
    return network


_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "port": int,
    "workers": int,
    "connections": int,
    "header_seconds": int,
    "idle_seconds": int,
    "least_rate": int,
    "bodies_mib": int,
    "answers_mib": int,
    "data": Path,
    "database_connections": int,
    "demo": _boolean,
    "demo_on_network": _boolean,
    "secret_previous": _secrets,
    "zone": ZoneInfo,
    "cors_origins": _names,
    "trusted_proxies": lambda text: tuple(_proxy(name) for name in _names(text)),
    "metrics_from": lambda text: tuple(_network(name) for name in _names(text)),
    "public_url": lambda text: text.rstrip("/") or None,
    "body_limit": int,
    "cache_mib": int,
    "backup_every": int,
    "backup_keep": int,
    "backup_keep_days": int,
    "snapshot_every": int,
    "login_failures_per_user_and_address": int,
    "login_failures_per_user": int,
    "login_failures_per_address": int,
}


def _read(name: str, text: str) -> object:
    try:
        return _READERS.get(name, str)(text)
    except (ValueError, KeyError, ZoneInfoNotFoundError, OSError) as error:
        raise Refused(f"KEESA_{name.upper()}: {text!r} is no valid value") from error


def _refuse_senseless(config: Config) -> None:
    rules = {
        "port must be 0 to 65535": 0 <= config.port <= 65_535,
        "workers must be 1 to 64": 1 <= config.workers <= 64,
        "connections must be 64 to 65536": 64 <= config.connections <= 65_536,
        "header_seconds must be 1 to 600": 1 <= config.header_seconds <= 600,
        "idle_seconds must be 1 to 3600": 1 <= config.idle_seconds <= 3600,
        "least_rate must be 0 or more": config.least_rate >= 0,
        "bodies_mib must be 2 to 65536": 2 <= config.bodies_mib <= 65_536,
        "answers_mib must be 1 to 65536": 1 <= config.answers_mib <= 65_536,
        "demo has published passwords: host must be a loopback address, or KEESA_DEMO_ON_NETWORK yes": (
            not config.demo or config.may_show_demo
        ),
        "number_form must be yearly or monthly": config.number_form in get_args(NumberForm),
        "cors_origins must be * or such as https://desk.example": all(map(_is_origin, config.cors_origins)),
        "public_url must be such as https://desk.example or https://example.com/desk": _is_url(config.public_url),
        "body_limit must be 1024 bytes or more": config.body_limit >= 1024,
        "cache_mib must be 0 to 65536": 0 <= config.cache_mib <= 65_536,
        "login_failures_per_user_and_address must be 1 or more": config.login_failures_per_user_and_address >= 1,
        "login_failures_per_user must be 1 or more": config.login_failures_per_user >= 1,
        "login_failures_per_address must be 1 or more": config.login_failures_per_address >= 1,
        "backup_every must be 0 to 8760 hours": 0 <= config.backup_every <= 8760,
        "backup_keep must be 1 or more": config.backup_keep is None or config.backup_keep >= 1,
        "backup_keep_days must be 1 or more": config.backup_keep_days is None or config.backup_keep_days >= 1,
        "snapshot_every must be 0 to 1440 minutes": 0 <= config.snapshot_every <= 1440,
        "metrics_token must have 32 characters or more, of letters, digits and -._~+/=": _is_token(
            config.metrics_token
        ),
        "log_format must be auto, json or text": config.log_format in ("auto", "json", "text"),
        f"database_connections must be {FEWEST_CONNECTIONS} to 1000": FEWEST_CONNECTIONS
        <= config.database_connections
        <= 1000,
        "secret must have 32 characters or more": config.secret is None or len(config.secret) >= 32,
        "secret_previous must have 32 characters or more each, with commas or line ends between": all(
            len(secret) >= 32 for secret in config.secret_previous
        ),
        f"secret_previous must be {MOST_FORMER} at the most": len(config.secret_previous) <= MOST_FORMER,
        "database_url must begin with postgresql://": _is_postgres(config.database_url),
    }
    broken = [rule for rule, holds in rules.items() if not holds]
    if broken:
        raise Refused(f"Bad configuration: {'; '.join(broken)}")


def _is_postgres(url: str | None) -> bool:
    return not url or url.startswith(("postgresql://", "postgres://"))


def _is_token(text: str | None) -> bool:
    """Whether it can stand behind `Bearer` (RFC 6750), and is too long to be guessed."""
    return text is None or (len(text) >= 32 and _TOKEN.fullmatch(text) is not None)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _is_url(url: str | None) -> bool:
    """Whether it is an address on the web, without a query, a password or what a header cannot hold in its path."""
    if url is None:
        return True
    try:
        parts = urlsplit(url)
        _ = parts.port  # which is read here
    except ValueError:
        return False
    return (
        url.isascii()
        and url.isprintable()
        and parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and not set("?#") & set(url)
        and is_path(parts.path)
    )


def is_path(text: str) -> bool:
    """Whether it may stand before the API's own paths: empty, or such as `/desk`, without a slash at its end."""
    return len(text) <= 255 and _PATH.fullmatch(text) is not None


def _is_origin(text: str) -> bool:
    """Whether a browser may send it as `Origin`; a path or a slash behind it would never match."""
    return text == "*" or _ORIGIN.fullmatch(text) is not None
