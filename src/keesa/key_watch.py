"""The keys that a running server signs and verifies with: those of the files, whoever has changed them meanwhile."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Final

import structlog

from keesa.accounts.keys import FixedKeys, FormerKey, KeyRing, Keys
from keesa.clock import now
from keesa.errors import Refused
from keesa.secret_key import FILE, FORMER_FILE, load_secret, read_kept, ring_of

LOOK_SECONDS: Final = 1.0
"""Between two looks at the files, for requests that are good with the keys that are known."""

_Stamp = tuple[tuple[int, ...] | None, ...]
_log = structlog.get_logger("keesa.keys")


def open_keys(data: Path, given: str | None, former: Sequence[str]) -> Keys:
    """By the configured secret, else by the files in the folder `data`; with the configured former ones."""
    configured = tuple(FormerKey(each.encode()) for each in former)
    if given is not None:
        return FixedKeys(KeyRing(given.encode(), configured))
    load_secret(data, None)
    return WatchedKeys(data, configured)


class WatchedKeys:
    """Looks whether the files have changed (two calls of the system, which reach no disk) for each token that is signed
    or not known, and each second. Only where they have changed are they read, or a second after they could not be.
    """

    def __init__(self, data: Path, configured: tuple[FormerKey, ...] = ()) -> None:
        self._paths = (str(data / FILE), str(data / FORMER_FILE))
        self._data = data
        self._configured = configured
        self._lock = Lock()
        self._stamp = self._look()
        self._all = self._read()
        """With the keys that are forgotten by now: a clock that was wrong for a while is none for good."""
        self._ring = self._all.at(now())
        self._next_look = time.monotonic() + LOOK_SECONDS
        self._next_try = 0.0
        """When files that could not be read are read again."""
        self._told = ""

    def ring(self) -> KeyRing:
        return self._ring if time.monotonic() < self._next_look else self.newest()

    def newest(self) -> KeyRing:
        with self._lock:
            at = time.monotonic()
            self._next_look = at + LOOK_SECONDS
            stamp = self._look()
            if stamp != self._stamp and at >= self._next_try:
                self._take_up(stamp)
            if (ring := self._all.at(now())) != self._ring:
                self._ring = ring
                _log.info("the secret keys have changed", former=len(ring.former))
            return self._ring

    def _take_up(self, stamp: _Stamp) -> None:
        """The keys of before serve on where the files are missing or unfit: nobody is sent away by a slip."""
        try:
            self._all = self._read()
        except Refused as error:
            self._next_try = time.monotonic() + LOOK_SECONDS
            if str(error) != self._told:
                self._told = str(error)
                _log.error("the secret keys cannot be read, those of before stay in use", error=self._told)
            return
        self._stamp = stamp  # as it was before the files were read: what has changed since shows at the next look
        self._told = ""

    def _read(self) -> KeyRing:
        ring = ring_of(read_kept(self._data))
        return KeyRing(ring.signing, (*ring.former, *self._configured))

    def _look(self) -> _Stamp:
        return tuple(map(_stamp, self._paths))


def _stamp(path: str) -> tuple[int, ...] | None:
    """What is another one when the file is."""
    try:
        found = os.stat(path)  # noqa: PTH116 - half the price of Path's
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
