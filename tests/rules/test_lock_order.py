"""All that writes, on four nodes at once: rows are held in one order, so that no two writers wait for each other."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from random import Random
from typing import Any, Final

import psycopg

from acting import CLOCK
from by_keesa import change_password, create_user, disable_user, enable_user, grant_permission, revoke_permission
from cast import (
    ADMIN,
    ASSIGNED,
    BY,
    CANNED_ANSWER,
    CAST,
    ENGINEER,
    HARBOUR,
    RAISED,
    SCHOOL,
    STRANGER,
    STRANGERS,
    TAG,
    TOKEN,
    TYPED,
    hashed,
)
from keesa.accounts import sessions
from keesa.accounts.actors import SYSTEM
from keesa.accounts.api_token_changes import NewApiToken, create_token, end_tokens
from keesa.accounts.attempts import Limits, count_failure, counters, forget_failures, remember_network
from keesa.accounts.audit.recording import keesa_itself
from keesa.accounts.changing_roles import RoleChanges, change_role
from keesa.accounts.changing_users import UserChanges, change_user
from keesa.accounts.last_use import write_last_use
from keesa.accounts.open_sessions import end_sessions
from keesa.accounts.password_links import make_link
from keesa.accounts.refreshing import refresh
from keesa.accounts.roles import find_role
from keesa.accounts.sessions import REFRESH_LIFETIME
from keesa.accounts.users import NewUser
from keesa.clock import now
from keesa.db import Database, Tx, Work, open_database
from keesa.directory.canned_answers import CannedAnswerChanges, change_answer
from keesa.directory.customers import CustomerChanges, change_customer
from keesa.directory.ecos import EcoChanges, change_eco
from keesa.directory.keyed_lists import KeyedChanges, change_entry
from keesa.directory.products import ProductChanges, change_product
from keesa.directory.tags import TagChanges, change_tag
from keesa.errors import KeesaError, Unavailable
from keesa.notes.mentions import names_for
from keesa.notes.merging import merge, unmerge
from keesa.notes.notes import add_note, add_note_to
from keesa.readiness import prove_writing
from keesa.rich_text.html import rich_text
from keesa.tickets.assigning import assign, assigning
from keesa.tickets.bulk import Change, Chosen, change_each
from keesa.tickets.closing import close_with_children
from keesa.tickets.raising import raise_ticket
from keesa.tickets.relations import add_cause, remove_parent, set_parent
from keesa.tickets.status import change_status, change_status_of
from keesa.tickets.tagging import put_tag
from keesa.tickets.watching import start_watching
from new_tickets import DRAFT
from places import Place

NODES: Final = 4
WRITES: Final = 120
"""Of each node."""
OF_HARBOUR: Final = replace(SYSTEM, user_type="customer", customer_id=HARBOUR)
"""Whose note takes a ticket up again."""
ROLES: Final = ("engineer", "control_room", "reader")
LIMITS: Final = Limits(10, 100, 300)


def logging_in(random: Random) -> Work[Any]:
    """Some of them long ago, so that there is something to clear away."""
    person, network = random.choice(CAST[:3]), f"192.0.2.{random.randrange(3)}"
    at = now() - random.choice([0, 2 * REFRESH_LIFETIME])

    def work(tx: Tx) -> None:
        forget_failures(tx, counters(person.email, network, LIMITS))
        actor, _ = sessions.open_session(tx, person.id, "2024", at)
        remember_network(tx, person.id, network, actor.sign_in_count, at)

    return work


def failing(random: Random) -> Work[Any]:
    asked = counters(random.choice(CAST).email, f"192.0.2.{random.randrange(3)}", LIMITS)
    return lambda tx: count_failure(tx, asked, now() - random.choice([0, 2 * 3600 * 1000]))


def renewing_or_ending(random: Random) -> Work[Any]:
    def work(tx: Tx) -> None:
        row = tx.one("SELECT refresh_uid FROM sessions ORDER BY access_uid LIMIT 1")
        if row is not None:
            actor, session = sessions.find_by_refresh(tx, row["refresh_uid"])
            if random.random() < 0.5:
                sessions.end(tx, keesa_itself(now()), session)
            else:
                refresh(tx, actor, session, now())

    return work


def making_or_ending_tokens(random: Random) -> Work[Any]:
    """And noting what was used, which waits for nobody."""
    by, owner = keesa_itself(now()), random.choice(CAST[:3]).id

    def work(tx: Tx) -> None:
        match random.randrange(4):
            case 0:
                end_tokens(tx, by, owner)
            case 1:
                end_sessions(tx, by, owner)
            case 2:
                used = tx.all("SELECT refresh_uid FROM sessions ORDER BY created_at LIMIT 20")
                write_last_use(tx, {row["refresh_uid"]: by.at for row in used} | {TOKEN: by.at}, 0)
            case _:
                create_token(tx, by, NewApiToken(name="One more", expires_at=by.at + 60_000, user_id=owner))

    return work


def changing_a_user(random: Random) -> Work[Any]:
    change: Sequence[Work[Any]] = (
        lambda tx: disable_user(tx, STRANGER.email, now()),
        lambda tx: enable_user(tx, STRANGER.email),
        lambda tx: change_password(tx, ENGINEER.email, hashed()),
        lambda tx: make_link(tx, keesa_itself(now()), ENGINEER.id),
        lambda tx: change_user(tx, keesa_itself(now()), STRANGER.id, UserChanges(roles=random.sample(ROLES, 2))),
    )
    return random.choice(change)


def adding_a_user(random: Random) -> Work[Any]:
    new = NewUser(
        email=f"user{random.randrange(10**9)}@keesa.example",
        full_name="One More",
        nick_name="More",
        user_type="staff",
        password=hashed(),
        roles=random.sample(ROLES, 2),
    )
    return lambda tx: create_user(tx, new, now())


def changing_a_role(random: Random) -> Work[Any]:
    change, role = random.choice([grant_permission, revoke_permission]), random.choice(ROLES)
    ticket_types = RoleChanges(ticket_types=random.sample(["eco_support", "roc_support"], random.randrange(3)))
    if random.random() < 0.5:
        return lambda tx: change_role(tx, keesa_itself(now()), find_role(tx, role).id, ticket_types)
    return lambda tx: change(tx, role, "stock", "read")


def changing_a_customer(random: Random) -> Work[Any]:
    changes = CustomerChanges(name=f"Customer {random.randrange(10**9)}")
    customer = random.choice([HARBOUR, SCHOOL])
    return lambda tx: change_customer(tx, BY, customer, changes)


def changing_an_eco(random: Random) -> Work[Any]:
    changes = EcoChanges(name=f"Mast {random.randrange(10**9)}", customer_id=random.choice([HARBOUR, SCHOOL]))
    return lambda tx: change_eco(tx, BY, random.choice([1, 2]), changes)


def changing_a_list(random: Random) -> Work[Any]:
    product = ProductChanges(position=random.randrange(1, 25), default_category=random.choice([None, "fault"]))
    entry = KeyedChanges(position=random.randrange(1, 7), retired=random.choice([True, False]))
    change: Sequence[Work[Any]] = (
        lambda tx: change_product(tx, BY, random.choice([3, 4]), product),
        lambda tx: change_entry(tx, BY, "ticket_types", "eco_support", entry),
        lambda tx: change_entry(tx, BY, "ticket_categories", "fault", entry),
    )
    return random.choice(change)


def changing_a_canned_answer(random: Random) -> Work[Any]:
    changes = CannedAnswerChanges(name=f"Answer {random.randrange(3)}", retired=random.choice([True, False]))
    return lambda tx: change_answer(tx, BY, CANNED_ANSWER, changes)


def raising(random: Random) -> Work[Any]:  # noqa: ARG001 - as its neighbours take it
    return lambda tx: raise_ticket(tx, SYSTEM, DRAFT, now(), CLOCK, "yearly")


def changing_a_ticket(random: Random) -> Work[Any]:
    ticket, at = random.choice([ASSIGNED, RAISED]), now()
    change: Sequence[Work[Any]] = (
        lambda tx: add_note(tx, SYSTEM, ticket, rich_text("Going there"), at),
        lambda tx: add_note(tx, OF_HARBOUR, ticket, rich_text("It is down again"), at, "both"),
        lambda tx: assign(tx, SYSTEM, ticket, random.choice([ADMIN.id, ENGINEER.id]), at),
        lambda tx: change_status(tx, SYSTEM, ticket, random.choice(["in_progress", "on_hold"]), None, at, CLOCK),
    )
    return random.choice(change)


def relating(random: Random) -> Work[Any]:
    """HARBOUR's two tickets and SCHOOL's, with their watchers and tags."""
    ticket, other = random.choice([(ASSIGNED, STRANGERS), (STRANGERS, ASSIGNED), (RAISED, TYPED), (TYPED, ASSIGNED)])
    at = now()
    change: Sequence[Work[Any]] = (
        lambda tx: merge(tx, SYSTEM, ticket, other, at, CLOCK),
        lambda tx: unmerge(tx, SYSTEM, ticket, other, at),
        lambda tx: set_parent(tx, SYSTEM, ticket, other, at),
        lambda tx: remove_parent(tx, SYSTEM, ticket, other, at),
        lambda tx: add_cause(tx, SYSTEM, ticket, other, at),
        lambda tx: add_note(tx, SYSTEM, ticket, rich_text("Going there"), at),
        lambda tx: close_with_children(tx, SYSTEM, other, "closed", CLOCK.local(at).isoformat(), at, CLOCK),
        lambda tx: start_watching(tx, SYSTEM, ticket, ENGINEER.id, at),
        lambda tx: put_tag(tx, SYSTEM, ticket, TAG, at),
        lambda tx: change_tag(tx, BY, TAG, TagChanges(name=f"Tag {random.randrange(10**9)}")),
    )
    return random.choice(change)


def changing_many(random: Random) -> Work[Any]:
    """In any order, so that two of them want the same tickets the other way round."""
    numbers, at = random.sample([RAISED, ASSIGNED, TYPED, STRANGERS], random.randrange(2, 5)), now()
    status, to = random.choice(["in_progress", "on_hold"]), random.choice([ADMIN.id, ENGINEER.id])
    text = rich_text("Going there")
    make: Callable[[Tx], Change] = random.choice(
        (
            lambda tx: (
                lambda ticket: add_note_to(
                    tx, SYSTEM, ticket, text, at, "off", names_for(tx, SYSTEM, text), internal=False
                )
            ),
            lambda tx: assigning(tx, SYSTEM, to, at),
            lambda tx: lambda ticket: change_status_of(tx, SYSTEM, ticket, status, None, at, CLOCK),
        )
    )
    return lambda tx: change_each(tx, SYSTEM, [Chosen(number) for number in numbers], make(tx))


def proving(random: Random) -> Work[Any]:  # noqa: ARG001 - likewise
    return prove_writing


VERBS: Final[Sequence[Callable[[Random], Work[Any]]]] = (
    logging_in,
    failing,
    renewing_or_ending,
    making_or_ending_tokens,
    changing_a_user,
    adding_a_user,
    changing_a_role,
    changing_a_customer,
    changing_an_eco,
    changing_a_list,
    changing_a_canned_answer,
    raising,
    changing_a_ticket,
    relating,
    changing_many,
    proving,
)


def write_much(database: Database, seed: int) -> int:
    """How many ended as they may: well, or refused by Keesa."""
    random, done = Random(seed), 0  # noqa: S311 - the same writes at each run, not a secret
    for _ in range(WRITES):
        work = random.choice(VERBS)(random)
        try:
            database.write(work)
        except Unavailable:
            raise
        except KeesaError:
            pass
        done += 1
    return done


def deadlocks(url: str) -> int:
    """That the server has broken so far; of connections that have been closed."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()
        assert row is not None
        return int(row[0])


def nodes_of(place: Place, stack: ExitStack) -> Iterator[Database]:
    for _ in range(NODES):
        database = open_database(place.data, place.url)
        stack.callback(database.close)
        yield database


def test_no_two_writers_ever_wait_for_each_other(shared_place: Place) -> None:
    """Logins, refreshes, operators' commands and changes of tickets, hundreds at once: the server finds no deadlock."""
    assert shared_place.url is not None
    with ExitStack() as stack, ThreadPoolExecutor(NODES) as threads:
        databases = list(nodes_of(shared_place, stack))
        assert list(threads.map(write_much, databases, range(NODES))) == [WRITES] * NODES
    assert deadlocks(shared_place.url) == 0
