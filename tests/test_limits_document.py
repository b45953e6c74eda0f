"""docs/limits.md, row by row: each number is the program's, and who asks for more is answered as the row says."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from http.client import HTTPConnection
from importlib import import_module
from json import dumps, loads
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from starlette.testclient import TestClient

import cast
import keesa
from asking import Api, ApiFor
from cast import ADMIN, ASSIGNED, HARBOUR
from keesa.config import Config
from live import LiveServer

ROOT: Final = Path(__file__).parents[1]
TEXT: Final = (ROOT / "docs/limits.md").read_text("utf-8")
SOURCE: Final = "\n".join(path.read_text("utf-8") for path in sorted(Path(keesa.__file__).parent.rglob("*.py")))
ROW: Final = re.compile(r"^\| ([^|]+) \| ([\d,]+) \| (?:`KEESA_(\w+)`)? ?\| (\d{3}) \| ([^|]+) \|$", re.MULTILINE)
DAY: Final = 24 * 3600 * 1000


class Row(NamedTuple):
    what: str
    most: str
    setting: str
    status: str
    sentence: str

    @property
    def words(self) -> re.Pattern[str]:
        """The sentence, whatever its numbers are, or what stands for them in the program."""
        parts = re.split(r"\b(?:N|\d+)\b", self.sentence)
        return re.compile(r"(?:\d+|\{[^{}]*\})".join(map(re.escape, parts)))


ROWS: Final = {row[0]: Row(*row) for row in ROW.findall(TEXT)}


@dataclass(frozen=True)
class Asking:
    """Ways to ask for more than there is."""

    api: Api
    client: TestClient

    def __call__(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        answer = self.api(method, path, body)
        return answer.status_code, answer.json()["error"]

    def send(self, path: str, content: bytes) -> tuple[int, str]:
        sent = {"Authorization": self.api.token, "Content-Type": "application/json"}
        answer = self.client.post(f"/api/v1{path}", content=content, headers=sent)
        return answer.status_code, answer.json()["error"]

    def keyed(self, key: str) -> tuple[int, str]:
        answer = self.api("DELETE", f"/tickets/{ASSIGNED}/tags/1", Idempotency_Key=key)
        return answer.status_code, answer.json()["error"]


@dataclass(frozen=True)
class Limit:
    """Where the number stands in the program, and what goes beyond it: a call, or a test that stands elsewhere."""

    constant: str
    tried: Callable[[Asking], tuple[int, str]] | str
    unit: int = 1
    """Of the row's number, in those of the constant."""


def note(text: str) -> Callable[[Asking], tuple[int, str]]:
    return lambda ask: ask("POST", f"/tickets/{ASSIGNED}/notes", {"note": {"note": text}})


def bulk(tickets: int, text: str) -> Callable[[Asking], tuple[int, str]]:
    chosen = [{"ticket_number": number} for number in range(1, tickets + 1)]
    return lambda ask: ask("POST", "/tickets/bulk", {"tickets": chosen, "change": {"note": {"note": text}}})


def edit(**said: str) -> Callable[[Asking], tuple[int, str]]:
    return lambda ask: ask("PATCH", f"/tickets/{ASSIGNED}", {"ticket": said})


def customer(**said: object) -> Callable[[Asking], tuple[int, str]]:
    return lambda ask: ask("PATCH", f"/customers/{HARBOUR}", {"customer": said})


def user(**said: object) -> Callable[[Asking], tuple[int, str]]:
    good = {"email": "new@keesa.example", "full_name": "New", "nick_name": "New", "user_type": "staff", "roles": []}
    return lambda ask: ask("POST", "/users", {"user": good | said})


def on_hold(ask: Asking) -> tuple[int, str]:
    change = {"status": "on_hold", "held_until": "2199-01-01"}
    return ask("POST", f"/tickets/{ASSIGNED}/status_update", {"ticket": change})


def api_token(**said: object) -> Callable[[Asking], tuple[int, str]]:
    return lambda ask: ask("POST", "/tokens", {"token": {"name": "One", "expires_at": "2199-01-01"} | said})


TITLE, QUERY = "x" * 256, "&".join(["a=1"] * 101)
LIMITS: Final[Mapping[str, Limit]] = {
    "MiB of a file of a form": Limit(
        "config.Config.file_mib", "tests/web/test_forms.py::test_a_form_that_is_too_large_is_refused"
    ),
    "files of a form": Limit(
        "config.Config.files_per_call", "tests/web/test_forms.py::test_a_form_that_is_too_large_is_refused"
    ),
    "text parts of a form": Limit(
        "web.forms.FIELDS", "tests/web/test_forms.py::test_a_form_that_is_too_large_is_refused"
    ),
    "bytes of each of them": Limit(
        "web.forms.FIELD_BYTES", "tests/web/test_forms.py::test_a_form_that_is_too_large_is_refused"
    ),
    "bytes of a form with files, unless one file may have more": Limit(
        "web.forms.FORM_BYTES", "tests/web/test_forms.py::test_a_form_that_is_too_large_is_refused"
    ),
    "seconds in which a form with files, or what goes on with an upload, arrives": Limit(
        "web.forms.FORM_SECONDS", "tests/web/test_forms_at_once.py::test_a_form_that_comes_too_slowly_is_refused"
    ),
    "MiB of an upload": Limit(
        "config.Config.file_mib", "tests/uploads/test_protocol.py::test_what_is_no_beginning_is_refused"
    ),
    "uploads of a user that are under way": Limit(
        "uploads.uploads.AT_ONCE", "tests/uploads/test_protocol.py::test_a_user_has_a_bounded_number_of_uploads"
    ),
    "bytes of them, as they were announced": Limit(
        "uploads.uploads.BYTES_AT_ONCE", "tests/uploads/test_protocol.py::test_a_user_has_a_bounded_number_of_uploads"
    ),
    "pieces in which an upload comes": Limit(
        "uploads.uploads.MOST_PIECES", "tests/uploads/test_protocol.py::test_an_upload_has_a_bounded_number_of_pieces"
    ),
    "characters of an upload's name, and of its media type": Limit(
        "api.tus.LONGEST_NAME", "tests/uploads/test_protocol.py::test_what_is_no_beginning_is_refused"
    ),
    "forms with files": Limit(
        "web.form_bodies.FORMS_AT_ONCE", "tests/web/test_forms_at_once.py::test_too_much_at_once_is_refused"
    ),
    "files of them": Limit(
        "web.form_bodies.FILES_AT_ONCE", "tests/web/test_forms_at_once.py::test_too_much_at_once_is_refused"
    ),
    "bytes of them, on the disk": Limit(
        "web.form_bodies.BYTES_AT_ONCE", "tests/web/test_forms_at_once.py::test_too_much_at_once_is_refused"
    ),
    "uploads that bytes arrive of": Limit(
        "web.bodies.STREAMS_AT_ONCE", "tests/uploads/test_broken_lines.py::test_too_many_at_once_are_refused"
    ),
    "bytes of the path and the query": Limit(
        "server.limits.Limits.target_bytes", "tests/test_limits_document.py::test_on_the_wire"
    ),
    "bytes of the headers, cookies among them": Limit(
        "server.limits.Limits.head_bytes", "tests/test_limits_document.py::test_on_the_wire"
    ),
    "headers": Limit("server.limits.Limits.headers", "tests/test_limits_document.py::test_on_the_wire"),
    "fields of a query or a form": Limit("web.input.queries.QUERY_FIELDS", lambda ask: ask("GET", f"/tickets?{QUERY}")),
    "bytes of a body": Limit("config.Config.body_limit", lambda ask: ask.send("/tickets", b" " * 1_048_577)),
    "bytes of a login's body": Limit(
        "api.session_calls.LOGIN_LIMIT", lambda ask: ask.send("/auth/login", b" " * 16_385)
    ),
    "strings, brackets, commas and colons of a JSON body of more than 8,192 bytes": Limit(
        "web.input.json_bodies.MOST_PIECES", lambda ask: ask.send("/tickets", b'{"a":[' + b"1," * 5_000 + b"1]}")
    ),
    "objects and lists of a JSON body that stand one in the other": Limit(
        "web.input.json_bodies.DEEPEST", lambda ask: ask.send("/tickets", b'{"a":' + b"[" * 100 + b"]" * 100 + b"}")
    ),
    "seconds in which the headers arrive": Limit(
        "config.Config.header_seconds",
        "tests/server/test_slow_clients.py::test_a_head_a_body_and_silence_that_last_too_long_are_ended",
    ),
    "seconds in which a piece of a picture or a file is read": Limit(
        "web.ranges.SECONDS", "tests/web/test_ranges.py::test_reading_has_a_deadline"
    ),
    "seconds in which a body arrives": Limit(
        "web.bodies.BODY_SECONDS", "tests/web/test_forms_at_once.py::test_a_form_that_comes_too_slowly_is_refused"
    ),
    "requests a minute of a user": Limit(
        "config.Config.requests_per_user", "tests/api/test_rates.py::test_one_request_too_many_is_429"
    ),
    "requests a minute with an API token": Limit(
        "config.Config.requests_per_token", "tests/api/test_rates.py::test_user_token_and_address_are_counted_apart"
    ),
    "requests a minute of an address, without either": Limit(
        "config.Config.requests_per_address", "tests/api/test_rates.py::test_logins_count_for_their_address"
    ),
    "failed logins of a user from an address, in 15 minutes": Limit(
        "config.Config.login_failures_per_user_and_address",
        "tests/accounts/test_login.py::test_too_many_failures_shut_the_user_out_from_that_address",
    ),
    "failed logins of a user, in an hour": Limit(
        "config.Config.login_failures_per_user",
        "tests/accounts/test_login.py::test_too_many_failures_from_many_addresses_shut_the_user_out",
    ),
    "failed logins from an address, in 15 minutes": Limit(
        "config.Config.login_failures_per_address",
        "tests/accounts/test_login.py::test_too_many_failures_shut_the_address_out",
    ),
    "characters of a title, a reference or a contact's name": Limit(
        "tickets.checking.LONGEST_LINE", edit(title=TITLE, reference=TITLE, contact_name=TITLE)
    ),
    "characters of a note, a description or a canned answer, as it is written": Limit(
        "rich_text.html.LONGEST", note("x" * 65_537)
    ),
    "the same as it is kept": Limit(
        "rich_text.html.LONGEST_KEPT", "tests/rich_text/test_hostile_html.py::test_what_would_be_kept_has_a_bound"
    ),
    "`<` of one that may begin a tag": Limit("rich_text.html.MOST_TAGS", note("<" * 4_001)),
    "attributes of its tags": Limit("rich_text.attributes.MOST_ATTRIBUTES", note(f"<p {'a=1 ' * 8_001}>x</p>")),
    "placeholders of a canned answer": Limit(
        "rich_text.placeholders.MOST",
        lambda ask: ask("POST", "/canned_answers", {"canned_answer": {"name": "x", "text": "{{customer}}" * 101}}),
    ),
    "characters of a name: of a person, a customer, a role, a tag, an entry of a list": Limit(
        "names.LONGEST", lambda ask: ask("POST", "/tags", {"tag": {"name": TITLE}})
    ),
    "characters of an email address": Limit("names.LONGEST", user(email=f"{TITLE}@keesa.example")),
    "digits of a telephone number": Limit("directory.phones.MOST_DIGITS", customer(contact_number="1" * 16)),
    "characters of a telephone number": Limit("directory.phones.LONGEST", customer(contact_number=f"1{' ' * 39}2")),
    "characters of a password, which has 8 or more": Limit(
        "accounts.passwords.LONGEST",
        lambda ask: ask("PUT", "/me/password", {"current": cast.PASSWORD, "password": "x" * 257}),
    ),
    "notes": Limit(
        "notes.notes.MOST_NOTES", "tests/notes/test_adding_notes.py::test_the_notes_of_a_ticket_have_a_bound"
    ),
    "bytes of its notes": Limit(
        "notes.notes.LARGEST_NOTES", "tests/notes/test_adding_notes.py::test_the_notes_of_a_ticket_have_a_bound"
    ),
    "tags": Limit("tickets.tagging.MOST_TAGS", "tests/tickets/test_tagging.py::test_a_ticket_has_so_many"),
    "watchers": Limit(
        "tickets.watching.MOST_WATCHERS",
        "tests/tickets/test_watching.py::test_a_ticket_has_so_many_watchers_and_a_user_watches_so_many",
    ),
    "causes, and tickets that it causes": Limit(
        "tickets.relations.MOST_CAUSES",
        "tests/tickets/test_relations.py::test_a_ticket_has_so_many_causes_and_causes_so_many",
    ),
    "children": Limit(
        "tickets.relations.MOST_CHILDREN",
        "tests/tickets/test_relations.py::test_a_ticket_has_so_many_children_and_one_parent",
    ),
    "tickets one below the other": Limit(
        "tickets.relations.DEEPEST", "tests/tickets/test_relations.py::test_so_many_are_one_below_the_other"
    ),
    "tickets below one that gets a parent": Limit(
        "tickets.relations.MOST_BELOW",
        "tests/tickets/test_relations.py::test_only_so_many_lie_below_what_gets_a_parent",
    ),
    "duplicates": Limit("notes.merging.MOST_DUPLICATES", "tests/notes/test_merging.py::test_a_ticket_shows_so_many"),
    "pictures and files": Limit(
        "config.Config.files_per_ticket", "tests/attachments/test_attaching.py::test_a_ticket_has_so_many"
    ),
    "pictures and files that it shows with its duplicates": Limit(
        "tickets.attached.MOST",
        "tests/attachments/test_with_their_tickets.py::test_tickets_with_too_many_are_not_merged",
    ),
    "pictures and files of one that is given to another customer": Limit(
        "tickets.transferring.MOST_ATTACHMENTS",
        "tests/attachments/test_with_their_tickets.py::test_a_ticket_with_too_many_stays_its_customers",
    ),
    "events of its history": Limit(
        "tickets.changing.MOST_EVENTS",
        "tests/tickets/test_editing.py::test_a_ticket_with_too_many_events_can_be_closed_and_no_more",
    ),
    "bytes of what its events changed": Limit(
        "tickets.changing.LARGEST_HISTORY", "tests/tickets/test_editing.py::test_a_full_history_takes_no_edit"
    ),
    "days ahead to which it is held": Limit("tickets.days.LONGEST_HOLD.days", on_hold),
    "notes of one that is given to another customer": Limit(
        "tickets.transferring.MOST_NOTES",
        "tests/tickets/test_editing.py::test_a_transfer_keeps_the_internal_notes_bounded",
    ),
    "tickets that a user watches": Limit(
        "tickets.watching.MOST_WATCHED",
        "tests/tickets/test_watching.py::test_a_ticket_has_so_many_watchers_and_a_user_watches_so_many",
    ),
    "bytes of the tickets of a list": Limit(
        "api.ticket_cache.LARGEST_LIST", "tests/api/test_ticket_cache.py::test_a_list_has_at_most_so_many_bytes"
    ),
    "values of one filter of `GET /tickets/rows` and `/tickets/counts`": Limit(
        "api.v2024.tickets.row_queries.MOST_VALUES", lambda ask: ask("GET", f"/tickets/rows?priority={'1,' * 20}1")
    ),
    "characters of any other word of a query": Limit(
        "names.LONGEST", lambda ask: ask("GET", f"/customers?name={TITLE}")
    ),
    "characters of an `Idempotency-Key`": Limit("web.idempotency.LONGEST", lambda ask: ask.keyed(TITLE)),
    "characters of a cursor": Limit("web.cursors.LONGEST", lambda ask: ask("GET", f"/customers?after={'x' * 201}")),
    "characters of a cursor of the feed, neither more nor fewer": Limit(
        "api.feed_cursors.LENGTH", lambda ask: ask("GET", f"/changes?after={'A' * 81}")
    ),
    "days since what happened first behind it": Limit(
        "feed.reading.HORIZON", "tests/api/test_changes.py::test_what_happened_too_long_ago_is_not_told", DAY
    ),
    "characters of a search": Limit(
        "search.language.MOST_CHARACTERS", "tests/search/test_language.py::test_what_is_refused_is_told"
    ),
    "words and phrases of it": Limit(
        "search.language.MOST_TERMS", "tests/search/test_language.py::test_what_is_refused_is_told"
    ),
    "words of it, those of phrases among them": Limit(
        "search.language.MOST_WORDS", "tests/search/test_language.py::test_what_is_refused_is_told"
    ),
    "of these with a star": Limit(
        "search.language.MOST_BEGINNINGS", "tests/search/test_language.py::test_what_is_refused_is_told"
    ),
    "changes since `updated_since`": Limit(
        "tickets.rows.MOST", "tests/api/test_ticket_rows.py::test_a_time_that_is_too_long_ago_is_refused"
    ),
    "days of a report": Limit(
        "api.v2024.report_queries.LONGEST", lambda ask: ask("GET", "/reports/tickets?from=2010-01-01&to=2026-01-01")
    ),
    "days of a report that tells of each": Limit(
        "api.v2024.report_queries.MOST_DAYS",
        lambda ask: ask("GET", "/reports/tickets?by=day&from=2020-01-01&to=2026-01-01"),
    ),
    "ticket types of a report": Limit(
        "reports.scopes.MOST_TYPES", lambda ask: ask("GET", f"/reports/tickets?ticket_type={'x,' * 20}x")
    ),
    "pictures or files that a call brings by uploads and by parts": Limit(
        "config.Config.files_per_call",
        lambda ask: ask("POST", f"/tickets/{ASSIGNED}/images", {"uploads": [f"{number:032x}" for number in range(21)]}),
    ),
    "tickets of `POST /tickets/bulk`": Limit("tickets.bulk.MOST", bulk(101, "x")),
    "bytes of a note for all tickets of it together": Limit("tickets.bulk.LARGEST", bulk(17, "x" * 65_536)),
    "tags in use": Limit("directory.tags.MOST_IN_USE", "tests/directory/test_tags.py::test_so_many_are_in_use"),
    "canned answers in use": Limit(
        "directory.canned_answers.MOST_IN_USE", "tests/directory/test_canned_answers.py::test_so_many_are_in_use"
    ),
    "roles in use": Limit(
        "accounts.roles.MOST_IN_USE", "tests/accounts/test_roles.py::test_so_many_roles_are_in_use_and_no_more"
    ),
    "products, ticket types or categories, retired ones too": Limit(
        "directory.places.MOST_ENTRIES", "tests/directory/test_changing_reference.py::test_a_list_has_an_end"
    ),
    "further contacts of a customer": Limit(
        "directory.contacts.MOST_CONTACTS", customer(contacts=[{"name": "One"}] * 51)
    ),
    "roles of a user": Limit("accounts.user_faults.MOST_ROLES", user(roles=["engineer"] * 51)),
    "ticket types of a role": Limit(
        "api.v2024.roles.MOST_TYPES",
        lambda ask: ask("POST", "/roles", {"role": {"name": "x", "permissions": {}, "ticket_types": ["x"] * 501}}),
    ),
    "permissions of a role": Limit(
        "accounts.roles.MOST_PERMISSIONS", "tests/accounts/test_roles.py::test_a_role_gives_so_many_permissions"
    ),
    "permissions of an API token": Limit(
        "api.v2024.tokens.MOST_PERMISSIONS", lambda ask: ask.send("/tokens", many_permissions(1_001))
    ),
    "good API tokens of a user": Limit(
        "accounts.api_token_changes.MOST", "tests/accounts/test_api_tokens.py::test_a_user_has_so_many_and_no_more"
    ),
    "days that an API token lives": Limit("accounts.api_token_changes.LONGEST_LIFE", api_token(), DAY),
    "hours that a link for a password is good": Limit(
        "accounts.password_links.MOST_HOURS", lambda ask: ask("POST", "/users/2/password_link?hours=169")
    ),
    "connections": Limit(
        "config.Config.connections",
        "tests/server/test_slow_clients.py::test_the_longest_silent_gives_way_and_work_never_does",
    ),
    "MiB of bodies and of heads that wait": Limit(
        "config.Config.bodies_mib", "tests/server/test_slow_clients.py::test_bodies_have_a_budget_together"
    ),
    "logins that wait for a thread": Limit(
        "web.fair_queue.WAITING", "tests/web/test_fair_queue.py::test_who_comes_too_late_is_sent_away_at_once"
    ),
    "long texts that are made safe": Limit(
        "web.conversions.MOST_WAITING", "tests/api/test_rich_text.py::test_too_many_long_texts_at_once_are_refused"
    ),
    "bytes of long lists that are put together": Limit(
        "api.ticket_cache.LISTS_UNDER_WAY",
        "tests/api/test_ticket_cache.py::test_long_lists_under_way_have_a_bound_together",
    ),
    "long reads that wait": Limit(
        "db.admission.LONG_READS_QUEUE",
        "tests/db/test_steps.py::test_a_long_read_waits_for_its_place_and_a_short_one_does_not",
    ),
    "writes that wait, on SQLite": Limit(
        "db.grouping.QUEUE", "tests/db/test_queue.py::test_one_write_too_many_is_unavailable"
    ),
    "transactions that wait for a connection to PostgreSQL": Limit(
        "db.postgres_loop.QUEUE", "tests/db/test_side_by_side.py::test_one_too_many_is_refused_at_once"
    ),
    "seconds that one of them waits to begin": Limit(
        "db.grouping.PATIENCE", "tests/db/test_deadlines.py::test_a_lock_that_somebody_holds_stops_writes_alone"
    ),
    "seconds of one long read": Limit(
        "db.steps.LONGEST", "tests/db/test_steps.py::test_a_read_that_goes_on_for_too_long_is_ended"
    ),
}
"""By the row's first words."""


def many_permissions(number: int) -> bytes:
    token = {"name": "One", "expires_at": "2030-01-01", "permissions": [f"a:{each}" for each in range(number)]}
    return dumps({"token": token}, separators=(",", ":")).encode()


def value_of(dotted: str) -> int:
    """Of a constant, or of an attribute of what stands in a module; a default, of a class."""
    names = dotted.split(".")
    for end in range(len(names), 0, -1):
        try:
            found: Any = import_module(f"keesa.{'.'.join(names[:end])}")
        except ModuleNotFoundError:
            continue
        for name in names[end:]:
            found = default_of(found, name) if isinstance(found, type) else getattr(found, name)
        return int(found)
    raise LookupError(dotted)


def default_of(kind: type, name: str) -> Any:  # noqa: ANN401 - of any type
    [found] = [each.default for each in fields(kind) if each.name == name]
    return found


def test_every_row_is_tried() -> None:
    """None is told of that nobody knows, and each line that looks like a row is one."""
    assert ROWS.keys() == LIMITS.keys()
    assert len(ROWS) == len(re.findall(r"^\| .* \| \d{3} \|", TEXT, re.MULTILINE))


@pytest.mark.parametrize("what", ROWS)
def test_each_number_is_the_program_s(what: str) -> None:
    """And each setting one of the configuration, whose default it is."""
    row, limit = ROWS[what], LIMITS[what]
    assert row.most == f"{value_of(limit.constant) // limit.unit:,}"
    if row.setting:
        assert getattr(Config(), row.setting.lower()) == value_of(limit.constant)
    assert bool(row.setting) == limit.constant.startswith("config.")


@pytest.mark.parametrize("what", [what for what, limit in LIMITS.items() if not isinstance(limit.tried, str)])
def test_one_more_is_answered_so(what: str, shared_api: ApiFor, shared_client: TestClient) -> None:
    """With the row's status and sentence."""
    tried = LIMITS[what].tried
    assert not isinstance(tried, str)
    status, sentence = tried(Asking(shared_api(ADMIN), shared_client))
    assert (status, bool(ROWS[what].words.search(sentence))) == (int(ROWS[what].status), True), sentence


@pytest.mark.parametrize("what", [what for what, limit in LIMITS.items() if isinstance(limit.tried, str)])
def test_what_takes_more_than_a_call_is_tried_elsewhere(what: str) -> None:
    """By a test that there is; the sentence is one of the program's."""
    tried = LIMITS[what].tried
    assert isinstance(tried, str)
    path, _, name = tried.partition("::")
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE), tried
    assert ROWS[what].words.search(SOURCE), ROWS[what].sentence


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HTTPConnection]:
    with (
        LiveServer(tmp_path_factory.mktemp("wire"), None) as server,
        closing(HTTPConnection(server.url.removeprefix("http://"), timeout=60)) as connection,
    ):
        yield connection


def test_on_the_wire(wire: HTTPConnection) -> None:
    """What the HTTP server itself refuses, with the row's status and sentence; what is just short enough it reads."""
    asked: Mapping[str, tuple[str, dict[str, str]]] = {
        "bytes of the path and the query": ("/" + "x" * 16_384, {}),
        "bytes of the headers, cookies among them": ("/health", {"Cookie": "x" * 65_536}),
        "headers": ("/health", {f"X-{number}": "1" for number in range(100)}),
    }
    for what, (path, headers) in asked.items():
        wire.request("GET", path, headers=headers)
        answer = wire.getresponse()
        assert (str(answer.status), loads(answer.read())["error"]) == (ROWS[what].status, ROWS[what].sentence)
        wire.close()
    wire.request("GET", "/" + "x" * 16_383)
    with wire.getresponse() as answer:
        assert answer.status == 404
