"""What is kept in place of a request: it may hold a password, so its hash is keyed."""

import hmac
from typing import Final

from keesa.accounts.keys import Keys

_PURPOSE: Final = b"keesa: requests under a key"


class RequestHashes:
    """Keyed with what signs the tokens, as `NameHashes` is; a former key still tells its own hashes."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def of(self, request: bytes) -> str:
        """64 hexadecimal digits."""
        return _hash(self._keys.ring().signing, request)

    def fits(self, request: bytes, kept: str) -> bool:
        """Whether the hash is the request's."""
        return any(hmac.compare_digest(_hash(key, request), kept) for key in self._keys.ring().verifying)


def _hash(key: bytes, request: bytes) -> str:
    return hmac.digest(hmac.digest(key, _PURPOSE, "sha256"), request, "sha256").hex()
