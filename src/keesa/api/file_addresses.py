"""Addresses at which files are fetched without a token, by an image tag say: signed, and good for a day or two
(docs/decisions/0059-addresses-of-files.md).

An address is 48 characters: attachment, audience, day and a MAC in base64url (RFC 4648, section 5), 36 bytes that fill
them to the last bit. So it has one form alone.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from struct import Struct
from typing import Final, NamedTuple

from starlette.datastructures import Headers

from keesa.accounts.keys import FixedKeys, KeyRing, Keys
from keesa.api import PREFIX
from keesa.web.calls import Client

PATH: Final = "/files/"
"""Below the API's; the address follows."""
DAY: Final = 24 * 60 * 60 * 1000
"""Milliseconds of a step: each day at 0:00 UTC addresses become others."""
AHEAD: Final = 5 * 60 * 1000
"""Milliseconds by which the clock of who has made an address may go before that of who serves it."""
LENGTH: Final = 48
"""Characters."""
_PURPOSE: Final = b"keesa: addresses of files"
_SAID: Final = Struct(">QqI")
"""Attachment, audience, step."""
_MAC: Final = 16
"""Bytes: 128 bits of the HMAC (RFC 2104, section 5)."""
_DESK: Final = -1
"""The audience of what staff are shown; any other is a customer's id."""
_FORM: Final = re.compile(f"[A-Za-z0-9_-]{{{LENGTH}}}", re.ASCII)
_HOST: Final = re.compile(r"(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?")


class FileAddress(NamedTuple):
    """What an address says that this desk has signed, and that is good."""

    attachment_id: int
    customer_id: int | None
    """To whom it was shown; None for staff."""
    expires_at: int
    """In milliseconds since 1970."""


@dataclass(frozen=True, slots=True, eq=False)
class Addresses:
    """Those of one day, for who finds the server at `base`."""

    base: str
    step: int
    """Days since 1970."""
    mark: str
    """Another one where the addresses of the same files are others."""
    digest: str
    """The same in eight hexadecimal digits, for an `ETag`."""
    _key: bytes = field(repr=False)

    def of(self, attachment_id: int, customer_id: int | None) -> str:
        """The address for the users of that customer, or for staff (None): the same one all day."""
        said = _SAID.pack(attachment_id, _DESK if customer_id is None else customer_id, self.step)
        return f"{self.base}{urlsafe_b64encode(said + _mac(self._key, said)).decode('ascii')}"


class FileAddresses:
    """Signed with the newest key, and good with any that is kept: all workers and nodes make the same."""

    def __init__(self, keys: Keys | bytes) -> None:
        self._keys = FixedKeys(KeyRing(keys)) if isinstance(keys, bytes) else keys

    def at(self, at: int, base: str) -> Addresses:
        """Those that are made at that time, with what `base_of` gives."""
        return _addresses(self._keys.ring().signing, base, at // DAY)

    def read(self, address: str, at: int) -> FileAddress | None:
        """None for what this desk has not signed, and what is not good at that time. Asks no database."""
        if _FORM.fullmatch(address) is None:
            return None
        content = urlsafe_b64decode(address)
        said, mac = content[: _SAID.size], content[_SAID.size :]
        attachment_id, audience, step = _SAID.unpack(said)
        if not step * DAY - AHEAD <= at < (step + 2) * DAY:
            return None
        ring = self._keys.ring()
        if not _is_signed(ring, said, mac):
            newest = self._keys.newest()  # it may be of a key that another process has just made
            if newest is ring or not _is_signed(newest, said, mac):
                return None
        return FileAddress(attachment_id, None if audience == _DESK else audience, (step + 2) * DAY)


def base_of(public_url: str | None, client: Client, headers: Headers) -> str:
    """What stands before each address: the operator's public address, else as the request came. Where that names no
    host it is a path, which a client resolves against what it has asked.
    """
    if public_url is not None:
        return f"{public_url.rstrip('/')}{PREFIX}{PATH}"
    return _base(headers.get("host", ""), client.secure, client.prefix)


@lru_cache(maxsize=64)
def _base(host: str, secure: bool, prefix: str) -> str:  # noqa: FBT001 - it is called once
    host = host.lower()
    origin = f"{'https' if secure else 'http'}://{host}" if _HOST.fullmatch(host) else ""
    return f"{origin}{prefix}{PREFIX}{PATH}"


@lru_cache(maxsize=64)
def _addresses(signing: bytes, base: str, step: int) -> Addresses:
    key = _derived(signing)
    name = hmac.digest(key, b"name", "sha256").hex()[:16]
    mark = f"{step} {name} {base}"
    return Addresses(base, step, mark, blake2b(mark.encode(), digest_size=4).hexdigest(), key)


@lru_cache(maxsize=32)
def _derived(key: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE, "sha256")


def _mac(key: bytes, said: bytes) -> bytes:
    return hmac.digest(key, said, "sha256")[:_MAC]


def _is_signed(ring: KeyRing, said: bytes, mac: bytes) -> bool:
    return any(hmac.compare_digest(_mac(_derived(key), said), mac) for key in ring.verifying)
