"""The people and the tickets that the tests speak of: five people, two customers, five tickets."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from io import BytesIO
from typing import Final

from keesa.accounts import users
from keesa.accounts.actors import ACTOR_COLUMNS, SYSTEM, UserType, actor_of
from keesa.accounts.api_token_changes import NewApiToken, create_token
from keesa.accounts.audit.recording import Requester, keesa_itself, record
from keesa.accounts.passwords import NewPassword, given_password
from keesa.accounts.roles import NewRole, create_role
from keesa.accounts.sessions import ACCESS_LIFETIME, Version, open_session
from keesa.accounts.tokens import Signer
from keesa.attachments.keeping import keep_attachment
from keesa.attachments.made import NewFile, ReadyFile
from keesa.attachments.serving import Kind, StoredForm
from keesa.clock import milliseconds, now
from keesa.config import Config
from keesa.db import Database, Tx
from keesa.demo.keeping import KeptNote, KeptTicket, keep
from keesa.directory.customers import NewCustomer, create_customer
from keesa.directory.ecos import create_eco
from keesa.directory.tags import add_tag
from keesa.files.claims import owner
from keesa.files.opening import open_place
from keesa.tickets.statuses import Status

PASSWORD: Final = "Password123"
SECRET: Final = "a secret for tests alone, 32 characters and more"

HARBOUR: Final = 1
"""The customer of the cast's customer's user; ECO 1 is theirs."""
SCHOOL: Final = 2
"""The other customer; ECO 2 is theirs."""
LONE: Final = 3
"""A customer without tickets."""


@dataclass(frozen=True)
class Person:
    id: int
    email: str
    full_name: str
    nick_name: str
    user_type: UserType
    role: str
    customer_id: int | None = None


ADMIN: Final = Person(1, "admin@keesa.example", "Aishath Rasheed", "Aishu", "admin", "admin")
ENGINEER: Final = Person(2, "engineer@keesa.example", "Hassan Waheed", "Hassan", "staff", "harbour_crew")
STRANGER: Final = Person(3, "stranger@keesa.example", "Ibrahim Latheef", "Ibbe", "staff", "school_crew")
CUSTOMER: Final = Person(4, "customer@keesa.example", "Mariyam Zahir", "Maree", "customer", "customer", HARBOUR)
BOT: Final = Person(5, "bot@keesa.example", "Desk Bot", "Bot", "bot", "bot")
CAST: Final = (ADMIN, ENGINEER, STRANGER, CUSTOMER, BOT)

READER_ROLE: Final = 8
"""The id of a role that may only read tickets, and that nobody has."""
TOKEN: Final = 1
"""ADMIN's API token."""
TAG: Final = 1
"""A tag of the list, that no ticket has."""
CANNED_ANSWER: Final = 1
"""The id of a canned answer with placeholders."""
SESSION: Final = "00000000000000a1"
"""The id of a session that `named_session` opens."""
A_YEAR: Final = 365 * 24 * 3600 * 1000
"""Milliseconds."""

OPERATOR: Final = SYSTEM
"""Who acts on the command line, without a user."""
BY: Final = keesa_itself(0)
"""Who asks for an act of administration, where it is nobody's in particular."""

RAISED: Final = 2025001
"""SCHOOL's, raised by ENGINEER, assigned to nobody; open, customer_support."""
ASSIGNED: Final = 2025002
"""HARBOUR's, assigned to ENGINEER; open, customer_support, with two notes."""
NOTE: Final = 1
"""The id of its first note, ENGINEER's; CUSTOMER's comes after it."""
TYPED: Final = 2025003
"""SCHOOL's, of ENGINEER's ticket type eco_support, assigned to ADMIN; in_progress."""
STRANGERS: Final = 2025004
"""HARBOUR's, of STRANGER's ticket type routine_maintenance, assigned to STRANGER; on_hold."""
HIDDEN: Final = 2025005
"""SCHOOL's, project_support, raised by and assigned to ADMIN, closed: in nobody else's sight."""
UPLOAD: Final = "0f8a6d5c9b3e47128d0a4c6b2e917f53"
"""The id of an upload of ADMIN's, of which nothing has arrived."""
IMAGE: Final = 1
"""The id of a picture that hangs on HIDDEN, ADMIN's."""
FILE: Final = 2
"""The id of a file that hangs there."""
CONTENT: Final = b"nothing"
"""What both hold, where `lay_files` has put it."""


SEEN_BY: Final = {
    ADMIN: {RAISED, ASSIGNED, TYPED, STRANGERS, HIDDEN},
    ENGINEER: {RAISED, ASSIGNED, TYPED},
    STRANGER: {STRANGERS},
    CUSTOMER: {ASSIGNED, STRANGERS},
    BOT: set[int](),
}


def at(text: str) -> int:
    """A time in the Maldives, such as `2025-03-04T09:00`, in milliseconds since 1970."""
    return milliseconds(datetime.fromisoformat(f"{text}+05:00"))


def fill(database: Database) -> None:
    """Put the cast and its tickets into a database that is migrated and empty."""
    database.migrating(_fill)


def token(database: Database, person: Person, version: Version = "2024") -> str:
    """An access token of a new session of that person's."""
    actor, session = database.write(lambda tx: open_session(tx, person.id, version, now()))
    return Signer(SECRET.encode()).access(actor, session, now() + ACCESS_LIFETIME).token


def api_token(
    database: Database, person: Person, version: Version = "2024", *, permissions: Sequence[str] | None = None
) -> str:
    """A new API token of that person's, with all that they may do or with less."""

    def make(tx: Tx) -> str:
        row = tx.one(f"SELECT {ACTOR_COLUMNS} FROM users WHERE id = :id", id=person.id)
        assert row is not None
        by = Requester(actor=actor_of(row), at=now(), via="session")
        new = NewApiToken(name="Test", expires_at=by.at + A_YEAR, permissions=permissions, version=version)
        return create_token(tx, by, new).secret

    return database.write(make)


def named_session(database: Database, person: Person) -> None:
    """Open a session of that person's with the id `SESSION`."""

    def work(tx: Tx) -> None:
        tx.run("DELETE FROM sessions WHERE id = :id", id=SESSION)
        _, session = open_session(tx, person.id, "2024", now())
        tx.run("UPDATE sessions SET id = :id WHERE refresh_uid = :uid", id=SESSION, uid=session.refresh_uid)

    database.write(work)


def _fill(tx: Tx) -> None:
    record(tx, keesa_itself(now()), "desk.fill", None, {}, {"people": len(CAST)})
    by, both = keesa_itself(now()), {"tickets": ["read", "write"]}
    create_role(tx, by, NewRole("harbour_crew", both, ("eco_support",)))
    create_role(tx, by, NewRole("school_crew", both, ("routine_maintenance",)))
    create_role(tx, by, NewRole("reader", {"tickets": ["read"]}))
    for name in ("Fulhadhoo Harbour", "Dhonfanu School", "Quiet Island"):
        new = NewCustomer(name=name, contact_name="Ibrahim", contact_number=7771234)
        customer_id = create_customer(tx, BY, new)
        create_eco(tx, BY, f"Router of {name}", customer_id)
    for person in CAST:
        add_person(tx, person)
    tx.follow_given_ids("users")
    by = keesa_itself(now())
    create_token(tx, by, NewApiToken(name="Reports", expires_at=by.at + A_YEAR, user_id=ADMIN.id))
    tx.run(
        "INSERT INTO uploads (id, user_id, length, name, media_type, created_at, expires_at)"
        " VALUES (:id, :user_id, 10, 'mast.jpg', 'image/jpeg', :at, :expires_at)",
        id=UPLOAD,
        user_id=ADMIN.id,
        at=by.at,
        expires_at=by.at + A_YEAR,
    )
    tx.run(
        "INSERT INTO canned_answers (name, body) VALUES (:name, :body)",
        name="On my way",
        body="<p>Dear {{contact_name}}, {{my_name}} is on the way.</p>",
    )
    for ticket in _tickets():
        keep(tx, ticket)
    add_tag(tx, BY, "Flood")
    hanging: tuple[tuple[Kind, str, str], ...] = (
        ("image", "mast.png", "image/png"),
        ("file", "router.cfg", "text/plain"),
    )
    for kind, name, media_type in hanging:
        form = StoredForm(media_type, len(CONTENT), *((40, 30) if kind == "image" else (None, None)))
        hung = ReadyFile(name, f"{kind:_<64}", NewFile(_place_of(kind), {"original": form}))
        keep_attachment(tx, HIDDEN, hung, kind, ADMIN.id, at("2025-03-08T09:00"))


def _place_of(kind: Kind) -> str:
    return sha256(kind.encode()).hexdigest()[:32]


def lay_files(database: Database, config: Config) -> None:
    """The bytes of IMAGE and FILE, where a server with this configuration looks for them."""
    place = open_place(config.files, config.data, database.read(owner))
    kinds: tuple[Kind, ...] = ("image", "file")
    for kind in kinds:
        with suppress(FileExistsError):
            place.put(f"{_place_of(kind)}/original", BytesIO(CONTENT), len(CONTENT))


@cache
def hashed() -> NewPassword:
    """Everybody's `PASSWORD`, hashed once a process."""
    return given_password(PASSWORD)


def add_person(tx: Tx, person: Person) -> None:
    new = users.NewUser(
        email=person.email,
        full_name=person.full_name,
        nick_name=person.nick_name,
        user_type=person.user_type,
        password=hashed(),
        roles=[person.role],
        customer_id=person.customer_id,
    )
    users.create_user(tx, keesa_itself(now()), new, user_id=person.id)


def _tickets() -> tuple[KeptTicket, ...]:
    return (
        _ticket(RAISED, SCHOOL, "customer_support", ENGINEER, None),
        _ticket(
            ASSIGNED,
            HARBOUR,
            "customer_support",
            ADMIN,
            ENGINEER,
            notes=(
                KeptNote(ENGINEER.id, "Going there with the Thursday ferry", at("2025-03-05T10:30")),
                KeptNote(CUSTOMER.id, "We wait at the jetty", at("2025-03-05T11:45")),
            ),
        ),
        _ticket(TYPED, SCHOOL, "eco_support", ADMIN, ADMIN, changes=(("in_progress", at("2025-03-06T08:00")),)),
        _ticket(
            STRANGERS, HARBOUR, "routine_maintenance", ADMIN, STRANGER, changes=(("on_hold", at("2025-03-07T08:00")),)
        ),
        _ticket(
            HIDDEN,
            SCHOOL,
            "project_support",
            ADMIN,
            ADMIN,
            changes=(("closed", at("2025-03-08T08:00")),),
            closed_on="2025-03-08",
        ),
    )


def _ticket(
    number: int,
    customer_id: int,
    ticket_type: str,
    raiser: Person,
    assignee: Person | None,
    *,
    changes: tuple[tuple[Status, int], ...] = (),
    closed_on: str | None = None,
    notes: tuple[KeptNote, ...] = (),
) -> KeptTicket:
    return KeptTicket(
        id=number,
        title=f"Trouble {number}",
        description="No signal since the storm",
        ticket_type=ticket_type,
        category="fault",
        customer_id=customer_id,
        contact=("Ibrahim", 7771234),
        product_id=3,
        raised_by_id=raiser.id,
        raised_at=at(f"2025-03-0{number % 10}T09:00"),
        assigned_to_id=assignee.id if assignee else None,
        changes=changes,
        closed_on=closed_on,
        notes=notes,
    )
