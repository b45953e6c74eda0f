"""Telling systemd how the service is, as sd_notify(3) has it; without systemd it tells nobody."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"
ALIVE: Final = "WATCHDOG=1"


class ServiceManager:
    """The socket that `NOTIFY_SOCKET` names, if it does."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        path = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{path[1:]}" if path.startswith("@") else path
        self._watches = "WATCHDOG_USEC" in environ

    def tell(self, state: str) -> None:
        """Whoever does not listen, or has too much to read, stops nothing here."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as teller:
            teller.sendto(state.encode(), self._address)

    def tell_alive(self) -> None:
        """Where it watches: called again and again, more often than the time after which it ends the service."""
        if self._watches:
            self.tell(ALIVE)
