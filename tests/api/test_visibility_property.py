"""Who sees which ticket, for any people, roles, customers and tickets, on every path that tells of tickets.

`sees` states the rule of the contract once more, in plain Python. What the API shows and lets change must be that:
nothing more, and in the lists nothing less.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import pytest
from httpx2 import Response
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from acting import rows
from asking import Api
from by_keesa import grant_permission
from cast import SECRET
from deterministic import deterministic
from keesa.accounts.actors import SYSTEM, USER_TYPES, UserType
from keesa.accounts.audit.recording import keesa_itself, record
from keesa.accounts.permissions import ENFORCED
from keesa.accounts.sessions import ACCESS_LIFETIME, Version, open_session
from keesa.accounts.tokens import Signer
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.demo.keeping import KeptNote, KeptTicket, keep
from keesa.notes.changing import NOT_YOURS
from keesa.tickets.statuses import STATUSES, Status
from route_tables import endpoints, own_endpoints

TYPES: Final = ("eco_support", "customer_support")
CUSTOMERS: Final = (1, 2)
"""The cast's customers; their users and tickets are the example's own."""
FIRST: Final = 2030001
RAISED_AT: Final = 1_900_000_000_000
FURTHER: Final = 10_000_000
"""The first note of a ticket has its number, the second one this more."""


@dataclass(frozen=True)
class User:
    id: int
    user_type: UserType
    customer_id: int | None
    roles: frozenset[int]
    """Positions of roles in the world's list."""


@dataclass(frozen=True)
class Ticket:
    id: int
    customer_id: int
    ticket_type: str | None
    category: str | None
    status: Status
    raised_by_id: int
    assigned_to_id: int | None

    @property
    def secret(self) -> str:
        """What only an answer that holds this ticket can hold."""
        return f"secret of {self.id}"


@dataclass(frozen=True)
class World:
    roles: tuple[frozenset[str], ...]
    """The ticket types of each."""
    users: tuple[User, ...]
    tickets: tuple[Ticket, ...]
    actor: User


def sees(world: World, user: User, ticket: Ticket) -> bool:
    """The rule of the contract's section 3."""
    if user.user_type == "admin":
        return True
    if user.user_type == "customer":
        return ticket.customer_id == user.customer_id
    if user.user_type == "bot":
        return False
    of_their_roles = any(ticket.ticket_type in world.roles[position] for position in user.roles)
    return user.id in (ticket.raised_by_id, ticket.assigned_to_id) or of_their_roles


# A world

USER_IDS: Final = (101, 102, 103, 104)
NO_TYPES: Final = frozenset[str]()
"""Of the role that everybody has, for its permissions: those are not the question here."""


@st.composite
def worlds(draw: st.DrawFn, actors_type: UserType) -> World:
    roles = draw(st.lists(st.frozensets(st.sampled_from(TYPES)), min_size=1, max_size=3).map(tuple))
    actor = draw(_user(USER_IDS[0], len(roles), st.just(actors_type)))
    users = (actor, *(draw(_user(user_id, len(roles), st.sampled_from(USER_TYPES))) for user_id in USER_IDS[1:]))
    count = draw(st.integers(1, 5))
    tickets = tuple(draw(_ticket(FIRST + position)) for position in range(count))
    return World(roles, users, tickets, actor)


@st.composite
def _user(draw: st.DrawFn, user_id: int, roles: int, user_types: st.SearchStrategy[UserType]) -> User:
    user_type = draw(user_types)
    customer_id = draw(st.sampled_from(CUSTOMERS)) if user_type == "customer" else None
    return User(user_id, user_type, customer_id, draw(st.frozensets(st.integers(0, roles - 1), max_size=2)))


@st.composite
def _ticket(draw: st.DrawFn, ticket_id: int) -> Ticket:
    assigned_to_id = draw(st.sampled_from((*USER_IDS, None)))
    return Ticket(
        id=ticket_id,
        customer_id=draw(st.sampled_from(CUSTOMERS)),
        ticket_type=draw(st.sampled_from((*TYPES, None))),
        category=draw(st.sampled_from(("fault", "survey", None))),
        status="open" if assigned_to_id is None else draw(st.sampled_from(STATUSES)),
        raised_by_id=draw(st.sampled_from(USER_IDS)),
        assigned_to_id=assigned_to_id,
    )


def build(tx: Tx, world: World) -> None:
    """In place of the cast and of the example before; nobody's password is ever asked for."""
    _forget_acts(tx)
    for table in (
        *("internal_notes", "ticket_mentions", "ticket_watchers"),
        *("api_token_permissions", "api_tokens", "ticket_notes", "ticket_statuses", "ticket_events", "tickets"),
        *("sessions", "user_roles", "role_permissions", "role_ticket_types", "roles"),
    ):
        tx.run(f"DELETE FROM {table}")
    tx.run("DELETE FROM users WHERE id <> :system", system=SYSTEM.id)
    for role_id, types in enumerate((*world.roles, NO_TYPES)):
        tx.run("INSERT INTO roles (id, name) VALUES (:id, :name)", id=role_id, name=f"role {role_id}")
        for permission in ENFORCED:
            grant_permission(tx, f"role {role_id}", *permission)
        for key in types:
            tx.run("INSERT INTO role_ticket_types (role_id, ticket_type) VALUES (:id, :key)", id=role_id, key=key)
    for user in world.users:
        _add_user(tx, user, everybodys_role=len(world.roles))
    for ticket in world.tickets:
        _add_ticket(tx, ticket)


def _forget_acts(tx: Tx) -> None:
    """As nothing but an act in the trail itself lets them go; they name the users of the example before."""
    act_id = record(tx, keesa_itself(now()), "audit.prune", None)
    tx.run("INSERT INTO audit_prunings (audit_id, through) VALUES (:id, :through)", id=act_id, through=act_id - 1)
    tx.run("DELETE FROM audit_people")
    tx.run("DELETE FROM audit WHERE id < :id", id=act_id)


def _add_user(tx: Tx, user: User, *, everybodys_role: int) -> None:
    tx.run(
        "INSERT INTO users (id, email, full_name, nick_name, user_type, customer_id, password_hash, created_at)"
        " VALUES (:id, :email, 'Somebody', 'Some', :user_type, :customer_id, 'none', 0)",
        id=user.id,
        email=f"user{user.id}@keesa.example",
        user_type=user.user_type,
        customer_id=user.customer_id,
    )
    for position, role_id in enumerate((everybodys_role, *user.roles)):
        tx.run(
            "INSERT INTO user_roles (user_id, role_id, position) VALUES (:user_id, :role_id, :position)",
            user_id=user.id,
            role_id=role_id,
            position=position,
        )


def _add_ticket(tx: Tx, ticket: Ticket) -> None:
    kept = KeptTicket(
        id=ticket.id,
        title=ticket.secret,
        description=ticket.secret,
        ticket_type=ticket.ticket_type,
        category=ticket.category,
        customer_id=ticket.customer_id,
        contact=(ticket.secret, 7771234),
        product_id=3,
        raised_by_id=ticket.raised_by_id,
        raised_at=RAISED_AT,
        assigned_to_id=ticket.assigned_to_id,
        changes=() if ticket.status == "open" else ((ticket.status, RAISED_AT),),
        closed_on="2030-03-17" if ticket.status == "closed" else None,
        notes=tuple(
            KeptNote(ticket.raised_by_id, ticket.secret, RAISED_AT, note_id)
            for note_id in (ticket.id, FURTHER + ticket.id)
        ),
    )
    keep(tx, kept)


# Every path that tells of tickets: what it is asked, and which tickets its answer must hold.


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    wanted: frozenset[Ticket] | None
    """None: the answer must be a refusal, 403."""
    body: object = None
    otherwise: int = 200
    """The status where nothing is wanted."""


Asking = Callable[[World, Version], Iterator[Asked]]


def seen_by(world: World, user: User) -> frozenset[Ticket]:
    return frozenset(ticket for ticket in world.tickets if sees(world, user, ticket))


def all_tickets(world: World, version: Version) -> Iterator[Asked]:
    seen = seen_by(world, world.actor)
    if version == "2021":
        own = {ticket for ticket in seen if world.actor.id in (ticket.raised_by_id, ticket.assigned_to_id)}
        seen = frozenset(ticket for ticket in own if ticket.status != "closed")
    yield Asked("GET", "/tickets", seen)


def by_type(world: World, _: Version) -> Iterator[Asked]:
    for key in TYPES:
        for status in STATUSES:
            wanted = {
                ticket for ticket in seen_by(world, world.actor) if (ticket.ticket_type, ticket.status) == (key, status)
            }
            yield Asked("GET", f"/tickets/tickets_by_type?type={key}&status={status}", frozenset(wanted))


def by_category(world: World, _: Version) -> Iterator[Asked]:
    for key in ("fault", "survey"):
        wanted = {ticket for ticket in seen_by(world, world.actor) if ticket.category == key}
        yield Asked("GET", f"/tickets/tickets_by_category?category={key}", frozenset(wanted))


def of_customer(world: World, _: Version) -> Iterator[Asked]:
    """Refused to who has nothing to do with the customer: who is no admin, not theirs, and sees none of theirs."""
    for customer_id in CUSTOMERS:
        wanted = {ticket for ticket in seen_by(world, world.actor) if ticket.customer_id == customer_id}
        concerned = world.actor.user_type == "admin" or world.actor.customer_id == customer_id or wanted
        path = f"/tickets/tickets_of_customer?customer_id={customer_id}"
        yield Asked("GET", path, frozenset(wanted) if concerned else None)


def one_ticket(world: World, _: Version) -> Iterator[Asked]:
    for ticket in world.tickets:
        yield Asked("GET", f"/tickets/{ticket.id}", _if_seen(world, ticket), otherwise=404)


def notes(world: World, _: Version) -> Iterator[Asked]:
    for ticket in world.tickets:
        body = {"ticket_number": str(ticket.id)}
        yield Asked("GET", "/tickets/get_ticket_notes", _if_seen(world, ticket), body, otherwise=404)


def page_of_notes(world: World, _: Version) -> Iterator[Asked]:
    for ticket in world.tickets:
        for query in ("", "?order=desc", "?limit=1"):
            yield Asked("GET", f"/tickets/{ticket.id}/notes{query}", _if_seen(world, ticket), otherwise=404)


def one_note(world: World, _: Version) -> Iterator[Asked]:
    for ticket in world.tickets:
        yield Asked("GET", f"/tickets/{ticket.id}/notes/{ticket.id}", _if_seen(world, ticket), otherwise=404)


def for_bot(world: World, _: Version) -> Iterator[Asked]:
    """A bot is told of any ticket whose customer it knows; people are refused, but for admins."""
    for ticket in world.tickets:
        for customer_id in CUSTOMERS:
            path = f"/tickets/{ticket.id}/get_specific_ticket_for_bot?customer_id={customer_id}"
            wanted = frozenset({ticket} if customer_id == ticket.customer_id else ())
            asks_rightly = world.actor.user_type in ("bot", "admin")
            yield Asked("GET", path, wanted if asks_rightly else None, otherwise=404)


def _if_seen(world: World, ticket: Ticket) -> frozenset[Ticket]:
    return frozenset({ticket}) & seen_by(world, world.actor)


READING: Final[dict[tuple[str, str], Asking]] = {
    ("GET", "/tickets"): all_tickets,
    ("GET", "/tickets/tickets_by_type"): by_type,
    ("GET", "/tickets/tickets_by_category"): by_category,
    ("GET", "/tickets/tickets_of_customer"): of_customer,
    ("GET", "/tickets/{ticket}"): one_ticket,
    ("GET", "/tickets/get_ticket_notes"): notes,
    ("GET", "/tickets/{ticket}/notes"): page_of_notes,
    ("GET", "/tickets/{ticket}/notes/{note}"): one_note,
    ("GET", "/tickets/{ticket}/get_specific_ticket_for_bot"): for_bot,
}
WRITING: Final = {
    ("POST", "/tickets/{ticket}/status_update"),
    ("POST", "/tickets/{ticket}/assign"),
    ("POST", "/tickets/add_ticket_note"),
    ("POST", "/tickets/{ticket}/notes"),
    ("PATCH", "/tickets/{ticket}/notes/{note}"),
    ("DELETE", "/tickets/{ticket}/notes/{note}"),
}
OF_ALL: Final = {(method, path) for method, path in WRITING if "note" in path}
"""Those that are not the desk's alone."""
WITHOUT_TICKETS: Final = {
    ("POST", "/tickets"),
    ("GET", "/openapi.json"),
    ("GET", "/coffee"),
    ("BREW", "/coffee"),
    *(
        (method, path)
        for method, path in endpoints()
        if path.split("/")[1]
        in (
            *("auth", "me", "users", "roles", "permissions", "sessions", "tokens", "audit"),
            *("customers", "ecos", "products", "ticket_types", "categories", "statuses"),
        )
    ),
}
"""What answers nothing of a ticket that was there before: beside a few, all that is of another noun."""


def test_every_path_is_asked_or_known_to_tell_nothing() -> None:
    """A new one must be put into one of the three."""
    assert READING.keys() | WRITING | WITHOUT_TICKETS == endpoints()


@pytest.fixture
def entered(shared_client: TestClient, shared_database: Database) -> Callable[[World], Api]:
    """Builds a world, and is its actor's API."""

    def enter(world: World) -> Api:
        def work(tx: Tx) -> str:
            build(tx, world)
            actor, session = open_session(tx, world.actor.id, "2024", now())
            return Signer(SECRET.encode()).access(actor, session, now() + ACCESS_LIFETIME).token

        return Api(shared_client, shared_database.write(work))

    return enter


@pytest.mark.parametrize("user_type", USER_TYPES)
@deterministic(12)
@given(data=st.data())
def test_every_path_shows_what_the_rule_allows_and_nothing_else(
    entered: Callable[[World], Api], user_type: UserType, data: st.DataObject
) -> None:
    """In each version's own form, whoever asks; what is missing and what is out of sight look alike."""
    world = data.draw(worlds(user_type))
    api = entered(world)
    for version in ("2021", "2024"):
        for endpoint in sorted(READING.keys() & own_endpoints(version)):
            for asked in READING[endpoint](world, version):
                answer = api(asked.method, asked.path, asked.body, Keesa_Version=version)
                check(world, asked, answer)


def check(world: World, asked: Asked, answer: Response) -> None:
    shown = {ticket for ticket in world.tickets if ticket.secret in answer.text or str(ticket.id) in answer.text}
    if asked.wanted is None:
        assert answer.status_code == 403, asked
    elif asked.wanted or asked.otherwise == 200:
        assert answer.status_code == 200, asked
    else:
        assert (answer.status_code, answer.json()) == (404, {"error": "Ticket not found"}), asked
    assert shown == (asked.wanted or set()), asked


@pytest.mark.parametrize("user_type", USER_TYPES)
@deterministic(12)
@given(data=st.data())
def test_nobody_acts_on_a_ticket_that_the_rule_refuses(
    entered: Callable[[World], Api], shared_database: Database, user_type: UserType, data: st.DataObject
) -> None:
    """Out of sight is 404, and changes nothing; who may not act at all is refused alike for every ticket."""
    world = data.draw(worlds(user_type))
    api = entered(world)
    of_desk = world.actor.user_type in ("admin", "staff")
    for ticket in world.tickets:
        seen = sees(world, world.actor, ticket)
        for endpoint in sorted(WRITING):
            before = shared_database.read(partial(everything_of, ticket))
            answer = act(api, endpoint, ticket)
            if not of_desk and endpoint not in OF_ALL:
                assert (answer.status_code, answer.json()) == (403, {"error": "Only staff may do this"})
            elif not seen:
                assert (answer.status_code, answer.json()) == (404, {"error": "Ticket not found"})
            elif endpoint[0] in ("PATCH", "DELETE") and answer.status_code == 403:
                assert answer.json() == {"error": NOT_YOURS}
            else:
                assert answer.status_code in (200, 201, 204, 422), answer.text
                continue
            assert shared_database.read(partial(everything_of, ticket)) == before


def act(api: Api, endpoint: tuple[str, str], ticket: Ticket) -> Response:
    """On hold, notes, and, so that the rule goes on to hold, to whom it was assigned before."""
    method, path = endpoint
    bodies: dict[str, object] = {
        "/tickets/{ticket}/status_update": {"ticket": {"status": "on_hold"}},
        "/tickets/{ticket}/assign": {"ticket": {"assigned_to_id": ticket.assigned_to_id}},
        "/tickets/add_ticket_note": {"ticket_note": {"note": "On my way"}, "ticket_number": ticket.id},
        "/tickets/{ticket}/notes": {"note": {"note": "On my way"}},
        "/tickets/{ticket}/notes/{note}": {"note": {"note": "On my way"}},
    }
    note_id = ticket.id + (FURTHER if method == "DELETE" else 0)
    body = bodies[path] if method != "DELETE" else None
    return api(method, path.format(ticket=ticket.id, note=note_id), body)


def everything_of(ticket: Ticket, tx: Tx) -> list[object]:
    tables = {"tickets": "id", "ticket_notes": "ticket_id", "ticket_statuses": "ticket_id"}
    tables |= dict.fromkeys(("ticket_events", "internal_notes"), "ticket_id")
    return [
        rows(tx, f"SELECT * FROM {table} WHERE {key} = :id ORDER BY id", id=ticket.id) for table, key in tables.items()
    ]
