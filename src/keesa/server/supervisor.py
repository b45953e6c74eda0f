"""The first process: it starts the workers, watches them, and stops them. It answers nobody itself."""

import gc
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Final

import structlog

from keesa.server.chores import Chore
from keesa.server.notifying import READY as SERVES
from keesa.server.notifying import STOPPING, ServiceManager
from keesa.server.worker import READY, STOP_SIGNALS

HANG_SECONDS: Final = 10
"""Without a heartbeat, of a worker that has been ready: then it is replaced."""
START_SECONDS: Final = 120
"""The same of a worker that is still starting."""
SOON_SECONDS: Final = 5
"""A worker that ends so soon after its start, as did the one before it, is not started again."""
LOOK_SECONDS: Final = 1

_log = structlog.get_logger("keesa.server")


@dataclass(slots=True)
class _Worker:
    number: int
    process: BaseProcess
    heartbeat: int
    """The end of a pipe from which its heartbeats are read."""
    started: float
    heard: float
    ready: bool = False

    def close(self) -> None:
        os.close(self.heartbeat)


class Supervisor:
    """Keeps `count` workers, which all accept from `listener`. `run` is what one does, with its number (from 0 on; who
    takes another one's place has its number) and the pipe that its heartbeats go into; `gone` is called with the number
    of one that has ended; `announce` once, when every worker serves; then the chores begin.
    """

    def __init__(
        self,
        run: Callable[[int, int], None],
        count: int,
        listener: socket.socket,
        announce: Callable[[], None],
        gone: Callable[[int], None],
        stop_seconds: float,
        chores: Sequence[Chore] = (),
    ) -> None:
        self._run = run
        self._count = count
        self._listener = listener
        self._announce = announce
        self._gone = gone
        self._stop_seconds = stop_seconds
        self._chores = chores
        self._manager = ServiceManager()
        self._announced = False
        self._workers: list[_Worker] = []
        self._stopping = False
        self._failed_soon = 0
        self._context = get_context("fork")

    def serve(self) -> int:
        """Until SIGTERM or SIGINT; the exit status: 0 after a stop, 1 where the workers do not live."""
        gc.collect()
        gc.freeze()  # what is there before the workers are stays, and stays shared: no collector of theirs touches it
        with self._signals() as woken:
            while len(self._workers) < self._count and not self._stopping:
                self._start(len(self._workers))
            looked = time.monotonic()
            while not self._stopping:
                wait([woken, *(worker.heartbeat for worker in self._workers), *self._sentinels()], LOOK_SECONDS)
                with suppress(BlockingIOError):
                    os.read(woken, 4096)
                now = time.monotonic()
                if now - looked > HANG_SECONDS / 2:  # it was this process that slept
                    for worker in self._workers:
                        worker.heard = now
                looked = now
                if not self._look(now):
                    self._stop()
                    return 1
                self._manager.tell_alive()
                if self._announced:
                    for chore in self._chores:
                        chore.look(now)
            self._stop()
        return 0

    @contextmanager
    def _signals(self) -> Iterator[int]:
        """The signals that stop; and the end of a pipe that can be read when one has come, or a worker has ended."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            signal.signal(number, self._ask_to_stop)
        try:
            yield reading
        finally:
            signal.set_wakeup_fd(before)
            os.close(reading)
            os.close(writing)

    def _ask_to_stop(self, *_: object) -> None:
        self._stopping = True

    def _sentinels(self) -> list[int]:
        return [worker.process.sentinel for worker in self._workers]

    def _start(self, number: int) -> None:
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        process = self._context.Process(target=self._run, args=(number, writing), name="keesa-worker")
        # a signal that comes between the fork and the worker's own handlers must find these, not ours
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
            os.close(writing)
        now = time.monotonic()
        self._workers.append(_Worker(number, process, reading, started=now, heard=now))

    def _look(self, now: float) -> bool:
        """At each worker; False where they do not live."""
        for worker in list(self._workers):
            self._hear(worker, now)
            patience = HANG_SECONDS if worker.ready else START_SECONDS
            if worker.process.is_alive() and now - worker.heard > patience:
                _log.error("a worker sends no heartbeat and is replaced", pid=worker.process.pid)
                worker.process.kill()
                worker.process.join()
            if not worker.process.is_alive() and not self._replace(worker, now):
                return False
        if not self._announced and all(worker.ready for worker in self._workers):
            self._announced = True
            self._announce()
            self._manager.tell(SERVES)
        return True

    def _hear(self, worker: _Worker, now: float) -> None:
        with suppress(BlockingIOError):
            signs = os.read(worker.heartbeat, 4096)
            if signs:
                worker.heard = now
                worker.ready = worker.ready or READY in signs

    def _replace(self, worker: _Worker, now: float) -> bool:
        """Start another one in its place; False where that would not help."""
        self._gone(worker.number)
        if self._stopping:
            return True
        self._failed_soon = self._failed_soon + 1 if now - worker.started < SOON_SECONDS else 0
        if not self._announced or self._failed_soon > 1:
            _log.error("the workers do not live, the server ends", status=worker.process.exitcode)
            return False
        _log.warning("a worker has ended and is replaced", pid=worker.process.pid, status=worker.process.exitcode)
        self._workers.remove(worker)
        worker.close()
        self._start(worker.number)
        return True

    def _stop(self) -> None:
        """Ask the workers to end, and kill whoever does not."""
        self._manager.tell(STOPPING)
        self._listener.close()  # the workers have it too, and accept what has come before they close it
        for worker in self._workers:
            worker.process.terminate()
        for chore in self._chores:
            chore.stop()
        deadline = time.monotonic() + self._stop_seconds + 2
        for worker in self._workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                _log.error("a worker did not end in time and is killed", pid=worker.process.pid)
                worker.process.kill()
                worker.process.join()
            worker.close()
