"""What a setting must be. Each rule is one sentence, which begins with the setting's name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, get_args

from keesa.accounts.keys import MOST_FORMER
from keesa.config.addresses import is_origin, is_postgres, is_token, is_url
from keesa.config.settings import Config
from keesa.db.postgres_limits import FEWEST_CONNECTIONS
from keesa.tickets.numbers import NumberForm
from keesa.tickets.waiting import Reopening


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    must: str
    """The sentence behind the setting's name."""
    holds: Callable[[Config], bool]
    looks_at_others: bool = False
    """Whether it depends on other settings too."""


def _between(name: str, least: int, most: int, unit: str = "") -> Rule:
    """None, where a setting may be that, is no number."""
    return Rule(name, f"must be {least} to {most}{unit}", lambda config: least <= getattr(config, name) <= most)


def _from(name: str, least: int, unit: str = "") -> Rule:
    def holds(config: Config) -> bool:
        value = getattr(config, name)
        return value is None or bool(value >= least)

    return Rule(name, f"must be {least}{unit} or more", holds)


RULES: Final = (
    _between("port", 0, 65_535),
    _between("workers", 1, 64),
    _between("connections", 64, 65_536),
    _between("header_seconds", 1, 600),
    _between("idle_seconds", 1, 3600),
    _from("least_rate", 0),
    _between("bodies_mib", 2, 65_536),
    _between("answers_mib", 1, 65_536),
    _between("database_connections", FEWEST_CONNECTIONS, 1000),
    Rule(
        "demo",
        "has published passwords: host must be a loopback address, or KEESA_DEMO_ON_NETWORK yes",
        lambda config: not config.demo or config.may_show_demo,
        looks_at_others=True,
    ),
    Rule("number_form", "must be yearly or monthly", lambda config: config.number_form in get_args(NumberForm)),
    Rule(
        "reopen_on_answer",
        "must be off, held, closed or both",
        lambda config: config.reopen_on_answer in get_args(Reopening),
    ),
    Rule(
        "cors_origins",
        "must be * or such as https://desk.example",
        lambda config: all(map(is_origin, config.cors_origins)),
    ),
    Rule(
        "public_url",
        "must be such as https://desk.example or https://example.com/desk",
        lambda config: is_url(config.public_url),
    ),
    _from("body_limit", 1024, " bytes"),
    _between("cache_mib", 0, 65_536),
    _between("file_mib", 1, 1024),
    _between("picture_megapixels", 1, 200),
    _between("files_per_call", 1, 100),
    _between("files_per_ticket", 1, 10_000),
    _from("login_failures_per_user_and_address", 1),
    _from("login_failures_per_user", 1),
    _from("login_failures_per_address", 1),
    _from("requests_per_user", 0),
    _from("requests_per_token", 0),
    _from("requests_per_address", 0),
    _between("backup_every", 0, 8760, " hours"),
    _from("backup_keep", 1),
    _from("backup_keep_days", 1),
    _between("snapshot_every", 0, 1440, " minutes"),
    Rule(
        "metrics_token",
        "must have 32 characters or more, of letters, digits and -._~+/=",
        lambda config: is_token(config.metrics_token),
    ),
    Rule("log_format", "must be auto, json or text", lambda config: config.log_format in ("auto", "json", "text")),
    Rule("secret", "must have 32 characters or more", lambda config: config.secret is None or len(config.secret) >= 32),
    Rule(
        "secret_previous",
        "must have 32 characters or more each, with commas or line ends between",
        lambda config: all(len(secret) >= 32 for secret in config.secret_previous),
    ),
    Rule(
        "secret_previous",
        f"must be {MOST_FORMER} at the most",
        lambda config: len(config.secret_previous) <= MOST_FORMER,
    ),
    Rule("database_url", "must begin with postgresql://", lambda config: is_postgres(config.database_url)),
)
