"""Writes of callers whom the server remembers: a shorter way, on which everything is answered as on the long one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, TypeVar

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

import cast
from account_rows import rows
from by_keesa import disable_user
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, HIDDEN, SCHOOL, Person
from keesa import maintenance
from keesa.accounts.sessions import Version, end_all_of
from keesa.db import Database, Work
from logins import bearer
from new_tickets import BODY_2021, BODY_2024, changed
from unchanged import unchanged

T = TypeVar("T")

VERSIONS: Final[tuple[Version, ...]] = ("2021", "2024")
NOTE: Final = {"ticket_note": {"note": "On my way"}, "ticket_number": str(ASSIGNED)}
ONE_S_OWN: Final = ("x-request-id", "x-csrf-token", "date", "ratelimit")
"""Headers that no two answers share."""


@dataclass(frozen=True)
class Write:
    """A request that changes something, if it is let."""

    path: str
    json: object = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, client: TestClient, token: str) -> Response:
        headers = {"Content-Type": "application/json", **bearer(token), **self.headers}
        if self.content is not None:
            return client.post(f"/api/v1{self.path}", content=self.content, headers=headers)
        return client.post(f"/api/v1{self.path}", json=self.json, headers=headers)


TICKETS: Final = "/api/v1/tickets"
NOTES: Final = f"{TICKETS}/add_ticket_note"
ADD_NOTE: Final = Write("/tickets/add_ticket_note", NOTE)
RAISE: Final = Write("/tickets", BODY_2024)
ASSIGN: Final = Write(f"/tickets/{ASSIGNED}/assign", {"ticket": {"assigned_to_id": ADMIN.id}})
CLOSE: Final = Write(f"/tickets/{ASSIGNED}/status_update", {"ticket": {"status": "closed"}})


def remembered(client: TestClient, database: Database, person: Person, version: Version) -> str:
    """An access token whose session has made a request."""
    token = cast.token(database, person, version)
    assert client.get("/api/v1/tickets/0", headers=bearer(token)).status_code in (403, 404)
    return token


def shown(answer: Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    headers = sorted((name, value) for name, value in answer.headers.multi_items() if name not in ONE_S_OWN)
    return answer.status_code, answer.content, headers


def nothing(_database: Database) -> None:
    """Has happened."""


@dataclass(frozen=True)
class Refusal:
    """A write that is refused, and what has happened since the caller was last seen."""

    status: int
    write: Write
    person: Person = ENGINEER
    since: Callable[[Database], object] = nothing


def end_sessions(database: Database) -> None:
    database.write(lambda tx: end_all_of(tx, ENGINEER.id))


def doing(sql: str, **params: object) -> Callable[[Database], object]:
    return lambda database: database.write(lambda tx: tx.run(sql, **params))


take_roles: Final = doing("DELETE FROM user_roles WHERE user_id = :id", id=ENGINEER.id)
only_read: Final = doing("DELETE FROM role_permissions WHERE action <> 'read'")
take_types: Final = doing("DELETE FROM role_ticket_types")
disable: Final = doing("UPDATE users SET disabled_at = 1 WHERE id = :id", id=ENGINEER.id)
become_bot: Final = doing("UPDATE users SET user_type = 'bot' WHERE id = :id", id=ENGINEER.id)
move: Final = doing("UPDATE users SET customer_id = :school WHERE id = :id", school=SCHOOL, id=CUSTOMER.id)


def disable_for_good(database: Database) -> None:
    database.write(lambda tx: disable_user(tx, ENGINEER.email, 1))


def go_offline(database: Database) -> None:
    database.write(maintenance.switch_on)


def end_and_go_offline(database: Database) -> None:
    end_sessions(database)
    go_offline(database)


TYPED_NOTE: Final = Write("/tickets/add_ticket_note", NOTE | {"ticket_number": cast.TYPED})
BAD: Final = Write("/tickets", {"ticket": {"title": 7}, "customer_id": 0})
REFUSALS: Final = {
    "unreadable JSON": Refusal(400, Write("/tickets", content=b'{"ticket": ')),
    "a key twice": Refusal(400, Write("/tickets", content=b'{"ticket": {}, "ticket": {}}')),
    "no UTF-8": Refusal(400, Write("/tickets", content=b'{"ticket": "\xff"}')),
    "another type": Refusal(400, Write("/tickets", content=b"a=b", headers={"Content-Type": "text/plain"})),
    "another version": Refusal(400, Write("/tickets", BODY_2024, headers={"Keesa-Version": "1999"})),
    "a compressed body": Refusal(415, Write("/tickets", content=b"{}", headers={"Content-Encoding": "gzip"})),
    "no body": Refusal(422, Write("/tickets", content=b"")),
    "no object": Refusal(422, Write("/tickets", content=b"[]")),
    "fields that are missing or wrong": Refusal(422, BAD),
    "what the domain finds": Refusal(422, Write("/tickets", changed(BODY_2024, {"category": "none"}))),
    "both kinds of faults": Refusal(422, Write("/tickets", changed(BODY_2024, {"category": "none", "title": 7}))),
    "an empty note": Refusal(422, Write("/tickets/add_ticket_note", NOTE | {"ticket_note": {"note": " "}})),
    "no closing day": Refusal(422, CLOSE),
    "a ticket out of sight": Refusal(404, Write("/tickets/add_ticket_note", NOTE | {"ticket_number": HIDDEN})),
    "what can be no ticket": Refusal(404, Write("/tickets/none/assign", ASSIGN.json)),
    "another's customer": Refusal(403, Write("/tickets", BODY_2024 | {"customer_id": SCHOOL}), CUSTOMER),
    "work of the desk": Refusal(403, ASSIGN, CUSTOMER),
    "work of the desk, badly asked for": Refusal(403, Write(ASSIGN.path, {"ticket": 3}), CUSTOMER),
    "work of the desk by a bot": Refusal(403, CLOSE, BOT),
    "roles taken away": Refusal(403, ADD_NOTE, since=take_roles),
    "roles taken away, and a bad body": Refusal(403, BAD, since=take_roles),
    "a permission taken away": Refusal(403, ADD_NOTE, since=only_read),
    "a permission taken away, and a bad body": Refusal(403, BAD, since=only_read),
    "a ticket type taken away": Refusal(404, TYPED_NOTE, since=take_types),
    "another type of user": Refusal(403, ASSIGN, since=become_bot),
    "another customer": Refusal(404, ADD_NOTE, CUSTOMER, since=move),
    "an ended session": Refusal(401, ADD_NOTE, since=end_sessions),
    "an ended session, and a bad body": Refusal(401, BAD, since=end_sessions),
    "a disabled user": Refusal(401, ADD_NOTE, since=disable),
    "a user disabled by the operator": Refusal(401, ADD_NOTE, since=disable_for_good),
    "maintenance": Refusal(503, ADD_NOTE, since=go_offline),
    "maintenance, and a bad body": Refusal(503, BAD, since=go_offline),
    "maintenance, and no session": Refusal(503, ADD_NOTE, since=end_and_go_offline),
}


def assert_alike(client: TestClient, database: Database, refusal: Refusal) -> None:
    """The remembered is answered as who was never seen, in both versions, and nothing is changed."""
    people = [refusal.person for _ in VERSIONS]
    known = [remembered(client, database, *each) for each in zip(people, VERSIONS, strict=True)]
    new = [cast.token(database, *each) for each in zip(people, VERSIONS, strict=True)]
    refusal.since(database)
    with unchanged(database):
        answers = [[refusal.write.send(client, token) for token in tokens] for tokens in zip(known, new, strict=True)]
    for to_known, to_new in answers:
        assert to_known.status_code == refusal.status
        assert shown(to_known) == shown(to_new)


@pytest.mark.parametrize("name", [name for name, refusal in REFUSALS.items() if refusal.since is nothing])
def test_a_refusal_is_the_same_for_the_remembered(
    shared_client: TestClient, shared_database: Database, name: str
) -> None:
    """Status, body and headers are those that a caller gets who was never seen before."""
    assert_alike(shared_client, shared_database, REFUSALS[name])


@pytest.mark.parametrize("name", [name for name, refusal in REFUSALS.items() if refusal.since is not nothing])
def test_what_changed_since_counts_for_the_remembered(client: TestClient, database: Database, name: str) -> None:
    """At the next write, as for who was never seen; what the caller may not do comes before what is wrong with it."""
    assert_alike(client, database, REFUSALS[name])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_wrong_csrf_token_is_refused_to_the_remembered(
    client: TestClient, database: Database, version: Version
) -> None:
    """With a token in a cookie; as to who was never seen. With the right one it is done."""
    known, new, other = ({"Cookie": f"jwt_access={cast.token(database, ENGINEER, version)}"} for _ in range(3))
    right, others = (client.get(TICKETS, headers=cookie).headers["X-CSRF-Token"] for cookie in (known, other))
    with unchanged(database):
        for wrong in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": others}):
            answers = [client.post(NOTES, json=NOTE, headers=cookie | wrong) for cookie in (known, new)]
            assert answers[0].status_code == 401
            assert "X-CSRF-Token" in answers[0].json()["error"]
            assert shown(answers[0]) == shown(answers[1])
    done = client.post(NOTES, json=NOTE, headers=known | {"X-CSRF-Token": right})
    assert done.status_code == {"2021": 200, "2024": 201}[version]
    assert done.headers["X-CSRF-Token"] != right


# What is done


@pytest.fixture
def no_reads(database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """When it is called, requests cannot read apart from a write any more."""

    async def refuse(_work: Work[Any]) -> NoReturn:
        raise AssertionError("something was read apart")

    def begin() -> None:
        for name in ("aread", "aread_in_steps"):
            monkeypatch.setattr(database, name, refuse)

    return begin


def test_a_write_of_the_remembered_asks_once(
    client: TestClient, database: Database, no_reads: Callable[[], None]
) -> None:
    """In the write itself; a caller who was never seen is looked up first."""
    known = [remembered(client, database, ENGINEER, version) for version in VERSIONS]
    new = [cast.token(database, ENGINEER, version) for version in VERSIONS]
    no_reads()
    assert [ADD_NOTE.send(client, token).status_code for token in (*known, *new)] == [
        {"2021": 200, "2024": 201}[version] for version in VERSIONS
    ] + [500, 500]


@pytest.mark.parametrize("asked", [None, "2021", "2024"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_write_of_the_remembered_has_its_version_s_shape(
    shared_client: TestClient, shared_database: Database, version: Version, asked: Version | None
) -> None:
    """That of the session, or the one that the request names; as for who was never seen."""
    known = remembered(shared_client, shared_database, ADMIN, version)
    headers = {"Keesa-Version": asked} if asked else {}
    for write in (RAISE, Write("/tickets", BODY_2021), ADD_NOTE, ASSIGN):
        named = Write(write.path, write.json, headers=headers)
        new = cast.token(shared_database, ADMIN, version)
        to_known, to_new = (named.send(shared_client, token) for token in (known, new))
        assert to_known.status_code == to_new.status_code
        assert to_known.headers["Keesa-Version"] == to_new.headers["Keesa-Version"]
        assert shape(to_known.json()) == shape(to_new.json())
        if write is ADD_NOTE:
            assert (to_known.status_code, to_known.headers["Keesa-Version"]) == (
                200 if (asked or version) == "2021" else 201,
                asked or version,
            )


def shape(value: object) -> object:
    """The keys, and the types of their values."""
    if isinstance(value, dict):
        return [(key, shape(inner)) for key, inner in value.items()]
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value)


def test_a_2021_session_raises_in_2021_s_shape(shared_client: TestClient, shared_database: Database) -> None:
    """The number alone."""
    known = remembered(shared_client, shared_database, ENGINEER, "2021")
    answer = Write("/tickets", BODY_2021).send(shared_client, known)
    assert (answer.status_code, answer.headers["Keesa-Version"]) == (200, "2021")
    assert shape(answer.json()) == [("success", [("ticket_number", str)])]


def test_the_remembered_writes_under_the_name_of_now(client: TestClient, database: Database) -> None:
    """Who was renamed since is told by the new name."""
    known = remembered(client, database, ENGINEER, "2024")
    doing("UPDATE users SET full_name = 'Hassan Ali' WHERE id = :id", id=ENGINEER.id)(database)
    assert RAISE.send(client, known).json()["raised_by"] == "Hassan Ali"


MEANWHILE: Final[dict[str, tuple[int, Callable[[Database], object]]]] = {
    "the session ends": (401, end_sessions),
    "the user is disabled": (401, disable),
    "the roles are taken away": (403, take_roles),
    "the permission is taken away": (403, only_read),
    "the ticket goes to another": (404, doing("UPDATE tickets SET assigned_to_id = raised_by_id")),
    "maintenance begins": (503, go_offline),
}


def notes(database: Database) -> list[dict[str, Any]]:
    return rows(database, "SELECT * FROM ticket_notes ORDER BY id")


@pytest.mark.parametrize("is_known", [True, False], ids=["remembered", "new"])
@pytest.mark.parametrize("name", MEANWHILE)
def test_what_happens_before_the_write_counts(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch, name: str, *, is_known: bool
) -> None:
    """Between the reading of the request and its write: it is refused, and nothing is written."""
    status, happen = MEANWHILE[name]
    token = remembered(client, database, ENGINEER, "2024") if is_known else cast.token(database, ENGINEER)
    before, write_now = notes(database), database.awrite
    happened: list[str] = []

    async def happen_first(work: Work[T]) -> T:
        happen(database)
        happened.append(name)
        return await write_now(work)

    monkeypatch.setattr(database, "awrite", happen_first)
    answer = ADD_NOTE.send(client, token)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert happened == [name]
    assert notes(database) == before
