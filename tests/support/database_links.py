"""What `database_forwarder` keeps of a connection: its two directions, and its counts."""

import socket
from typing import Any, Final

from postgres_messages import Conversation

COUNTED: Final = ("turns", "client_bytes", "server_bytes", "client_messages", "server_messages")


class Flow:
    """One direction of a connection. Every piece arrives whole, and none before an earlier one."""

    def __init__(self, link: "Link", source: socket.socket, target: socket.socket) -> None:
        self.link = link
        self.source, self.target = source, target
        self.under_way = self.pieces = 0
        """Bytes between source and target; pieces of them whose time has not come."""
        self.latest = 0.0
        """When the last piece that was read is to arrive."""
        self.waiting = bytearray()
        """What has arrived, and the target does not take yet."""
        self.at_end = self.ended = False
        """Whether the source has said its last; whether the target has been told so."""


class Link:
    """A client's connection and the one to the server that belongs to it.

    A turn begins with the client's bytes that come after bytes of the server were passed on, or first of all.
    """

    def __init__(self, number: int, client: socket.socket, server: socket.socket, *, messages: bool) -> None:
        self.number = number
        self.client, self.server = client, server
        self.asking, self.answering = Flow(self, client, server), Flow(self, server, client)
        self.conversation = Conversation() if messages else None
        self.client_has_heard = True
        self.withheld: list[bytes] | None = None
        """What the server says, while nothing of it is passed on."""
        self.counts = dict.fromkeys(COUNTED, 0)
        self.turn: dict[str, Any] = {}
        self.closed = False

    def count_asked(self, data: bytes) -> bool:
        """Whether a turn has begun with it."""
        self.counts["client_bytes"] += len(data)
        if begins := self.client_has_heard:
            self.client_has_heard = False
            self.counts["turns"] += 1
            self.turn = {"connection": self.number, "asked": [], "told": []}
        if self.conversation:
            found = self.conversation.asked(data)
            self.counts["client_messages"] += len(found)
            self.turn.setdefault("asked", []).extend(found)
        return begins

    def count_told(self, data: bytes) -> None:
        self.client_has_heard = True
        self.counts["server_bytes"] += len(data)
        if self.conversation:
            found = self.conversation.told(data)
            self.counts["server_messages"] += len(found)
            self.turn.setdefault("told", []).extend(found)

    def reset(self) -> None:
        self.counts, self.turn = dict.fromkeys(COUNTED, 0), {}
