"""What a search takes, and how large its index is: common words with a filter, rare phrases, beginnings of words and
parts of numbers, for an admin, for an engineer with one ticket type and for a customer's user with ten tickets.

    PYTHONPATH=tests/support .venv/bin/python -m bench.search [--tickets 1000000] [--engine sqlite] [--rounds 40]

Asked is a server of one worker over loopback, one request after another, and nothing is given again
(`KEESA_CACHE_MIB=0`). Milliseconds until an answer has come: the middle one, and the dearest of a hundred; behind them
those of CPU for a request, of the server and of PostgreSQL. The rule: at most 50 and 200; of phrases whose words stand
in most tickets the 200 alone, as no index knows them. The desk is loaded, and its index made (`keesa search rebuild`),
where that is missing; `--server` is a PostgreSQL that keeps it, and whose CPU is not told.
"""

import argparse
import http.client
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Final
from urllib.parse import urlencode, urlsplit

import psycopg

from bench import dataset
from bench.accounts import cpu_seconds
from bench.desks import log_in, server_of
from bench.engines import ENGINES, Engine, chosen_engines
from keesa.accounts.actors import ACTOR_COLUMNS, actor_of
from keesa.accounts.permissions import TICKETS_READ
from keesa.clock import now
from keesa.db import Database, Tx, open_database
from keesa.notes.notes import make_note
from keesa.rich_text.html import rich_text
from keesa.words.filling import is_whole
from keesa.words.pending import fold
from keesa.words.rebuilding import rebuild
from live import UNMET, LiveServer

MIDDLE: Final = 50.0
DEAREST: Final = 200.0
"""Milliseconds at the most."""
OF_COMMON_WORDS: Final = ("common phrase", "phrase of none")
TEN: Final = 10
RARE: Final = "They say that the marble lighthouse at the jetty has no light."
APART: Final = 17
"""Tickets of those that the data set names, of which one has that as a note."""
_ROLE: Final = "searches one type"
_PEOPLE: Final = {"engineer": "one-type@search.example", "customer": "ten-tickets@search.example"}
_SIZES: Final[Mapping[str, str]] = {
    "sqlite": "SELECT sum(pgsize) AS value FROM dbstat WHERE name IN ('ticket_words', 'pending_words', 'name_words')"
    " OR name LIKE 'ticket_search%' OR name LIKE 'name_search%'",
    "postgres": "SELECT pg_total_relation_size('ticket_words') + pg_total_relation_size('name_words') AS value",
}
Query = Mapping[str, str]


def questions_of(tx: Tx) -> dict[str, list[Query]]:
    """Several of each kind, made of what stands in the newest tickets and in old ones."""
    rows = tx.all(
        "SELECT id, contact_number, ticket_type FROM tickets WHERE id IN"
        " (SELECT id FROM (SELECT id FROM tickets ORDER BY id DESC LIMIT 4000) newest WHERE id % 199 = 0)"
        " OR id IN (SELECT id FROM (SELECT id FROM tickets ORDER BY id LIMIT 4000) oldest WHERE id % 199 = 0)"
    )
    words = ("router", "line", "every", "site", "storm", "power", "evening", "cabinet")
    return {
        "common word": [{"q": word} for word in words],
        "common word, filtered": [
            {"q": word, **more}
            for word in words
            for more in ({"status": "open"}, {"priority": "1", "group": "active"}, {"category": "fault"})
        ],
        "two words": [{"q": f"{one} {other}"} for one in words[:4] for other in words[4:]],
        "rare phrase": [
            {"q": f'"{phrase}"'} for phrase in ("marble lighthouse", "the marble", "lighthouse at the jetty")
        ],
        "common phrase": [
            {"q": f'"{phrase}"'} for phrase in ("door reader is noisy", "fax has to move", "the line drops")
        ],
        "phrase of none": [{"q": '"router the power the"'}, {"q": '"storm line every"'}],
        "beginning": [
            {"q": f"{begin}*"} for begin in ("ro", "cab", "rout", "route", "eve", "batt", "se", "cabine", "lightho")
        ],
        "part of a number": [{"q": str(row["contact_number"])[-5:]} for row in rows],
        "number": [{"q": str(row["id"])} for row in rows],
        "newest changed first": [{"q": word, "sort": "changed"} for word in words],
    }


def furnish(tx: Tx, world: dataset.World) -> None:
    """The people who ask, with the admin's password; and on some tickets, of all years, what stands on no other."""
    known = {row["email"] for row in tx.all("SELECT email FROM users")}
    if {*_PEOPLE.values()} <= known:
        return
    customer_id = tx.value(
        "SELECT customer_id AS value FROM tickets GROUP BY customer_id"
        f" ORDER BY abs(count(*) - {TEN}), customer_id LIMIT 1"
    )
    role_id = tx.value("INSERT INTO roles (name) VALUES (:name) RETURNING id AS value", name=_ROLE)
    tx.run(
        "INSERT INTO role_ticket_types (role_id, ticket_type) VALUES (:role_id, :type)",
        role_id=role_id,
        type=world.ticket_type,
    )
    tx.run(
        "INSERT INTO role_permissions (role_id, resource, action, position) VALUES (:role_id, :resource, :action, 0)",
        role_id=role_id,
        **TICKETS_READ._asdict(),
    )
    for kind, email in _PEOPLE.items():
        user_id = tx.value(
            "INSERT INTO users (email, full_name, nick_name, user_type, customer_id, password_hash, created_at)"
            " SELECT :email, 'Who searches', 'Who', :type, CAST(:customer AS BIGINT), password_hash, 0 FROM users"
            " WHERE email = :admin RETURNING id AS value",
            email=email,
            type="staff" if kind == "engineer" else "customer",
            customer=customer_id if kind == "customer" else None,
            admin=world.admin,
        )
        tx.run(
            "INSERT INTO user_roles (user_id, role_id, position) VALUES (:user_id, :role_id, 0)",
            user_id=user_id,
            role_id=role_id,
        )
    [admin] = tx.all(f"SELECT {ACTOR_COLUMNS} FROM users WHERE email = :email", email=world.admin)
    for number in world.ids[::APART]:
        make_note(tx, actor_of(admin), number, rich_text(RARE), now(), internal=False)
    while fold(tx):
        pass


def made_ready(data: Path, url: str | None, world: dataset.World) -> dict[str, list[Query]]:
    database = open_database(data, url)
    try:
        _fill(database)
        database.write(lambda tx: furnish(tx, world))
        size = database.read(lambda tx: tx.value(_SIZES["postgres" if url else "sqlite"]))
        print(f"    index: {size / 1e6:,.1f} MB, {size / world.tickets:,.0f} bytes a ticket", flush=True)
        return database.read(questions_of)
    finally:
        database.close()
        if url:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("VACUUM (ANALYZE)")  # as the server would by itself, some time later


def _fill(database: Database) -> None:
    def there(tx: Tx) -> bool:
        return is_whole(tx) and bool(tx.all("SELECT place FROM ticket_words LIMIT 1"))

    if not database.read(there):
        begun = time.perf_counter()
        tickets = rebuild(database, lambda _: None)
        print(f"    filled in {time.perf_counter() - begun:,.0f} s, {tickets:,} tickets", flush=True)


def taken(url: str, token: str, queries: Sequence[Query], rounds: int) -> Iterator[float]:
    """Milliseconds of each; the first one of all is not counted."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    for number in range(rounds + 1):
        for query in queries:
            begun = time.perf_counter()
            path = f"/api/v1/tickets/search?{urlencode(query)}"
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise SystemExit(f"{query}: {body!r}")
            if number:
                yield (time.perf_counter() - begun) * 1000
    connection.close()


def measured(data: Path, url: str | None, world: dataset.World, rounds: int, postmaster: int | None) -> bool:
    """Print what it takes; whether all of it is within the rule."""
    questions = made_ready(data, url, world)
    good = True
    with LiveServer(data, url, "--workers", "1", KEESA_CACHE_MIB="0", KEESA_JOBS="no", **UNMET) as server:
        for who, email in {"admin": world.admin, **_PEOPLE}.items():
            token = log_in(server.url, email)["access"]
            for kind, queries in questions.items():
                processes = [each for each in (server.pid, postmaster) if each is not None]
                before = [cpu_seconds([each]) for each in processes]
                asked = [*taken(server.url, token, queries, max(2, rounds // len(queries)))]
                spent = [cpu_seconds([each]) - was for each, was in zip(processes, before, strict=True)]
                times = quantiles(asked, n=100)
                good = good and (times[49] <= MIDDLE or kind in OF_COMMON_WORDS) and times[98] <= DEAREST
                cpu = "".join(f"{each / (len(asked) + len(queries)) * 1000:8.1f}" for each in spent)
                print(f"    {who:10}{kind:24}{times[49]:8.1f}{times[98]:8.1f} ms{cpu} ms of CPU", flush=True)
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("var/bench"))
    parser.add_argument("--engine", type=chosen_engines, default=[*ENGINES])
    parser.add_argument("--server", metavar="URL", help="a PostgreSQL, such as postgresql://keesa@127.0.0.1:5432")
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=40, help="requests of each kind, about")
    options = parser.parse_args()
    good = [_on(engine, options) for engine in options.engine]
    raise SystemExit(0 if all(good) else 1)


def _on(engine: Engine, options: argparse.Namespace) -> bool:
    name = f"search_{options.tickets}"
    with server_of(engine) as server:
        postmaster = None if server is None or options.server else server.pid
        at: str | None = options.server if engine != "sqlite" else None
        if at is None and server is not None:
            at = server.url("").rstrip("/")
        url = None if at is None else f"{at}/{name}"
        print(f"{engine}: {options.tickets:,} tickets; the middle and the dearest of a hundred, CPU", flush=True)
        world = dataset.prepared(options.data / name, url, options.tickets)
        return measured(options.data / name, url, world, options.rounds, postmaster)


if __name__ == "__main__":
    main()
