"""A setting's value, read from a text of the environment or from a value of TOML."""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from pathlib import Path
from typing import Final, Literal, get_args, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from keesa.config.addresses import has_password
from keesa.config.settings import Config, Network, TrustedProxy

Kind = Literal["number", "switch", "list", "text"]
"""Of a setting; a `text` may be read as a path or a zone."""

SETTINGS: Final[Mapping[str, "Field[object]"]] = {setting.name: setting for setting in fields(Config)}

_MUST_BE: Final[Mapping[Kind, str]] = {
    "number": "must be a whole number",
    "switch": "must be true or false",
    "list": 'must be a list of texts, such as ["one", "another"]',
    "text": 'must be a text, "in quotation marks"',
}


class Unreadable(Exception):
    """A value that is none of the setting's kind; its text is the end of a sentence that begins with the setting."""


def kind_of(name: str) -> Kind:
    told = SETTINGS[name].type
    if told is bool:
        return "switch"
    if told is int or int in get_args(told):
        return "number"
    return "list" if get_origin(told) is tuple else "text"


def holds_secret(name: str, value: object) -> bool:
    """Whether nobody else may read it: the setting has the mark (`repr=False`), and of an address it has a password."""
    if SETTINGS[name].repr or not value:
        return False
    return name != "database_url" or has_password(str(value))


def read_text(name: str, text: str) -> object:
    """The value that a text of the environment stands for; raises `Unreadable`."""
    try:
        return _reader(name)(text)
    except (ValueError, KeyError, ZoneInfoNotFoundError, OSError) as error:
        raise Unreadable(f": {text!r} is no valid value") from error


def read_toml(name: str, value: object) -> object:
    """The value that one of TOML stands for, a text in the environment's form too; raises `Unreadable`."""
    kind = kind_of(name)
    if isinstance(value, str):
        return read_text(name, value)
    if isinstance(value, bool):
        fits = kind == "switch"
    elif isinstance(value, list):
        fits = kind == "list" and all(isinstance(each, str) for each in value)
    else:
        fits = kind == "number" and isinstance(value, int)
    if not fits:
        raise Unreadable(f" {_MUST_BE[kind]}")
    return _read_list(name, value) if isinstance(value, list) else value


def _read_list(name: str, parts: list[str]) -> tuple[object, ...]:
    """Each part is a value of its own, whatever stands in it: here a comma parts nothing."""
    read = _PARTS.get(name, str)
    found: list[object] = []
    for part in parts:
        try:
            found.append(read(part.strip()))
        except ValueError as error:
            raise Unreadable(f": {part!r} is no valid value") from error
    return tuple(found)


def _reader(name: str) -> Callable[[str], object]:
    return _READERS.get(name) or _READERS_OF_KINDS.get(kind_of(name), str)


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


_PARTS: Final[Mapping[str, Callable[[str], object]]] = {"trusted_proxies": _proxy, "metrics_from": _network}
"""How each part of a list is read that holds no texts."""
_READERS_OF_KINDS: Final[Mapping[Kind, Callable[[str], object]]] = {"number": int, "switch": _boolean, "list": _names}
_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "data": Path,
    "secret_previous": _secrets,
    "zone": ZoneInfo,
    "trusted_proxies": lambda text: tuple(_proxy(name) for name in _names(text)),
    "metrics_from": lambda text: tuple(_network(name) for name in _names(text)),
    "public_url": lambda text: text.rstrip("/") or None,
}
"""Of settings whose kind alone does not say how they are read."""
