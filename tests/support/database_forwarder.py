"""The process of `database_proxy`: forwards bytes between clients and a server, late, counted, or not at all.

    python database_forwarder.py HOST PORT MESSAGES

Commands come as lines of JSON on its input, and each is answered by one line on its output; the first line tells the
port on loopback. The end of its input ends it. It is one loop on epoll: asyncio's timers would round half a round trip
to whole milliseconds, and would take several times the processor's time for each piece of data.
"""

import heapq
import json
import random
import select
import socket
import sys
import time
from collections import deque
from itertools import count
from typing import Any, Final

from database_links import COUNTED, Flow, Link

PIECE: Final = 65_536
"""The most that is read at once."""
UNDER_WAY: Final = 1 << 20
"""Bytes of one direction that may be on their way; no more is read of it meanwhile."""
MOMENT: Final = 0.0001
"""Seconds: what is to arrive within one of them arrives together, since each waking costs more than passing a piece on.
It is that much early at the most, and about as late by the waking.
"""
KEPT_TURNS: Final = 1000
"""The latest turns that are told of; all are counted."""


class Forwarder:
    def __init__(self, target: tuple[str, int], *, messages: bool) -> None:
        self._target = target
        self._messages = messages
        self._epoll = select.epoll()
        self._interests: dict[int, int] = {}
        self._links: dict[int, Link] = {}
        """By both of their descriptors."""
        self._transit: list[tuple[float, int, Flow, bytes]] = []
        self._numbers, self._order = count(1), count()
        self._half = self._jitter = 0.0
        self._stalled = False
        self._answers: int | None = None
        """How many turns from now on are answered; None for all."""
        self._past = dict.fromkeys(COUNTED, 0)
        """Of connections that are no more."""
        self._opened = 0
        self._turns: deque[dict[str, Any]] = deque(maxlen=KEPT_TURNS)
        self._last = time.monotonic()
        """When bytes last moved."""
        self._listening: socket.socket | None = None
        self.port = 0
        self.admit()

    def run(self) -> None:
        """Until the end of the input. What has happened on the connections is counted before a command is obeyed."""
        commands, pause = sys.stdin.buffer, None
        while True:
            watched = [commands] if self._stalled else [commands, self._epoll]
            ready, _, _ = select.select(watched, [], [], None if self._stalled else pause)
            if not self._stalled:
                if self._epoll in ready:
                    for descriptor, event in self._epoll.poll(0):
                        self._handle(descriptor, event)
                pause = self._pass_due()
            if commands in ready:
                line = commands.readline()
                if not line:
                    return
                name, arguments = json.loads(line)
                _tell(getattr(self, name)(*arguments))

    # Commands

    def delay(self, round_trip_ms: float, jitter_ms: float) -> None:
        """From the next piece on: half of it each way, and up to half of the jitter more."""
        self._half, self._jitter = round_trip_ms / 2000, jitter_ms / 2000

    def stall(self) -> None:
        self._stalled = True

    def resume(self) -> None:
        self._stalled = False

    def cut(self) -> None:
        for link in set(self._links.values()):
            self._close(link)

    def refuse(self) -> None:
        if self._listening:
            self._watch(self._listening, 0)
            self._listening.close()
            self._listening = None

    def admit(self) -> None:
        if self._listening is None:
            self._listening = socket.create_server(("127.0.0.1", self.port), backlog=512)
            self._listening.settimeout(0)
            self.port = self._listening.getsockname()[1]
            self._watch(self._listening, select.EPOLLIN)

    def answer(self, turns: int | None) -> None:
        """Withhold the answers of all turns that begin after so many; None passes on what was withheld."""
        self._answers = turns
        for link in set(self._links.values()) if turns is None else ():
            withheld, link.withheld = link.withheld or (), None
            for piece in withheld:
                self._pass(link.answering, piece)

    def reset(self) -> None:
        self._opened = 0
        self._past = dict.fromkeys(COUNTED, 0)
        self._turns.clear()
        for link in self._links.values():
            link.reset()

    def counts(self) -> dict[str, Any]:
        links = sorted(set(self._links.values()), key=lambda link: link.number)
        return {
            "opened": self._opened,
            "sum": {name: self._past[name] + sum(link.counts[name] for link in links) for name in COUNTED},
            "connections": [{"number": link.number, **link.counts} for link in links],
            "last_turns": list(self._turns),
            "quiet": time.monotonic() - self._last if all(link.client_has_heard for link in links) else 0.0,
        }

    # Connections

    def _handle(self, descriptor: int, event: int) -> None:
        if self._listening and descriptor == self._listening.fileno():
            self._accept(self._listening)
            return
        link = self._links.get(descriptor)
        if link is None:  # closed by an event of the same moment
            return
        ours, other = link.asking, link.answering
        if descriptor == link.server.fileno():
            ours, other = other, ours
        try:
            if event & select.EPOLLOUT:
                self._flush(other)
            if event & select.EPOLLIN and not ours.at_end:
                self._read(ours)
            elif event & (select.EPOLLERR | select.EPOLLHUP):
                self._close(link)
        except OSError:  # one side is gone: so is the other
            self._close(link)

    def _accept(self, listening: socket.socket) -> None:
        try:
            client, _ = listening.accept()
        except OSError:  # it has given up
            return
        server = socket.socket()
        link = Link(next(self._numbers), client, server, messages=self._messages)
        for side in (client, server):
            side.settimeout(0)
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._links[side.fileno()] = link
        server.connect_ex(self._target)
        self._opened += 1
        self._watch(client, select.EPOLLIN)
        self._watch(server, select.EPOLLIN)

    def _close(self, link: Link) -> None:
        """As the end of a process closes: without what is still on its way."""
        if link.closed:
            return
        link.closed = True
        for name in COUNTED:
            self._past[name] += link.counts[name]
        for side in (link.client, link.server):
            self._watch(side, 0)
            del self._links[side.fileno()]
            side.close()

    def _watch(self, side: socket.socket, events: int) -> None:
        """0 is for not at all."""
        descriptor, before = side.fileno(), self._interests.get(side.fileno(), 0)
        if events == before:
            return
        if not before:
            self._epoll.register(descriptor, events)
        elif events:
            self._epoll.modify(descriptor, events)
        else:
            self._epoll.unregister(descriptor)
        self._interests[descriptor] = events

    def _watch_again(self, link: Link) -> None:
        if link.closed:  # by what was passed on just before
            return
        for side, out, into in (
            (link.client, link.asking, link.answering),
            (link.server, link.answering, link.asking),
        ):
            reading = not out.at_end and out.under_way < UNDER_WAY
            self._watch(side, (select.EPOLLIN if reading else 0) | (select.EPOLLOUT if into.waiting else 0))

    # Bytes

    def _read(self, flow: Flow) -> None:
        data = flow.source.recv(PIECE)
        self._last = now = time.monotonic()
        if not data:
            flow.at_end = True
        elif flow is flow.link.asking and flow.link.count_asked(data):
            self._begin_turn(flow.link)
        flow.under_way += len(data)
        if self._half or self._jitter or flow.pieces:
            wait = self._half + (random.random() * self._jitter if self._jitter else 0)  # noqa: S311 - a delay, no secret
            flow.latest = max(flow.latest, (now + wait) // MOMENT * MOMENT)
            flow.pieces += 1
            heapq.heappush(self._transit, (flow.latest, next(self._order), flow, data))
        else:
            self._pass(flow, data)
        if flow.at_end or flow.under_way >= UNDER_WAY:
            self._watch_again(flow.link)

    def _pass_due(self) -> float | None:
        """What has been under way for long enough arrives. Seconds until the next does; None where nothing is."""
        now = time.monotonic()
        while self._transit and self._transit[0][0] <= now:
            _, _, flow, data = heapq.heappop(self._transit)
            flow.pieces -= 1
            if not flow.link.closed:
                self._pass(flow, data)
        return max(0.0, self._transit[0][0] - time.monotonic()) if self._transit else None

    def _pass(self, flow: Flow, data: bytes) -> None:
        link = flow.link
        if flow is link.answering:
            if link.withheld is not None:
                link.withheld.append(data)
                return
            if data:
                link.count_told(data)
        self._last = time.monotonic()
        flow.waiting += data
        if len(flow.waiting) == len(data) or not data:  # otherwise the target has yet to take what came before
            try:
                self._flush(flow)
            except OSError:
                self._close(link)

    def _flush(self, flow: Flow) -> None:
        """As much as the target takes; the end, when there is no more."""
        if flow.waiting:
            try:
                sent = flow.target.send(flow.waiting)
            except BlockingIOError:  # or it is not connected yet
                sent = 0
            del flow.waiting[:sent]
            paused, flow.under_way = flow.under_way >= UNDER_WAY, flow.under_way - sent
            if flow.waiting or paused or self._interests.get(flow.target.fileno(), 0) & select.EPOLLOUT:
                self._watch_again(flow.link)
        if flow.at_end and not flow.under_way and not flow.ended:
            flow.ended = True
            flow.target.shutdown(socket.SHUT_WR)
            if flow.link.asking.ended and flow.link.answering.ended:
                self._close(flow.link)

    def _begin_turn(self, link: Link) -> None:
        if self._answers is not None:
            self._answers -= 1
            link.withheld = [] if self._answers < 0 else None
        if link.conversation:
            self._turns.append(link.turn)


def main() -> None:
    host, port, messages = sys.argv[1:]
    forwarder = Forwarder((host, int(port)), messages=messages == "messages")
    _tell(forwarder.port)
    forwarder.run()


def _tell(what: object) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201 - to the process that gives the commands


if __name__ == "__main__":
    main()
