"""The people of the data sets: customers, users of each kind, and the roles that they hold."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Final

from bench.dataset.tables import Row
from keesa.accounts.passwords import hash_password
from keesa.accounts.roles import NewRole
from keesa.clock import milliseconds

PASSWORD: Final = "Password123"  # noqa: S105 - everybody's here

START: Final = milliseconds(datetime(2014, 12, 31, 19, tzinfo=UTC))
"""The desk's midnight: nobody and nothing is older."""

ADMINS: Final = range(1, 6)
CLERKS: Final = range(6, 12)
ENGINEERS: Final = range(12, 137)
CUSTOMERS_USERS: Final = range(137, 197)
BOTS: Final = range(197, 201)
_CUSTOMERS: Final = 5_000
_CUSTOMERS_WITH_USERS: Final = 45
"""The largest; some have two."""

_WORKING: Final = {"projects": ["read"], "tickets": ["read", "write"]}
ROLES: Final = (
    NewRole("noc_engineer", _WORKING, ("roc_support",)),
    NewRole("field_engineer", _WORKING, ("eco_support", "routine_maintenance")),
    NewRole("remote_engineer", _WORKING, ("customer_support", "remote_support")),
    NewRole("project_engineer", _WORKING, ("project_support", "cross_department_support", "eco_support")),
)
_ENGINEERS_ROLES: Final = ("engineer", *(role.name for role in ROLES))
"""The first, the desk's usual one, gives no ticket type."""

_FIRST_NAMES: Final = (
    *("Aishath", "Mohamed", "Fathimath", "Ahmed", "Mariyam", "Ali", "Aminath", "Ibrahim", "Hawwa", "Hussain"),
    *("Shifa", "Adam", "Nasheeda", "Moosa", "Shaheema", "Latheef", "Zeenath"),
)
_LAST_NAMES: Final = (
    *("Waheed", "Rasheed", "Naseem", "Shareef", "Didi", "Manik", "Zahir", "Latheef", "Saeed", "Hameed"),
    *("Faiz", "Riza", "Jameel"),
)
_ISLANDS: Final = (
    *("Vilufushi", "Hanimaadhoo", "Ungoofaaru", "Fuvahmulah", "Thulusdhoo", "Naifaru", "Eydhafushi", "Mahibadhoo"),
    *("Kudahuvadhoo", "Veymandoo", "Thinadhoo", "Villingili", "Hithadhoo", "Dhidhdhoo", "Kulhudhuffushi", "Muli"),
)
_SITES: Final = (
    *("Council", "School", "Hospital", "Airport", "Harbour", "Fish Market", "Guest House", "Bank", "Court"),
    *("Power House", "Police", "Post Office", "Resort", "Bakery", "Library"),
)


def draw_customers(random: Random) -> list[Row]:
    """The largest first."""
    ids = random.sample(range(1, _CUSTOMERS + 1), _CUSTOMERS)
    islands, sites = random.choices(_ISLANDS, k=_CUSTOMERS), random.choices(_SITES, k=_CUSTOMERS)
    contacts = random.choices(_FIRST_NAMES, k=_CUSTOMERS)
    return [
        (customer_id, f"{island} {site} {customer_id}", contact, 7_000_000 + customer_id)
        for customer_id, island, site, contact in zip(ids, islands, sites, contacts, strict=True)
    ]


def users_for(customers: Sequence[Row]) -> list[Row]:
    password_hash = hash_password(PASSWORD)
    kinds = (("admin", ADMINS), ("staff", CLERKS), ("staff", ENGINEERS), ("customer", CUSTOMERS_USERS))
    users = []
    for kind, ids in (*kinds, ("bot", BOTS)):
        for position, user_id in enumerate(ids):
            first, last = _FIRST_NAMES[user_id % len(_FIRST_NAMES)], _LAST_NAMES[user_id // 2 % len(_LAST_NAMES)]
            customer_id = customers[position % _CUSTOMERS_WITH_USERS][0] if kind == "customer" else None
            email = f"{kind}{user_id}@example.com"
            users.append((user_id, email, f"{first} {last}", first, kind, customer_id, password_hash, START))
    return users


def user_roles(roles: Mapping[str, int]) -> list[Row]:
    given = [(user_id, _ENGINEERS_ROLES[user_id % len(_ENGINEERS_ROLES)]) for user_id in ENGINEERS]
    for role, ids in (("admin", ADMINS), ("control_room", CLERKS), ("customer", CUSTOMERS_USERS), ("bot", BOTS)):
        given += [(user_id, role) for user_id in ids]
    return [(user_id, roles[role], 0) for user_id, role in sorted(given)]
