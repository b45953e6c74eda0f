"""What counts as an address: of a host, of a web page, of an origin, of a database; and what as a token."""

import ipaddress
import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s]+")
_PATH: Final = re.compile(r"(/[A-Za-z0-9_~@:+%-][A-Za-z0-9._~@:+%-]*)*")
"""Segments that need no quoting in a header, none of them `.` or `..`."""


_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def is_postgres(url: str | None) -> bool:
    """None and an empty one are SQLite's."""
    return not url or url.startswith(("postgresql://", "postgres://"))


def is_token(text: str | None) -> bool:
    """Whether it can stand behind `Bearer` (RFC 6750), and is too long to be guessed."""
    return text is None or (len(text) >= 32 and _TOKEN.fullmatch(text) is not None)


def has_password(url: str) -> bool:
    """Also where it cannot be told: an address that nobody can read may hold one."""
    try:
        parts = urlsplit(url)
        return parts.password is not None or "password" in parse_qs(parts.query, keep_blank_values=True)
    except ValueError:
        return True


def is_url(url: str | None) -> bool:
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


def is_origin(text: str) -> bool:
    """Whether a browser may send it as `Origin`; a path or a slash behind it would never match."""
    return text == "*" or _ORIGIN.fullmatch(text) is not None
