"""`keesa` in processes of its own that need not load it: they are forked from one that has, once a worker of the tests.

    process = start(["serve", "--port", "0"], env, out=writing, err=log)
    line = reading.readline()
    status = process.wait(60)

What Python and its imports take, a second of CPU, is most of what a server of the tests takes. All that follows them is
what an operator's process does, in a session of its own.
"""

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import wait
from pathlib import Path
from typing import Final

from postgres_guard import PATIENCE

LOADED: Final = ("keesa.__main__", "keesa.cli.serving", "keesa.cli.backup", "typer._adapters")
"""What a server loads, the last of them with its first option."""
_AT_ONCE: Final = ("PYTHON", "LC_", "LANG", "LD_")
"""What variables begin with that Python follows when it starts."""
_REQUEST: Final = 128 * 1024
"""Bytes of one, at the most: the environment is part of it."""
_lock: Final = threading.Lock()
_asked: socket.socket | None = None


def followed_at_once(env: Mapping[str, str]) -> dict[str, str]:
    """The variables that a process which is forked later cannot follow."""
    return {name: value for name, value in env.items() if name.startswith(_AT_ONCE)}


_OURS: Final = dict(os.environ)


def fits(env: Mapping[str, str]) -> bool:
    """Whether a forked process is what one that is started with this environment would be."""
    return followed_at_once(env) == followed_at_once(_OURS)


class Forked:
    """A process, with what the tests need of `subprocess.Popen`."""

    def __init__(self, pid: int, ended: int) -> None:
        self.pid = pid
        self._ended = ended
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status, or less than 0 by the signal that ended it; None while it runs."""
        if self.returncode is None and wait([self._ended], 0):
            self._hear()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The same, once it has ended. Raises `TimeoutExpired`."""
        if self.returncode is None:
            if not wait([self._ended], timeout):
                raise subprocess.TimeoutExpired("keesa", timeout or 0)
            self._hear()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL, where it still runs."""
        self.send_signal(signal.SIGKILL)
        self.wait(PATIENCE)

    def _hear(self) -> None:
        self.returncode = os.waitstatus_to_exitcode(int(os.read(self._ended, 100)))
        os.close(self._ended)


def start(arguments: Sequence[str], env: Mapping[str, str], *, out: int, err: int, stdin: int | None = None) -> Forked:
    """`keesa` with these arguments and this environment; it writes to these descriptors, and reads from that one."""
    request = json.dumps([arguments, dict(env), str(Path.cwd())]).encode()
    assert len(request) < _REQUEST
    ended, tells = os.pipe()
    try:
        with _lock:
            asked = _loaded()
            socket.send_fds(asked, [request], [tells, out, err, *([] if stdin is None else [stdin])])
            pid = int(asked.recv(100))
    except BaseException:
        os.close(ended)
        raise
    finally:
        os.close(tells)
    return Forked(pid, ended)


def _loaded() -> socket.socket:
    """By which the process that has loaded Keesa is asked; it is started when it is needed first."""
    global _asked
    if _asked is None:
        _asked, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,  # Python takes note of what it writes to
                env=_OURS,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        atexit.register(_end, _asked, process)
        assert _asked.recv(100) == b"loaded"
    return _asked


def _end(asked: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    asked.close()
    process.communicate(timeout=PATIENCE)


def _lend(asked: socket.socket) -> Sequence[str]:
    """Fork for each request; returns in a forked process alone, with its arguments. Ends with who asks."""
    for name in LOADED:
        import_module(name)
    assert threading.active_count() == 1, "a thread would not be there in a forked process"
    gc.collect()
    gc.freeze()
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, int] = {}
    asked.send(b"loaded")
    while True:
        readable = wait([asked, woken])
        if woken in readable:
            os.read(woken, 100)
            _tell_ended(running)
        if asked in readable:
            request, descriptors, _, _ = socket.recv_fds(asked, _REQUEST, 4)
            if not request:
                sys.exit()
            tells, *streams = descriptors
            arguments, env, folder = json.loads(request)
            pid = os.fork()
            if pid == 0:
                _become(env, folder, streams)
                asked.detach()
                return [str(each) for each in arguments]
            running[pid] = tells
            for stream in streams:
                os.close(stream)
            asked.send(str(pid).encode())


def _tell_ended(running: dict[int, int]) -> None:
    """Each one that has ended, to who has started it."""
    with suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            pid, status = found
            tells = running.pop(pid)
            with suppress(BrokenPipeError):  # nobody asks
                os.write(tells, str(status).encode())
            os.close(tells)


def _become(env: Mapping[str, str], folder: str, streams: Sequence[int]) -> None:
    """What a process is that has been started with these."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    for stream, number in zip(streams, (1, 2, 0), strict=False):
        os.dup2(stream, number)
    os.closerange(3, 65_536)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir(folder)


if __name__ == "__main__":
    sys.argv[1:] = _lend(socket.socket(fileno=int(sys.argv[1])))
    sys.argv[0] = sys.modules["keesa.__main__"].__file__ or ""
    sys.modules["keesa.__main__"].main()
