"""Roundup from PyPI: its 'classic' tracker and REST interface, in Gunicorn with one process a worker."""

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from bench.engines import Engine
from bench.peers.asking import make_ready, session_cookie, wait_for
from bench.peers.installing import environment
from bench.peers.measuring import Unanswered
from bench.peers.peer import LIST_SIZE, Running, json_body, read_json, some_of
from bench.peers.searching import Hits, Search
from bench.peers.stores import DATABASE, OWNER, Postgres, Sqlite, fill, opened
from bench.peers.texts import QUESTIONS, besides
from bench.programs import Surroundings, finish, free_port, program
from bench.wrk import Request

_VERSION: Final = "2.6.0"
_REQUIREMENTS: Final = (f"roundup=={_VERSION}", "gunicorn==27.*", "psycopg2-binary==2.9.*")
_PASSWORD: Final = "bench-only"  # noqa: S105 - of an instance that nobody but this machine can ask
_CUSTOMERS: Final = 5

_APPLICATION: Final = """
from roundup.cgi.wsgi_handler import RequestDispatcher

application = RequestDispatcher({tracker!r})
"""

_NOTES: Final = (
    "It was silent since this morning, and a restart did not help.",
    "Thank you, we look at it now. Which light does it show?",
    "A red one. It went out when the cable was moved.",
)

# {when} is a date in the form that Roundup gives it on the engine.
_LOAD: Final = (
    "CREATE TEMPORARY TABLE written (k integer, content text)",
    "INSERT INTO written VALUES {notes}",
    """INSERT INTO _issue (id, _title, _status, _priority, _creator, _actor, _creation, _activity, __retired__)
       SELECT n, 'Scanner ' || n || ' does not answer', 1 + n % 5, 3, 3 + n % 5, 3 + n % 5, {when}, {when}, 0
         FROM numbers""",
    """INSERT INTO issue__journal (nodeid, date, tag, action, params)
       SELECT n, {when}, CAST(3 + n % 5 AS varchar), 'create', '{{}}' FROM numbers""",
    "INSERT INTO issue_nosy (linkid, nodeid) SELECT 3 + n % 5, n FROM numbers",
    """INSERT INTO _msg (id, _author, _creator, _actor, _creation, _activity, _date, _summary, _type, __retired__)
       SELECT 3 * (n - 1) + k, 3 + n % 5, 3 + n % 5, 3 + n % 5, {when}, {when}, {when}, content, 'text/plain', 0
         FROM numbers, written""",
    """INSERT INTO msg__journal (nodeid, date, tag, action, params)
       SELECT 3 * (n - 1) + k, {when}, CAST(3 + n % 5 AS varchar), 'create', '{{}}' FROM numbers, written""",
    "INSERT INTO issue_messages (linkid, nodeid) SELECT 3 * (n - 1) + k, n FROM numbers, written",
)
# The words of titles and notes, as the index of the engine's own full-text search is filled.
_INDEX: Final = (
    """INSERT INTO __fts (_class, _itemid, _prop, {column})
       SELECT 'issue', CAST(n AS varchar), 'title', {title} FROM numbers""",
    """INSERT INTO __fts (_class, _itemid, _prop, {column})
       SELECT 'msg', CAST(3 * (n - 1) + k AS varchar), 'content', {note} FROM numbers, written""",
)
_SQLITE: Final = (
    "UPDATE ids SET num = 1 + (SELECT max(id) FROM _issue) WHERE name = 'issue'",
    "UPDATE ids SET num = 1 + (SELECT max(id) FROM _msg) WHERE name = 'msg'",
)
_POSTGRES: Final = (
    "SELECT setval('_issue_ids', max(id)) FROM _issue",
    "SELECT setval('_msg_ids', max(id)) FROM _msg",
)


class Roundup:
    name = "Roundup"
    version = _VERSION
    has_search = True
    remarks = (
        "A new ticket is a title alone, as its text would be a second request; so it does less there. One ticket holds"
        " the numbers of its notes, the list four fields of each."
    )

    def counts(self, answer: bytes) -> tuple[int, int]:
        found = read_json(answer)["data"]
        return len(found["collection"]), found["@total_size"]

    @contextmanager
    def serving(
        self, engine: Engine, tickets: int, workers: int, folder: Path, *, searched: bool = False
    ) -> Iterator[Running]:
        made = folder / f"roundup-{_VERSION}"
        home, port = made / engine, free_port()
        programs = environment(made / "programs", _REQUIREMENTS)
        tracker, around = home / "tracker", Surroundings(home / "roundup.log", folder=home)
        with opened(engine, home, file="tracker/db/db") as store:
            url = f"http://127.0.0.1:{port}"
            if not store.made:
                _make(store, programs, tracker, around)
            statements, notes = _statements(engine, searched=searched), partial(_write_notes, tracker, tickets)
            fill(store, home, tickets, statements, searched=searched, write_files=notes)
            _settle(store, tracker, url, searched=searched)
            (home / "application.py").write_text(_APPLICATION.format(tracker=str(tracker)), "utf-8")
            command = [str(programs / "gunicorn"), f"--workers={workers}", f"--bind=127.0.0.1:{port}", "application"]
            with program(command, around) as server:
                wait_for(url, server)
                running = _running(url, tickets, (server.pid, *store.processes))
                if searched:
                    running = replace(running, search=_search(running.list_request.headers))
                make_ready(running, self.counts, tickets, workers)
                yield running


def _make(store: Sqlite | Postgres, programs: Path, tracker: Path, around: Surroundings) -> None:
    """The tracker's folder and tables, and its customers (users 3 to 7, after its admin and its anonymous one)."""
    shutil.rmtree(tracker, ignore_errors=True)
    store.remove()
    settings = {
        "tracker_web": "http://127.0.0.1/",
        "mail_domain": "example.org",
        "mail_host": "127.0.0.1",
        "mail_debug": str(tracker.with_name("mail.log")),
    }
    if isinstance(store, Postgres):
        settings |= {
            "rdbms_host": "127.0.0.1",
            "rdbms_port": str(store.port),
            "rdbms_name": DATABASE,
            "rdbms_user": OWNER,
            "rdbms_password": "none",
        }
    engine = "postgresql" if isinstance(store, Postgres) else "sqlite"
    admin = [str(programs / "roundup-admin"), "-i", str(tracker)]
    finish([*admin, "install", "classic", engine, ",".join(f"{k}={v}" for k, v in settings.items())], around)
    finish([*admin, "initialise", _PASSWORD], around)
    for number in range(1, _CUSTOMERS + 1):
        name = f"customer{number}"
        finish([*admin, "create", "user", f"username={name}", f"address={name}@example.org", "roles=User"], around)
    store.keep()


def _statements(engine: Engine, *, searched: bool) -> list[str]:
    sqlite = engine == "sqlite"
    when = "strftime('%Y%m%d%H%M%f', moment)" if sqlite else "moment"
    notes = ", ".join(f"({number}, '{note}')" for number, note in enumerate(_NOTES, 1))
    load = [statement.format(when=when, notes=notes) for statement in _LOAD]
    return [*load, *(_index(sqlite=sqlite) if searched else ()), *(_SQLITE if sqlite else _POSTGRES)]


def _index(*, sqlite: bool) -> list[str]:
    column, form = ("_textblob", "{}") if sqlite else ("_tsv", "to_tsvector('english', {})")
    title = form.format("'Scanner ' || n || ' does not answer'")
    note = form.format("content || CASE k WHEN 3 THEN besides ELSE '' END")
    return [statement.format(column=column, title=title, note=note) for statement in _INDEX]


def _write_notes(tracker: Path, tickets: int) -> None:
    """Roundup keeps what a note says in a file of its own, a thousand of them in a folder."""
    notes = tracker / "db/files/msg"
    shutil.rmtree(notes, ignore_errors=True)
    for number in range(1, tickets * len(_NOTES) + 1):
        folder = notes / str(number // 1000)
        if number % 1000 == 0 or number == 1:
            folder.mkdir(parents=True)
        ticket, note = divmod(number - 1, len(_NOTES))
        more = besides(ticket + 1) if note == len(_NOTES) - 1 else ""
        (folder / f"msg{number}").write_text(_NOTES[note] + more, "utf-8")


def _settle(store: Sqlite | Postgres, tracker: Path, url: str, *, searched: bool) -> None:
    """The ports of this time, and which index it has: its own tables of words, where nobody searches."""
    file = tracker / "config.ini"
    config = re.sub(r"(?m)^web = .*$", f"web = {url}/", file.read_text("utf-8"), count=1)
    config = re.sub(r"(?m)^indexer =.*$", f"indexer = {'native-fts' if searched else ''}", config, count=1)
    if isinstance(store, Postgres):
        config = re.sub(r"(?ms)(^\[rdbms\]$.*?^port = )\d*$", rf"\g<1>{store.port}", config, count=1)
    file.write_text(config, "utf-8")


def _running(url: str, tickets: int, processes: tuple[int, ...]) -> Running:
    form = {
        "@action": "login",
        "__login_name": "admin",
        "__login_password": _PASSWORD,
        "__came_from": f"{url}/issue1",
    }
    headers = {
        "Cookie": session_cookie(url, "/", form),
        "Accept": "application/json",
        "Origin": url,
        "Referer": f"{url}/",
        "X-Requested-With": "rest",
    }
    newest = {
        "@page_size": LIST_SIZE,
        "@page_index": 1,
        "@fields": "title,status,priority,activity",
        "@sort": "-id",
    }
    ticket = {"title": "The scanner does not answer", "status": "1", "priority": "3"}
    path = "/rest/data/issue"
    return Running(
        url,
        Request("GET", f"{path}?{urlencode(newest, safe='@')}", headers),
        [Request("GET", f"{path}/{number}", headers) for number in some_of(tickets)],
        Request("POST", path, headers | {"Content-Type": "application/json"}, json_body(ticket)),
        processes,
    )


def _search(headers: Mapping[str, str]) -> Search:
    """By its page, as its REST interface cannot ask the index; with the fields that the list has."""
    page = {
        "@columns": "id,activity,title,status,priority",
        "@sort": "-id",
        "@pagesize": LIST_SIZE,
        "@startwith": 0,
        "@dispname": "found",
    }
    asked = {each.kind: urlencode({"@search_text": each.text, **page}, safe="@") for each in QUESTIONS}
    plain = {**headers, "Accept": "text/html"}
    return Search({kind: Request("GET", f"/issue?{query}", plain) for kind, query in asked.items()}, _hits)


def _hits(answer: bytes) -> Hits:
    if b"An error has occurred" in answer:
        raise Unanswered("Roundup failed, in an answer of status 200")
    numbers = [int(number) for number in re.findall(rb'href="issue(\d+)"', answer)]
    told = re.search(rb"out\s+of\s+(?:<[^>]*>)?(\d+)", answer)
    return Hits(numbers, int(told[1]) if told else len(numbers))
