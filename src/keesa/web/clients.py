"""Who is at the other end: address, scheme and path, believed from a proxy only where the operator trusts it."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from keesa.config import TrustedProxy
from keesa.web.calls import Client
from keesa.web.forwarded import Address, Told, parse_address, told, told_prefix

PROXY_HEADERS: Final = (
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-prefix",
    "x-forwarded-server",
    "x-real-ip",
    "cf-connecting-ip",
    "true-client-ip",
)
"""What comes with a request that a proxy has passed on: some of them, unless it is told to add nothing. nginx without
any setting adds none before 1.29, and speaks HTTP/1.0 then, which nobody else does.
"""
_SECURE = {"https": True, "wss": True, "http": False, "ws": False}


class Clients:
    """Tells who calls; `public_url` goes before what any proxy says of scheme and path."""

    def __init__(self, trusted: Sequence[TrustedProxy], public_url: str | None) -> None:
        self._networks = [network for network in trusted if network != "unix"]
        self._trusts_sockets = "unix" in trusted
        self._trusts_any = bool(trusted)
        public = urlsplit(public_url or "")
        self._prefix = public.path if public_url else None
        self._secure = public.scheme == "https"

    def client_of(self, scope: Scope, headers: Headers) -> Client:
        """Of the addresses that proxies tell the last that no trusted proxy has is the client's. Where one of them does
        not know it, or tells what is no address, it is that of this proxy: many clients are one then, but none of them
        chooses whose failures are counted.
        """
        peer = scope["client"][0] if scope["client"] else ""
        secure = self._secure or scope["scheme"] == "https"
        if not self._trusts_any or not self._is_trusted(peer):
            return Client(peer, secure, self._prefix or "")
        words = told(headers)
        index, address = self._nearest(words.addresses)
        secure = self._secure or _SECURE.get(_proto_of(words, index), secure)
        prefix = told_prefix(headers) if self._prefix is None else self._prefix
        return Client(str(address) if address else peer, secure, prefix)

    def certain_address(self, scope: Scope, headers: Headers) -> Address | None:
        """The client's, where nothing is known to stand between that could hide another one: None where the request
        tells of a proxy that is not trusted, or a trusted one does not know it. A proxy that tells nothing of itself
        is what it seems to be, a client.
        """
        peer = scope["client"][0] if scope["client"] else ""
        is_passed_on = scope.get("http_version") == "1.0" or any(name in headers for name in PROXY_HEADERS)
        if not is_passed_on:
            return parse_address(peer)
        if not self._is_trusted(peer):
            return None
        addresses = told(headers).addresses
        index, address = self._nearest(addresses)
        return address if addresses and addresses[index] is not None else None

    def _nearest(self, addresses: Sequence[Address | None]) -> tuple[int, Address | None]:
        """Where in the list the client stands, and the nearest address that is known of it: None is the peer's own."""
        known, index = None, 0
        for index in range(len(addresses) - 1, -1, -1):
            address = addresses[index]
            if address is None:
                break
            known = address
            if not self._is_in_networks(address):
                break
        return index, known

    def _is_trusted(self, peer: str) -> bool:
        if not peer:
            return self._trusts_sockets  # a Unix socket has no address
        address = parse_address(peer)
        return address is not None and self._is_in_networks(address)

    def _is_in_networks(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def _proto_of(words: Told, index: int) -> str:
    """The scheme that the client used: told by the proxy that it called, where each has told one, else the first."""
    protos = words.protos[index:] if len(words.protos) == len(words.addresses) else words.protos
    return next(filter(None, protos), "")
