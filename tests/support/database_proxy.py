"""Between Keesa and PostgreSQL: a network with a length, which counts round trips and breaks as it is told.

    with DatabaseProxy(server.url("desk"), round_trip_ms=2.4) as proxy, LiveServer(data, proxy.url) as keesa:
        with proxy.counted() as counts:
            ask(keesa)
        assert counts.turns == 2, counts

A *turn* is what a client experiences as one round trip: it begins with bytes of the client's that come after bytes of
the server had been passed on to it (or as the first of a connection), and all that follows until the server is heard
belongs to it, in however many pieces TCP brings it. A statement that is sent behind another without waiting is in the
same turn. Each connection has its own turns. One that nobody waits for (the COMMIT of a read that has been answered
already) is a turn too: `counted(waited_for=2)` tells those apart.

The forwarding is done by `database_forwarder.py` in a process of its own. TCP's own handshake is not delayed.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit, urlunsplit

import database_forwarder

QUIET: Final = 0.05
"""Seconds without a byte after which nothing is under way any more."""
PATIENCE: Final = 10.0
_DEFAULT_PORT: Final = 5432


@dataclass(frozen=True, slots=True)
class Turn:
    """What a client said, and what the server answered until the client spoke again; by their types of messages."""

    connection: int
    asked: Sequence[str]
    """The types of the protocol; `Q` (a plain statement), `P` (one to prepare) and `B` (one to run) with its words."""
    told: Sequence[str]

    def __str__(self) -> str:
        return f"connection {self.connection}: {_joined(self.asked)} -> {_joined(self.told) or 'nothing'}"


@dataclass(slots=True)
class Counts:
    """Since the last reset, or within a block. `last_turns` has the latest thousand; the others are only counted."""

    turns: int = 0
    client_bytes: int = 0
    server_bytes: int = 0
    client_messages: int = 0
    server_messages: int = 0
    opened: int = 0
    """Connections, those among them that were closed again."""
    connections: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    """The same figures of each connection that is open."""
    last_turns: Sequence[Turn] = ()

    def __str__(self) -> str:
        return "\n".join([f"{self.turns} turns on {self.opened} new connections", *map(str, self.last_turns)])


class DatabaseProxy:
    """On a free port of loopback, before the server of `url`, from `start` to `stop`.

    With `measuring` it reads nothing of what passes, and counts turns and bytes alone; where it may (as root), it goes
    before all other processes: no network waits for a processor that the programs at its ends are busy with.
    """

    def __init__(self, url: str, *, round_trip_ms: float = 0, jitter_ms: float = 0, measuring: bool = False) -> None:
        self._behind = url
        self._delay = (round_trip_ms, jitter_ms)
        self._measuring = measuring
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self.port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        behind = urlsplit(self._behind)
        program = Path(database_forwarder.__file__)
        place = [behind.hostname or "127.0.0.1", str(behind.port or _DEFAULT_PORT)]
        self._process = subprocess.Popen(
            [sys.executable, "-E", "-s", "-S", program, *place, "bytes" if self._measuring else "messages"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        if self._measuring:
            with suppress(PermissionError):
                os.sched_setscheduler(self.pid, os.SCHED_RR, os.sched_param(1))
        self.port = self._answer()
        self.delay(*self._delay)

    def stop(self) -> None:
        """With all connections. Again is no error."""
        if self._process:
            self._process.kill()
            self._process.communicate()
        self._process = None

    @property
    def pid(self) -> int:
        """Of its process, while it runs."""
        assert self._process is not None
        return self._process.pid

    @property
    def url(self) -> str:
        return self.through(self._behind)

    def through(self, url: str) -> str:
        """The URL of any database of that server, by way of the proxy."""
        parts = urlsplit(url)
        user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        return urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{self.port}"))

    def delay(self, round_trip_ms: float, jitter_ms: float = 0) -> None:
        """Half of it each way, for what comes from now on; each piece of data up to half of the jitter more, by chance.
        Pieces of one direction stay in their order.
        """
        self._command("delay", round_trip_ms, jitter_ms)

    def stall(self) -> None:
        """Keep all connections, take new ones, and pass nothing on: a network that swallows everything."""
        self._command("stall")

    def resume(self) -> None:
        """Pass on what had been held up, in its order."""
        self._command("resume")

    def cut(self) -> None:
        """Close all connections, on both sides; new ones are welcome."""
        self._command("cut")

    def refuse(self) -> None:
        """Take no new connections: who tries is told at once that nobody listens. Those that are open stay."""
        self._command("refuse")

    def admit(self) -> None:
        """Take new connections again, on the same port."""
        self._command("admit")

    def reset(self) -> None:
        """All counters to 0."""
        self._command("reset")

    def counts(self) -> Counts:
        """Since the last reset."""
        found = self._command("counts")
        return Counts(
            **found["sum"],
            opened=found["opened"],
            connections={each.pop("number"): each for each in found["connections"]},
            last_turns=[Turn(**turn) for turn in found["last_turns"]],
        )

    @contextmanager
    def counted(self, waited_for: int | None = None) -> Iterator[Counts]:
        """What passes within the block; the figures are there at its end. What was under way before has come to its
        end first, so this is for a quiet server: what others do meanwhile counts too.

        With `waited_for`, only so many turns are answered before the end of the block. What is answered within it has
        thus waited for at most so many round trips, whatever it sent besides; what needs more hangs: ask with a
        deadline.
        """
        self._settle()
        self.reset()
        counts = Counts()
        if waited_for is not None:
            self._command("answer", waited_for)
        try:
            yield counts
        finally:
            found = self.counts()
            for name in Counts.__slots__:
                setattr(counts, name, getattr(found, name))
            if waited_for is not None:
                self._command("answer", None)

    def _settle(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while self._command("counts")["quiet"] < QUIET:
            if time.monotonic() > deadline:
                raise RuntimeError(f"The connections are not quiet:\n{self.counts()}")
            time.sleep(QUIET / 5)

    def _command(self, name: str, *arguments: object) -> Any:  # noqa: ANN401 - what JSON has
        with self._lock:
            assert self._process is not None
            assert self._process.stdin is not None
            print(json.dumps([name, arguments]), file=self._process.stdin, flush=True)
            return self._answer()

    def _answer(self) -> Any:  # noqa: ANN401 - as above
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The forwarding process has ended: {self._process.wait()}")
        return json.loads(line)


def _joined(messages: Sequence[str]) -> str:
    """Equal ones that follow each other, as the rows of an answer do, as one with their number."""
    runs = [(message, len(list(same))) for message, same in groupby(messages)]
    return " ".join(message if number == 1 else f"{message}*{number}" for message, number in runs)
