"""What a list costs whose client has it already (304), beside the same one answered in full.

    PYTHONPATH=tests/support .venv/bin/python -m bench.known_lists [--rounds 15] [--turns 200] [--postgres]

In one process, without a network before it: microseconds of CPU of the whole process, request by request in turns, and
the middle of the rounds' ratios with the least and the most. The rule: a list of 20 at most half.
"""

import argparse
import asyncio
import os
import time
from statistics import median
from typing import Any, Final

import cast
import many_tickets
from bench.token_cost import desk
from keesa.app import App, serve_from
from keesa.config import Config
from keesa.logs import set_up_logs

LISTS: Final = (
    "/tickets/tickets_by_category?category=fault",
    "/tickets/tickets_of_customer?customer_id=1",
    "/tickets",
    "/tickets/rows?limit=20",
    "/tickets/2025001/history",
)


async def ask(app: App, token: str, path: str, known: str | None = None) -> str:
    """The tag of the answer."""
    path, _, query = f"/api/v1{path}".partition("?")
    headers = [(b"host", b"desk"), (b"authorization", b"Bearer " + token.encode("ascii"))]
    if known is not None:
        headers.append((b"if-none-match", known.encode("ascii")))
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("ascii"),
        "root_path": "",
        "query_string": query.encode("ascii"),
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    found: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI's
        if message["type"] == "http.response.start":
            if message["status"] != (200 if known is None else 304):
                raise RuntimeError(f"{path} is answered with {message['status']}")
            found.extend(value.decode() for name, value in message["headers"] if name == b"etag")

    await app(scope, receive, send)
    return found[0]


async def compare(app: App, token: str, path: str, rounds: int, turns: int) -> str:
    etag = await ask(app, token, path)
    costs: dict[str | None, list[float]] = {None: [], etag: []}
    for _ in range(rounds + 1):
        spent: dict[str | None, list[int]] = {known: [] for known in costs}
        for number in range(turns):
            for known in list(costs)[:: 1 if number % 2 else -1]:
                begun = time.process_time_ns()
                await ask(app, token, path, known)
                spent[known].append(time.process_time_ns() - begun)
        for known, each in spent.items():
            costs[known].append(median(each) / 1000)
    ratios = sorted(late / early for early, late in zip(costs[None][1:], costs[etag][1:], strict=True))
    return (
        f"{median(costs[None][1:]):12.0f}{median(costs[etag][1:]):12.0f}"
        f"{median(ratios):10.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--cold", action="store_true", help="tickets are rendered each time")
    options = parser.parse_args()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the log's lines are made, as when a server serves
    set_up_logs("json")
    with desk(on_postgres=options.postgres) as (database, folder):
        database.write(many_tickets.fill)
        app = serve_from(
            database, Config(data=folder, secret=cast.SECRET, log_format="json", cache_mib=0 if options.cold else 24)
        )
        token = cast.token(database, cast.ADMIN)

        async def run() -> None:
            for path in LISTS:
                print(f"{path:48}{await compare(app, token, path, options.rounds, options.turns)}", flush=True)

        print(f"{'':48}{'200 µs':>12}{'304 µs':>12}{'ratio':>10}")
        asyncio.run(run())


if __name__ == "__main__":
    main()
