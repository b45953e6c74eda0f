"""Whose tickets a report counts: those that a filter of `GET /tickets/rows` lists for who asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from keesa.accounts.actors import Actor
from keesa.accounts.filters import Filter, OneOf
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.reports.facts import Dimension, customer_scope, type_scope

MOST_TYPES: Final = 20
"""That one list takes."""
OF_DESK: Final = "is a filter of the desk's"
OF_ADMINS: Final = "is a filter of administrators"
NOT_BOTH: Final = "cannot be joined with customer_id"
NOT_YOURS: Final = "must be ticket types that your roles work on"
TOO_MANY: Final = f"must be named: your roles work on more than {MOST_TYPES}, as many as one list takes"


@dataclass(frozen=True, slots=True)
class Scope:
    names: Sequence[str]
    """As the counts have them; a ticket is in one at the most."""
    query: Mapping[str, str]
    """The filters of a list with the same tickets; there is none where there are no names."""
    terms: Filter
    """The same for the domain."""

    def query_of(self, by: Dimension, value: str) -> Mapping[str, str] | None:
        """The filters of those of its tickets that have the value; None where no list has such a filter."""
        if value:
            return {**self.query, by: value}
        return {**self.query, "unassigned": "true"} if by == "assigned_to_id" else None


def scope_for(tx: Tx, actor: Actor, ticket_types: Sequence[str] | None, customer_id: int | None) -> Scope:
    """Of what the actor may have counted: an administrator all, or one customer's; a member of staff the ticket types
    of their roles, all of whose tickets they see; a customer's user that customer's. Raises `Invalid`.
    """
    match actor.user_type:
        case "admin":
            return _of_admin(tx, ticket_types, customer_id)
        case "staff":
            if customer_id is not None:
                raise Invalid({"customer_id": [OF_ADMINS]})
            return _of_staff(actor, ticket_types)
        case _:
            given = {"ticket_type": ticket_types, "customer_id": customer_id}
            if faults := {name: [OF_DESK] for name, value in given.items() if value is not None}:
                raise Invalid(faults)
    if actor.customer_id is None:
        return Scope((), {}, ())
    return Scope((customer_scope(actor.customer_id),), {}, ())


def _of_admin(tx: Tx, ticket_types: Sequence[str] | None, customer_id: int | None) -> Scope:
    if ticket_types is not None and customer_id is not None:
        raise Invalid({"ticket_type": [NOT_BOTH]})
    if customer_id is not None:
        named = OneOf("customer_id", frozenset([customer_id]))
        return Scope((customer_scope(customer_id),), {"customer_id": str(customer_id)}, (named,))
    if ticket_types is not None:
        return _of_types(ticket_types)
    keys = [key for (key,) in tx.each("SELECT key FROM ticket_types ORDER BY position")]
    return Scope([type_scope(key) for key in (*keys, None)], {}, ())


def _of_staff(actor: Actor, ticket_types: Sequence[str] | None) -> Scope:
    if ticket_types is None and len(actor.ticket_types) > MOST_TYPES:
        raise Invalid({"ticket_type": [TOO_MANY]})
    if ticket_types is not None and not {*ticket_types} <= {*actor.ticket_types}:
        raise Invalid({"ticket_type": [NOT_YOURS]})
    return _of_types(actor.ticket_types if ticket_types is None else ticket_types)


def _of_types(keys: Sequence[str]) -> Scope:
    distinct = list(dict.fromkeys(keys))
    named = OneOf("ticket_type", frozenset(distinct))
    return Scope([type_scope(key) for key in distinct], {"ticket_type": ",".join(distinct)}, (named,))
