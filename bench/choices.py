"""What the parts of the design are worth, each against what was there before or what was tried instead, in one run.

    PYTHONPATH=tests/support .venv/bin/python -m bench.choices --tickets 1000000 [--postgres] [--folder var/bench]

Without HTTP, in one process, on SQLite: microseconds of CPU each, and the ratio to the first of each group, round by
round; with --postgres how it plans lists, in microseconds of time. docs/decisions/0012 and 0013 were decided by it.
"""

import argparse
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import jwt
import msgspec

from bench.dataset import EnginePlace, World, world_on
from keesa.accounts.actors import Actor
from keesa.accounts.session_cache import SessionCache
from keesa.accounts.sessions import Session, find_by_access, open_session
from keesa.accounts.tokens import Signer
from keesa.api.file_addresses import FileAddresses
from keesa.api.ticket_cache import TicketCache
from keesa.api.v2024.tickets import formats
from keesa.clock import Clock, now
from keesa.config import DEFAULT_ZONE
from keesa.db import Database, Tx, open_database
from keesa.db.opening import SQLITE_FILE
from keesa.db.steps import run_to_the_end
from keesa.tickets.lists import list_groups
from keesa.tickets.pages import Page
from postgres_server import PostgresServer

ROUNDS: Final = 7
TURNS: Final = 150
SECRET: Final = b"a secret of the benchmark, 32 bytes long"
ADDRESSES: Final = FileAddresses(SECRET).at(0, "https://desk.example/files/")
_GROUPS: Final = (("open",), ("in_progress", "on_hold"), ("closed",))
_NEWEST: Final = "ORDER BY raised_at DESC, id DESC"

Works = Mapping[str, Callable[[], object]]


def indexes(connection: sqlite3.Connection) -> Works:
    """The open tickets' page, with the revision read from the row, and from an index that covers it."""
    connection.execute("CREATE INDEX covering ON tickets (status, raised_at, id, revision)")
    text = f"SELECT id, revision FROM tickets INDEXED BY {{}} WHERE status = 'open' {_NEWEST} LIMIT 20"
    return {
        f"a page's revisions from {name}": partial(_fetch, connection, text.format(index))
        for name, index in {"the rows": "tickets_by_status", "a covering index": "covering"}.items()
    }


def unions(connection: sqlite3.Connection, user_id: int, types: list[str]) -> Works:
    """An engineer's three groups: as branches that are merged, as branches that are each cut, and as one OR."""
    matches = [f"raised_by_id = {user_id}", f"assigned_to_id = {user_id}", *(f"ticket_type = '{t}'" for t in types)]
    revision = "(SELECT revision FROM tickets WHERE tickets.id = page.id)"

    def branches(group: tuple[str, ...]) -> Iterator[str]:
        for match in matches:
            yield from (f"SELECT raised_at, id FROM tickets WHERE {match} AND status = '{s}'" for s in group)

    merged = (f"SELECT id, {revision} FROM ({' UNION '.join(branches(g))} {_NEWEST} LIMIT 20) page" for g in _GROUPS)
    cut = (
        f"SELECT id, {revision} FROM (SELECT id FROM"
        f" ({' UNION '.join(f'SELECT * FROM ({b} {_NEWEST} LIMIT 20)' for b in branches(g))}) {_NEWEST} LIMIT 20) page"
        for g in _GROUPS
    )
    plain = (
        f"SELECT id, revision FROM tickets WHERE ({' OR '.join(matches)})"
        f" AND status IN ({', '.join(repr(s) for s in g)}) {_NEWEST} LIMIT 20"
        for g in _GROUPS
    )
    texts = {"merged branches": merged, "branches cut one by one": cut, "one OR": plain}
    joined = {name: " UNION ALL ".join(f"SELECT * FROM ({part})" for part in parts) for name, parts in texts.items()}
    return {f"an engineer's list by {name}": partial(_fetch, connection, text) for name, text in joined.items()}


def _fetch(connection: sqlite3.Connection, text: str) -> list[Any]:
    return connection.execute(text).fetchall()


def callers(database: Database, world: World) -> Works:
    """Who calls: the check of a cached session, and reading it; a cached token, and one that is checked."""
    actor, session = open_as(database, world.engineer)
    session_cache, signer = SessionCache(), Signer(SECRET)
    token = signer.access(actor, session, now() + 3_600_000).token
    return {
        "a cached session checked": lambda: database.read(lambda tx: session_cache.look(tx, session.access_uid)),
        "a session and its user read": lambda: database.read(lambda tx: find_by_access(tx, session.access_uid)),
        "a cached token": lambda: signer.uid(token),
        "a token checked": lambda: jwt.decode(token, SECRET, algorithms=["HS256"]),
    }


def lists(database: Database, world: World) -> Works:
    """An admin's list of three times 20: from ready bytes, and rendered anew."""
    actor, _ = open_as(database, world.admin)
    clock = Clock(DEFAULT_ZONE)

    def listing(rendered: TicketCache) -> Callable[[], object]:
        def read(tx: Tx) -> bytes:
            found = run_to_the_end(list_groups(tx, actor, Page(), (None, None, None)))
            tickets = rendered.tickets(tx, 1, found, formats.LISTED, ADDRESSES, internal=True)
            return msgspec.json.encode(run_to_the_end(tickets))

        return lambda: database.read(read)

    return {
        "a list from ready bytes": listing(TicketCache(clock, 2**25)),
        "a list rendered anew": listing(TicketCache(clock, 0)),
    }


def plans(database: Database, world: World) -> Iterator[Works]:
    """An admin's and an engineer's list on PostgreSQL: planned once a connection, each time, and as it chooses."""
    for person in ("admin", "engineer"):
        actor, _ = open_as(database, getattr(world, person))

        def read(mode: str, tx: Tx, actor: Actor = actor) -> None:
            tx.all("SELECT set_config('plan_cache_mode', :mode, true)", mode=mode)
            list(run_to_the_end(list_groups(tx, actor, Page(), (None, None, None))))

        modes = {"once": "force_generic_plan", "each time": "force_custom_plan", "as it chooses": "auto"}
        yield {
            f"{person}'s list, planned {name}": partial(database.read, partial(read, mode))
            for name, mode in modes.items()
        }


def open_as(database: Database, email: str) -> tuple[Actor, Session]:
    """A session of the user with this email."""
    user_id = database.read(lambda tx: tx.value("SELECT id AS value FROM users WHERE email = :email", email=email))
    return database.write(lambda tx: open_session(tx, user_id, "2024", now()))


def compare(works: Works, clock: Callable[[], float] = time.process_time) -> None:
    """All in turns, some rounds."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    for _ in range(ROUNDS):
        for name, work in works.items():
            begun = clock()
            for _ in range(TURNS):
                work()
            spent[name].append((clock() - begun) / TURNS * 1e6)
    first = next(iter(spent))
    for name, figures in spent.items():
        ratios = sorted(figure / other for figure, other in zip(figures, spent[first], strict=True))
        print(f"{name:48}{median(figures):10.1f} µs   {median(ratios):7.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    parser.add_argument("--postgres", action="store_true", help="start one, and see how it plans")
    options = parser.parse_args()
    if options.postgres:
        with PostgresServer(durable=True) as server:
            place = EnginePlace(options.folder / "postgres", server.url("bench"))
            with world_on(place, options.tickets, name="choices") as (data, url, world):
                database = open_database(data, url)
                for works in plans(database, world):
                    compare(works, time.perf_counter)
                database.close()
        return
    with world_on(EnginePlace(options.folder / "sqlite"), options.tickets, name="choices") as (data, _, world):
        database = open_database(data, None)
        connection = sqlite3.connect(data / SQLITE_FILE, isolation_level=None, cached_statements=512)
        engineer = _engineer(connection, world)
        compare(indexes(connection))
        compare(unions(connection, *engineer))
        who = callers(database, world)
        compare({name: who[name] for name in list(who)[:2]})
        compare({name: who[name] for name in list(who)[2:]})
        compare(lists(database, world))
        connection.close()
        database.close()


def _engineer(connection: sqlite3.Connection, world: World) -> tuple[int, list[Any]]:
    [[user_id]] = connection.execute("SELECT id FROM users WHERE email = ?", (world.engineer,)).fetchall()
    types = connection.execute(
        "SELECT DISTINCT ticket_type FROM role_ticket_types JOIN user_roles USING (role_id) WHERE user_id = ?",
        (user_id,),
    )
    return user_id, [row[0] for row in types.fetchall()]


if __name__ == "__main__":
    main()
