"""Tickets that are kept as JSON: within the operator's limit, and never older than what they are made of."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any, Final

import msgspec
import pytest
from starlette.testclient import TestClient

import cast
from acting import CLOCK
from cast import ADMIN, ASSIGNED, ENGINEER, HARBOUR
from keesa.api import ticket_cache as ticket_cache_module
from keesa.api.file_addresses import FileAddresses
from keesa.api.ticket_cache import PORTION, TicketCache, TicketFormat
from keesa.api.v2021 import rendering as rendering_2021
from keesa.api.v2024.tickets import formats as formats_2024
from keesa.app import serve_from
from keesa.config import Config, load_config
from keesa.db import Database, Steps, Tx
from keesa.db.steps import run_to_the_end
from keesa.errors import Invalid, Unavailable
from keesa.tickets.views import VisibleTicket
from kept_tickets import Shelved, shelve
from logins import bearer
from plain_answers import Question, World, answer

FIRST: Final = 2028001
ADDRESSES: Final = FileAddresses(cast.SECRET.encode()).at(0, "https://desk.example/files/")
TICKETS: Final = 3 * PORTION + 5
FORMATS: Final[dict[str, TicketFormat[Any]]] = {
    "2024 listed": formats_2024.LISTED,
    "2024 detail": formats_2024.DETAIL,
    "2024 of a category": formats_2024.OF_CATEGORY,
    "2024 of a customer": formats_2024.OF_CUSTOMER,
    "2021 listed": rendering_2021.LISTED,
    "2021 typed": rendering_2021.TYPED,
}


@pytest.fixture
def many(tx: Tx) -> list[VisibleTicket]:
    """More tickets than are read at once, in no order, with their revisions."""
    shelve(tx, [Shelved(number=FIRST + number) for number in range(TICKETS)])
    tx.may_be_undone = False  # to these tests it is what it shows
    found = [
        VisibleTicket((row["id"], row["revision"])) for row in tx.all("SELECT id, revision FROM tickets ORDER BY id")
    ]
    Random(3).shuffle(found)  # noqa: S311 - dice, no secret
    return found


def shown(
    tx: Tx, rendered: TicketCache, seen: list[VisibleTicket], form: TicketFormat[Any], names: int = 1
) -> list[Any]:
    tickets = rendered.tickets(tx, names, iter(seen), form, ADDRESSES, internal=True)
    encoded = msgspec.json.encode(run_to_the_end(tickets))
    found: list[Any] = msgspec.json.decode(encoded)
    return found


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("limit", [0, 5_000, 50_000, 10_000_000])
def test_what_is_kept_stays_within_its_limit(tx: Tx, many: list[VisibleTicket], name: str, limit: int) -> None:
    """Whatever is asked for, in whatever order: the answers are those of a process that keeps nothing."""
    rendered, nothing, dice = TicketCache(CLOCK, limit), TicketCache(CLOCK, 0), Random(5)  # noqa: S311 - dice, no secret
    plain = dict(zip(many, shown(tx, nothing, many, FORMATS[name]), strict=True))
    assert nothing.weight == 0
    for count in (1, 7, 8, 9, PORTION, PORTION + 1, len(many), 20, len(many)):
        asked = dice.sample(many, count)
        assert shown(tx, rendered, asked, FORMATS[name]) == [plain[ticket] for ticket in asked]
        assert rendered.weight <= limit
    assert bool(rendered.weight) == bool(limit)


def test_what_is_kept_is_weighed_in_bytes(tx: Tx, many: list[VisibleTicket]) -> None:
    """All of its text, and what its keeping takes beside that."""
    rendered = TicketCache(CLOCK, 10_000_000)
    answered = run_to_the_end(rendered.tickets(tx, 1, iter(many), formats_2024.LISTED, ADDRESSES, internal=True))
    text = sum(len(msgspec.json.encode(ticket)) for ticket in answered)
    assert text + 100 * len(many) < rendered.weight < text + 1000 * len(many)


def test_what_is_kept_is_asked_for_no_more(tx: Tx, many: list[VisibleTicket], monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the tickets nor their notes: the second time nothing is read at all."""
    rendered, form = TicketCache(CLOCK, 10_000_000), formats_2024.LISTED
    first = shown(tx, rendered, many, form)
    monkeypatch.setattr(tx, "all", None)
    assert shown(tx, rendered, many, form) == first


def test_each_state_and_format_is_kept_by_itself(tx: Tx, many: list[VisibleTicket]) -> None:
    """Another revision, other names and another format are other answers."""
    rendered, [ticket, *_] = TicketCache(CLOCK, 10_000_000), many
    for name, form in FORMATS.items():
        assert shown(tx, rendered, [ticket], form) == shown(tx, TicketCache(CLOCK, 0), [ticket], form), name
    tx.run("UPDATE tickets SET title = 'Another', revision = $new_revision WHERE id = :id", id=ticket[0])
    newer = VisibleTicket((ticket[0], ticket[1] + 1))
    assert [shown(tx, rendered, [newer], form)[0]["title"] for form in FORMATS.values()] == ["Another"] * len(FORMATS)
    tx.run("UPDATE customers SET name = 'Another'")
    assert shown(tx, rendered, [newer], formats_2024.LISTED, names=2)[0]["customer"] == "Another"


def counted(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each query gives from now on."""
    counts: list[int] = []
    plain = tx.all

    def all_rows(sql: str, **params: object) -> list[Any]:
        found = list(plain(sql, **params))
        counts.append(len(found))
        return found

    monkeypatch.setattr(tx, "all", all_rows)
    return counts


def test_a_list_has_at_most_so_many_bytes(tx: Tx, many: list[VisibleTicket], monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond them it is refused before its tickets are read; fewer of them are shown, and one always."""
    tx.run("UPDATE tickets SET description = :heavy, description_size = 30000", heavy="x" * 30_000)
    rendered, form = TicketCache(CLOCK, 10_000_000, largest=100_000), formats_2024.LISTED
    read = counted(tx, monkeypatch)
    with pytest.raises(Invalid) as raised:
        shown(tx, rendered, many[:4], form)
    assert list(raised.value.faults) == ["limit"]
    assert "ask for fewer a page" in str(raised.value)
    assert read == []
    assert len(shown(tx, rendered, many[:3], form)) == 3
    for _ in range(2):  # ready bytes count as those that are made
        assert len(shown(tx, rendered, many[3:6], form)) == 3
        with pytest.raises(Invalid):
            shown(tx, rendered, many[:6], form)
    assert len(shown(tx, TicketCache(CLOCK, 0, largest=10), many[:1], form)) == 1


def test_what_json_needs_more_bytes_for_counts_with_them(
    tx: Tx, many: list[VisibleTicket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six for a control character: the list is refused where it grows too long, not after all of it was made."""
    tx.run("UPDATE tickets SET description = :heavy, description_size = 10000", heavy="\x01" * 10_000)
    rendered, read = TicketCache(CLOCK, 0, largest=900_000), counted(tx, monkeypatch)
    with pytest.raises(Invalid):
        shown(tx, rendered, many[:64], formats_2024.LISTED)
    assert read == [8, 8]
    assert len(shown(tx, rendered, many[:8], formats_2024.LISTED)) == 8


def test_long_lists_under_way_have_a_bound_together(
    tx: Tx, many: list[VisibleTicket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more is unavailable, and a place is free again as soon as one is done or given up."""
    monkeypatch.setattr(ticket_cache_module, "PORTION", 2)
    monkeypatch.setattr(ticket_cache_module, "_LONG", 10_000)
    monkeypatch.setattr(ticket_cache_module, "LISTS_UNDER_WAY", 100_000)
    tx.run("UPDATE tickets SET description = :heavy, description_size = 30000", heavy="x" * 30_000)
    rendered = TicketCache(CLOCK, 0)

    first: Steps[list[Any]] = rendered.tickets(tx, 1, many[:2], formats_2024.LISTED, ADDRESSES, internal=True)
    while rendered.under_way == 0:
        next(first)
    assert rendered.under_way > 60_000
    with pytest.raises(Unavailable):
        run_to_the_end(rendered.tickets(tx, 1, many[2:4], formats_2024.LISTED, ADDRESSES, internal=True))
    first.close()
    assert rendered.under_way == 0
    assert len(run_to_the_end(rendered.tickets(tx, 1, many[2:4], formats_2024.LISTED, ADDRESSES, internal=True))) == 2
    assert rendered.under_way == 0


def test_heavy_tickets_are_rendered_a_few_at_a_time(
    tx: Tx, many: list[VisibleTicket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By their bytes; the notes count as the description does."""
    tx.run("UPDATE tickets SET description_size = 60000, notes_size = 60000")
    read = counted(tx, monkeypatch)
    assert len(shown(tx, TicketCache(CLOCK, 0), many[:9], formats_2024.LISTED)) == 9
    assert read == [2, 2, 2, 2, 1]
    tx.run("UPDATE tickets SET description_size = 60, notes_size = 60")
    read.clear()
    assert len(shown(tx, TicketCache(CLOCK, 0), many[:9], formats_2024.LISTED)) == 9
    assert read == [8, 1]


def test_once_makes_a_thing_once(tx: Tx, many: list[VisibleTicket]) -> None:
    """For each form and state; and each time where nothing is kept."""
    made: list[int] = []

    def make() -> Any:  # noqa: ANN401 - any struct
        made.append(len(made))
        return {"number": len(made)}

    rendered, nothing, (one, other) = TicketCache(CLOCK, 10_000), TicketCache(CLOCK, 0), many[:2]
    for _ in range(2):
        keys = [("form", 1, one), ("form", 1, other), ("form", 2, one), ("another", 1, one)]
        found = [msgspec.json.decode(msgspec.json.encode(rendered.once(tx, *key, make))) for key in keys]
        assert found == [{"number": number} for number in (1, 2, 3, 4)]
    for number in (5, 6):
        assert msgspec.json.encode(nothing.once(tx, "form", 1, one, make)) == f'{{"number":{number}}}'.encode()
    assert nothing.weight == 0


def test_the_operator_sets_the_limit() -> None:
    """In MiB, by an option or by the environment."""
    assert load_config({"KEESA_CACHE_MIB": "0"}).cache_mib == 0
    assert load_config({"KEESA_CACHE_MIB": "7"}, cache_mib=3).cache_mib == 3


# Through the API

QUESTIONS: Final = [
    *(Question(ENGINEER, version, "/tickets") for version in ("2021", "2024")),
    *(Question(ENGINEER, version, "/tickets/{ticket}", ASSIGNED) for version in ("2021", "2024")),
    *(
        Question(ENGINEER, version, "/tickets/tickets_by_type", query={"type": "customer_support", "status": "open"})
        for version in ("2021", "2024")
    ),
    *(
        Question(ENGINEER, version, "/tickets/get_ticket_notes", query={"ticket_number": ASSIGNED})
        for version in ("2021", "2024")
    ),
    Question(ENGINEER, "2024", "/tickets/tickets_by_category", query={"category": "fault"}),
    Question(ENGINEER, "2024", "/tickets/tickets_of_customer", query={"customer_id": HARBOUR}),
    Question(ADMIN, "2024", "/tickets/{ticket}/get_specific_ticket_for_bot", ASSIGNED, {"customer_id": HARBOUR}),
]
"""Every form in which the ticket is shown."""


@pytest.fixture(params=[0, 1, 24])
def keeping(request: pytest.FixtureRequest, database: Database, config: Config) -> Iterator[TestClient]:
    """The API, with so many MiB for what is kept."""
    app = serve_from(database, replace(config, cache_mib=request.param))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def run(sql: str, **params: object) -> Callable[[Database], object]:
    return lambda database: database.write(lambda tx: tx.run(sql, **params))


CHANGES: Final[dict[str, Callable[[Database], object]]] = {
    "nothing": lambda _database: None,
    "the ticket": run(
        "UPDATE tickets SET title = 'Title', description = 'More', revision = $new_revision WHERE id = :id", id=ASSIGNED
    ),
    "a customer's name": run("UPDATE customers SET name = 'Jetty' WHERE id = :id", id=HARBOUR),
    "the raiser's name": run("UPDATE users SET full_name = 'Ali' WHERE id = :id", id=ADMIN.id),
    "the assignee's and author's name": run("UPDATE users SET full_name = 'Hassan Ali' WHERE id = :id", id=ENGINEER.id),
    "an author's nick name": run("UPDATE users SET nick_name = 'Has' WHERE id = :id", id=ENGINEER.id),
}
WRITES: Final[dict[str, tuple[str, object]]] = {
    "a note": ("/tickets/add_ticket_note", {"ticket_number": ASSIGNED, "ticket_note": {"note": "Here"}}),
    "a status": (f"/tickets/{ASSIGNED}/status_update", {"ticket": {"status": "on_hold"}}),
    "an assignee": (f"/tickets/{ASSIGNED}/assign", {"ticket": {"assigned_to_id": ADMIN.id}}),
}


def test_a_change_shows_at_the_next_request(keeping: TestClient, database: Database) -> None:
    """In every form of both versions, whether it came through the API or not, and however little is kept."""
    tokens = {person: cast.token(database, person) for person in (ADMIN, ENGINEER)}

    def ask_all(after: str) -> None:
        world = database.read(World)
        for question in QUESTIONS * 2:
            token = tokens[question.person]
            got = keeping.get(question.target, headers=bearer(token) | {"Keesa-Version": question.version})
            assert (got.status_code, got.json()) == answer(world, token, question), f"{question} after {after}"

    for name, change in CHANGES.items():
        change(database)
        ask_all(name)
    for name, (path, body) in WRITES.items():
        assert keeping.post(f"/api/v1{path}", json=body, headers=bearer(tokens[ADMIN])).status_code in (200, 201)
        ask_all(name)
