"""Pages of tickets. Each list is what the actor sees, what is wanted of it, and a page."""

from collections.abc import Iterable, Sequence

from keesa.accounts.actors import Actor
from keesa.accounts.filters import Equals, Filter
from keesa.db import Steps, Tx
from keesa.directory.customers import find_customer
from keesa.directory.reference import unknown_key_soon
from keesa.errors import Forbidden, Invalid
from keesa.tickets.changed_since import select_changed
from keesa.tickets.pages import Page
from keesa.tickets.selecting import EVERY, Group, select
from keesa.tickets.statuses import ACTIVE, CLOSED, OPEN, Status, status_filter
from keesa.tickets.views import VisibleTicket


def list_groups(
    tx: Tx, actor: Actor, page: Page, numbers: Sequence[int | None], since: int | None = None
) -> Steps[Iterable[VisibleTicket]]:
    """The open, then the active, then the closed tickets that the actor sees, each group at a page of its own
    (`numbers` holds the three; None takes that of `page`). With `since` (milliseconds since 1970), here as in the other
    lists, those alone that were changed since then; raises `Invalid` where that is too much.
    """
    pages = [page.at(number) for number in numbers]
    groups = list(zip((OPEN, ACTIVE, CLOSED), pages, strict=True))
    return (yield from _select(tx, actor, EVERY, groups, since))


def list_own_unclosed(tx: Tx, actor: Actor, page: Page) -> Steps[Iterable[VisibleTicket]]:
    """What the actor raised or is assigned, and is not closed: all that `GET /tickets` shows in 2021."""
    own: tuple[Filter, ...] = ((Equals("raised_by_id", actor.id),), (Equals("assigned_to_id", actor.id),))
    return (yield from select(tx, actor, own, [((*OPEN, *ACTIVE), page)]))


def list_by_type(
    tx: Tx, actor: Actor, ticket_type: str, status: str | int, page: Page, since: int | None = None
) -> Steps[Iterable[VisibleTicket]]:
    """`status` is what `status_filter` takes. Raises `Invalid` for an unknown type, status, or both."""
    problem = unknown_key_soon(tx, "ticket_types", ticket_type)
    try:
        wanted = status_filter(status)
    except Invalid as error:
        raise Invalid({**_fault("type", problem()), **error.faults}) from error
    found = yield from _select(tx, actor, ((Equals("ticket_type", ticket_type),),), [((wanted,), page)], since)
    if faults := _fault("type", problem()):
        raise Invalid(faults)
    return found


def list_by_category(
    tx: Tx, actor: Actor, category: str, page: Page, since: int | None = None
) -> Steps[Iterable[VisibleTicket]]:
    """Raises `Invalid` for an unknown category."""
    problem = unknown_key_soon(tx, "ticket_categories", category)
    found = yield from _select(tx, actor, ((Equals("category", category),),), [(None, page)], since)
    if faults := _fault("category", problem()):
        raise Invalid(faults)
    return found


def list_of_customer(
    tx: Tx, actor: Actor, customer_id: int, status: Status | None, page: Page, since: int | None = None
) -> Steps[Iterable[VisibleTicket]]:
    """Raises `Forbidden` for a customer that the actor has nothing to do with."""
    of_customer = (Equals("customer_id", customer_id),)
    found = list((yield from _select(tx, actor, (of_customer,), [((status,) if status else None, page)], since)))
    if not found:
        yield from _require_concern(tx, actor, customer_id)
    return found


def _select(
    tx: Tx, actor: Actor, wanted: tuple[Filter, ...], groups: Sequence[Group], since: int | None
) -> Steps[Iterable[VisibleTicket]]:
    if since is not None:
        return (yield from select_changed(tx, actor, wanted, groups, since))
    return (yield from select(tx, actor, wanted, groups))


def _require_concern(tx: Tx, actor: Actor, customer_id: int) -> Steps[None]:
    """Admins have to do with every customer, a customer's users with theirs, staff with those whose tickets
    they see, bots with none. What is missing looks like what is forbidden, but to admins.
    """
    if actor.user_type == "admin":
        find_customer(tx, actor, customer_id)
        return
    if actor.user_type == "customer" and actor.customer_id == customer_id:
        return
    of_customer = (Equals("customer_id", customer_id),)
    visible = yield from select(tx, actor, (of_customer,), [(None, Page(limit=1))])
    if actor.user_type != "staff" or not list(visible):
        raise Forbidden("You have nothing to do with this customer")


def _fault(field: str, problem: str | None) -> dict[str, list[str]]:
    return {field: [problem]} if problem else {}
