"""What proxies tell of a request: `X-Forwarded-For`, `-Proto` and `-Prefix`, and RFC 7239's `Forwarded`.

Nothing here is believed yet: `clients.py` knows whose word counts. Each list begins at the client's side. What a client
writes before the words of the first proxy may be anything: a list is read from its end, and only some of it.
"""

import ipaddress
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from starlette.datastructures import Headers

from keesa.config import is_path

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MOST_PROXIES: Final = 20
"""Proxies that one request passes at the most; what is before them is not looked at."""
_LONGEST: Final = 2048
"""Characters of a header, from its end."""

_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_BARE: Final = r'[^\s",;\\]++'
"""More than RFC 7239 allows without quotation marks: some proxies write `for=192.0.2.1:443`."""
_PAIR: Final = rf'{_NAME}=(?:{_BARE}|"(?:[^"\\]|\\.)*+")'
_LAST_ELEMENT: Final = re.compile(rf"(?:^|,)[ \t]*+((?:{_PAIR})?(?:[ \t]*+;[ \t]*+(?:{_PAIR})?)*+)[ \t]*+$")
_PARAMETER: Final = re.compile(rf'({_NAME})=(?:({_BARE})|"((?:[^"\\]|\\.)*+)")')
_NODE: Final = re.compile(r"(?:\[([^\]]*)\]|([^\[\]:]*))(?::[0-9A-Za-z._-]*)?|([^\[\]]*)")
"""An address in brackets or an IPv4 one, each perhaps with a port; or an IPv6 address as it is."""


class Told(NamedTuple):
    addresses: Sequence[Address | None]
    """None where a proxy does not say who it was, or says no address."""
    protos: Sequence[str]
    """As many as the addresses and each told by one proxy, or else the client's first; "" is unsaid."""


def told(headers: Headers) -> Told:
    """By `X-Forwarded-For` and `-Proto` where one of them stands, else by `Forwarded`: a proxy that writes the former
    passes on the latter as the client wrote it.
    """
    addresses, protos = _list(headers, "x-forwarded-for"), _list(headers, "x-forwarded-proto")
    if addresses or protos:
        return Told([parse_address(text) for text in addresses], [_proto(text) for text in protos])
    elements = _elements(",".join(headers.getlist("forwarded")))
    return Told(
        [parse_address(element.get("for", "")) for element in elements],
        [_proto(element.get("proto", "")) for element in elements],
    )


def told_prefix(headers: Headers) -> str:
    """The path that proxies have taken off, the outermost's first; "" where it is none that could stand in a header."""
    prefix = "".join(text.rstrip("/") for text in _list(headers, "x-forwarded-prefix"))
    return prefix if is_path(prefix) else ""


def parse_address(text: str) -> Address | None:
    """The address of `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]:443`, `fe80::1%eth0` and the like;
    None for `unknown`, `_hidden` and all else. An IPv4 address in IPv6's form is the IPv4 one.
    """
    node = _NODE.fullmatch(text.strip().strip('"'))
    if node is None:
        return None
    bare = (node[1] or node[2] or node[3] or "").partition("%")[0]
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address


def _list(headers: Headers, name: str) -> list[str]:
    """The last elements of the header, which some proxies add a line of their own to; empty ones do not count."""
    joined = ",".join(headers.getlist(name))[-_LONGEST:]
    return [stripped for text in joined.split(",") if (stripped := text.strip())][-MOST_PROXIES:]


def _proto(text: str) -> str:
    return text.strip().strip('"').lower()


def _elements(text: str) -> list[dict[str, str]]:
    """The last elements of a `Forwarded`, each its parameters; an empty one stands for what cannot be read.

    They are found from the end, so that a quotation mark which the client leaves open takes no proxy's words along.
    """
    rest, found = text[-_LONGEST:], list[dict[str, str]]()
    while rest.strip(" \t,") and len(found) < MOST_PROXIES:
        element = _LAST_ELEMENT.search(rest)
        if element is None:
            found.append({})
            break
        if element[1]:
            found.append({name.lower(): bare or _unquoted(quoted) for name, bare, quoted in _parameters(element[1])})
        rest = rest[: element.start()]
    return found[::-1]


def _parameters(element: str) -> list[tuple[str, str, str]]:
    return _PARAMETER.findall(element)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
