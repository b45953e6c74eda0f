"""Thousands of calls made up from each version's document, by people of every kind, on a real server.

They are the same calls at each run: good ones, and ones that break the document in every way that it can be broken.
Making them up takes longer than answering them, so that each goes to a server on either engine.
What 2024 answers to both versions stands alike in both documents, so that it is called by that of 2024; a soak calls
all of it by both. What breaks the document is refused alike to whoever may call at all, so that the first caller alone
sends it; in a soak all do.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import pytest
import requests
import schemathesis
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.engine import StopReason, events, from_schema

import cast
from account_rows import actor_of
from drawn_pictures import picture
from following import cursor_of
from keesa.accounts.api_token_changes import NewApiToken, create_token
from keesa.accounts.audit.recording import keesa_itself
from keesa.accounts.sessions import ACCESS_LIFETIME, Version, open_session
from keesa.accounts.tokens import Signer
from keesa.app import VERSIONS
from keesa.clock import now
from keesa.db import Database, Tx, open_database
from keesa.demo.people import CUSTOMERS_USER, JOHN_DOE, JOHN_SMITH, PASSWORD, PEOPLE
from keesa.directory.canned_answers import create_answer
from keesa.directory.tags import add_tag
from keesa.files.claims import owner
from keesa.files.opening import open_place
from keesa.files.places import Place
from keesa.rich_text.placeholders import text_with_placeholders
from keesa.web.router import answering
from keesa.web.routes import ApiVersion, Route
from laid_files import lay_attachments, lay_upload, lay_whole_upload
from live import LiveServer
from memory import folder_within
from postgres_server import PostgresServer
from soaking import SOAKS, times

Case = schemathesis.Case[Any]

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")

CALLERS: Final = (JOHN_DOE.id, JOHN_SMITH.id, CUSTOMERS_USER.id)
"""An admin, an engineer, a customer's user."""
FOR_ANYONE: Final = (
    *("POST /auth", "POST /auth/login", "POST /auth/password"),
    *("GET /coffee", "BREW /coffee", "GET /files/{address}"),
)
"""Makes no difference who calls these: one of them does."""
NEVER_GOOD: Final = (
    *("GET /coffee", "GET /openapi.json", "GET /files/{address}"),
    *("POST /auth/password", "PUT /me/password"),
)
"""The last three take what no document tells: a signed address, a link, and a password that is not guessed early."""
CALLS: Final = {"2021": times(1_500, 8_000), "2024": 10_000}
"""The least that a version must take on each engine."""
EXAMPLES: Final = {"2021": 30, "2024": 12}
"""Made-up calls of each operation, beside those that its document's bounds and examples ask for. 2021 has few
operations of its own, each of which must meet what is there.
"""
KEY: Final = "Idempotency-Key"
VALID_KEY: Final = re.compile(r"[!-~]{1,240}")
UNLIMITED: Final = "1000000"

CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
KNOWN: Final[dict[str, list[str | int]]] = {
    "tickets": [*["2024001"] * 3, "2008022", "2009004", "2024010", "2025017"],
    "ticket ids": [2024001, 2008022],
    "first ticket": ["2024001"],
    "searches": ["network issue", '"connection problems"', "rout*", "signal -switch"],
    "types": ["customer_support", "eco_support", "roc_support"],
    "categories": ["network", "fault"],
    "days": ["2024-12-31"],
    "coming days": [(datetime.now(UTC) + timedelta(days=30)).date().isoformat()],
    "customers": [20, 21],
    "other customers": [2, 3],
    "any state": ["*"],
    "ecos": [1],
    "canned answers": [*range(1, 31)],
    "texts": ["<p>Dear {{contact_name}}</p>", "{{title}} & more"],
    "other entries": ["routine_maintenance", "survey"],
    "other products": [20, 21],
    "other users": [3, 5],
    "other roles": [3],
    "role names": ["engineer"],
    "names": ["Hanimaadhoo Airport", "Nasheeda"],
    "telephone numbers": ["+960 777-4321", 7700102],
    "products": [1, 4],
    "engineers": [JOHN_SMITH.id],
    "emails": [person.email for person in PEOPLE],
    "passwords": [PASSWORD],
    "tokens": [str(number) for number in range(1, 31)],
    "tags": [1, 2],
    "relations": ["duplicate_of", "caused_by", "child_of"],
    "sessions": [f"{number:016x}" for number in range(30)],
    "notes": [str(number) for number in range(901, 921)],
    "note ids": [*range(901, 921)],
    "images": [str(number) for number in range(901, 931)],
    "files": [str(number) for number in range(931, 961)],
    "uploads": [f"{number:032x}" for number in range(20)],
    "whole uploads": [f"{number:032x}" for number in range(20, 40)],
    "tus": ["1.0.0"],
    "offsets": ["0"],
    "lengths": ["0", "1000"],
    "metadata": ["filename bWFzdC5qcGc=,filetype aW1hZ2UvanBlZw=="],
    "expiries": [(datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%dT00:00:00.000+00:00")],
}
"""What is in the demo's world: made-up values alone would hardly find a ticket."""
PLACES: Final = {
    "path.token": "tokens",
    "path.session": "sessions",
    "body.token.name": "names",
    "body.token.expires_at": "expiries",
    "body.token.user_id": "engineers",
    "query.user_id": "engineers",
    "path.ticket": "tickets",
    "path.other": "tickets",
    "path.kind": "relations",
    "path.tag": "tags",
    "body.tag.id": "tags",
    "body.watcher.user_id": "engineers",
    "body.relation.kind": "relations",
    "body.relation.ticket_number": "tickets",
    "path.note": "notes",
    "path.image": "images",
    "path.file": "files",
    "path.upload": "uploads",
    "body.note_id": "note ids",
    "body.uploads[*]": "whole uploads",
    "body.upload[*]": "whole uploads",
    "header.Tus-Resumable": "tus",
    "header.Upload-Length": "lengths",
    "header.Upload-Offset": "offsets",
    "header.Upload-Metadata": "metadata",
    "header.If-Match": "any state",
    "body.customer.name": "names",
    "body.customer.contact_name": "names",
    "body.customer.contact_number": "telephone numbers",
    "path.customer": "other customers",
    "path.eco": "ecos",
    "path.canned_answer": "canned answers",
    "query.ticket": "ticket ids",
    "body.canned_answer.name": "names",
    "body.canned_answer.text": "texts",
    "path.product": "other products",
    "path.ticket_type": "other entries",
    "path.category": "other entries",
    "body.eco.name": "names",
    "body.eco.customer_id": "customers",
    "body.product.name": "names",
    "body.product.default_ticket_type": "types",
    "body.product.default_category": "categories",
    "path.user": "other users",
    "path.role": "other roles",
    "query.ticket_number": "tickets",
    "body.ticket_number": "tickets",
    "query.type": "types",
    "query.ticket[type]": "types",
    "body.ticket.type": "types",
    "body.ticket.ticket_type": "types",
    "query.category": "categories",
    "body.ticket.category": "categories",
    "body.ticket.closed_date": "days",
    "body.ticket.held_until": "coming days",
    "body.tickets[*].ticket_number": "tickets",
    "body.change.status.closed_date": "days",
    "body.change.assign.assigned_to_id": "engineers",
    "body.ticket.title": "names",
    "body.ticket.description": "names",
    "query.customer_id": "customers",
    "query.q": "searches",
    "body.customer_id": "customers",
    "body.ticket.customer_id": "customers",
    "body.ticket.product_id": "products",
    "body.ticket.eco_id": "ecos",
    "body.ticket.contact_name": "names",
    "body.ticket.customer_name": "names",
    "body.ticket.customer_contact": "telephone numbers",
    "body.ticket.contact_number": "telephone numbers",
    "body.ticket.assigned_to_id": "engineers",
    "query.user": "emails",
    "body.user": "emails",
    "query.password": "passwords",
    "body.password": "passwords",
}
"""Where in a request the known values go, more often than not."""


OF_THE_FIRST_TICKET: Final = [
    {
        "include-path-regex": "/(images|files|notes)",
        "parameters": {"path.ticket": {"dictionary": "first ticket", "probability": 0.8}},
        "generation": {"max-examples": 30},
    }
]
"""What hangs on tickets is `prepare`d on that one; and of forms, most of which bring bytes that are no picture, some
more are made up.
"""

OF_THE_FEED: Final = [
    {
        "include-path-regex": "/changes$",
        "parameters": {"query.after": {"dictionary": "cursors", "probability": 0.8}, "query.wait": 0},
    }
]
"""Its cursors are each caller's own, and no list's; no call waits for half a minute."""


class Tokens(NamedTuple):
    access: str
    refresh: str


@dataclass
class Sessions:
    """Signs each call in as one person. A call that renews or ends its session gets a new one, for it alone; the one
    of all others is kept from being the oldest, which ends when there are too many.
    """

    database: Database
    version: Version
    user_id: int
    standing: Tokens = field(init=False)
    given: set[str] = field(default_factory=set)
    """All that it has signed calls in with."""
    keys: Iterator[int] = field(default_factory=count)
    cursor: str = field(init=False)
    """Of the feed, as it is then."""

    def __post_init__(self) -> None:
        self.cursor = cursor_of(self.database, self.user_id)
        self.standing = self._open()
        self.database.write(
            lambda tx: tx.run(
                "UPDATE sessions SET sign_in = 1000000 WHERE user_id = :id AND sign_in ="
                " (SELECT sign_in_count FROM users WHERE id = :id)",
                id=self.user_id,
            )
        )

    def get(self, _case: Case, context: schemathesis.AuthContext) -> Tokens:
        return self.of(context.operation.path)

    def of(self, path: str) -> Tokens:
        return self._open() if path.startswith("/auth/") else self.standing

    def set(self, case: Case, tokens: Tokens, _context: schemathesis.AuthContext) -> None:
        case.headers["Authorization"] = f"Bearer {tokens.access}"
        case.headers["X-Refresh-Token"] = tokens.refresh
        key = str(case.headers.get(KEY, ""))
        if VALID_KEY.fullmatch(key):  # made up for one call, it comes again with another
            case.headers[KEY] = f"{key}{next(self.keys)}"

    def _open(self) -> Tokens:
        actor, session = self.database.write(lambda tx: open_session(tx, self.user_id, self.version, now()))
        signer = Signer(cast.SECRET.encode())
        access = signer.access(actor, session, now() + ACCESS_LIFETIME)
        tokens = Tokens(access.token, signer.refresh(actor, session).token)
        self.given.update(tokens)
        return tokens


def prepare(database: Database) -> None:
    """The answers, tokens, sessions, notes, pictures and files that calls are about: of each version's run the admin's,
    which it may use up.
    """
    ticket = int(KNOWN["tickets"][0])

    def work(tx: Tx) -> None:
        by = keesa_itself(now())
        for number, token_id in enumerate(KNOWN["tokens"]):
            new = NewApiToken(name=f"Token {token_id}", expires_at=by.at + cast.A_YEAR, user_id=CALLERS[number % 3])
            create_token(tx, by, new)
        for tag_id in KNOWN["tags"]:
            add_tag(tx, by, f"Tag {tag_id}")
        for answer_id in KNOWN["canned answers"]:
            create_answer(tx, by, f"Answer {answer_id}", text_with_placeholders("Dear {{contact_name}}"))
        for session_id in KNOWN["sessions"]:
            _, session = open_session(tx, CALLERS[0], "2024", by.at)
            known = "UPDATE sessions SET id = :id, sign_in = 1000001 WHERE refresh_uid = :uid"
            tx.run(known, id=session_id, uid=session.refresh_uid)

        for note_id in KNOWN["notes"]:
            tx.run(
                "INSERT INTO ticket_notes (id, ticket_id, author_id, body, created_at)"
                " VALUES (:id, :ticket, :author, 'Here', :at)",
                id=int(note_id),
                ticket=ticket,
                author=CALLERS[0],
                at=by.at,
            )
        lay_attachments(tx, ticket, "image", [int(known) for known in KNOWN["images"]], CALLERS[0])
        lay_attachments(tx, ticket, "file", [int(known) for known in KNOWN["files"]], CALLERS[0])

    database.write(work)


def welcome(database: Database, files: Place, user_id: int) -> None:
    """A caller who may log in, whatever one before has done to them, and whose the known uploads are."""

    def work(tx: Tx) -> None:
        tx.run("UPDATE users SET disabled_at = NULL WHERE id = :id", id=user_id)
        tx.run("DELETE FROM uploads")
        for upload_id in KNOWN["uploads"]:
            lay_upload(tx, str(upload_id), user_id)
        for upload_id in KNOWN["whole uploads"]:
            lay_whole_upload(tx, files, str(upload_id), user_id, picture())

    database.write(work)


@dataclass
class Outcome:
    """What became of the calls."""

    statuses: Counter[int] = field(default_factory=Counter)
    good: Counter[str] = field(default_factory=Counter)
    """Operations, such as `GET /tickets`, to the calls of it that were answered with 2xx."""
    versions: set[tuple[str, str]] = field(default_factory=set)
    """Operations, and the versions that such answers named."""
    findings: dict[str, str] = field(default_factory=dict)
    """What was wrong to a command that shows it."""


class Desk(NamedTuple):
    """The documented world, in which logins may fail as often as they like."""

    live: LiveServer
    database: Database
    outcome: Outcome


@contextmanager
def desk(data: Path, url: str | None) -> Iterator[Desk]:
    env = {
        "KEESA_SECRET": cast.SECRET,
        "KEESA_LOGIN_FAILURES_PER_USER_AND_ADDRESS": UNLIMITED,
        "KEESA_LOGIN_FAILURES_PER_USER": UNLIMITED,
        "KEESA_LOGIN_FAILURES_PER_ADDRESS": UNLIMITED,
    }
    with LiveServer(data, url, "--demo", **env) as live:
        database = open_database(data, url)
        prepare(database)
        yield Desk(live, database, Outcome())
        database.close()


@pytest.fixture
def desks(memory: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sequence[Desk]]:
    """One on each engine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    name = "made_up_calls"
    postgres.create_database(name)
    with ExitStack() as stack:
        stack.callback(postgres.drop_database, name)
        folders = [stack.enter_context(folder_within(memory)) for _ in range(2)]
        urls = (None, postgres.url(name))
        yield [stack.enter_context(desk(data, url)) for data, url in zip(folders, urls, strict=True)]


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_the_server_does_what_its_document_says(desks: Sequence[Desk], version: Version) -> None:
    """No call is answered with a 500, a status, a header or a body that the document of its version does not show, on
    either engine.
    """
    but = {user_id: left_out(desks[0].database, version, user_id) for user_id in CALLERS}
    for user_id in CALLERS:
        for each in desks:
            welcome(each.database, open_place(None, each.live.data, each.database.read(owner)), user_id)
        explore(desks, version, user_id, but=but[user_id], breaking=SOAKS or user_id == CALLERS[0])
    for each in desks:
        check(each.outcome, version)


def check(outcome: Outcome, version: Version) -> None:
    """Nothing was wrong, and enough was asked: each operation was answered well, most calls were no strangers'."""
    assert outcome.findings == {}
    assert outcome.statuses.total() >= CALLS[version]
    assert outcome.good.total() > outcome.statuses.total() / 8
    assert outcome.statuses[401] < outcome.statuses.total() / 8
    shown = {
        f"{route.method} {route.path}": answerer.name
        for answerer, route in of_version(version)
        if route.in_openapi and (SOAKS or answerer.name == version)
    }
    assert set(outcome.good) == set(shown) - {*NEVER_GOOD}
    assert outcome.versions == {(operation, shown[operation]) for operation in outcome.good}


def of_version(name: Version) -> list[tuple[ApiVersion, Route]]:
    return answering(next(version for version in VERSIONS if version.name == name), VERSIONS)


def left_out(database: Database, version: Version, user_id: int) -> tuple[str, ...]:
    """What the first caller alone calls: what is for anyone, and what no role of this one's gives, which is 403
    whatever is sent. What 2024 answers to both versions nobody calls by the other's document, or in a soak the first.
    """
    if user_id == CALLERS[0]:
        others = (f"{route.method} {route.path}" for answerer, route in of_version(version) if answerer.name != version)
        return () if SOAKS else tuple(others)
    caller = actor_of(database, user_id)
    not_for_it = (
        f"{route.method} {route.path}"
        for answerer, route in of_version(version)
        if answerer.name != version
        or (route.permissions and not any(caller.may(each.resource, each.action) for each in route.permissions))
    )
    return FOR_ANYONE + tuple(not_for_it)


def explore(desks: Sequence[Desk], version: Version, user_id: int, *, but: tuple[str, ...], breaking: bool) -> None:
    """Make every call that schemathesis finds in the document, but for some operations, as that person at each desk;
    add what became of them to its outcome.
    """
    first, *others = desks
    document = f"{first.live.url}/api/v1/openapi.json?version={version}"
    sessions = Sessions(first.database, version, user_id)
    config = configuration(version, sessions.cursor, breaking=breaking)
    schema = schemathesis.openapi.from_url(document, config=config)
    schema.auth.providers.append(sessions)
    with ExitStack() as stack:
        further = [
            stack.enter_context(Further(each, Sessions(each.database, version, user_id), sessions)) for each in others
        ]

        @schema.hook
        def after_call(_context: Any, case: Case, _response: Response) -> None:  # noqa: ANN401 - of no interest
            for each in further:
                each.send(case)

        for event in from_schema(schema.exclude(name=list(but)) if but else schema).execute():
            match event:
                case events.ScenarioFinished():
                    note(event, first.outcome)
                case events.NonFatalError():
                    first.outcome.findings[f"{event.label}: {event.info.title}: {event.info.message}"] = ""
                case events.EngineFinished():
                    assert event.stop_reason is StopReason.COMPLETED


class Further:
    """A desk that gets the calls that were made up for the first, as the same person there."""

    def __init__(self, desk: Desk, sessions: Sessions, firsts: Sessions) -> None:
        self._outcome = desk.outcome
        self._base = f"{desk.live.url}/api/v1"
        self._sessions = sessions
        self._firsts = firsts
        self._connections = requests.Session()
        self._connections.trust_env = False
        self._connections.headers.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connections.close()

    def send(self, case: Case) -> None:
        """What is signed in there is signed in here, and follows this feed; what is left out or broken stays so."""
        tokens = self._sessions.of(case.operation.path)
        own = {"Authorization": f"Bearer {tokens.access}", "X-Refresh-Token": tokens.refresh}
        given = self._firsts.given
        signed = {name: own[name] for name in own if str(case.headers.get(name)).removeprefix("Bearer ") in given}
        follows = (case.query or {}).get("after") == self._firsts.cursor
        response = case.operation.schema.transport.send(
            case,
            session=self._connections,
            base_url=self._base,
            headers=signed,
            params={"after": self._sessions.cursor} if follows else None,
        )
        self._connections.cookies.clear()
        label = case.operation.label
        count_answer(self._outcome, label, response)
        try:
            case.validate_response(response, transport_kwargs={"base_url": self._base})
        except FailureGroup as group:
            for failure in group.exceptions:
                self._outcome.findings[f"{label}: {failure}"] = str(group)


def note(event: events.ScenarioFinished, outcome: Outcome) -> None:
    recorder = event.recorder
    for interaction in recorder.interactions.values():
        count_answer(outcome, recorder.label, interaction.response)
    for check in (check for checks in recorder.checks.values() for check in checks):
        if check.failure_info:
            found = check.failure_info
            outcome.findings[f"{recorder.label}: {check.name}: {found.failure}"] = found.code_sample


def count_answer(outcome: Outcome, label: str, response: Response | None) -> None:
    outcome.statuses[response.status_code if response else 0] += 1
    if response and response.status_code < 300:
        outcome.good[label] += 1
        outcome.versions.add((label, response.headers["keesa-version"][0]))


def configuration(version: Version, cursor: str, *, breaking: bool) -> schemathesis.Config:
    """Nothing is drawn anew, learnt from answers, or kept for the next run: each run makes the same calls, however slow
    the machine is. Those that break the document are among them where `breaking`.
    """
    unlearning = {"extra-data-sources": {"responses": False}}
    return schemathesis.Config.from_dict(
        {
            "seed": 2024,
            "cache": {"enabled": False},
            "suppress-health-check": ["too_slow"],
            "auth": {"auto-signup": False},
            "checks": {"enabled": False} | {check: {"enabled": True} for check in CHECKS},
            "dictionaries": {name: {"values": values} for name, values in {**KNOWN, "cursors": [cursor]}.items()},
            "operations": [*OF_THE_FIRST_TICKET, *OF_THE_FEED],
            "parameters": {place: {"dictionary": name, "probability": 0.8} for place, name in PLACES.items()},
            "generation": {
                "mode": "all" if breaking else "positive",
                "max-examples": EXAMPLES[version],
                "deterministic": True,
                "no-shrink": True,
                "database": "none",
            },
            "phases": {
                "examples": unlearning,
                "coverage": unlearning | {"unexpected-methods": []},
                "fuzzing": unlearning | {"error-feedback": {"enabled": False}},
                "stateful": {"enabled": False},
            },
        }
    )
