"""What a process has its database do at this moment, and has had it do so far: plain numbers, for whoever watches."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Read without a lock: each number was true a moment ago."""

    waiting: int
    """Works that wait: on SQLite for the one writer, on PostgreSQL for a connection."""
    long_reads: int
    """Those that go on now."""
    long_reads_waiting: int
    connections_busy: int = 0
    """Of PostgreSQL."""
    connections_idle: int = 0
    writes: int = 0
    """Of SQLite: works that were handed to a commit."""
    commits: int = 0
    """Of SQLite: groups of them that were committed, or tried."""
