"""Through which files a request goes: those that its functions are called in, one after the other.

    PYTHONPATH=tests/support .venv/bin/python -m bench.call_paths [--show]

For each kind of request, of a caller whose session is cached: the functions of Keesa that are called between the HTTP
server and the database, the visits to files that this makes (calls within one file are one visit), and how many of them
return to a file that was visited before. Nothing is timed.
"""

import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final

import cast
import keesa
from keesa.app import App, serve_from
from keesa.config import Config
from keesa.db import open_database
from keesa.db.migrate import migrate
from raw_asgi import ask_raw

SOURCE: Final = f"{Path(keesa.__file__).parent}/"
BELOW: Final = ("db/", "server/", "clock.py", "cache.py", "interpreter.py", "maintenance.py", "accounts/", "directory/")
"""What is left out: it is asked on the way, and gives its answer at once."""
JSON: Final = (b"Content-Type", b"application/json")
REQUESTS: Final = {
    "one ticket": ("GET", f"/api/v1/tickets/{cast.ASSIGNED}", b""),
    "the list": ("GET", "/api/v1/tickets", b""),
    "a status": ("POST", f"/api/v1/tickets/{cast.ASSIGNED}/status_update", b'{"ticket":{"status":"on_hold"}}'),
    "a note": (
        "POST",
        "/api/v1/tickets/add_ticket_note",
        b'{"ticket_note":{"note":"Back"},"ticket_number":"%d"}' % cast.ASSIGNED,
    ),
}


def calls_of(app: App, request: tuple[str, str, bytes], token: str) -> list[tuple[str, str]]:
    """File and function of each call, in their order."""
    method, path, body = request
    headers = [(b"Authorization", token.encode()), JSON]
    ask_raw(app, method, path, headers, [body] if body else [])
    NOTES.calls, NOTES.frames, NOTES.wanted = [], set(), True
    ask_raw(app, method, path, headers, [body] if body else [])
    NOTES.wanted = False
    return NOTES.calls


def visits(calls: Sequence[tuple[str, str]]) -> list[str]:
    """The files, without a file that comes after itself."""
    files = [file for file, _ in calls]
    return [file for number, file in enumerate(files) if number == 0 or files[number - 1] != file]


class _Notes:
    """What is called in every thread, while it is wanted."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.frames: set[FrameType] = set()
        """Those that were entered: a coroutine that goes on is not called again."""
        self.wanted = False

    def note(self, frame: FrameType, event: str, _: Any) -> None:  # noqa: ANN401 - as the interpreter gives it
        code = frame.f_code
        if not self.wanted or event != "call" or not code.co_filename.startswith(SOURCE) or frame in self.frames:
            return
        self.frames.add(frame)
        file = code.co_filename.removeprefix(SOURCE)
        if not file.startswith(BELOW) and not code.co_name.startswith("<"):
            self.calls.append((file, code.co_name))


NOTES: Final = _Notes()


def main(arguments: Sequence[str]) -> None:
    threading.setprofile(NOTES.note)
    sys.setprofile(NOTES.note)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        database = open_database(data, None)
        migrate(database)
        cast.fill(database)
        app = serve_from(database, Config(data=data, secret=cast.SECRET))
        for name, request in REQUESTS.items():
            calls = calls_of(app, request, cast.token(database, cast.ADMIN))
            files = visits(calls)
            print(f"{name}: {len(calls)} calls, {len(files)} visits, {len(files) - len(set(files))} returns")
            if "--show" in arguments:
                print("\n".join(f"    {file} {function}" for file, function in calls))
        database.close()


if __name__ == "__main__":
    main(sys.argv[1:])
