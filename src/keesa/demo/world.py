"""Filling an empty database with the documented world, so that every documented sample runs as printed."""

from typing import Final
from zoneinfo import ZoneInfo

from keesa.accounts.audit.recording import Requester, keesa_itself
from keesa.accounts.passwords import NewPassword, given_password, verify_password
from keesa.accounts.roles import NewRole, create_role
from keesa.accounts.users import NewUser, create_user, has_users
from keesa.clock import Clock, now
from keesa.db import Database, Tx
from keesa.db.rules import Rule, hold
from keesa.demo.desk_years import made_up
from keesa.demo.documented import DOCUMENTED
from keesa.demo.keeping import keep
from keesa.demo.people import BOT, CUSTOMERS, JANE_DOE, JANE_SMITH, PASSWORD, PEOPLE
from keesa.demo.pictures import draw, hang
from keesa.directory.customers import NewCustomer, create_customer
from keesa.directory.ecos import create_eco
from keesa.files.places import Place

_ENGINEERS: Final = NewRole(
    "field_engineer",
    {"projects": ["read"], "tickets": ["read", "write"], "customers": ["read"]},
    ("eco_support", "routine_maintenance"),
)


def fill_if_empty(database: Database, zone: ZoneInfo, files: Place | None = None) -> bool:
    """Whether the database had no user and no ticket, and so was filled; all of it in one transaction. Tickets have
    pictures where there is a place for their files.
    """
    if not database.read(_is_empty):
        return False
    drawn = {} if files is None else draw(files, [*CUSTOMERS])
    password = given_password(PASSWORD)  # everybody's: hashed once, and before the transaction

    def work(tx: Tx) -> bool:
        hold(tx, Rule.USERS)  # who migrates keeps out another one who does, and not who adds a user
        if not _is_empty(tx):
            return False
        _people(tx, keesa_itself(now()), password)
        for ticket in DOCUMENTED:
            keep(tx, ticket)
            if drawn:
                hang(tx, ticket, drawn)
        tx.follow_given_ids("ticket_notes")
        staff = [person.id for person in PEOPLE if person.user_type == "staff"]
        raisers = [JANE_DOE.id, JANE_SMITH.id, BOT.id]
        for ticket in made_up(tx, Clock(zone), now(), CUSTOMERS, raisers, staff):
            keep(tx, ticket)
            if drawn:
                hang(tx, ticket, drawn)
        return True

    return database.migrating(work)


def has_published_passwords(database: Database) -> bool:
    """Whether one of the demo's users can log in with the password that everybody can read. Some 20 ms of CPU."""
    find = "SELECT password_hash FROM users WHERE email = :email AND disabled_at IS NULL"

    def hashes(tx: Tx) -> set[str]:
        found = (tx.one(find, email=person.email) for person in PEOPLE)
        return {row["password_hash"] for row in found if row}

    return any(verify_password(found, PASSWORD) for found in database.read(hashes))


def _is_empty(tx: Tx) -> bool:
    return not (has_users(tx) or tx.one("SELECT id FROM tickets LIMIT 1"))


def _people(tx: Tx, by: Requester, password: NewPassword) -> None:
    create_role(tx, by, _ENGINEERS)
    for customer_id, (name, contact_name, contact_number) in CUSTOMERS.items():
        new = NewCustomer(name=name, contact_name=contact_name, contact_number=contact_number)
        create_customer(tx, by, new, customer_id=customer_id)
    tx.follow_given_ids("customers")
    create_eco(tx, by, "Site router of Customer A", 20)
    for person in PEOPLE:
        user = NewUser(
            email=person.email,
            full_name=person.full_name,
            nick_name=person.nick_name,
            user_type=person.user_type,
            password=password,
            roles=[person.role],
            customer_id=person.customer_id,
        )
        create_user(tx, by, user, user_id=person.id)
    tx.follow_given_ids("users")
