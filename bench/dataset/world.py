"""What a benchmark needs to know of a data set."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from bench.dataset.people import ADMINS, BOTS
from keesa.db import Tx

_PLENTY: Final = 200
"""Of tickets to ask for singly."""
_HELD: Final = 500
"""By the engineer, or as near to it as there are."""


_SEEN_BY_ENGINEER: Final = """(raised_by_id = :who OR assigned_to_id = :who OR ticket_type IN (
    SELECT role_ticket_types.ticket_type FROM role_ticket_types
    JOIN user_roles ON user_roles.role_id = role_ticket_types.role_id WHERE user_roles.user_id = :who
))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a benchmark needs to know of a data set to ask for it. People are named by their emails."""

    tickets: int
    admin: str
    engineer: str
    """With two ticket types, and some hundred tickets assigned where there are enough."""
    customers_user: str
    bot: str
    customer_id: int
    """The customer of `customers_user`: some twentieth by its number of tickets."""
    ticket_type: str
    """One of the engineer's, of middling frequency."""
    category: str
    ids: tuple[int, ...]
    """Some tickets to ask for singly, over the newest fifth; likewise those that the two others see."""
    engineers_ids: tuple[int, ...]
    customers_ids: tuple[int, ...]
    unclosed_ids: tuple[int, ...]
    """Assigned and not closed, seen by the engineer: their status may be changed, by the admin too."""


def read_world(tx: Tx, tickets: int) -> World:
    """Who sees what is said in plain SQL here: the domain's own words for it are what benchmarks compare."""
    ticket_type, category = _middling(tx, "ticket_type"), _middling(tx, "category")
    engineer, customer_id = _engineer(tx, ticket_type), _twentieth_customer(tx)
    some, email = partial(_some_ids, tx, tickets // 5), partial(_email, tx)
    return World(
        tickets=tickets,
        admin=email("id", ADMINS.start),
        engineer=email("id", engineer),
        customers_user=email("customer_id", customer_id),
        bot=email("id", BOTS.start),
        customer_id=customer_id,
        ticket_type=ticket_type,
        category=category,
        ids=some("1 = 1"),
        engineers_ids=some(_SEEN_BY_ENGINEER, who=engineer),
        customers_ids=some("customer_id = :who", who=customer_id),
        unclosed_ids=some(f"{_SEEN_BY_ENGINEER} AND status <> 'closed' AND assigned_to_id IS NOT NULL", who=engineer),
    )


def _email(tx: Tx, column: str, value: int) -> str:
    """Of the first such user."""
    found: str = tx.value(f"SELECT email AS value FROM users WHERE {column} = :value ORDER BY id LIMIT 1", value=value)
    return found


def _middling(tx: Tx, column: str) -> str:
    rows = tx.all(f"SELECT {column} AS key FROM tickets GROUP BY {column} ORDER BY count(*), {column}")
    found: str = rows[len(rows) // 2]["key"]
    return found


def _engineer(tx: Tx, ticket_type: str) -> int:
    """Somebody with two ticket types, this and another."""
    with_two_types = """
        SELECT user_roles.user_id FROM user_roles
        JOIN role_ticket_types ON role_ticket_types.role_id = user_roles.role_id GROUP BY user_roles.user_id
        HAVING count(*) = 2 AND sum(CASE role_ticket_types.ticket_type WHEN :ticket_type THEN 1 ELSE 0 END) = 1
    """
    found: int = tx.value(
        f"SELECT assigned_to_id AS value FROM tickets WHERE assigned_to_id IN ({with_two_types})"
        " GROUP BY assigned_to_id ORDER BY abs(count(*) - :held), assigned_to_id LIMIT 1",
        ticket_type=ticket_type,
        held=_HELD,
    )
    return found


def _twentieth_customer(tx: Tx) -> int:
    """By tickets, of those that have users: these are the largest."""
    rows = tx.all(
        "SELECT customer_id FROM tickets WHERE customer_id IN (SELECT customer_id FROM users)"
        " GROUP BY customer_id ORDER BY count(*) DESC, customer_id LIMIT 20"
    )
    found: int = rows[-1]["customer_id"]
    return found


def _some_ids(tx: Tx, newest: int, condition: str, **params: int) -> tuple[int, ...]:
    """Spread evenly over the newest of these."""
    rows = tx.all(
        f"SELECT id FROM tickets WHERE {condition} ORDER BY raised_at DESC, id DESC LIMIT :newest",
        newest=newest,
        **params,
    )
    return tuple(row["id"] for row in rows[:: max(1, len(rows) // _PLENTY)][:_PLENTY])
