"""The process in which pictures are looked into: `python -m keesa.pictures.child`, started by `Decoders`.

It gets a request and a file over a socket, and answers each before the next one. It has little memory, time and
space on the disk, comes after everything else at the processor, and ends with who has started it.
"""

import ctypes
import json
import os
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import Any, Final

from keesa.errors import Invalid, KeesaError
from keesa.pictures.prepared import PreparedPicture

MESSAGE_BYTES: Final = 65536
"""Of a request and of an answer, at the most."""
_PR_SET_PDEATHSIG: Final = 1
_M_ARENA_MAX: Final = -8
_M_MMAP_THRESHOLD: Final = -3
_M_TRIM_THRESHOLD: Final = -1


def main(told: str) -> None:
    limits: dict[str, int] = json.loads(told)
    _confine(limits)
    from keesa.pictures import preparing  # noqa: PLC0415 - what is loaded here is confined as well

    heic = preparing.set_up(limits["megapixels"])
    os.nice(limits["nice"])  # only now: on a busy machine, a beginning would take some seconds
    with socket.socket(fileno=limits["socket"]) as requests:
        while True:
            message, files, _, _ = socket.recv_fds(requests, MESSAGE_BYTES, 1)
            if not message:
                return
            request = json.loads(message)
            _limit_time(limits["seconds"])
            with _opened(files[0]) as file:
                try:
                    prepared = preparing.prepare(
                        file,
                        Path(request["into"]),
                        Path(request["scratch"]),
                        limits["megapixels"],
                        keep_data=request["keep_data"],
                        heic=heic,
                    )
                    answer = _as_json(prepared)
                except KeesaError as error:
                    answer = _refusal(error)
            requests.send(json.dumps(answer).encode())


def _confine(limits: dict[str, int]) -> None:
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != limits["parent"]:
        sys.exit(1)  # it died before it could tell
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal, which the parent gets too
    for parameter, value in ((_M_ARENA_MAX, 1), (_M_MMAP_THRESHOLD, 256 * 1024), (_M_TRIM_THRESHOLD, 1024 * 1024)):
        libc.mallopt(parameter, value)
    Path("/proc/self/oom_score_adj").write_text("1000", "ascii")  # what can be begun anew is ended first
    for number, limit in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["file"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(number, (limit, limit))


def _limit_time(seconds: int) -> None:
    """From now on; a SIGXCPU ends what takes longer."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _opened(descriptor: int) -> Any:  # noqa: ANN401
    """Anew, and only to be read: where the parent stands in it stays as it is."""
    try:
        return open(f"/proc/self/fd/{descriptor}", "rb")  # noqa: PTH123 - no path
    finally:
        os.close(descriptor)


def _as_json(prepared: PreparedPicture) -> dict[str, Any]:
    forms = {
        name: {"media_type": form.media_type, "size": form.size, "width": form.width, "height": form.height}
        for name, form in prepared.forms.items()
    }
    return {"forms": forms, "taken": prepared.taken}


def _refusal(error: KeesaError) -> dict[str, Any]:
    if isinstance(error, Invalid):
        return {"refused": "Invalid", "faults": error.faults}
    return {"refused": type(error).__name__, "sentence": str(error)}


if __name__ == "__main__":
    main(sys.argv[1])
