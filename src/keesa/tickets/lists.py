"""Pages of tickets. Each list is a condition, an order and a page; the page is cut before anything is joined."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import Condition, visible_to
from keesa.db import Tx
from keesa.directory.customers import find_customer
from keesa.directory.reference import unknown_key
from keesa.errors import Forbidden, Invalid, NotFound
from keesa.tickets.numbers import LARGEST
from keesa.tickets.statuses import ACTIVE, CLOSED, OPEN, Status, status_filter
from keesa.tickets.views import COLUMNS, JOINS, NO_HISTORY, NO_NOTES, NOTES, TicketView, view_of


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list by time raised. `number` counts from 1; `limit` None takes all."""

    number: int = 1
    limit: int | None = 20
    newest_first: bool = True

    def at(self, number: int | None) -> "Page":
        """The same list at another page; at this one for None."""
        return self if number is None else Page(number, self.limit, self.newest_first)


def list_groups(tx: Tx, actor: Actor, page: Page, numbers: Sequence[int | None]) -> list[TicketView]:
    """The open, then the active, then the closed tickets that the actor sees, each group at a page of its own
    (`numbers` holds the three; None takes that of `page`).
    """
    found: list[TicketView] = []
    for statuses, number in zip((OPEN, ACTIVE, CLOSED), numbers, strict=True):
        found += _list(tx, actor, _of_status(*statuses), page.at(number))
    return found


def list_own_unclosed(tx: Tx, actor: Actor, page: Page) -> list[TicketView]:
    """What the actor raised or is assigned, and is not closed: all that `GET /tickets` shows in 2021."""
    own = Condition(
        "(tickets.raised_by_id = :own_id OR tickets.assigned_to_id = :own_id) AND tickets.status <> 'closed'",
        {"own_id": actor.id},
    )
    return _list(tx, actor, [own], page)


def list_by_type(tx: Tx, actor: Actor, ticket_type: str, status: str | int, page: Page) -> list[TicketView]:
    """`status` is what `status_filter` takes. Raises `Invalid` for an unknown type, status, or both."""
    problem = unknown_key(tx, "ticket_types", ticket_type)
    faults = {"type": [problem]} if problem else {}
    try:
        wanted = status_filter(status)
    except Invalid as error:
        raise Invalid({**faults, **error.faults}) from error
    if faults:
        raise Invalid(faults)
    of_type = Condition("tickets.ticket_type = :ticket_type", {"ticket_type": ticket_type})
    return _list(tx, actor, [of_type, *_of_status(wanted)], page)


def list_by_category(tx: Tx, actor: Actor, category: str, page: Page) -> list[TicketView]:
    """Without notes; raises `Invalid` for an unknown category."""
    if problem := unknown_key(tx, "ticket_categories", category):
        raise Invalid({"category": [problem]})
    of_category = Condition("tickets.category = :category", {"category": category})
    return _list(tx, actor, [of_category], page, notes=False)


def list_of_customer(tx: Tx, actor: Actor, customer_id: int, status: Status | None, page: Page) -> list[TicketView]:
    """Without notes; raises `Forbidden` for a customer that the actor has nothing to do with."""
    of_customer = Condition("tickets.customer_id = :customer_id", {"customer_id": customer_id})
    _require_concern(tx, actor, customer_id, of_customer)
    conditions = [of_customer, *(_of_status(status) if status else ())]
    return _list(tx, actor, conditions, page, notes=False)


def _require_concern(tx: Tx, actor: Actor, customer_id: int, of_customer: Condition) -> None:
    """Admins have to do with every customer, a customer's users with theirs, staff with those whose tickets
    they see, bots with none. What is missing looks like what is forbidden, but to admins.
    """
    if actor.user_type == "admin":
        if find_customer(tx, customer_id) is None:
            raise NotFound("Customer not found")
        return
    if actor.user_type == "customer" and actor.customer_id == customer_id:
        return
    if actor.user_type == "staff" and _list(tx, actor, [of_customer], Page(limit=1), notes=False):
        return
    raise Forbidden("You have nothing to do with this customer")


def _of_status(*statuses: Status) -> list[Condition]:
    names = {f"status_{position}": status for position, status in enumerate(statuses)}
    return [Condition(f"tickets.status IN ({', '.join(f':{name}' for name in names)})", dict(names))]


_PAGE: Final = """
    WITH page AS (
        SELECT id FROM tickets WHERE {condition}
        ORDER BY raised_at {direction}, id {direction} LIMIT :limit OFFSET :offset
    )
    SELECT {columns}, {notes}, {history} FROM page JOIN tickets ON tickets.id = page.id {joins}
    ORDER BY tickets.raised_at {direction}, tickets.id {direction}
"""


def _list(tx: Tx, actor: Actor, conditions: Sequence[Condition], page: Page, *, notes: bool = True) -> list[TicketView]:
    every = [visible_to(actor), *conditions]
    limit = LARGEST if page.limit is None else page.limit
    text = _PAGE.format(
        condition=" AND ".join(condition.sql for condition in every),
        direction="DESC" if page.newest_first else "ASC",
        columns=COLUMNS,
        notes=NOTES if notes else NO_NOTES,
        history=NO_HISTORY,
        joins=JOINS,
    )
    params = {name: value for condition in every for name, value in condition.params.items()}
    params |= {"limit": limit, "offset": min((page.number - 1) * limit, LARGEST)}
    return [view_of(row) for row in tx.all(text, **params)]
