"""The addresses of files: what is signed, by which keys, and for how long."""

import string
from typing import Final

import pytest
from starlette.datastructures import Headers

from keesa.accounts.keys import FixedKeys, FormerKey, KeyRing
from keesa.api.file_addresses import AHEAD, DAY, FileAddress, FileAddresses, base_of
from keesa.web.calls import Client

OLD: Final = b"o" * 64
NEW: Final = b"n" * 64
STEP: Final = 20_000
AT: Final = STEP * DAY + 12 * 3600 * 1000
BASE: Final = "https://desk.example/api/v1/files/"
ALPHABET: Final = string.ascii_letters + string.digits + "-_"
NO_HOSTS: Final = ("", "a b", 'a"b', "a/b", "u@h", "a?b", "a:b", "é", "a%41")


def signed_with(signing: bytes, *former: bytes) -> FileAddresses:
    return FileAddresses(FixedKeys(KeyRing(signing, tuple(map(FormerKey, former)))))


def made(addresses: FileAddresses, attachment_id: int = 7, customer_id: int | None = 12, at: int = AT) -> str:
    """The address alone."""
    whole = addresses.at(at, BASE).of(attachment_id, customer_id)
    assert whole.startswith(BASE)
    return whole.removeprefix(BASE)


@pytest.mark.parametrize("customer_id", [None, 1, 12, 2**63 - 1])
@pytest.mark.parametrize("attachment_id", [1, 7, 2**63 - 1])
def test_an_address_says_what_it_was_made_of(attachment_id: int, customer_id: int | None) -> None:
    """Which attachment, for whom, and until when; the same text all day, in characters that no URL escapes."""
    addresses = signed_with(NEW)
    address = made(addresses, attachment_id, customer_id)
    assert address == made(addresses, attachment_id, customer_id, STEP * DAY)
    assert address == made(addresses, attachment_id, customer_id, (STEP + 1) * DAY - 1)
    assert address != made(addresses, attachment_id, customer_id, (STEP + 1) * DAY)
    assert len(address) == 48
    assert set(address) <= set(ALPHABET)
    assert addresses.read(address, AT) == FileAddress(attachment_id, customer_id, (STEP + 2) * DAY)


def test_no_other_address_is_good() -> None:
    """Not with any one character changed, left out or added, nor escaped or padded."""
    addresses = signed_with(NEW)
    address = made(addresses)
    for place, right in enumerate(address):
        for wrong in ALPHABET:
            if wrong != right:
                assert addresses.read(address[:place] + wrong + address[place + 1 :], AT) is None
        assert addresses.read(address[:place] + address[place + 1 :], AT) is None
    for more in ("", "=", "==", "A", "\n", " "):
        for text in (address + more, more + address, address[:-1] + more, f"{address[:20]}{more}{address[20:]}"):
            assert (addresses.read(text, AT) is None) == (text != address)
    for text in ("", "A" * 48, "é" * 48, "٣" * 48, "A" * 100_000, address.replace("-", "+").replace("_", "/") + "="):
        assert addresses.read(text, AT) is None


def test_each_part_is_signed() -> None:
    """The MAC of one attachment, audience or day is none of another's."""
    addresses = signed_with(NEW)
    others = [made(addresses, 8), made(addresses, 7, 13), made(addresses, 7, None), made(addresses, at=AT + DAY)]
    mac = made(addresses)[27:]
    for other in others:
        assert addresses.read(other, AT + DAY) is not None
        assert addresses.read(other[:27] + mac, AT + DAY) is None


def test_it_is_good_for_its_day_and_the_next_one() -> None:
    """From a few minutes before its day, for clocks differ, to the end of the day after it."""
    addresses = signed_with(NEW)
    address = made(addresses)
    first, last = STEP * DAY - AHEAD, (STEP + 2) * DAY - 1
    for at, good in ((0, False), (first - 1, False), (first, True), (AT, True), (last, True), (last + 1, False)):
        assert (addresses.read(address, at) is not None) == good


def test_keys() -> None:
    """The newest signs, former ones are good as long as they are kept, and no address of another desk's key is."""
    before, after, leaked = signed_with(OLD), signed_with(NEW, OLD), signed_with(NEW)
    old, new = made(before), made(after)
    assert old != new == made(leaked)
    assert before.read(new, AT) is None
    assert after.read(old, AT) == after.read(new, AT)
    assert leaked.read(old, AT) is None
    assert before.at(AT, BASE).mark != after.at(AT, BASE).mark == leaked.at(AT, BASE).mark
    assert OLD.decode() not in repr(before.at(AT, BASE))


def test_what_is_made_of_the_mark() -> None:
    """Another day, key or base has another mark and digest; the same ones have the same."""
    addresses = signed_with(NEW)
    same = addresses.at(STEP * DAY, BASE)
    assert (same.mark, same.digest) == (addresses.at(AT, BASE).mark, addresses.at(AT, BASE).digest)
    for other in (addresses.at(AT + DAY, BASE), addresses.at(AT, "/"), signed_with(OLD, NEW).at(AT, BASE)):
        assert same.mark != other.mark
        assert same.digest != other.digest


@pytest.mark.parametrize(
    ("public_url", "host", "secure", "prefix", "base"),
    [
        ("https://desk.example", "evil.example", False, "", "https://desk.example/api/v1/files/"),
        ("https://desk.example/desk", "x", True, "/other", "https://desk.example/desk/api/v1/files/"),
        (None, "Desk.Example:8080", False, "", "http://desk.example:8080/api/v1/files/"),
        (None, "desk.example", True, "/desk", "https://desk.example/desk/api/v1/files/"),
        (None, "[2001:DB8::1]:80", False, "", "http://[2001:db8::1]:80/api/v1/files/"),
        (None, None, True, "/desk", "/desk/api/v1/files/"),
        *((None, bad, True, "", "/api/v1/files/") for bad in NO_HOSTS),
        (None, "a" * 300, True, "", "/api/v1/files/"),
    ],
)
def test_where_addresses_begin(
    public_url: str | None, host: str | None, *, secure: bool, prefix: str, base: str
) -> None:
    """At the operator's public address, else where the request came to; what is no host never stands in one."""
    headers = Headers({} if host is None else {"host": host})
    assert base_of(public_url, Client("192.0.2.1", secure, prefix), headers) == base
