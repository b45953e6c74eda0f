"""What the two sides of a connection to PostgreSQL say, message by message: the types, and the words of statements.

On the standard library alone, as the process that forwards them is. The protocol is PostgreSQL's version 3: a type of
one byte, a length of four that counts itself; but the first packets of a client have no type, and a request for
encryption is answered with a single byte.
"""

from typing import Final

_REQUESTS: Final = {80877102: "cancel", 80877103: "ssl?", 80877104: "gss?"}
"""What a client's first packet may be in place of its start."""
_REFUSED: Final = b"N"
"""The answer to a request for encryption after which the conversation goes on in the clear."""
_WORDS: Final = 60
"""As much of a statement as is shown."""


class Conversation:
    """Both directions of one connection; each is given as it comes, in pieces of any size."""

    def __init__(self) -> None:
        self._asked, self._told = bytearray(), bytearray()
        self._started = self._encrypted = False
        self._single_bytes = 0
        self._prepared: dict[str, str] = {}

    def asked(self, data: bytes) -> list[str]:
        """The client's messages that are complete with these bytes: `Q[COMMIT]`, `B[SELECT 1]`, `E`, `S`."""
        if self._encrypted:
            return []
        self._asked += data
        found = []
        while not self._started and (packet := _taken(self._asked, before=0)) is not None:
            request = _REQUESTS.get(int.from_bytes(packet[4:8], "big"))
            self._single_bytes += request in ("ssl?", "gss?")
            self._started = request is None
            found.append(request or "start")
        while self._started and (message := _taken(self._asked, before=1)) is not None:
            found.append(self._told_of(chr(message[0]), message[5:]))
        return found

    def told(self, data: bytes) -> list[str]:
        """The server's messages that are complete with these bytes, by their types."""
        if self._encrypted:
            return []
        self._told += data
        found = []
        while self._single_bytes and self._told:
            self._single_bytes -= 1
            self._encrypted = self._told[:1] != _REFUSED
            found.append(chr(self._told.pop(0)))
        while not self._encrypted and (message := _taken(self._told, before=1)) is not None:
            found.append(chr(message[0]))
        return found

    def _told_of(self, kind: str, body: bytes) -> str:
        """A client's message with the statement that it is about."""
        words = [word.decode("utf-8", "replace") for word in body.split(b"\0")[:2]]
        if kind == "Q":
            return f"Q[{_short(words[0])}]"
        if kind == "P":
            self._prepared[words[0]] = _short(words[1])
            return f"P[{_short(words[1])}]"
        if kind == "B":
            return f"B[{self._prepared.get(words[1], words[1])}]"
        return kind


def _taken(kept: bytearray, before: int) -> bytes | None:
    """The first message, taken away; None while it is not whole. `before` is how many bytes its length follows."""
    if len(kept) < before + 4:
        return None
    end = before + int.from_bytes(kept[before : before + 4], "big")
    if len(kept) < end:
        return None
    message = bytes(kept[:end])
    del kept[:end]
    return message


def _short(statement: str) -> str:
    text = " ".join(statement.split())
    return text if len(text) <= _WORDS else f"{text[:_WORDS]}…"
