"""Who is at the other end: address and scheme, believed from a proxy only where the operator trusts it."""

import ipaddress
from collections.abc import Sequence

from starlette.requests import Request

from keesa.config import Network


def address_and_security(request: Request, trusted: Sequence[Network]) -> tuple[str, bool]:
    """The client's address, and whether it speaks HTTPS.

    `X-Forwarded-For` is read from its end: the first address that no trusted proxy has is the client's.
    """
    peer = request.client.host if request.client else ""
    if not _is_in(peer, trusted):
        return peer, request.scope["scheme"] == "https"
    address = peer
    hops = ",".join(request.headers.getlist("x-forwarded-for"))  # some proxies add a line of their own
    for hop in reversed(hops.split(",")):
        if hop.strip():
            address = hop.strip()
        if not _is_in(address, trusted):
            break
    secure = request.headers.get("x-forwarded-proto", request.scope["scheme"]).strip().lower() == "https"
    return address[:64], secure


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    if not networks:
        return False
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = parsed.ipv4_mapped or parsed  # how a socket for both families names an IPv4 peer
    return any(parsed in network for network in networks)
