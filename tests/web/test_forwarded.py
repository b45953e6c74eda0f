"""What is read from the headers of proxies: addresses in all their spellings, schemes, and the path of the server."""

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any, Final

import pytest
from starlette.datastructures import Headers

from keesa.config import load_config
from keesa.web.calls import Client
from keesa.web.clients import Clients

PROXY: Final = "10.0.0.5"
TRUSTED: Final = Clients((ip_network("10.0.0.0/8"), ip_network("fd00::/8")), None)
FOR: Final = "X-Forwarded-For"
PROTO: Final = "X-Forwarded-Proto"
PREFIX: Final = "X-Forwarded-Prefix"
FORWARDED: Final = "Forwarded"


def end(
    *headers: tuple[str, str], peer: str | None = PROXY, scheme: str = "http", clients: Clients = TRUSTED
) -> Client:
    """The client's end of a request with these headers from that peer; None is a Unix socket."""
    scope: dict[str, Any] = {
        "type": "http",
        "scheme": scheme,
        "client": None if peer is None else (peer, 50_000),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }
    return clients.client_of(scope, Headers(scope=scope))


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("203.0.113.10", "203.0.113.10"),
        ("203.0.113.10:40000", "203.0.113.10"),
        ('"203.0.113.10:40000"', "203.0.113.10"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ('"[2001:db8::1]:443"', "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:443", "fe80::1"),
        ("::ffff:203.0.113.10", "203.0.113.10"),
        ("[::ffff:203.0.113.10]:443", "203.0.113.10"),
    ],
)
def test_an_address_is_the_same_however_it_is_written(written: str, address: str) -> None:
    """With a port, in brackets, quoted, with a zone, in IPv6's form of IPv4: a connection is no client of its own."""
    assert end((FOR, written)).address == address
    quoted = written if written.startswith('"') else f'"{written}"'
    assert end((FORWARDED, f"for={quoted}")).address == address


@pytest.mark.parametrize(
    "written",
    [
        "unknown",
        "_hidden",
        "_SEVKISEK",
        "client.example",
        "203.0.113.300",
        "010.0.0.1",
        "[",
        "[::1",
        "-",
        ":80",
        "\x9b",
    ],
)
def test_what_is_no_address_is_nobody_s(written: str) -> None:
    """The nearest hop that is known counts instead: garbage opens no account of its own, and gets into no log."""
    assert end((FOR, written)).address == PROXY
    assert end((FOR, f"203.0.113.10, {written}, 10.0.0.9")).address == "10.0.0.9"
    assert end((FORWARDED, f'for="{written}"')).address == PROXY


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("for=203.0.113.10;proto=http;by=10.0.0.5", "203.0.113.10"),
        ("FOR=203.0.113.10", "203.0.113.10"),
        ("by=10.0.0.5; For=203.0.113.10 ;host=desk.example", "203.0.113.10"),
        ("by=10.0.0.5; For=203.0.113.10;host=desk.example", "203.0.113.10"),
        ("for=203.0.113.10:40000", "203.0.113.10"),
        (r'for="203.0\.113.10"', "203.0.113.10"),
        ("for=198.51.100.1, for=203.0.113.10, for=10.0.0.9", "203.0.113.10"),
        ("for=198.51.100.1,for=203.0.113.10,", "203.0.113.10"),
        ("for=203.0.113.10;;proto=https", "203.0.113.10"),
        ("for=198.51.100.1,;for=203.0.113.10; ;proto=https;", "203.0.113.10"),
        (";", PROXY),
        ("for=198.51.100.1, for=_hidden, for=10.0.0.9", "10.0.0.9"),
        ("for=198.51.100.1, by=10.0.0.9", PROXY),
        ("203.0.113.10", PROXY),
        ("for", PROXY),
        ('for="198.51.100.1, for=203.0.113.10', "203.0.113.10"),
        ('for=198.51.100.1;x=", for=203.0.113.10', "203.0.113.10"),
        ('for=198.51.100.1;x=", for="[2001:db8::1]:443"', "2001:db8::1"),
        ('for=198.51.100.1;x="\\, for="[2001:db8::1]:443"', "2001:db8::1"),
        ('for="a, for=198.51.100.1, b", for=203.0.113.10', "203.0.113.10"),
        ("", PROXY),
    ],
)
def test_forwarded_is_understood(forwarded: str, address: str) -> None:
    """RFC 7239: several hops, quoted strings, hidden names; a quotation mark left open takes no later hop along."""
    assert end((FORWARDED, forwarded)).address == address


def test_several_lines_are_one_list() -> None:
    """Some proxies add a line of their own: the last is the nearest's."""
    assert end((FORWARDED, "for=198.51.100.1"), (FORWARDED, "for=203.0.113.10")).address == "203.0.113.10"
    assert end((FORWARDED, 'for="198.51.100.1'), (FORWARDED, "for=203.0.113.10;proto=https")) == Client(
        "203.0.113.10", secure=True, prefix=""
    )
    assert end((FOR, "198.51.100.1"), (FOR, " "), (FOR, "203.0.113.10, 10.0.0.9")).address == "203.0.113.10"


@pytest.mark.parametrize(
    "others", [[(FOR, "203.0.113.10")], [(FOR, "203.0.113.10"), (PROTO, "http")]], ids=["address", "both"]
)
def test_x_forwarded_goes_before_forwarded(others: list[tuple[str, str]]) -> None:
    """A proxy that writes the one passes the other on as the client wrote it."""
    assert end((FORWARDED, "for=198.51.100.1;proto=https"), *others) == Client("203.0.113.10", secure=False, prefix="")
    assert end((FORWARDED, "for=198.51.100.1"), (PROTO, "https")) == Client(PROXY, secure=True, prefix="")


@pytest.mark.parametrize(
    ("headers", "secure"),
    [
        ([(PROTO, "https,http")], True),
        ([(PROTO, "https"), (PROTO, "http")], True),
        ([(PROTO, "http,https")], False),
        ([(PROTO, '"HTTPS"')], True),
        ([(PROTO, "wss")], True),
        ([(PROTO, ",https")], True),
        ([(FOR, "203.0.113.10"), (PROTO, "https, http")], True),
        ([(FOR, "203.0.113.10, 10.0.0.9"), (PROTO, "https")], True),
        ([(FOR, "203.0.113.10, 10.0.0.9"), (PROTO, "https, http")], True),
        ([(FOR, "203.0.113.10, 10.0.0.9"), (PROTO, "http, https")], False),
        ([(FOR, "198.51.100.1, 203.0.113.10"), (PROTO, "https, http")], False),
        ([(FOR, "198.51.100.1, 203.0.113.10, 10.0.0.9"), (PROTO, "http, https, http")], True),
        ([(FORWARDED, "for=203.0.113.10;proto=https, for=10.0.0.9;proto=http")], True),
        ([(FORWARDED, "for=203.0.113.10, for=10.0.0.9;proto=https")], True),
        ([(FORWARDED, "proto=https")], True),
        ([(FORWARDED, 'for=203.0.113.10;proto="https"')], True),
        ([(FORWARDED, "for=198.51.100.1;proto=https, for=203.0.113.10;proto=http")], False),
    ],
)
def test_the_scheme_is_the_one_that_the_client_used(headers: list[tuple[str, str]], *, secure: bool) -> None:
    """Of the hop whose address is the client's where each hop told one; else the first in the list."""
    assert end(*headers).secure is secure


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
@pytest.mark.parametrize("told", ["", "spdy", "on", "httpsx"])
def test_an_unknown_scheme_is_not_believed(told: str, scheme: str, *, secure: bool) -> None:
    """That of the connection to us counts, as without a word."""
    assert end((PROTO, told), scheme=scheme).secure is secure


@pytest.mark.parametrize(
    ("prefixes", "prefix"),
    [
        (["/desk"], "/desk"),
        (["/desk/"], "/desk"),
        (["/a/b-c.d~e"], "/a/b-c.d~e"),
        (["/outer, /inner"], "/outer/inner"),
        (["/outer", "/inner/"], "/outer/inner"),
        (["/"], ""),
        ([""], ""),
        (["desk"], ""),
        (["//evil.example"], ""),
        (["/../admin"], ""),
        (["/desk; Domain=example.com"], ""),
        (["/desk\x7f"], ""),
        (["/d\xe9sk"], ""),
        (["https://evil.example/desk"], ""),
        (["/" + "x" * 300], ""),
    ],
)
def test_a_prefix_is_a_plain_path(prefixes: Sequence[str], prefix: str) -> None:
    """It goes into cookies and documents, so nothing else is taken; each proxy may have taken off one."""
    assert end(*((PREFIX, text) for text in prefixes)).prefix == prefix


def test_nobody_else_is_believed() -> None:
    """Neither a stranger nor, without trusted proxies, anybody, nor one that comes through a Unix socket."""
    words = [(FOR, "203.0.113.10"), (PROTO, "https"), (PREFIX, "/desk"), (FORWARDED, "for=203.0.113.10")]
    assert end(*words, peer="198.51.100.9") == Client("198.51.100.9", secure=False, prefix="")
    assert end(*words, peer="unix") == Client("unix", secure=False, prefix="")
    assert end(*words, peer=None) == Client("", secure=False, prefix="")
    assert end(*words, clients=Clients((), None)) == Client(PROXY, secure=False, prefix="")


def test_a_proxy_may_come_through_a_unix_socket() -> None:
    """It has no address, so it is trusted by a word of its own, which trusts no network."""
    clients = Clients(load_config({"KEESA_TRUSTED_PROXIES": "unix"}).trusted_proxies, None)
    for peer in (None, ""):
        assert end((FOR, "203.0.113.10"), peer=peer, clients=clients).address == "203.0.113.10"
    assert end((FOR, "203.0.113.10"), peer="127.0.0.1", clients=clients).address == "127.0.0.1"


def test_a_network_may_be_written_in_ipv6_s_form_of_ipv4() -> None:
    """A socket for both families names its peers so; either form of the network trusts either form of the peer."""
    for network in ("::ffff:10.0.0.0/104", "10.0.0.0/8"):
        clients = Clients(load_config({"KEESA_TRUSTED_PROXIES": network}).trusted_proxies, None)
        for peer in ("10.0.0.5", "::ffff:10.0.0.5"):
            assert end((FOR, "203.0.113.10"), peer=peer, clients=clients).address == "203.0.113.10"


def test_the_public_address_goes_before_any_word() -> None:
    """Its path is the prefix, and its HTTPS makes cookies secure, whatever proxies say or forget."""
    clients = Clients((ip_network("10.0.0.0/8"),), "https://example.com/desk")
    for headers in ([], [(PREFIX, "/other"), (PROTO, "http")]):
        for peer in (PROXY, "198.51.100.9"):
            assert end(*headers, peer=peer, clients=clients) == Client(peer, secure=True, prefix="/desk")
    assert end((PREFIX, "/other"), clients=Clients((ip_network("10.0.0.0/8"),), "http://example.com")).prefix == ""
