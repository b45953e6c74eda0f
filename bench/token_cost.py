"""What a request with an API token costs, beside the same one in a session.

    PYTHONPATH=tests/support .venv/bin/python -m bench.token_cost [--rounds 15] [--turns 200] [--postgres]

In one process, without a network before it: microseconds of CPU of the whole process, request by request in turns, and
the middle of the rounds' ratios with the least and the most. The rule: at most 1.1 of the session's.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

import cast
from keesa.app import App, serve_from
from keesa.config import Config
from keesa.db import Database, open_database
from keesa.db.migrate import migrate
from keesa.logs import set_up_logs
from postgres_server import PostgresServer

REQUESTS: Final[Mapping[str, tuple[str, str, bytes]]] = {
    "one ticket": ("GET", f"/api/v1/tickets/{cast.ASSIGNED}", b""),
    "list": ("GET", "/api/v1/tickets", b""),
    "note": (
        "POST",
        "/api/v1/tickets/add_ticket_note",
        b'{"ticket_note": {"note": "Back on line"}, "ticket_number": "%d"}' % cast.TYPED,
    ),
}
"""Reads that are cached, which leave the most to the caller's check, and a write."""


@contextmanager
def desk(*, on_postgres: bool) -> Iterator[tuple[Database, Path]]:
    """The cast's."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = None
        if on_postgres:
            server = stack.enter_context(PostgresServer())
            server.create_database("token_cost")
            url = server.url("token_cost")
        database = open_database(folder, url)
        migrate(database)
        cast.fill(database)
        yield database, folder
        database.close()


async def ask(app: App, token: str, request: tuple[str, str, bytes]) -> None:
    """Raises `RuntimeError` for an answer that is none."""
    method, path, body = request
    headers = [(b"host", b"desk"), (b"authorization", b"Bearer " + token.encode("ascii"))]
    if body:
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode("ascii"))]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("ascii"),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI's
        if message["type"] == "http.response.start" and message["status"] >= 300:
            raise RuntimeError(f"{method} {path} is answered with {message['status']}")

    await app(scope, receive, send)


async def compare(app: App, tokens: Mapping[str, str], name: str, rounds: int, turns: int) -> str:
    """The middle cost of either, and the middle of the rounds' ratios; from request to request another one comes first,
    so that whatever else the machine does hits both.
    """
    costs: dict[str, list[float]] = {who: [] for who in tokens}
    for _ in range(rounds + 1):
        spent: dict[str, list[int]] = {who: [] for who in tokens}
        for number in range(turns):
            for who in list(tokens)[:: 1 if number % 2 else -1]:
                begun = time.process_time_ns()
                await ask(app, tokens[who], REQUESTS[name])
                spent[who].append(time.process_time_ns() - begun)
        for who, each in spent.items():
            costs[who].append(median(each) / 1000)
    ratios = sorted(late / early for early, late in zip(costs["session"][1:], costs["token"][1:], strict=True))
    one, other = median(costs["session"][1:]), median(costs["token"][1:])  # the first round has warmed up
    return f"{one:12.0f}{other:12.0f}{median(ratios):10.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--request", choices=[*REQUESTS], default=None, help="one of them alone")
    options = parser.parse_args()
    names = [options.request] if options.request else [*REQUESTS]
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the log's lines are made, as when a server serves
    set_up_logs("json")
    with desk(on_postgres=options.postgres) as (database, folder):
        app = serve_from(database, Config(data=folder, secret=cast.SECRET, log_format="json"))
        tokens = {"session": cast.token(database, cast.ADMIN), "token": cast.api_token(database, cast.ADMIN)}

        async def run() -> None:
            for name in names:
                told = await compare(app, tokens, name, options.rounds, options.turns)
                print(f"{name:12}{told}", flush=True)

        print(f"{'':12}{'session µs':>12}{'token µs':>12}{'ratio':>10}")
        asyncio.run(run())


if __name__ == "__main__":
    main()
