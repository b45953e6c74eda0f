"""A desk whose people do all that the feed tells of: what moves tickets into sight and out of it, and rights too."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from starlette.testclient import TestClient

from acting import rows
from asking import Api
from built_worlds import build
from cast import ADMIN, SECRET, TAG
from hung import Hung, hang_without_bytes, take_down
from keesa.accounts.sessions import ACCESS_LIFETIME, open_session
from keesa.accounts.tokens import Signer
from keesa.clock import now
from keesa.db import Database, Tx
from two_workers_desk import GIVE_ROLE, GIVE_TYPE, MOVE_USER, TAKE_ROLE, TAKE_TYPE
from worlds import KINDS, TYPES, User, World

ROLES: Final = (frozenset({TYPES[0]}), frozenset({TYPES[1]}))
PEOPLE: Final = (
    User(101, "admin", None, frozenset()),
    User(102, "staff", None, frozenset({0})),
    User(103, "staff", None, frozenset({1})),
    User(104, "customer", 1, frozenset()),
    User(105, "customer", 2, frozenset()),
    User(106, "bot", None, frozenset()),
)
"""The administrator remains one; what the others are and may do changes."""
DESK: Final = (101, 102, 103)


@dataclass(frozen=True)
class Act:
    """What somebody does, with numbers from which it takes what it needs."""

    name: str
    by: int
    """The place of a person."""
    ticket: int
    value: int
    other: int


class Desk:
    """A world in the database, and its people."""

    def __init__(self, client: TestClient, database: Database, world: World) -> None:
        self.database = database
        self.moved = set[int]()
        """The ids of users who became others' users, or of another type."""

        def begin(tx: Tx) -> list[str]:
            build(tx, world)
            return [_token(tx, user.id) for user in PEOPLE]

        self.apis = [Api(client, token) for token in database.write(begin)]

    def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        return self.database.read(lambda tx: rows(tx, sql, **params))

    def run(self, sql: str, **params: object) -> None:
        self.database.write(lambda tx: tx.run(sql, **params))

    def do(self, act: Act) -> None:
        """It may be refused; it never fails."""
        tickets = [row["id"] for row in self.rows("SELECT id FROM tickets ORDER BY raised_at, id")]
        ticket, other = tickets[act.ticket % len(tickets)], tickets[act.other % len(tickets)]
        asked = ACTS[act.name](self, act, ticket, other)
        if asked is not None:
            answer = self.apis[act.by](*asked)
            assert answer.status_code in (200, 201, 204, 403, 404, 409, 422), (asked, answer.text)

    def events(self) -> list[dict[str, Any]]:
        """In the order of commits, which is that of the acts here."""
        order = "id" if self.database.read(lambda tx: tx.writes_alone) else "xid, id"
        return self.rows(f"SELECT * FROM ticket_events ORDER BY {order}")


def _token(tx: Tx, user_id: int) -> str:
    actor, session = open_session(tx, user_id, "2024", now())
    return Signer(SECRET.encode()).access(actor, session, now() + ACCESS_LIFETIME).token


# What is done

Asked = tuple[str, str, object] | None


def raise_ticket(desk: Desk, act: Act, _: int, __: int) -> Asked:
    ticket = {
        "title": f"Title {act.value}",
        "description": "No signal",
        "category": "fault",
        "ticket_type": TYPES[act.value % 2],
        "product_id": 3,
    }
    [user] = desk.rows("SELECT customer_id FROM users WHERE id = :id", id=PEOPLE[act.by].id)
    customer_id = user["customer_id"] or 1 + act.other % 2
    return "POST", "/tickets", {"ticket": ticket, "customer_id": customer_id}


def edit(_: Desk, act: Act, ticket: int, __: int) -> Asked:
    changes: tuple[dict[str, object], ...] = (
        {"title": f"Title {act.other}"},
        {"priority": 1 + act.other % 5},
        {"category": ("fault", "survey", None)[act.other % 3], "description": f"Text {act.other}"},
    )
    return "PATCH", f"/tickets/{ticket}", {"ticket": changes[act.value % 3]}


def retype(_: Desk, act: Act, ticket: int, __: int) -> Asked:
    return "PATCH", f"/tickets/{ticket}", {"ticket": {"ticket_type": (*TYPES, "project_support")[act.value % 3]}}


def assign(_: Desk, act: Act, ticket: int, __: int) -> Asked:
    return "POST", f"/tickets/{ticket}/assign", {"ticket": {"assigned_to_id": (*DESK, None)[act.value % 4]}}


def set_status(_: Desk, act: Act, ticket: int, __: int) -> Asked:
    status = ("open", "in_progress", "on_hold", "closed")[act.value % 4]
    day = datetime.now(UTC).date().isoformat()
    closing = {"closed_date": day, "close_children": bool(act.other % 2)} if status == "closed" else {}
    return "POST", f"/tickets/{ticket}/status_update", {"ticket": {"status": status, **closing}}


def transfer(_: Desk, act: Act, ticket: int, __: int) -> Asked:
    given = {"customer_id": 1 + act.value % 2, "title": f"Anew {act.other}", "description": "Anew"}
    return "PATCH", f"/tickets/{ticket}", {"ticket": given}


def add_note(_: Desk, act: Act, ticket: int, __: int) -> Asked:
    note = {"note": f"Note {act.value}, @Some102"} | ({"internal": True} if act.value % 3 == 0 else {})
    return "POST", f"/tickets/{ticket}/notes", {"note": note}


def change_note(desk: Desk, act: Act, ticket: int, __: int) -> Asked:
    """Edited or withdrawn, by who may."""
    sql = " UNION ALL ".join(
        f"SELECT id FROM {table} WHERE ticket_id = :id" for table in ("ticket_notes", "internal_notes")
    )
    notes = desk.rows(f"{sql} ORDER BY 1", id=ticket)
    if not notes:
        return None
    path = f"/tickets/{ticket}/notes/{notes[act.value % len(notes)]['id']}"
    return ("DELETE", path, None) if act.other % 2 else ("PATCH", path, {"note": {"note": f"Other {act.other}"}})


def relate(_: Desk, act: Act, ticket: int, other: int) -> Asked:
    relation = {"kind": ("duplicate_of", *KINDS)[act.value % 4], "ticket_number": other}
    return "POST", f"/tickets/{ticket}/relations", {"relation": relation}


def unrelate(desk: Desk, act: Act, ticket: int, other: int) -> Asked:
    """Often what is a duplicate."""
    merged = desk.rows("SELECT id, duplicate_of_id FROM tickets WHERE duplicate_of_id IS NOT NULL ORDER BY id")
    if merged and act.value % 2:
        row = merged[act.value % len(merged)]
        return "DELETE", f"/tickets/{row['id']}/relations/duplicate_of/{row['duplicate_of_id']}", None
    return "DELETE", f"/tickets/{ticket}/relations/{KINDS[act.value % 3]}/{other}", None


def tag(_: Desk, act: Act, ticket: int, __: int) -> Asked:
    if act.value % 2:
        return "DELETE", f"/tickets/{ticket}/tags/{TAG}", None
    return "POST", f"/tickets/{ticket}/tags", {"tag": {"id": TAG}}


def have_watch(_: Desk, act: Act, ticket: int, __: int) -> Asked:
    user_id = DESK[act.other % 3]
    if act.value % 2:
        return "DELETE", f"/tickets/{ticket}/watchers/{user_id}", None
    return "POST", f"/tickets/{ticket}/watchers", {"watcher": {"user_id": user_id}}


def change_many(_: Desk, act: Act, ticket: int, other: int) -> Asked:
    changes: tuple[dict[str, Any], ...] = (
        {"assign": {"assigned_to_id": DESK[act.value % 3]}},
        {"note": {"note": "Of many", "internal": True}},
        {"edit": {"ticket_type": TYPES[act.value % 2]}},
    )
    numbers = [{"ticket_number": number} for number in sorted({ticket, other})]
    return "POST", "/tickets/bulk", {"tickets": numbers, "change": changes[act.other % 3]}


def hang(desk: Desk, act: Act, ticket: int, _: int) -> Asked:
    """A picture, or one is taken down."""
    admin = replace(ADMIN, id=PEOPLE[0].id)
    hanging = desk.rows("SELECT id, kind FROM attachments WHERE ticket_id = :id ORDER BY id", id=ticket)
    if hanging and act.value % 2:
        each = hanging[act.value % len(hanging)]
        desk.database.write(lambda tx: take_down(tx, ticket, each["kind"], each["id"], admin, now()))
    else:
        desk.database.write(lambda tx: hang_without_bytes(tx, [Hung(ticket=ticket, by=admin)], now()))
    return None


def change_rights(desk: Desk, act: Act, _: int, __: int) -> Asked:
    """Of anybody but the administrator."""
    user_id, role_id = PEOPLE[1 + act.value % 5].id, act.other % 2
    match act.ticket % 3:
        case 0:
            key = TYPES[act.value % 2]
            had = desk.rows(
                "SELECT 1 AS had FROM role_ticket_types WHERE role_id = :id AND ticket_type = :key",
                id=role_id,
                key=key,
            )
            desk.run(TAKE_TYPE if had else GIVE_TYPE, role_id=role_id, key=key)
        case 1:
            held = desk.rows(
                "SELECT 1 AS had FROM user_roles WHERE user_id = :id AND role_id = :role_id",
                id=user_id,
                role_id=role_id,
            )
            desk.run(TAKE_ROLE if held else GIVE_ROLE, user_id=user_id, role_id=role_id)
        case _:
            kinds = (("admin", None), ("staff", None), ("bot", None), ("customer", 1), ("customer", 2))
            user_type, customer_id = kinds[act.other % 5]
            desk.run(MOVE_USER, user_type=user_type, customer_id=customer_id, id=user_id)
            desk.moved.add(user_id)
    return None


ACTS: Final[Mapping[str, Callable[[Desk, Act, int, int], Asked]]] = {
    each.__name__: each
    for each in (
        *(raise_ticket, edit, retype, assign, set_status, transfer, add_note, change_note, relate, unrelate),
        *(tag, have_watch, change_many, hang, change_rights),
    )
}
OFTEN: Final = ("transfer", "assign", "retype", "add_note", "relate")
"""What moves tickets into sight and out of it, and what their duplicates show."""
