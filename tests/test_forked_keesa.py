"""That a server which is forked for the tests is like one which an operator starts."""

import os
from pathlib import Path
from typing import Any, Final

from live import KEESA, LiveServer
from places import NewPlace, Place

STARTED: Final = ("env", *KEESA)
"""By a program that becomes it."""
FACTS: Final = ("SigBlk", "SigIgn", "SigCgt", "Umask", "CapEff")


def test_a_forked_server_is_like_a_started_one(new_place: NewPlace) -> None:
    """In what the system knows of its first process and of its worker: signals, session, folder, and descriptors of the
    first, as a worker opens more when it likes.
    """
    with live(new_place(None)) as forked, live(new_place(None), keesa=STARTED) as started:
        assert "forked_keesa" in command_of(forked.pid)
        assert "forked_keesa" not in command_of(started.pid)
        assert [facts(pid) for pid in processes(forked)] == [facts(pid) for pid in processes(started)]
        assert descriptors(forked.pid) == descriptors(started.pid)
        assert [forked.stop(), started.stop()] == [0, 0]


def live(place: Place, **options: Any) -> LiveServer:  # noqa: ANN401 - those of a server
    return LiveServer(place.data, place.url, **options)


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def processes(server: LiveServer) -> list[int]:
    return [server.pid, *map(int, Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split())]


def facts(pid: int) -> dict[str, object]:
    process = Path(f"/proc/{pid}")
    found = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines())
    return {name: found[name] for name in FACTS} | {
        "first of its session": os.getsid(pid) == pid,
        "nice": os.getpriority(os.PRIO_PROCESS, pid),
        "folder": (process / "cwd").readlink(),
    }


def descriptors(pid: int) -> list[tuple[str, str]]:
    """Each with what it is of: a pipe, a file's name."""
    found = ((file.name, str(file.readlink())) for file in Path(f"/proc/{pid}/fd").iterdir())
    return sorted((number, what.partition(":")[0].rpartition("/")[2]) for number, what in found)
