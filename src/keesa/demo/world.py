"""Filling an empty database with the documented world, so that every documented sample runs as printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from keesa.accounts.actors import UserType
from keesa.accounts.roles import Role, create_role
from keesa.accounts.users import NewUser, create_user
from keesa.clock import Clock, milliseconds, now
from keesa.db import Database, Tx
from keesa.demo.desk_years import made_up
from keesa.demo.keeping import KeptNote, KeptTicket, keep
from keesa.directory.customers import create_customer, create_eco

PASSWORD: Final = "Password123"  # noqa: S105 - printed in the documents; the demo is for everyone

_ENGINEERS: Final = Role(
    "field_engineer",
    {"projects": ["read"], "tickets": ["read", "write"]},
    ("eco_support", "routine_maintenance"),
)


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    email: str
    full_name: str
    nick_name: str
    user_type: UserType
    role: str
    customer_id: int | None = None


JANE_DOE, JOHN_SMITH, DOE, JOHN_DOE, JANE_SMITH, CUSTOMERS_USER, HASSAN, BOT = PEOPLE = (
    Person(1, "jane.doe@example.com", "Jane Doe", "Jane", "staff", "control_room"),
    Person(2, "john.smith@example.com", "John Smith", "Smith", "staff", "field_engineer"),
    Person(3, "doe@example.com", "Doe", "Doe", "staff", "field_engineer"),
    Person(4, "user@example.com", "John Doe", "John", "admin", "admin"),
    Person(5, "jane.smith@example.com", "Jane Smith", "Jane", "staff", "control_room"),
    Person(6, "customer@example.com", "Aminath Shifa", "Shifa", "customer", "customer", customer_id=20),
    Person(7, "engineer@example.com", "Hassan Waheed", "Hassan", "staff", "field_engineer"),
    Person(8, "bot@example.com", "Keesa Bot", "Bot", "bot", "bot"),
)

CUSTOMERS: Final[Mapping[int, tuple[str, str, int]]] = {
    1: ("Vilufushi Council", "Moosa", 7700101),
    2: ("Hanimaadhoo Airport", "Nasheeda", 7700102),
    3: ("Ungoofaaru Hospital", "Dr. Latheef", 7700103),
    4: ("Fuvahmulah School", "Shaheema", 7700104),
    5: ("Thulusdhoo Fish Market", "Adam", 7700105),
    20: ("Customer A", "John", 7735241),
    21: ("Customer X", "John", 7000111),
    22: ("Customer Y", "John", 7000011),
}


def fill_if_empty(database: Database, zone: ZoneInfo) -> bool:
    """Whether the database had no user and no ticket, and so was filled; all of it in one transaction."""

    def work(tx: Tx) -> bool:
        if tx.one("SELECT id FROM users LIMIT 1") or tx.one("SELECT id FROM tickets LIMIT 1"):
            return False
        _people(tx)
        for ticket in documented():
            keep(tx, ticket)
        tx.follow_given_ids("ticket_notes")
        staff = [person.id for person in PEOPLE if person.user_type == "staff"]
        raisers = [JANE_DOE.id, JANE_SMITH.id, JOHN_DOE.id, BOT.id]
        for ticket in made_up(tx, Clock(zone), now(), CUSTOMERS, raisers, staff):
            keep(tx, ticket)
        return True

    return database.migrating(work)


def _people(tx: Tx) -> None:
    create_role(tx, _ENGINEERS)
    for customer_id, (name, contact_name, contact_number) in CUSTOMERS.items():
        create_customer(tx, name, contact_name, contact_number, customer_id=customer_id)
    tx.follow_given_ids("customers")
    create_eco(tx, "Site router of Customer A", 20)
    for person in PEOPLE:
        new = NewUser(
            email=person.email,
            full_name=person.full_name,
            nick_name=person.nick_name,
            user_type=person.user_type,
            password=PASSWORD,
            roles=[person.role],
            customer_id=person.customer_id,
        )
        create_user(tx, new, now(), user_id=person.id)
    tx.follow_given_ids("users")


def documented() -> Sequence[KeptTicket]:
    """The tickets that the documents show, with their notes, statuses, dates and assignees."""
    return (
        KeptTicket(
            id=2024001,
            title="Network connection issue",
            description="Internet connection is unstable at the site",
            ticket_type="customer_support",
            category="network",
            customer_id=20,
            contact=("John", 7735241),
            product_id=4,
            raised_by_id=JANE_DOE.id,
            raised_at=_at("2024-06-28T10:15:30.000"),
            assigned_to_id=JOHN_SMITH.id,
            notes=(
                KeptNote(JOHN_DOE.id, "Issue investigation started", _at("2024-06-28T10:30:00.000")),
                KeptNote(JOHN_DOE.id, "Investigating the issue", _at("2024-06-28T12:30:15.000")),
                KeptNote(JANE_SMITH.id, "Issue has been partially resolved", _at("2024-06-28T14:45:00.000")),
            ),
        ),
        KeptTicket(
            id=2008022,
            title="Digital phones of the office",
            description="Two digital phones have no tone",
            ticket_type="roc_support",
            category="fault",
            customer_id=22,
            contact=("John", 7000011),
            product_id=1,
            raised_by_id=JANE_DOE.id,
            raised_at=_at("2020-08-17T09:21:44.512"),
            assigned_to_id=JOHN_DOE.id,
            changes=(("in_progress", _at("2020-11-08T17:55:10.204")),),
            notes=(
                KeptNote(JOHN_DOE.id, "digital phone type changed", _at("2020-11-08T18:30:00.000"), 271),
                KeptNote(JOHN_DOE.id, "port changed", _at("2020-11-08T20:30:00.000"), 272),
            ),
        ),
        KeptTicket(
            id=2009004,
            title="MoE DS Monitoring",
            description="Check monitoring for 2 schools",
            priority=5,
            ticket_type="customer_support",
            category=None,
            customer_id=21,
            contact=("Mr. Doe", 7000111),
            product_id=22,
            raised_by_id=JOHN_DOE.id,
            raised_at=_at("2020-09-01T10:58:37.528"),
            assigned_to_id=JOHN_DOE.id,
            notes=(
                KeptNote(JOHN_DOE.id, "auto discovery in progress", _at("2020-09-01T11:06:12.223"), 273),
                KeptNote(
                    JOHN_DOE.id,
                    "N Manadhoo\r\nM Muli\r\nSh Maaungoodhoo",
                    _at("2020-10-13T10:07:59.727"),
                    274,
                ),
            ),
        ),
        KeptTicket(
            id=2011046,
            title="fix our Fax line",
            description="Fix fax line issues ",
            ticket_type="roc_support",
            category="service_order",
            customer_id=21,
            contact=("John", 7000111),
            product_id=1,
            raised_by_id=JANE_DOE.id,
            raised_at=_at("2020-11-07T14:04:19.033"),
            assigned_to_id=DOE.id,
            notes=(
                KeptNote(
                    JOHN_DOE.id,
                    "<div><strong>sample comment<br></strong>something</div><ul><li>bullets</li></ul>",
                    _at("2020-11-22T12:07:36.811"),
                    275,
                ),
            ),
        ),
        KeptTicket(
            id=2012001,
            title="588 port change",
            description="588 port change",
            ticket_type=None,
            category="service_order",
            customer_id=22,
            contact=("John", 7000011),
            product_id=2,
            raised_by_id=JOHN_DOE.id,
            raised_at=_at("2020-12-01T10:58:50.050"),
            assigned_to_id=JOHN_DOE.id,
            changes=(("closed", _at("2020-12-01T15:40:00.000")),),
            closed_on="2020-12-01",
            notes=(KeptNote(JOHN_DOE.id, "port changed", _at("2020-11-30T18:30:30.714"), 276),),
        ),
    )


def _at(text: str) -> int:
    """A time as the documents print it, in their zone."""
    return milliseconds(datetime.fromisoformat(f"{text}+05:00"))
