"""The configuration: one frozen object. What stands below a setting is what operators read of it (`sample.py`)."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo

from keesa.config.addresses import is_loopback
from keesa.db.postgres_limits import CONNECTIONS
from keesa.tickets.numbers import NumberForm
from keesa.tickets.waiting import Reopening

DEFAULT_ZONE: Final = ZoneInfo("Indian/Maldives")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
TrustedProxy = Network | Literal["unix"]
"""A network of proxies; or `unix`, for whoever comes through a Unix socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    host: str = "127.0.0.1"
    """The address to listen on: put a proxy with HTTPS in front, or set 0.0.0.0."""
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
    """`yearly` (2024001) or `monthly` (2102001)."""
    reopen_on_answer: Reopening = "off"
    """Which tickets a customer's answer reopens: `held`, `closed` or `both`; `off`: it waits where it is."""
    cors_origins: tuple[str, ...] = ("*",)
    """The origins whose pages may call the API; `*` for any."""
    trusted_proxies: tuple[TrustedProxy, ...] = ()
    """The proxies whose `X-Forwarded-…` and `Forwarded` are believed."""
    public_url: str | None = None
    """Where clients find it, such as `https://example.com/desk`; without it as they came to the proxy."""
    body_limit: int = 1024 * 1024
    """Bytes of a request's body."""
    files: str | None = None
    """The folder, or `s3://bucket/path`, of pictures and files; in `data` without it. Several nodes must share it."""
    file_mib: int = 25
    """MiB of a picture or file."""
    picture_megapixels: int = 50
    """Millions of pixels of a picture, over all of its frames."""
    files_per_call: int = 20
    """Pictures or files that one request may bring."""
    files_per_ticket: int = 200
    """Pictures and files of a ticket; as many of its internal notes."""
    keep_picture_data: bool = False
    """Keep where, when and with what a picture was taken, for staff; what is served has none of it in any case."""
    login_failures_per_user_and_address: int = 10
    """In 15 minutes; after them even the right password is refused from there until they are over."""
    login_failures_per_user: int = 100
    """From all addresses, in an hour; who logs in from where they have logged in before is let through."""
    login_failures_per_address: int = 300
    """Of all users, in 15 minutes; likewise."""
    requests_per_user: int = 6000
    """In a minute, over all of a user's sessions; 0: any number."""
    requests_per_token: int = 6000
    """In a minute, of each API token; 0: any number."""
    requests_per_address: int = 1200
    """In a minute, of those that show neither; 0: any number."""
    cache_mib: int = 24
    """MiB of rendered tickets and of answers that each worker keeps; 0 keeps none."""
    jobs: bool = True
    """Whether this server does what waits to be done, and what recurs; one of a desk's servers must."""
    backup_to: str | None = None
    """The folder, or `s3://bucket/path`, that back-ups are put in."""
    backup_every: int = 0
    """Hours between two back-ups that the server has made by itself; 0: it makes none."""
    backup_keep: int | None = None
    """How many of them stay, the newest; all without it."""
    backup_keep_days: int | None = None
    """For how many days they stay; for ever without it."""
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
        return self.demo_on_network or is_loopback(self.host)
