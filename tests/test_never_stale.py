"""No answer is older than the last change: two workers of one database are asked before and after each.

Changes come through either worker, and as plain SQL from this process, of which no worker is told. Each question is
asked before a change, so that whatever a worker remembers of it is there to be wrong, and again right after it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import unified_diff
from http.client import HTTPConnection
from random import Random
from typing import Any, Final

import pytest

import cast
from account_rows import join
from acting import CLOCK
from cast import (
    ADMIN,
    ASSIGNED,
    BOT,
    CAST,
    CUSTOMER,
    ENGINEER,
    HARBOUR,
    RAISED,
    SCHOOL,
    STRANGER,
    STRANGERS,
    TYPED,
    Person,
)
from keesa.accounts.sessions import Version
from keesa.clock import now
from keesa.db import Database
from live import LiveServer
from places import Place
from plain_answers import ANSWERS, NOT_FOUND, ONLY_STAFF, Answer, Question, World, answer, refusal
from route_tables import endpoints
from workers import connections

VERSIONS: Final[tuple[Version, ...]] = ("2021", "2024")
PUPIL: Final = Person(6, "pupil@keesa.example", "Aminath Shifa", "Shifa", "customer", "customer", SCHOOL)
"""A user of the customer that the cast has none of."""
PEOPLE: Final = (*CAST, PUPIL)

RENAME_CUSTOMER: Final = "UPDATE customers SET name = :name WHERE id = :id"
RENAME_USER: Final = "UPDATE users SET full_name = :full_name, nick_name = :nick_name WHERE id = :id"
MOVE_USER: Final = "UPDATE users SET user_type = :user_type, customer_id = :customer_id WHERE id = :id"
DISABLE: Final = "UPDATE users SET disabled_at = :at WHERE id = :id"
ENABLE: Final = "UPDATE users SET disabled_at = NULL WHERE id = :id"
PERMIT: Final = "UPDATE roles SET permissions = :permissions WHERE id = :role_id"
GIVE_TYPE: Final = "INSERT INTO role_ticket_types (role_id, ticket_type) VALUES (:role_id, :key)"
TAKE_TYPE: Final = "DELETE FROM role_ticket_types WHERE role_id = :role_id AND ticket_type = :key"
GIVE_ROLE: Final = "INSERT INTO user_roles (user_id, role_id, position) VALUES (:user_id, :role_id, 9)"
TAKE_ROLE: Final = "DELETE FROM user_roles WHERE user_id = :user_id AND role_id = :role_id"
END_SESSIONS: Final = "DELETE FROM sessions WHERE user_id = :id"
GO_OFFLINE: Final = "INSERT INTO settings (name, value) VALUES ('maintenance', 'on')"
GO_ONLINE: Final = "DELETE FROM settings WHERE name = 'maintenance'"

MAY_ALL: Final = '{"tickets": ["read", "write"]}'
MAY_WRITE: Final = '{"tickets": ["write"]}'
MAY_READ: Final = '{"tickets": ["read"]}'


@dataclass
class Desk:
    """Two workers, everybody's access tokens, and a hand on the database behind the workers' backs."""

    workers: Sequence[HTTPConnection]
    database: Database
    tokens: dict[Person, str] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    """What was changed, for people."""

    def get(self, worker: HTTPConnection, question: Question) -> Answer:
        headers = {"Authorization": self.tokens[question.person], "Keesa-Version": question.version}
        return send(worker, "GET", question.target, headers)

    def everywhere(self, question: Question) -> list[Answer]:
        """Of both workers in both versions, twice: the first four are the next answers after a change, the second
        four are those that may be remembered at the next one.
        """
        asked = [replace(question, version=version) for version in VERSIONS]
        return [self.get(worker, each) for _ in range(2) for worker in self.workers for each in asked]

    def act(
        self, worker: int, person: Person, path: str, body: object, *, method: str = "POST", version: Version = "2024"
    ) -> Answer:
        """Change something through a worker; no token stands in what is kept of it for people."""
        self.changes.append(f"{person.email}, {version}, worker {worker}: {method} {path} {body}")
        headers = {"Authorization": self.tokens[person], "Keesa-Version": version, "Content-Type": "application/json"}
        return send(self.workers[worker], method, f"/api/v1{path}", headers, json.dumps(body))

    def run(self, sql: str, **params: object) -> None:
        self.changes.append(f"{sql} {params}")
        self.database.write(lambda tx: tx.run(sql, **params))

    def world(self) -> World:
        return self.database.read(World)

    def role_id(self, name: str) -> int:
        found: int = next(role["id"] for role in self.world().roles.values() if role["name"] == name)
        return found

    def log_in(self, person: Person) -> None:
        self.tokens[person] = cast.token(self.database, person)


def send(
    worker: HTTPConnection, method: str, target: str, headers: Mapping[str, str], body: str | None = None
) -> Answer:
    worker.request(method, target, body, headers)
    got = worker.getresponse()
    return got.status, json.loads(got.read())


@pytest.fixture
def desk(place: Place, database: Database) -> Iterator[Desk]:
    """On the cast's database; everybody is logged in."""
    join(database, PUPIL)
    with LiveServer(place.data, place.url, "--workers", "2", KEESA_SECRET=cast.SECRET) as server:
        found = connections(server)
        assert len(found) == 2
        opened = Desk(tuple(found.values()), database)
        for person in PEOPLE:
            opened.log_in(person)
        yield opened
        for connection in found.values():
            connection.close()


# One change at a time


def own_list(person: Person) -> Question:
    return Question(person, "2024", "/tickets")


def single(person: Person, number: int) -> Question:
    return Question(person, "2024", "/tickets/{ticket}", number)


def by_type(person: Person, key: str, status: str) -> Question:
    return Question(person, "2024", "/tickets/tickets_by_type", query={"type": key, "status": status})


def of_customer(person: Person, customer_id: int) -> Question:
    return Question(person, "2024", "/tickets/tickets_of_customer", query={"customer_id": customer_id})


def notes(person: Person, number: int) -> Question:
    return Question(person, "2024", "/tickets/get_ticket_notes", query={"ticket_number": number})


def everywhere_a_ticket_is(desk: Desk, number: int, *questions: Question) -> Iterator[dict[str, Any]]:
    """The ticket as each answer shows it, in a list or by itself; it must be in each."""
    for question in questions:
        for status, body in desk.everywhere(question):
            assert status == 200, (question, body)
            data = body["data"]
            found = [ticket for ticket in data.get("tickets", [data.get("ticket")]) if ticket["id"] == number]
            assert len(found) == 1, (question, body)
            yield found[0]


def assert_everywhere(desk: Desk, status: int, *questions: Question) -> None:
    for question in questions:
        assert [got for got, _ in desk.everywhere(question)] == [status] * 8, question


def assign(desk: Desk, worker: int, number: int, person: Person) -> None:
    body = {"ticket": {"assigned_to_id": person.id}}
    assert desk.act(worker, ADMIN, f"/tickets/{number}/assign", body)[0] == 200


def test_a_renamed_customer_shows_at_once(desk: Desk) -> None:
    """In lists and on the ticket itself."""
    questions = own_list(ENGINEER), by_type(ENGINEER, "customer_support", "open"), single(ENGINEER, ASSIGNED)
    for name in ("Fulhadhoo Jetty", "Jetty of Fulhadhoo", "Fulhadhoo Jetty"):
        desk.run(RENAME_CUSTOMER, name=name, id=HARBOUR)
        assert {ticket["customer"] for ticket in everywhere_a_ticket_is(desk, ASSIGNED, *questions)} == {name}


def test_a_renamed_user_shows_at_once(desk: Desk) -> None:
    """As who raised a ticket, whom it is assigned to and who spoke of it, in lists, on the ticket and in its notes."""
    assign(desk, 0, RAISED, ENGINEER)
    said = {"ticket_number": RAISED, "ticket_note": {"note": "On my way"}}
    assert desk.act(1, ENGINEER, "/tickets/add_ticket_note", said)[0] == 201
    questions = own_list(ENGINEER), by_type(ENGINEER, "customer_support", "open"), single(ENGINEER, RAISED)
    for full_name, nick_name in (("Hassan Ali", "Hassan"), ("Ali", "Hassan"), ("Ali", "Has"), ("Hassan Ali", "Has")):
        desk.run(RENAME_USER, full_name=full_name, nick_name=nick_name, id=ENGINEER.id)
        for ticket in everywhere_a_ticket_is(desk, RAISED, *questions):
            assert (ticket["raised_by"], ticket["assigned_to"]) == (full_name, full_name)
            assert [note["commented_by"] for note in ticket["ticket_notes"]] == [f"{full_name} ({nick_name})"]
        for _, body in desk.everywhere(notes(ENGINEER, RAISED)):
            (note,) = body["data"]["notes"]
            assert (note["user_name"], note["user_nick"]) == (full_name, nick_name)


def test_a_renamed_user_shows_at_once_in_assignments(desk: Desk) -> None:
    """As who was assigned and who assigned, also where the ticket has gone to somebody else since."""
    assign(desk, 0, RAISED, ENGINEER)
    assign(desk, 1, RAISED, ADMIN)
    for name in ("Ali", "Hassan Ali", "Ali"):
        for person in (ENGINEER, ADMIN):
            desk.run(RENAME_USER, full_name=f"{name} {person.id}", nick_name="Nick", id=person.id)
        for ticket in everywhere_a_ticket_is(desk, RAISED, single(ENGINEER, RAISED)):
            if "ticket_assignments" in ticket:
                to_and_by = [(row["assigned_to"], row["assigned_by"]) for row in ticket["ticket_assignments"]]
                assert to_and_by == [(f"{name} 2", f"{name} 1"), (f"{name} 1", f"{name} 1")]


def test_two_users_who_swap_names_show_at_once(desk: Desk) -> None:
    """Each in their own place: the same names are on the ticket as before."""
    assign(desk, 0, RAISED, STRANGER)
    for one_name, other_name in (("Ali", "Hassan"), ("Hassan", "Ali"), ("Ali", "Hassan")):
        desk.run(RENAME_USER, full_name=one_name, nick_name="Nick", id=ENGINEER.id)
        desk.run(RENAME_USER, full_name=other_name, nick_name="Nick", id=STRANGER.id)
        for ticket in everywhere_a_ticket_is(desk, RAISED, own_list(STRANGER), single(STRANGER, RAISED)):
            assert (ticket["raised_by"], ticket["assigned_to"]) == (one_name, other_name)


def test_a_role_that_loses_a_ticket_type_hides_tickets_at_once(desk: Desk) -> None:
    """From lists, by themselves and their notes; given back, it shows them again."""
    crew = desk.role_id(ENGINEER.role)
    assert_sees_typed(desk, sees=True)
    for sql, sees in ((TAKE_TYPE, False), (GIVE_TYPE, True), (TAKE_TYPE, False)):
        desk.run(sql, role_id=crew, key="eco_support")
        assert_sees_typed(desk, sees=sees)


def test_a_user_who_loses_a_role_loses_its_tickets_at_once(desk: Desk) -> None:
    """Those of its ticket types; given back, it shows them again."""
    crew = desk.role_id(ENGINEER.role)
    desk.run(GIVE_ROLE, user_id=ENGINEER.id, role_id=desk.role_id("reader"))
    assert_sees_typed(desk, sees=True)
    for sql, sees in ((TAKE_ROLE, False), (GIVE_ROLE, True), (TAKE_ROLE, False)):
        desk.run(sql, user_id=ENGINEER.id, role_id=crew)
        assert_sees_typed(desk, sees=sees)


def assert_sees_typed(desk: Desk, *, sees: bool) -> None:
    """Whether ENGINEER sees the ticket that is theirs by its type alone."""
    listed = by_type(ENGINEER, "eco_support", "in_progress")
    assert [str(TYPED) in json.dumps(body) for _, body in desk.everywhere(own_list(ENGINEER))] == [False, sees] * 4
    assert [f'"id": {TYPED}' in json.dumps(body) for _, body in desk.everywhere(listed)] == [sees] * 8
    assert_everywhere(desk, 200 if sees else 404, single(ENGINEER, TYPED), notes(ENGINEER, TYPED))


def test_a_role_that_loses_its_permission_is_refused_at_once(desk: Desk) -> None:
    """403 wherever tickets are read; given back, it reads them again."""
    crew = desk.role_id(ENGINEER.role)
    questions = own_list(ENGINEER), single(ENGINEER, ASSIGNED), notes(ENGINEER, ASSIGNED)
    assert_everywhere(desk, 200, *questions)
    for permissions, status in ((MAY_WRITE, 403), (MAY_READ, 200), ("{}", 403), (MAY_ALL, 200)):
        desk.run(PERMIT, permissions=permissions, role_id=crew)
        assert_everywhere(desk, status, *questions)


def test_a_disabled_user_is_out_at_once(desk: Desk) -> None:
    """401, though the row of the session stays: enabled again, its token is good again."""
    questions = own_list(ENGINEER), single(ENGINEER, ASSIGNED), notes(ENGINEER, ASSIGNED)
    assert_everywhere(desk, 200, *questions)
    for _ in range(2):
        desk.run(DISABLE, at=now(), id=ENGINEER.id)
        assert_everywhere(desk, 401, *questions)
        desk.run(ENABLE, id=ENGINEER.id)
        assert_everywhere(desk, 200, *questions)


def test_a_user_who_moves_to_another_customer_sees_theirs_at_once(desk: Desk) -> None:
    """And no longer those of the one before."""
    for old, new, gone, come in ((HARBOUR, SCHOOL, STRANGERS, TYPED), (SCHOOL, HARBOUR, TYPED, STRANGERS)):
        assert_everywhere(desk, 200, single(CUSTOMER, gone), of_customer(CUSTOMER, old))
        assert_everywhere(desk, 404, single(CUSTOMER, come))
        assert_everywhere(desk, 403, of_customer(CUSTOMER, new))
        desk.run(MOVE_USER, user_type="customer", customer_id=new, id=CUSTOMER.id)
        assert_everywhere(desk, 404, single(CUSTOMER, gone))
        assert_everywhere(desk, 403, of_customer(CUSTOMER, old))
        assert_everywhere(desk, 200, single(CUSTOMER, come), of_customer(CUSTOMER, new))


def test_an_ended_session_is_out_at_once(desk: Desk) -> None:
    """Whether its row went behind the workers' backs or by a logout at the other one."""
    for worker in (0, 1):
        assert_everywhere(desk, 200, own_list(ENGINEER), own_list(CUSTOMER))
        desk.run(END_SESSIONS, id=CUSTOMER.id)
        assert desk.act(worker, ENGINEER, "/auth/logout", None, method="DELETE")[0] == 200
        assert_everywhere(desk, 401, own_list(ENGINEER), own_list(CUSTOMER))
        desk.log_in(ENGINEER)
        desk.log_in(CUSTOMER)


def test_a_note_shows_at_once_through_the_other_worker(desk: Desk) -> None:
    """In lists, on the ticket and among its notes, whichever worker took it."""
    questions = own_list(ENGINEER), by_type(ENGINEER, "customer_support", "open"), single(ENGINEER, ASSIGNED)
    said = [note["body"] for note in desk.world().notes]
    for worker, text in ((0, "At the jetty"), (1, "<div>The <b>link</b> is back</div>"), (0, "Bye")):
        for ticket in everywhere_a_ticket_is(desk, ASSIGNED, *questions):
            assert [note["comment"] for note in ticket["ticket_notes"]] == said
        body = {"ticket_number": ASSIGNED, "ticket_note": {"note": text}}
        assert desk.act(worker, CUSTOMER, "/tickets/add_ticket_note", body)[0] == 201
        said.append(text)
        for ticket in everywhere_a_ticket_is(desk, ASSIGNED, *questions):
            assert [note["comment"] for note in ticket["ticket_notes"]] == said
        for _, answered in desk.everywhere(notes(ENGINEER, ASSIGNED)):
            assert [note["note"] for note in answered["data"]["notes"]] == said


def test_a_status_shows_at_once_through_the_other_worker(desk: Desk) -> None:
    """On the ticket and in the list of its status, and no longer in that of the one before."""
    before = "open"
    for worker, status in ((0, "in_progress"), (1, "closed"), (0, "open"), (1, "on_hold")):
        old, new = (by_type(ENGINEER, "customer_support", each) for each in (before, status))
        assert_everywhere(desk, 200, new, single(ENGINEER, ASSIGNED))
        body = {"ticket": {"status": status, "closed_date": "2025-03-10"}}
        assert desk.act(worker, ENGINEER, f"/tickets/{ASSIGNED}/status_update", body)[0] == 200
        shown = everywhere_a_ticket_is(desk, ASSIGNED, single(ENGINEER, ASSIGNED), new)
        assert {ticket["status"] for ticket in shown} == {status}
        assert not any(str(ASSIGNED) in json.dumps(answered) for answered in desk.everywhere(old))
        before = status


def test_an_assignee_shows_at_once_through_the_other_worker(desk: Desk) -> None:
    """On the ticket, in the list of whoever has it now, and in nothing of whoever saw it as theirs alone before."""
    for worker, given, taken in ((0, STRANGER, ENGINEER), (1, ENGINEER, STRANGER), (0, STRANGER, ENGINEER)):
        assert_everywhere(desk, 200, own_list(given), single(taken, ASSIGNED), of_customer(taken, HARBOUR))
        assign(desk, worker, ASSIGNED, given)
        for ticket in everywhere_a_ticket_is(desk, ASSIGNED, own_list(given), single(given, ASSIGNED)):
            assert ticket["assigned_to"] == given.full_name
        assert_everywhere(desk, 404, single(taken, ASSIGNED))
        if taken is ENGINEER:  # who sees no other ticket of that customer
            assert_everywhere(desk, 403, of_customer(taken, HARBOUR))


# Every change in any order

TYPES: Final = ("customer_support", "eco_support", "routine_maintenance")
CATEGORIES: Final = ("fault", "network")
LISTS: Final = [path for path in ANSWERS if path.startswith("/tickets/tickets_") or path == "/tickets"]
STATUSES: Final = ("open", "in_progress", "on_hold", "closed")
NAMES: Final = ("Ali", "Ali (Ali)", 'Ali "Aa" \\ Ali', "އަލީ", "Ali|Ali", "Ali, Ali", "</script>Ali")
"""Few, so that they come back and two people share one; some that a careless key or encoding confuses."""
TEXTS: Final = ("No signal", '<div>"No"<br>signal \\ \t</div>', "ސިގްނަލެއް ނެތް \U0001f4e1", "\u2028 5 < 6 & 7")


@dataclass
class Step:
    """What one change and the questions around it are about."""

    random: Random
    desk: Desk
    world: World
    person: Person
    ticket: int

    @property
    def row(self) -> dict[str, Any]:
        """The ticket's; nothing while it is not raised."""
        return self.world.tickets.get(self.ticket, {})

    @property
    def role(self) -> dict[str, Any]:
        """One of the person's, or just any where they have none."""
        return self.world.roles[self.random.choice(self.world.roles_of(self.person.id) or list(self.world.roles))]

    def act(
        self, person: Person, path: str, body: object, *, version: Version = "2024", only_staff: bool = False
    ) -> None:
        """Through either worker; it must be done, or refused as the rows there are say."""
        token = self.desk.tokens[person]
        refused, user = refusal(self.world, token, "write"), self.world.holder(token)
        if user and not refused and only_staff and user["user_type"] not in ("admin", "staff"):
            refused = ONLY_STAFF
        if user and not refused and self.row and not self.world.sees(user, self.row):
            refused = NOT_FOUND
        got = self.desk.act(self.random.randrange(2), person, path, body, version=version)
        assert got == refused if refused else got[0] in (200, 201), f"{self.desk.changes[-1]}\nwas answered {got}"

    def anybody(self) -> Person:
        return self.random.choice((ADMIN, ADMIN, self.person, *PEOPLE))


def raise_ticket(step: Step) -> None:
    """In either version's form, for a customer by its id or by that of its ECO."""
    users = {person: step.world.users[person.id] for person in PEOPLE}
    person = step.random.choice([person for person, row in users.items() if row["user_type"] != "bot"])
    customer_id = users[person]["customer_id"] or step.random.choice((HARBOUR, SCHOOL))
    named = {step.random.choice(("customer_id", "eco_id")): customer_id}  # the cast's ECOs have their customers' ids
    ticket = {
        "title": step.random.choice(NAMES),
        "description": step.random.choice(TEXTS),
        "category": step.random.choice(CATEGORIES),
        "ticket_type": step.random.choice(TYPES),
        "product_id": 3,
    }
    if step.random.random() < 0.5:
        step.act(person, "/tickets", {"ticket": ticket, **named})
    else:
        contact = {"customer_name": step.random.choice(NAMES), "customer_contact": 7775678}
        step.act(person, "/tickets", {"ticket": ticket | named | contact}, version="2021")


def add_note(step: Step) -> None:
    said = {"ticket_number": step.ticket, "ticket_note": {"note": step.random.choice(TEXTS)}}
    step.act(step.anybody(), "/tickets/add_ticket_note", said)


def change_status(step: Step) -> None:
    """Only of what is assigned: that comes first."""
    if step.row["assigned_to_id"] is None:
        change_assignee(step)
    else:
        status = step.random.choice([status for status in STATUSES if status != step.row["status"]])
        body = {"ticket": {"status": status, "closed_date": CLOCK.local(now()).date().isoformat()}}
        step.act(step.anybody(), f"/tickets/{step.ticket}/status_update", body, only_staff=True)


def change_assignee(step: Step) -> None:
    """To somebody else of the desk; to nobody, while that is allowed."""
    desk = [user["id"] for user in step.world.users.values() if user["user_type"] in ("admin", "staff")]
    others = {*desk, *([None] if step.row["status"] == "open" else [])} - {step.row["assigned_to_id"]}
    body = {"ticket": {"assigned_to_id": step.random.choice(sorted(others or {ADMIN.id}, key=str))}}
    step.act(step.anybody(), f"/tickets/{step.ticket}/assign", body, only_staff=True)


def rename_user(step: Step) -> None:
    """Somebody whom the ticket names."""
    named = {step.row["raised_by_id"], step.row["assigned_to_id"] or step.person.id}
    named |= {note["author_id"] for note in step.world.notes if note["ticket_id"] == step.ticket}
    user_id = step.random.choice(sorted(named))
    full_name, nick_name = step.random.choice(NAMES), step.random.choice(NAMES)
    step.desk.run(RENAME_USER, full_name=full_name, nick_name=nick_name, id=user_id)


def swap_names(step: Step) -> None:
    """The same names are on the ticket, and not where they were."""
    swapped = "UPDATE users SET full_name = CASE id WHEN :one THEN :others ELSE :ones END WHERE id IN (:one, :other)"
    one, other = step.row["raised_by_id"], step.row["assigned_to_id"] or step.person.id
    ones, others = step.world.users[one]["full_name"], step.world.users[other]["full_name"]
    step.desk.run(swapped, one=one, other=other, ones=ones, others=others)


def rename_customer(step: Step) -> None:
    step.desk.run(RENAME_CUSTOMER, name=step.random.choice(NAMES), id=step.row["customer_id"])


def change_permissions(step: Step) -> None:
    """Lost, or had again."""
    role = step.role
    permissions = (
        step.random.choice((MAY_READ, MAY_WRITE, MAY_WRITE, "{}")) if role["permissions"] == MAY_ALL else MAY_ALL
    )
    step.desk.run(PERMIT, permissions=permissions, role_id=role["id"])


def change_types_of_role(step: Step) -> None:
    """The ticket's own type, if it has one, taken or given."""
    role_id, key = step.role["id"], step.row["ticket_type"] or TYPES[0]
    has_it = (role_id, key) in step.world.role_types
    step.desk.run(TAKE_TYPE if has_it else GIVE_TYPE, role_id=role_id, key=key)


def change_roles_of_user(step: Step) -> None:
    """One of theirs taken, or one more given."""
    held = step.world.roles_of(step.person.id)
    others = [role_id for role_id in step.world.roles if role_id not in held]
    taken = len(held) > 2 or (len(held) == 2 and step.random.random() < 0.5)
    role_id = step.random.choice(held if taken else others)
    step.desk.run(TAKE_ROLE if taken else GIVE_ROLE, user_id=step.person.id, role_id=role_id)


def move_user(step: Step) -> None:
    """To another type, or as a customer's user to the other customer."""
    row = step.world.users[step.person.id]
    kinds = (("admin", None), ("staff", None), ("bot", None), ("customer", HARBOUR), ("customer", SCHOOL))
    others = [kind for kind in kinds if kind != (row["user_type"], row["customer_id"])]
    user_type, customer_id = step.random.choice(others)
    step.desk.run(MOVE_USER, user_type=user_type, customer_id=customer_id, id=step.person.id)


def move_ticket(step: Step) -> None:
    """A column of its own, and its revision with it, as every change of a ticket must."""
    columns: dict[str, tuple[object, ...]] = {
        "title": NAMES,
        "description": TEXTS,
        "contact_name": NAMES,
        "contact_number": (7771234, 7775678, 0),
        "priority": (1, 2, 5),
        "ticket_type": (*TYPES, None),
        "category": (*CATEGORIES, None),
        "customer_id": (HARBOUR, SCHOOL),
        "raised_by_id": tuple(person.id for person in PEOPLE),
        "raised_at": tuple(ticket["raised_at"] for ticket in step.world.tickets.values()),
    }
    column = step.random.choice(list(columns))
    value = step.random.choice([value for value in columns[column] if value != step.row[column]] or [step.row[column]])
    sql = f"UPDATE tickets SET {column} = :value, revision = revision + 1 WHERE id = :id"
    step.desk.run(sql, value=value, id=step.ticket)


def disable_user(step: Step) -> None:
    step.desk.run(DISABLE, at=now(), id=step.person.id)


def end_sessions(step: Step) -> None:
    step.desk.run(END_SESSIONS, id=step.person.id)


def go_offline(step: Step) -> None:
    step.desk.run(GO_OFFLINE)


CHANGES: Final[Mapping[Callable[[Step], None], int]] = {
    raise_ticket: 5,
    add_note: 4,
    change_status: 5,
    change_assignee: 4,
    rename_user: 4,
    swap_names: 3,
    rename_customer: 2,
    change_permissions: 4,
    change_types_of_role: 4,
    change_roles_of_user: 3,
    move_user: 4,
    move_ticket: 4,
    disable_user: 2,
    end_sessions: 1,
    go_offline: 1,
}
"""How often a story has each."""


def let_everybody_back(desk: Desk, world: World) -> None:
    """Online, enabled and logged in; the next questions find out whether they are."""
    if world.offline:
        desk.run(GO_ONLINE)
    for person in PEOPLE:
        if world.users[person.id]["disabled_at"] is not None:
            desk.run(ENABLE, id=person.id)
        elif world.holder(desk.tokens[person]) is None:
            desk.log_in(person)


def questions_about(step: Step) -> list[Question]:
    """One to each path, and the person's own list and sight of the ticket."""
    asked = [(path, step.random.choice((ADMIN, step.person, *PEOPLE))) for path in ANSWERS]
    asked += [("/tickets", step.person), ("/tickets/{ticket}", step.person)]
    return [question_to(path, step, person) for path, person in asked]


def question_to(path: str, step: Step, person: Person) -> Question:
    """About the ticket, where it names one; a list that may well hold it."""
    random, row = step.random, step.row
    customer_id = random.choice((row.get("customer_id", HARBOUR),) * 3 + (HARBOUR, SCHOOL, 99))
    query: dict[str, object] = {}
    match path.rpartition("/")[2]:
        case "tickets":
            query = {f"{random.choice(('open', 'active', 'closed'))}_page": random.choice((1, 1, 2))}
        case "tickets_by_type":
            query = {"type": row.get("ticket_type") or TYPES[0], "status": row.get("status", "open")}
        case "tickets_by_category":
            query = {"category": row.get("category") or CATEGORIES[0]}
        case "tickets_of_customer":
            query = {"customer_id": customer_id} | random.choice(({}, {}, {"status": row.get("status", "open")}))
        case "get_ticket_notes":
            query = {"ticket_number": step.ticket}
        case "get_specific_ticket_for_bot":
            query = {"customer_id": customer_id}
            person = random.choice((ADMIN, BOT, person))
    if path in LISTS:
        query |= paging(random)
    return Question(person, random.choice(VERSIONS), path, step.ticket, query)


def paging(random: Random) -> dict[str, object]:
    """A page of a list, whole or of few tickets; often the first that is given to who names none."""
    limit, order = random.choice((None, None, 1, 2, 3, 500)), random.choice((None, "asc", "desc"))
    page = random.choice((1, 1, 2)) if limit else None
    return {name: value for name, value in (("limit", limit), ("order", order), ("page", page)) if value is not None}


def check(desk: Desk, world: World, questions: Sequence[Question], when: str, *, times: int) -> None:
    """Every answer of each worker, to the order of its keys, is that of the rows that there are now."""
    for question in questions:
        expected = answer(world, desk.tokens[question.person], question)
        for time in range(times):
            for position, worker in enumerate(desk.workers):
                got = desk.get(worker, question)
                difference = "\n".join(unified_diff(lines_of(expected), lines_of(got), "due", "answered", lineterm=""))
                last = "\n".join(desk.changes[-3:])
                assert not difference, (
                    f"{when}: {question} of worker {position}, time {time}\nlast changes:\n{last}\n{difference}"
                )


def lines_of(given: Answer) -> list[str]:
    status, body = given
    return [str(status), *json.dumps(body, indent=1, ensure_ascii=False).split("\n")]


def test_every_list_and_ticket_is_asked_for() -> None:
    """A new path that tells of tickets needs its plain answer here."""
    assert {path for method, path in endpoints() if method == "GET" and path.startswith("/tickets")} == ANSWERS.keys()


@pytest.mark.parametrize("seed", [1, 2])
def test_every_answer_is_that_of_the_rows_there_are_now(desk: Desk, seed: int) -> None:
    """Whatever was changed before it, by whom, and whether or not a worker was told."""
    random = Random(seed)  # noqa: S311 - the same story at each run, not a secret
    story = [change for change, times in CHANGES.items() for _ in range(times)]
    random.shuffle(story)
    for number, change in enumerate(story):
        world = desk.world()
        ticket = next_number(world) if change is raise_ticket else random.choice(list(world.tickets))
        step = Step(random, desk, world, random.choice(PEOPLE[1:]), ticket)
        questions, where = questions_about(step), f"seed {seed}, step {number}"
        check(desk, world, questions, f"{where}, before {change.__name__}", times=2)
        change(step)
        world = desk.world()
        check(desk, world, questions, f"{where}, after {change.__name__}", times=1)
        let_everybody_back(desk, world)


def next_number(world: World) -> int:
    """Of the ticket that is raised next: it is asked for while there is none."""
    year = CLOCK.local(now()).year
    return max((number for number in world.tickets if number // 1000 == year), default=year * 1000) + 1
