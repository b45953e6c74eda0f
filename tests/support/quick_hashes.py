"""Hashes of passwords that are made and checked at once: the real ones take 20 ms of CPU each, which tests log in
thousands of times. Servers in processes of their own have the real ones, and tests of hashes take them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from argon2 import PasswordHasher

from keesa.accounts import passwords

QUICK: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The same algorithm, with the least that it takes."""
_REAL: Final = passwords._hasher  # noqa: SLF001 - what a server hashes with


def hash_quickly() -> None:
    """From now on, in this process."""
    _hash_with(QUICK)


@contextmanager
def real_hashes() -> Iterator[None]:
    """Those that a server makes."""
    _hash_with(_REAL)
    try:
        yield
    finally:
        _hash_with(QUICK)


def _hash_with(hasher: PasswordHasher) -> None:
    """Nobody's hash too, which unknown users are checked against, is made anew."""
    passwords._hasher = hasher  # noqa: SLF001 - no setting of a server should make its hashes easy to guess at
    passwords._nobodys_hash.cache_clear()  # noqa: SLF001 - see above
