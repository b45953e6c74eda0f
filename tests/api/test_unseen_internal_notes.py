"""What is internal is unseen: a customer's every answer is the same, byte for byte and header for header, whether or
not the desk wrote internal notes meanwhile.

Two desks begin as copies of one, and everything happens on both that customers see; internal notes are written, edited
and withdrawn on one of them alone. Revisions are random, so states (`ETag`) are compared by when each came first.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from httpx2 import Response
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

import cast
from acting import rows
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, RAISED, STRANGERS, Person
from deterministic import deterministic
from following import cursor_of, without_cursors
from good_requests import CURSOR, good_requests
from keesa.accounts.sessions import Version
from keesa.app import serve_from
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database, Tx, open_database
from keesa.db.opening import SQLITE_FILE
from keesa.notes.notes import LARGEST_NOTES, MOST_NOTES
from keesa.web import dispatcher
from places import NewPlace, Place
from route_tables import PARAMETERS

VERSIONS: Final[tuple[Version, ...]] = ("2021", "2024")
TICKETS: Final = (ASSIGNED, STRANGERS, RAISED)
"""Two of the customer's, and one that they do not see."""
CHANGING: Final = ("x-request-id", "date", "ratelimit")
APART: Final = ("/me/sessions",)
"""Times of last use are written now and then, whatever is asked."""
FIRST_INTERNAL: Final = 2**52
EXAMPLES: Final = 6
PAGES: Final = 3
"""Pages of a list that are followed."""


@dataclass
class World:
    database: Database
    client: TestClient
    tokens: dict[Person, str]
    seen: dict[str, int] = field(default_factory=dict)
    """States that were answered, in the order in which they came."""
    cursor: str = ""
    """The customer's, of the feed, from where the story begins."""
    internal: list[int] = field(default_factory=list)
    """The ids of the internal notes that were written here."""

    def ask(self, person: Person, method: str, path: str, body: object = None, version: Version = "2024") -> Response:
        sent = {"Authorization": f"Bearer {self.tokens[person]}", "Keesa-Version": version}
        return self.client.request(method, f"/api/v1{path}", json=body, headers=sent)

    def told(self, answer: Response) -> tuple[int, list[tuple[str, str]], bytes]:
        """All of an answer that must be the same."""
        headers = [(name.lower(), value) for name, value in answer.headers.items() if name.lower() not in CHANGING]
        states = {name: str(self.seen.setdefault(value, len(self.seen))) for name, value in headers if name == "etag"}
        content = without_cursors(answer.content)
        of_bytes = {"content-length"} if content != answer.content else set()  # as compressed with a cursor
        told = [
            (name, without_cursors(states.get(name, value).encode()).decode())
            for name, value in headers
            if name not in of_bytes
        ]
        return answer.status_code, sorted(told), content


@dataclass
class Worlds:
    plain: World
    noted: World

    def both(self) -> tuple[World, World]:
        return self.plain, self.noted


@pytest.fixture
def worlds(new_place: NewPlace, cast_template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worlds]:
    at = now()
    monkeypatch.setattr(dispatcher, "now", lambda: at)
    first = new_place(cast_template)
    database = open_database(first.data, first.url)
    tokens = {person: cast.token(database, person) for person in (CUSTOMER, ENGINEER, ADMIN)}
    database.close()
    template = first.url.rpartition("/")[2] if first.url else str(first.data / SQLITE_FILE)
    places = [new_place(template.partition("?")[0]) for _ in range(2)]
    opened = [open_database(place.data, place.url) for place in places]
    clients = [TestClient(_app(place, database)) for place, database in zip(places, opened, strict=True)]
    with clients[0], clients[1]:
        made = [World(database, client, tokens) for database, client in zip(opened, clients, strict=True)]
        yield Worlds(*made)
    for database in opened:
        database.close()


def _app(place: Place, database: Database) -> Any:  # noqa: ANN401 - the application
    return serve_from(database, Config(data=place.data, database_url=place.url, secret=cast.SECRET, log_format="json"))


# Everything that a customer can read


def reads(world: World) -> Iterator[tuple[str, tuple[int, list[tuple[str, str]], bytes]]]:
    """Each path of each version and ticket, those of tickets in small pages too; new routes are asked as well."""
    public = world.database.read(lambda tx: rows(tx, "SELECT id, ticket_id FROM ticket_notes ORDER BY id DESC LIMIT 2"))
    notes = [1, *(row["id"] for row in public), FIRST_INTERNAL, FIRST_INTERNAL + 1]
    for good in good_requests():
        if good.route.method != "GET" or good.route.path in APART:
            continue
        for path in _paths(good.own_path or good.route.path, notes):
            of_tickets = good.route.path.startswith("/tickets")
            for query in _queries(good.query, good.route.signature.query) if of_tickets else [good.query]:
                for number in TICKETS if good.body and "ticket_number" in good.body else (0,):
                    body = good.body if not number else {"ticket_number": str(number)}
                    yield from _pages(world, path, query, body, good.version)


def _paths(path: str, notes: list[int]) -> list[str]:
    tickets = [path.replace("{ticket}", str(number)) for number in TICKETS] if "{ticket}" in path else [path]
    paths = [
        each.replace("{note}", str(note_id)) for each in tickets for note_id in (notes if "{note}" in each else (0,))
    ]
    for name, value in PARAMETERS.items():
        paths = [each.replace(name, str(value)) for each in paths]
    return paths


def _queries(good: dict[str, str], query: Any) -> list[dict[str, str]]:  # noqa: ANN401 - a struct, or None
    fields = () if query is None else query.__struct_fields__
    wanted = [good]
    if "after" in fields:
        wanted += [{"limit": "2"}, {"limit": "2", "order": "desc"} if "order" in fields else {}]
    return list({urlencode(each): each for each in wanted}.values())


def _pages(
    world: World, path: str, query: dict[str, str], body: object, version: Version
) -> Iterator[tuple[str, tuple[int, list[tuple[str, str]], bytes]]]:
    query = {name: world.cursor if value == CURSOR else value for name, value in query.items()}
    for _ in range(PAGES):
        name = f"{path}?{urlencode(query)}"
        answer = world.ask(CUSTOMER, "GET", name, body, version)
        yield f"{version} {name} {body}", world.told(answer)
        data = answer.json().get("data") if answer.headers.get("content-type") == "application/json" else None
        after = data.get("next") if isinstance(data, dict) else None
        if not after:
            return
        query = query | {"after": after}


def assert_alike(worlds: Worlds) -> None:
    for (name, plain), (_, noted) in zip(reads(worlds.plain), reads(worlds.noted), strict=True):
        assert noted == plain, name


# What happens


TEXTS: Final = ("They never pay", "@Aishu please look", "<b>@Hassan</b>, @Ibbe")
WHO: Final = (CUSTOMER, ENGINEER, ADMIN)
NUMBERS: Final = (ASSIGNED, STRANGERS)
STEPS: Final = st.one_of(
    st.tuples(st.just("note"), st.sampled_from(WHO), st.sampled_from(NUMBERS), st.sampled_from(TEXTS)),
    st.tuples(st.just("documented"), st.sampled_from(WHO), st.sampled_from(NUMBERS), st.sampled_from(VERSIONS)),
    st.tuples(st.sampled_from(["edit", "withdraw"]), st.sampled_from(WHO), st.sampled_from(NUMBERS), st.just("Other")),
    st.tuples(st.just("status"), st.just(ADMIN), st.just(ASSIGNED), st.sampled_from(["on_hold", "in_progress"])),
    st.tuples(st.just("full"), st.just(ADMIN), st.sampled_from(NUMBERS), st.sampled_from(["count", "size"])),
    st.tuples(st.just("refused"), st.just(CUSTOMER), st.sampled_from(NUMBERS), st.sampled_from(TEXTS)),
)
INTERNAL: Final = st.tuples(
    st.sampled_from(["internal", "internal", "internal edit", "internal withdraw"]),
    st.sampled_from([ENGINEER, ADMIN]),
    st.sampled_from(NUMBERS),
    st.sampled_from(TEXTS),
)
Step = tuple[str, Person, int, str]


def take(worlds: Worlds, step: Step) -> None:
    kind, person, number, _ = step
    if kind.startswith("internal"):
        write_internally(worlds.noted, step)
        return
    for plain, noted in zip(ask_of(worlds.plain, step), ask_of(worlds.noted, step), strict=True):
        if person is CUSTOMER:
            assert noted == plain, step
        else:
            assert noted[0] == plain[0], step
    if kind == "full":
        worlds.noted.database.write(
            lambda tx: tx.run(
                "UPDATE tickets SET internal_notes = :most, internal_notes_size = :size WHERE id = :id",
                most=MOST_NOTES,
                size=LARGEST_NOTES,
                id=number,
            )
        )


def write_internally(world: World, step: Step) -> None:
    """By the desk; whether it is refused is the desk's own matter."""
    kind, person, number, said = step
    path = f"/tickets/{number}/notes"
    if kind == "internal":
        answer = world.ask(person, "POST", path, {"note": {"note": said, "internal": True}})
        if answer.status_code == 201:
            world.internal.append(answer.json()["id"])
    elif world.internal:
        method, body = ("PATCH", {"note": {"note": said}}) if kind == "internal edit" else ("DELETE", None)
        world.ask(person, method, f"{path}/{world.internal[-1]}", body)


def ask_of(world: World, step: Step) -> list[tuple[int, list[tuple[str, str]], bytes]]:
    kind, person, number, said = step
    path = f"/tickets/{number}/notes"
    answers = []
    match kind:
        case "note":
            answers.append(world.ask(person, "POST", path, {"note": {"note": said}}))
        case "documented":
            body = {"ticket_number": number, "ticket_note": {"note": said}}
            version: Version = "2021" if said == "2021" else "2024"
            answers.append(world.ask(person, "POST", "/tickets/add_ticket_note", body, version))
        case "edit" | "withdraw":
            method, body_of_it = ("PATCH", {"note": {"note": said}}) if kind == "edit" else ("DELETE", None)
            answers.append(world.ask(person, method, f"{path}/{last_note(world, number)}", body_of_it))
        case "status":
            answers.append(world.ask(person, "POST", f"/tickets/{number}/status_update", {"ticket": {"status": said}}))
        case "full":
            world.database.write(lambda tx: fill_up(tx, number, said))
        case "refused":
            answers.append(world.ask(person, "POST", path, {"note": {"note": said, "internal": True}}))
            for note_id in (FIRST_INTERNAL, FIRST_INTERNAL + 1):
                one = f"{path}/{note_id}"
                answers.append(world.ask(person, "PATCH", one, {"note": {"note": said}}))
                answers.append(world.ask(person, "DELETE", one))
    return [world.told(answer) for answer in answers]


def last_note(world: World, number: int) -> int:
    sql = "SELECT max(id) AS value FROM ticket_notes WHERE ticket_id = :id"
    return world.database.read(lambda tx: int(tx.value(sql, id=number) or 0))


def fill_up(tx: Tx, number: int, bound: str) -> None:
    """The ticket has room for one more note, or for some bytes more."""
    if bound == "count":
        tx.run("UPDATE tickets SET notes_count = :most WHERE id = :id", most=MOST_NOTES - 1, id=number)
    else:
        tx.run("UPDATE tickets SET notes_size = :size WHERE id = :id", size=LARGEST_NOTES - 20, id=number)


def begin(world: World, *, merged: bool) -> None:
    """With room again; and STRANGERS a duplicate of ASSIGNED, or not."""
    world.database.write(lambda tx: make_room(tx, merged=merged))
    world.cursor = cursor_of(world.database, CUSTOMER.id)


def make_room(tx: Tx, *, merged: bool) -> None:
    tx.run("UPDATE tickets SET notes_count = 10, notes_size = 100, internal_notes = 10, internal_notes_size = 100")
    main = ASSIGNED if merged else None
    tx.run("UPDATE tickets SET duplicate_of_id = :main WHERE id = :id", main=main, id=STRANGERS)
    tx.run(
        "UPDATE tickets SET duplicates = :count, revision = $new_revision, public_revision = NULL WHERE id = :id",
        count=int(merged),
        id=ASSIGNED,
    )


@deterministic(EXAMPLES)
@given(
    merged=st.booleans(),
    story=st.lists(st.one_of(STEPS, INTERNAL), min_size=4, max_size=14),
)
def test_no_answer_of_a_customer_tells_of_internal_notes(worlds: Worlds, merged: bool, story: list[Step]) -> None:  # noqa: FBT001
    """Neither what they read nor what their own writes answer: bounds, ids and times among it."""
    for world in worlds.both():
        begin(world, merged=merged)
    for step in story:
        take(worlds, step)
    assert_alike(worlds)


def revision(world: World) -> int:
    """As the desk has it."""
    sql = "SELECT revision AS value FROM tickets WHERE id = :id"
    return world.database.read(lambda tx: int(tx.value(sql, id=ASSIGNED)))


@pytest.mark.parametrize("merged", [False, True])
def test_an_internal_note_moves_no_state(worlds: Worlds, merged: bool) -> None:  # noqa: FBT001
    """On one desk: all that customers read is the same before and after, with the very same `ETag`s."""
    world = worlds.noted
    begin(world, merged=merged)
    number = STRANGERS if merged else ASSIGNED
    before = list(reads(world))
    steps: list[Step] = [
        ("internal", ADMIN, number, TEXTS[1]),
        ("internal edit", ADMIN, number, TEXTS[2]),
        ("internal withdraw", ADMIN, number, ""),
    ]
    for step in steps:
        was = revision(world)
        write_internally(world, step)
        assert revision(world) != was
        for (name, earlier), (_, later) in zip(before, reads(world), strict=True):
            assert later == earlier, (step, name)
    assert world.internal
