"""Stories of a desk: changes of every kind, chosen by chance, and the questions whose answers they change."""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import unified_diff
from random import Random
from typing import Any, Final

from acting import CLOCK
from cast import (
    ADMIN,
    BOT,
    HARBOUR,
    SCHOOL,
    Person,
)
from hung import Hung, hang_without_bytes, take_down
from keesa.accounts.sessions import Version
from keesa.clock import now
from plain_answers import ANSWERS, NOT_FOUND, ONLY_STAFF, Answer, Question, World, answer, refusal
from two_workers_desk import (
    DISABLE,
    ENABLE,
    END_SESSIONS,
    GIVE_ROLE,
    GIVE_TYPE,
    GO_OFFLINE,
    GO_ONLINE,
    MAY_ALL,
    MAY_READ,
    MAY_WRITE,
    MOVE_USER,
    PEOPLE,
    RENAME_CUSTOMER,
    RENAME_USER,
    TAKE_ROLE,
    TAKE_TYPE,
    VERSIONS,
    Desk,
)

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
        self,
        person: Person,
        path: str,
        body: object,
        *,
        method: str = "POST",
        version: Version = "2024",
        only_staff: bool = False,
    ) -> None:
        """Through either worker; it must be done, or refused as the rows there are say."""
        token = self.desk.tokens[person]
        refused, user = refusal(self.world, token, "write"), self.world.holder(token)
        if user and not refused and only_staff and user["user_type"] not in ("admin", "staff"):
            refused = ONLY_STAFF
        if user and not refused and self.row and not self.world.sees(user, self.row):
            refused = NOT_FOUND
        got = self.desk.act(self.random.randrange(2), person, path, body, method=method, version=version)
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
        contact = {
            "customer_name": step.random.choice(NAMES),
            "customer_contact": step.random.choice((7775678, "+960 777-5678")),
        }
        step.act(person, "/tickets", {"ticket": ticket | named | contact}, version="2021")


def add_note(step: Step) -> None:
    said = {"ticket_number": step.ticket, "ticket_note": {"note": step.random.choice(TEXTS)}}
    step.act(step.anybody(), "/tickets/add_ticket_note", said)


def add_image(step: Step) -> None:
    """Or a file, which no list shows; on the ticket, or on a note for the desk alone."""
    note_id = None
    if step.random.random() < 0.3:
        token = step.desk.tokens[ADMIN]
        refused = refusal(step.world, token, "write")
        body = {"note": {"note": step.random.choice(TEXTS), "internal": True}}
        status, note = step.desk.act(step.random.randrange(2), ADMIN, f"/tickets/{step.ticket}/notes", body)
        assert refused or status == 201
        note_id = None if refused else note["id"]
    hung = Hung(ticket=step.ticket, note_id=note_id, kind=step.random.choice(("image", "image", "file")))
    step.desk.changes.append(f"{hung}")
    step.desk.database.write(lambda tx: hang_without_bytes(tx, [hung]))


def remove_image(step: Step) -> None:
    """Any one of them."""
    if step.world.attachments:
        gone = step.random.choice(step.world.attachments)
        step.desk.changes.append(f"removed: {gone}")
        step.desk.database.write(lambda tx: take_down(tx, gone["ticket_id"], gone["kind"], gone["id"]))


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
    desk = [person.id for person in PEOPLE if step.world.users[person.id]["user_type"] in ("admin", "staff")]
    others = {*desk, *([None] if step.row["status"] == "open" else [])} - {step.row["assigned_to_id"]}
    body = {"ticket": {"assigned_to_id": step.random.choice(sorted(others or {ADMIN.id}, key=str))}}
    step.act(step.anybody(), f"/tickets/{step.ticket}/assign", body, only_staff=True)


def edit_ticket(step: Step) -> None:
    """Some of its fields, by whoever sees it."""
    fields = {
        "title": step.random.choice(NAMES),
        "description": step.random.choice(TEXTS),
        "priority": step.random.randrange(1, 6),
        "category": step.random.choice(CATEGORIES),
        "ticket_type": step.random.choice(TYPES),
        "reference": step.random.choice(("PO-17", None)),
        "contact_number": step.random.choice((7775678, "+960 777-5678")),
    }
    given = dict(step.random.sample(sorted(fields.items()), 2))
    step.act(step.anybody(), f"/tickets/{step.ticket}", {"ticket": given}, method="PATCH", only_staff=True)


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
    may_all = all((role["id"], *permission) in step.world.permissions for permission in MAY_ALL)
    step.desk.permit(role["name"], step.random.choice((MAY_READ, MAY_WRITE, MAY_WRITE, ())) if may_all else MAY_ALL)


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
    """A column of its own, and its revisions with it, as every change that customers see must."""
    columns: dict[str, tuple[object, ...]] = {
        "title": NAMES,
        "description": TEXTS,
        "contact_name": NAMES,
        "contact_number": (7771234, 7775678, 0),
        "contact_phone": ("+960 777-1234", "0777123", None),
        "priority": (1, 2, 5),
        "ticket_type": (*TYPES, None),
        "category": (*CATEGORIES, None),
        "customer_id": (HARBOUR, SCHOOL),
        "raised_by_id": tuple(person.id for person in PEOPLE),
        "raised_at": tuple(ticket["raised_at"] for ticket in step.world.tickets.values()),
    }
    column = step.random.choice(list(columns))
    value = step.random.choice([value for value in columns[column] if value != step.row[column]] or [step.row[column]])
    sql = f"UPDATE tickets SET {column} = :value, revision = $new_revision, public_revision = NULL WHERE id = :id"
    step.desk.run(sql, value=value, id=step.ticket)


def administer(step: Step) -> None:
    """Over the API, by the administrator: what others are and may do, through either worker."""
    random, user, chosen = step.random, f"/users/{step.person.id}", step.role
    role = f"/roles/{chosen['id']}"
    names = [row["name"] for row in step.world.roles.values() if row["retired_at"] is None and row["name"] != "admin"]
    kind, customer_id = random.choice((("staff", None), ("bot", None), ("customer", HARBOUR), ("customer", SCHOOL)))
    changes: list[tuple[str, str, Any]] = [
        ("PATCH", user, {"user": {"full_name": random.choice(NAMES), "nick_name": random.choice(NAMES)}}),
        ("PATCH", user, {"user": {"roles": random.sample(names, random.randrange(3))}}),
        ("PATCH", user, {"user": {"user_type": kind, "customer_id": customer_id}}),
        ("DELETE", user, None),
        ("PATCH", role, {"role": {"ticket_types": random.sample(TYPES, random.randrange(3))}}),
    ]
    if chosen["name"] != "admin":
        words = random.sample(("read", "write"), random.randrange(3))
        changes.append(("PATCH", role, {"role": {"permissions": {"boats": ["sail"], "tickets": words}}}))
    method, path, body = random.choice(changes)
    got = step.desk.act(random.randrange(2), ADMIN, path, body, method=method)
    assert got[0] in (200, 204), f"{step.desk.changes[-1]}\nwas answered {got}"


def disable_user(step: Step) -> None:
    step.desk.run(DISABLE, at=now(), id=step.person.id)


def end_sessions(step: Step) -> None:
    step.desk.run(END_SESSIONS, id=step.person.id)


def go_offline(step: Step) -> None:
    step.desk.run(GO_OFFLINE)


CHANGES: Final[Mapping[Callable[[Step], None], int]] = {
    raise_ticket: 5,
    add_note: 4,
    add_image: 5,
    remove_image: 2,
    change_status: 5,
    change_assignee: 4,
    edit_ticket: 4,
    rename_user: 4,
    swap_names: 3,
    rename_customer: 2,
    change_permissions: 4,
    change_types_of_role: 4,
    change_roles_of_user: 3,
    move_user: 4,
    move_ticket: 4,
    administer: 8,
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
    """Every answer of both workers, asked at once, is that of the rows there are now, to the order of its keys."""
    due = [answer(world, desk.tokens[question.person], question) for question in questions]

    def ask(position: int) -> None:
        for question, expected in zip(questions, due, strict=True):
            for time in range(times):
                got = desk.get(desk.workers[position], question)
                difference = "\n".join(unified_diff(lines_of(expected), lines_of(got), "due", "answered", lineterm=""))
                last = "\n".join(desk.changes[-3:])
                assert not difference, (
                    f"{when}: {question} of worker {position}, time {time}\nlast changes:\n{last}\n{difference}"
                )

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(ask, (0, 1)))


def lines_of(given: Answer) -> list[str]:
    status, body = given
    return [str(status), *json.dumps(body, indent=1, ensure_ascii=False).split("\n")]
