"""What a client may take of the server: time, connections and memory."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Seconds, bytes and numbers for one worker process."""

    connections: int
    """The most that are open. One more takes the place of the one that has been silent the longest."""
    overflow: int = 64
    """Connections beyond them, while none can give its place: for the paths that must answer always."""
    urgent: frozenset[str] = frozenset()
    """Those paths."""
    head_seconds: float = 15
    """From a connection's or a request's first moment to the end of its headers."""
    idle_seconds: float = 75
    """Between two requests."""
    grace_seconds: float = 15
    """Before a rate is asked for."""
    least_rate: float = 1024
    """Bytes a second, over all of a body that arrives or an answer that is fetched."""
    linger_seconds: float = 10
    """How long what is left of a refused body is read and thrown away, so that the client comes to its answer."""
    head_bytes: int = 65_536
    """Of a request's line and headers."""
    target_bytes: int = 16_384
    """Of a request's path and query."""
    headers: int = 100
    """The most headers of a request."""
    bodies_bytes: int = 64 * 1024 * 1024
    """Of all bodies that have arrived and are not done with."""
    answers_bytes: int = 128 * 1024 * 1024
    """Of all answers that their clients do not fetch: beyond them who has let it wait the longest is cut off."""
    pipelined: int = 64
    """Requests of one connection that wait for the one before them."""
    backlog: ClassVar[int] = 1024
    """Connections that the system holds until they are accepted."""
