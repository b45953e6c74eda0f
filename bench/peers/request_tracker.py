"""Request Tracker 5, from Debian's packages, in Starman: its documentation's prefork server, one process a worker."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from bench.engines import Engine
from bench.peers.asking import make_ready, session_cookie, wait_for
from bench.peers.installing import package_version, require_packages
from bench.peers.peer import LIST_SIZE, Running, json_body, read_json, some_of
from bench.peers.searching import Hits, Search
from bench.peers.stores import DATABASE, OWNER, Postgres, Sqlite, fill, opened
from bench.peers.texts import QUESTIONS
from bench.programs import Surroundings, finish, free_port, program
from bench.wrk import Request

_PACKAGES: Final = (
    "request-tracker5",
    "rt5-db-postgresql",
    "rt5-db-sqlite",
    "rt5-standalone",
    "starman",
)
_LIBRARY: Final = "/usr/share/request-tracker5/lib"
_SERVER: Final = "/usr/share/request-tracker5/libexec/rt-server"

# 'testfile' keeps the mail that each new ticket sends out of a mail server; sessions live where RT puts them itself.
_CONFIGURATION: Final = """
Set($rtname, 'bench');
Set($Organization, 'bench');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($WebPath, '');
Set($Timezone, 'UTC');
Set($MailCommand, 'testfile');
Set($LogToSyslog, undef);
Set($LogToFile, undef);
Set($LogToSTDERR, 'error');
Set($MasonDataDir, '{home}/mason');
Set($MasonSessionDir, '{home}/sessions');
{database}
{search}
1;
"""
_SQLITE: Final = """
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{file}');
"""
_POSTGRES: Final = """
Set($DatabaseType, 'Pg');
Set($DatabaseHost, '127.0.0.1');
Set($DatabaseRTHost, '127.0.0.1');
Set($DatabasePort, '{port}');
Set($DatabaseName, '{database}');
Set($DatabaseUser, '{owner}');
Set($DatabasePassword, '');
"""

_UNINDEXED: Final = "Set(%FullTextSearch, Enable => 1, Indexed => 0);"
_INDEXED: Final = """
Set(%FullTextSearch, Enable => 1, Indexed => 1, Table => 'AttachmentsIndex', Column => 'ContentIndex');
"""

_CUSTOMERS: Final = """
use RT; RT::LoadConfig(); RT::Init();
for my $number (1 .. 5) {
    my $address = "customer$number\\@example.org";
    my ($id, $why) = RT::User->new(RT->SystemUser)->Create(Name => $address, EmailAddress => $address);
    die $why unless $id;
}
"""

# What RT itself writes for a ticket, but for the log of its groups: the ticket, its four groups of people (each also
# its own member), and the ticket's text and three answers, each a transaction with what was written attached to it.
_LOAD: Final = (
    """CREATE TEMPORARY TABLE base AS
       SELECT (SELECT max(id) FROM Principals) AS principal,
              (SELECT max(id) FROM GroupMembers) AS member,
              (SELECT max(id) FROM CachedGroupMembers) AS cached,
              (SELECT max(id) FROM Transactions) AS transaction_,
              (SELECT id FROM Users WHERE Name = 'root') AS root,
              (SELECT id FROM Users WHERE Name = 'Nobody') AS nobody,
              (SELECT id FROM Queues WHERE Name = 'General') AS queue,
              (SELECT max(n) FROM numbers) AS tickets""",
    "CREATE TEMPORARY TABLE roles (r integer, name text)",
    "INSERT INTO roles VALUES (1, 'AdminCc'), (2, 'Cc'), (3, 'Owner'), (4, 'Requestor')",
    "CREATE TEMPORARY TABLE customers (c integer, id integer)",
    """INSERT INTO customers
       SELECT CAST(substr(Name, 9, 1) AS integer) - 1, id FROM Users WHERE Name LIKE 'customer_@example.org'""",
    "CREATE TEMPORARY TABLE written (k integer, type text, content text)",
    """INSERT INTO written VALUES
       (1, 'Create', 'It was silent since this morning, and a restart did not help.'),
       (2, 'Correspond', 'Thank you, we look at it now. Which light does it show?'),
       (3, 'Comment', 'The same model failed last week: its cable was broken.'),
       (4, 'Correspond', 'A red one. It went out when the cable was moved.')""",
    """INSERT INTO Tickets (id, EffectiveId, Queue, Type, Owner, Subject, InitialPriority, FinalPriority, Priority,
                            TimeEstimated, TimeWorked, TimeLeft, Status, Starts, Started, Due, Resolved,
                            LastUpdatedBy, LastUpdated, Creator, Created)
       SELECT n, n, queue, 'ticket', nobody, 'Scanner ' || n || ' does not answer', 0, 0, 0, 0, 0, 0,
              CASE n % 3 WHEN 0 THEN 'open' ELSE 'new' END, '1970-01-01 00:00:00', '1970-01-01 00:00:00',
              '1970-01-01 00:00:00', '1970-01-01 00:00:00', root, moment, root, moment
         FROM numbers, base""",
    """INSERT INTO Principals (id, PrincipalType, Disabled)
       SELECT principal + 4 * (n - 1) + r, 'Group', 0 FROM numbers, base, roles""",
    """INSERT INTO Groups (id, Name, Domain, Instance, Creator, Created, LastUpdatedBy, LastUpdated)
       SELECT principal + 4 * (n - 1) + r, name, 'RT::Ticket-Role', n, root, moment, root, moment
         FROM numbers, base, roles""",
    """INSERT INTO GroupMembers (id, GroupId, MemberId, Creator, Created, LastUpdatedBy, LastUpdated)
       SELECT member + 2 * (n - 1) + r - 2, principal + 4 * (n - 1) + r,
              CASE r WHEN 3 THEN nobody ELSE customers.id END, root, moment, root, moment
         FROM numbers, base, roles, customers
        WHERE r > 2 AND c = n % 5""",
    """INSERT INTO CachedGroupMembers (id, GroupId, MemberId, Via, ImmediateParentId, Disabled)
       SELECT cached + 4 * (n - 1) + r, principal + 4 * (n - 1) + r, principal + 4 * (n - 1) + r,
              cached + 4 * (n - 1) + r, principal + 4 * (n - 1) + r, 0
         FROM numbers, base, roles""",
    """INSERT INTO CachedGroupMembers (id, GroupId, MemberId, Via, ImmediateParentId, Disabled)
       SELECT cached + 4 * tickets + 2 * (n - 1) + r - 2, principal + 4 * (n - 1) + r,
              CASE r WHEN 3 THEN nobody ELSE customers.id END,
              cached + 4 * tickets + 2 * (n - 1) + r - 2, principal + 4 * (n - 1) + r, 0
         FROM numbers, base, roles, customers
        WHERE r > 2 AND c = n % 5""",
    """INSERT INTO Transactions (id, ObjectType, ObjectId, TimeTaken, Type, Creator, Created)
       SELECT transaction_ + 4 * (n - 1) + k, 'RT::Ticket', n, 0, type, root, moment
         FROM numbers, base, written""",
    """INSERT INTO Attachments (TransactionId, Parent, Subject, ContentType, ContentEncoding, Content, Headers,
                                Creator, Created)
       SELECT transaction_ + 4 * (n - 1) + k, 0, 'Scanner ' || n || ' does not answer', 'text/plain', 'none',
              content || CASE k WHEN 4 THEN besides ELSE '' END,
              'Content-Type: text/plain; charset="utf-8"', root, moment
         FROM numbers, base, written""",
)

# The table and the index that rt-setup-fulltext-index makes, and what it fills them with.
_INDEX: Final = (
    "CREATE TABLE AttachmentsIndex (id bigserial, ContentIndex tsvector)",
    """INSERT INTO AttachmentsIndex (id, ContentIndex)
       SELECT id, to_tsvector(Subject || chr(10) || Content) FROM Attachments ORDER BY id""",
    "CREATE INDEX ContentIndex_idx ON AttachmentsIndex USING gin (ContentIndex)",
)


class RequestTracker:
    name = "Request Tracker"
    has_search = True
    remarks = (
        "One ticket holds links to its correspondence, not the texts; the list names the same seven fields for each of"
        " 20 tickets. A new ticket is also stored as a mail, and a mail to its requestor is written, though not sent."
    )

    @property
    def version(self) -> str:
        return package_version("request-tracker5")

    def counts(self, answer: bytes) -> tuple[int, int]:
        found = read_json(answer)
        return len(found["items"]), found["total"]

    @contextmanager
    def serving(
        self, engine: Engine, tickets: int, workers: int, folder: Path, *, searched: bool = False
    ) -> Iterator[Running]:
        require_packages(_PACKAGES, folder)
        home, port = folder / f"request_tracker-{self.version}" / engine, free_port()
        with opened(engine, home) as store:
            around = _configured(home, port, store, searched=searched)
            if not store.made:
                _make(store, around)
            index = _INDEX if searched and engine == "postgres" else ()
            fill(store, home, tickets, (*_LOAD, *index), searched=searched)
            with program(_command(port, workers), around) as server:
                url = f"http://127.0.0.1:{port}"
                wait_for(url, server)
                running = _running(url, tickets, (server.pid, *store.processes))
                if searched:
                    running = replace(running, search=_search(running.list_request.headers))
                make_ready(running, self.counts, tickets, workers)
                yield running


def _command(port: int, workers: int) -> list[str]:
    """Without keep-alive, as behind a proxy: a connection kept open would hold a worker that others wait for."""
    return [
        "starman",
        f"--listen=127.0.0.1:{port}",
        f"--workers={workers}",
        "--env=deployment",
        "--preload-app",
        "--disable-keepalive",
        _SERVER,
    ]


def _configured(home: Path, port: int, store: Sqlite | Postgres, *, searched: bool) -> Surroundings:
    for folder in ("mason", "sessions", "more"):
        (home / folder).mkdir(exist_ok=True)
    if isinstance(store, Sqlite):
        database, search = _SQLITE.format(file=store.file), _UNINDEXED
    else:
        database, search = _POSTGRES.format(port=store.port, database=DATABASE, owner=OWNER), _INDEXED
    file = home / "RT_SiteConfig.pm"
    configuration = _CONFIGURATION.format(port=port, home=home, database=database, search=search if searched else "")
    file.write_text(configuration, "utf-8")
    settings = {"RT_SITE_CONFIG": str(file), "RT_SITE_CONFIG_DIR": str(home / "more")}
    return Surroundings(home / "rt.log", folder=home, environment=settings)


def _make(store: Sqlite | Postgres, around: Surroundings) -> None:
    store.begin()
    finish(["rt-setup-database-5", "--action=init", "--skip-create"], around)
    finish(["perl", f"-I{_LIBRARY}", "-e", _CUSTOMERS], around)
    store.keep()


def _running(url: str, tickets: int, processes: tuple[int, ...]) -> Running:
    cookie = session_cookie(url, "/NoAuth/Login.html", {"user": "root", "pass": "password"})
    headers = {"Cookie": cookie, "Referer": f"{url}/", "Accept": "application/json"}
    ticket = {
        "Queue": "General",
        "Subject": "The scanner does not answer",
        "Content": "It was silent since this morning, and a restart did not help.",
        "ContentType": "text/plain",
        "Requestor": "customer1@example.org",
    }
    return Running(
        url,
        _newest("Queue='General'", headers),
        [Request("GET", f"/REST/2.0/ticket/{number}", headers) for number in some_of(tickets)],
        Request("POST", "/REST/2.0/ticket", headers | {"Content-Type": "application/json"}, json_body(ticket)),
        processes,
    )


def _newest(query: str, headers: Mapping[str, str]) -> Request:
    """A page of the tickets that the query finds."""
    asked = {
        "query": query,
        "orderby": "id",
        "order": "DESC",
        "per_page": LIST_SIZE,
        "fields": "Subject,Status,Queue,Created,LastUpdated,Owner,Requestor",
    }
    return Request("GET", f"/REST/2.0/tickets?{urlencode(asked)}", headers)


def _search(headers: Mapping[str, str]) -> Search:
    """Terms are looked for in one message each. It has no phrases: of one its index knows that all words are there."""
    asked = [each for each in QUESTIONS if not any(" " in term for term in each.terms)]
    queries = {each.kind: " AND ".join(f"Content LIKE '{term}'" for term in each.terms) for each in asked}
    return Search({kind: _newest(query, headers) for kind, query in queries.items()}, _hits)


def _hits(answer: bytes) -> Hits:
    found = read_json(answer)
    return Hits([int(each["id"]) for each in found["items"]], found["total"])
