"""The child process as its parent has it: started, asked, ended."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from typing import Final

from keesa.pictures.child import MESSAGE_BYTES

NICE: Final = 5
"""By how much requests go before pictures at the processor, where there is too little of it: three times as much. With
10 it is nine times, and a picture that takes a second takes ten."""
FILE_BYTES: Final = 128 * 1024 * 1024
"""Of one form, at the most."""
OWN_BYTES: Final = 384 * 1024 * 1024
"""Of a child's address space, for the program and its libraries."""
BYTES_A_PIXEL: Final = 20
"""Of its address space, for the pixels: WebP takes the most, with two copies besides Pillow's, and what writes it."""
CPU_SECONDS: Final = 30
"""Of one picture, at the most."""
END_SECONDS: Final = 10
_KEPT_VARIABLES: Final = {"PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "LC_CTYPE"}
"""Of the environment: no secret is in these."""
OWN_DOING: Final = {-signal.SIGXCPU, -signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT, -signal.SIGILL, -signal.SIGFPE}
"""How a decoder ends that fell over a picture. Otherwise somebody else ended it."""


class ChildProcess:
    """One that runs; it ends when its parent does, or the thread of it that has started the child."""

    def __init__(self, megapixels: int) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(0)
        self.asked = 0
        with theirs:
            limits = {
                "parent": os.getpid(),
                "socket": theirs.fileno(),
                "megapixels": megapixels,
                "memory": OWN_BYTES + BYTES_A_PIXEL * megapixels * 1_000_000,
                "file": FILE_BYTES,
                "nice": NICE,
                "seconds": CPU_SECONDS,
            }
            self._process = subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-P", "-m", "keesa.pictures.child", json.dumps(limits)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={name: os.environ[name] for name in _KEPT_VARIABLES & os.environ.keys()},
            )
        self.pid = self._process.pid

    def send(self, request: bytes, descriptor: int) -> bool:
        """A request and the file that it is about; whether there is still anybody to get them."""
        self.asked += 1
        with suppress(OSError):
            socket.send_fds(self._socket, [request], [descriptor])
            return True
        return False

    async def receive(self) -> bytes:
        """The answer; nothing where the process has ended."""
        with suppress(ConnectionError):
            return await asyncio.get_running_loop().sock_recv(self._socket, MESSAGE_BYTES)
        return b""

    def kill(self) -> None:
        """Whoever waits for its answer gets none."""
        self._process.kill()

    async def ended(self) -> int:
        """End it, where it has not ended by itself; how it did."""
        return await asyncio.to_thread(self.end)

    def end(self) -> int:
        """The same; nobody may wait for its answer any more."""
        self._process.kill()
        self._socket.close()
        return self._process.wait(END_SECONDS)
