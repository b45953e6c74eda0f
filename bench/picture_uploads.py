"""How long one ticket takes, and how much memory all processes hold, while many large pictures are sent at once.

    PYTHONPATH=tests/support .venv/bin/python -m bench.picture_uploads [--uploads 20] [--mb 8] [--rate 4M]

A real server on the cast's desk. A client asks for one ticket 50 times a second, each time measured from when its turn
was, first with nothing beside it, then while curl sends the pictures, all at once, each another one and to another
ticket. Each sends as fast as a good link of its own carries it: with `--rate 0` all send as fast as the memory of one
machine does, and then it is they that take its processors from the server. The rules: p99 under 50 ms, and the whole
tree of the server's processes under 1.2 GB. A third line shows what the machine itself made a sleeper wait. Needs a
machine with nothing else to do.
"""

import argparse
import http.client
import json
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Final
from urllib.parse import urlsplit

from PIL import Image

import cast
from bench.accounts import memory_mib, tree
from bench.key_cost import serving
from live import LiveServer
from new_tickets import BODY_2024

RATE: Final = 50
"""Tickets asked for in a second."""
LOOK_SECONDS: Final = 0.05
"""Between two looks at the memory."""
QUIET_SECONDS: Final = 5
PATIENCE: Final = 600


@dataclass(slots=True)
class Seen:
    """In milliseconds, each from when its turn was."""

    ticket: list[float] = field(default_factory=list)
    sleeper: list[float] = field(default_factory=list)
    mib: float = 0
    """The most that the tree has held."""


def picture(mb: float, number: int) -> bytes:
    """A JPEG of about so many megabytes: noise over a slope, as a photograph has it."""
    side = int((mb * 1e6 / 0.69) ** 0.5 / 2) * 2
    noise = Image.frombytes("RGB", (side // 2, side // 2), os.urandom(3 * (side // 2) ** 2)).resize((side, side))
    slope = Image.linear_gradient("L").resize((side, side)).convert("RGB")
    made = BytesIO()
    Image.blend(noise, slope, 0.4 + number / 1000).save(made, "JPEG", quality=93)
    return made.getvalue()


def paced(over: Callable[[], bool], act: Callable[[], None], found: list[float]) -> None:
    """Each turn at its own time, whatever the one before it took."""
    begun, number = time.perf_counter(), 0
    while not over():
        turn = begun + number / RATE
        time.sleep(max(0.0, turn - time.perf_counter()))
        act()
        found.append((time.perf_counter() - turn) * 1000)
        number += 1


def asking(url: str, path: str, token: str) -> Callable[[], None]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)

    def ask() -> None:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} was answered {answer.status}")

    return ask


def watch(server: LiveServer, over: Callable[[], bool], seen: Seen) -> None:
    while not over():
        total = 0.0
        for process in tree(server.pid):
            try:
                total += memory_mib(process)
            except (OSError, RuntimeError):
                continue  # it has ended
        seen.mib = max(seen.mib, total)
        time.sleep(LOOK_SECONDS)


def beside(server: LiveServer, token: str, path: str, work: Callable[[], object]) -> Seen:
    """What is seen while the work is done."""
    seen, ended = Seen(), Event()
    threads = [
        Thread(target=paced, args=(ended.is_set, asking(server.url, path, token), seen.ticket)),
        Thread(target=paced, args=(ended.is_set, lambda: None, seen.sleeper)),
        Thread(target=watch, args=(server, ended.is_set, seen)),
    ]
    for thread in threads:
        thread.start()
    try:
        work()
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    return seen


def send(server: LiveServer, token: str, tickets: Sequence[int], files: Sequence[Path], rate: str) -> None:
    """All at once, each by a curl of its own, with so many bytes a second; raises where one is not taken."""
    curl = [
        "curl",
        "-sS",
        "--limit-rate",
        rate,
        "-o",
        os.devnull,
        "-w",
        "%{http_code}",
        "-H",
        f"Authorization: Bearer {token}",
    ]
    sending = [
        subprocess.Popen(  # noqa: S603 - our own words
            [*curl, "-F", f"image=@{path}", f"{server.url}/api/v1/tickets/{ticket}/images"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for ticket, path in zip(tickets, files, strict=True)
    ]
    answers = [process.communicate(timeout=PATIENCE)[0] for process in sending]
    if set(answers) != {"201"}:
        raise RuntimeError(f"the pictures were answered {answers}")


def raised(server: LiveServer, token: str) -> int:
    """A new ticket's number."""
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=PATIENCE)) as connection:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", "/api/v1/tickets", json.dumps(BODY_2024), headers)
        answer = connection.getresponse()
        number: int = json.loads(answer.read())["id"]
        return number


def line(name: str, seen: Seen) -> str:
    columns = ""
    for waits in (seen.ticket, seen.sleeper):
        ordered = sorted(waits)
        p50, p99 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
        columns += f"{p50:10.1f}{p99:10.1f}{ordered[-1]:10.1f}"
    return f"{name:12}{columns}{seen.mib:10.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uploads", type=int, default=20)
    parser.add_argument("--mb", type=float, default=8)
    parser.add_argument("--rate", default="4M", help="bytes a second of each, as curl has them; 0: no limit")
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args()
    with TemporaryDirectory() as folder, serving(options.engine, "--workers", "2") as (server, token, _):
        files = [Path(folder) / f"{number}.jpg" for number in range(options.uploads)]
        for number, file in enumerate(files):
            file.write_bytes(picture(options.mb, number))
        print(f"{len(files)} pictures of {files[0].stat().st_size / 1e6:.1f} MB, {cast.ADMIN.email} sends them")
        tickets = [raised(server, token) for _ in files]
        path = f"/api/v1/tickets/{tickets[0]}"
        print(f"{'':12}{'ticket: p50':>12}{'p99':>8}{'most':>10}{'sleeper: p50':>12}{'p99':>8}{'most':>10}{'MiB':>10}")
        print(line("nothing", beside(server, token, path, lambda: time.sleep(QUIET_SECONDS))), flush=True)
        begun = time.perf_counter()
        seen = beside(server, token, path, lambda: send(server, token, tickets, files, options.rate))
        print(line("pictures", seen), f"  in {time.perf_counter() - begun:.1f} s")


if __name__ == "__main__":
    main()
