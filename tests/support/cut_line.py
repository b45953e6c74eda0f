"""A line between a client and a server that breaks after so many bytes, as that of a telephone does."""

import socket
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

PIECE: Final = 16_384
_AT_ONCE: Final = struct.pack("ii", 1, 0)


class CutLine:
    """`url` is where the client connects; `target` gives the server's address of the moment. The line is cut each time
    that so many more bytes have gone to the server, and then `on_cut` is called before anybody connects again.
    """

    def __init__(
        self, target: Callable[[], str], cuts: Sequence[int], on_cut: Callable[[], None] = lambda: None
    ) -> None:
        self._target = target
        self._cuts = list(cuts)
        self._on_cut = on_cut
        self._left = self._cuts.pop(0) if self._cuts else None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.times_cut = 0
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listener.close()
        for each in self._open:
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with self._lock:
                    address = urlsplit(self._target())
                try:
                    server = socket.create_connection((address.hostname, address.port))
                except OSError:
                    client.close()
                    continue
                self._open += [client, server]
                threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
                threading.Thread(target=self._back, args=(server, client), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while piece := client.recv(PIECE):
                with self._lock:
                    part = piece if self._left is None else piece[: self._left]
                    server.sendall(part)
                    if self._left is not None:
                        self._left -= len(part)
                        if self._left == 0:
                            self._cut(client, server)
                            return
            server.shutdown(socket.SHUT_WR)

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while piece := server.recv(PIECE):
                client.sendall(piece)
            client.shutdown(socket.SHUT_WR)

    def _cut(self, client: socket.socket, server: socket.socket) -> None:
        self.times_cut += 1
        self._left = self._cuts.pop(0) if self._cuts else None
        for each in (client, server):
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._on_cut()
