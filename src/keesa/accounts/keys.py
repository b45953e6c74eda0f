"""The keys of tokens: the newest signs, and former ones verify until the last token that they signed has expired."""

from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from keesa.accounts.sessions import OVERLAP, REFRESH_LIFETIME

KEPT: Final = REFRESH_LIFETIME + OVERLAP
"""Milliseconds that a key verifies after it was retired: a token's life, and a minute for what is under way."""
MOST_FORMER: Final = 16
"""Former keys of a ring: a token that none has signed is checked with each of them."""


@dataclass(frozen=True, slots=True)
class FormerKey:
    key: bytes = field(repr=False)
    until: int | None = None
    """When it is forgotten; None for one that is kept for as long as the configuration names it."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    signing: bytes = field(repr=False)
    former: tuple[FormerKey, ...] = ()

    @property
    def verifying(self) -> tuple[bytes, ...]:
        return (self.signing, *(each.key for each in self.former))

    def at(self, at: int) -> "KeyRing":
        """The ring without the keys that are forgotten by then; itself where there are none."""
        left = tuple(each for each in self.former if each.until is None or each.until > at)
        return self if len(left) == len(self.former) else replace(self, former=left)


class Keys(Protocol):
    """Where a process has its ring from: another object each time that the ring is another one."""

    def ring(self) -> KeyRing:
        """With which known tokens were verified: a second old at the most, and asked for with each request."""

    def newest(self) -> KeyRing:
        """As it is now: to sign with, and to verify a token that is not known."""


class FixedKeys:
    """A ring that stays as it is."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def ring(self) -> KeyRing:
        return self._ring

    def newest(self) -> KeyRing:
        return self._ring
