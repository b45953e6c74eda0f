"""Raising a ticket."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from keesa.accounts.actors import Actor
from keesa.blank import is_blank
from keesa.clock import Clock
from keesa.db import Tx
from keesa.directory.customers import CUSTOMER_COLUMNS, Customer, customer_by_id, customer_of
from keesa.directory.ecos import Eco, find_eco
from keesa.directory.phones import FAULT, Phone, phone_to_keep, read_phone
from keesa.directory.reference import unknown_key, unknown_product
from keesa.errors import Forbidden, Invalid
from keesa.tickets.history import record_first_status
from keesa.tickets.html import RichText
from keesa.tickets.numbers import NumberForm, next_number
from keesa.tickets.statuses import Status

LONGEST_LINE: Final = 255
"""Characters of a title, a reference and a contact's name."""
DEFAULT_PRIORITY: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A ticket to raise. `customer_id` or `eco_id` is needed, but of a customer's user, whose own customer it is else;
    without contact fields the customer's are used.
    """

    title: str
    description: RichText
    category: str
    ticket_type: str
    product_id: int
    priority: int = DEFAULT_PRIORITY
    reference: str | None = None
    customer_id: int | None = None
    eco_id: int | None = None
    contact_name: str | None = None
    contact_number: str | int | None = None
    """What `read_phone` reads."""


@dataclass(frozen=True, slots=True)
class Raised:
    """The new ticket, as the 2024 document answers it."""

    id: int
    title: str
    description: str
    status: Status
    category: str
    ticket_type: str
    priority: int
    customer_id: int
    product_id: int
    raised_by_id: int
    raised_by: str
    raised_at: int


def draft_faults(tx: Tx, actor: Actor, given: Mapping[str, Any]) -> dict[str, list[str]]:
    """Every rule that the given fields of a `Draft` break; of those that are missing only the customer is told.

    Raises `Forbidden` where a customer's user names another customer.
    """
    faults = _text_faults(given)
    for field, problem in _reference_faults(tx, given).items():
        faults[field] = [problem]
    for field, problem in _customer_faults(tx, actor, given.get("customer_id"), given.get("eco_id")).items():
        faults[field] = [problem]
    return faults


def raise_ticket(tx: Tx, actor: Actor, draft: Draft, at: int, clock: Clock, form: NumberForm) -> Raised:
    """Raise the ticket as the actor, with the first row of its history. Raises as `draft_faults`, and `Invalid`."""
    customer = _customer_at_once(tx, actor, draft) or _customer_step_by_step(tx, actor, draft)
    phone = _phone(customer, draft)
    number = next_number(tx, at, clock, form)
    tx.run(
        "INSERT INTO tickets (id, title, description, status, priority, reference, ticket_type, category,"
        " customer_id, eco_id, product_id, contact_name, contact_number, contact_phone, raised_by_id, raised_at,"
        " description_size, revision)"
        " VALUES (:id, :title, :description, 'open', :priority, :reference, :ticket_type, :category,"
        " :customer_id, :eco_id, :product_id, :contact_name, :contact_number, :contact_phone, :raised_by_id, :at,"
        " :size, $new_revision)",
        id=number,
        title=draft.title,
        description=draft.description.kept,
        priority=draft.priority,
        reference=draft.reference,
        ticket_type=draft.ticket_type,
        category=draft.category,
        customer_id=customer.id,
        eco_id=draft.eco_id,
        product_id=draft.product_id,
        contact_name=customer.contact_name if draft.contact_name is None else draft.contact_name,
        contact_number=phone.number,
        contact_phone=phone_to_keep(phone),
        raised_by_id=actor.id,
        at=at,
        size=draft.description.size,
    )
    record_first_status(tx, actor, number, "open", at)
    return Raised(
        id=number,
        title=draft.title,
        description=draft.description.kept,
        status="open",
        category=draft.category,
        ticket_type=draft.ticket_type,
        priority=draft.priority,
        customer_id=customer.id,
        product_id=draft.product_id,
        raised_by_id=actor.id,
        raised_by=actor.full_name,
        raised_at=at,
    )


def _text_faults(given: Mapping[str, Any]) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    for field in ("title", "reference", "contact_name"):
        text = given.get(field)
        if text is not None and len(text) > LONGEST_LINE:
            faults[field] = [f"must have at most {LONGEST_LINE} characters"]
        elif text is not None and is_blank(text) and (text or field != "reference"):  # a form sends an empty reference
            faults[field] = ["must not be empty"]
    description: RichText | None = given.get("description")
    if description is not None and description.fault:
        faults["description"] = [description.fault]
    contact_number = given.get("contact_number")
    if contact_number is not None and read_phone(contact_number) is None:
        faults["contact_number"] = [FAULT]
    return faults


def _reference_faults(tx: Tx, given: Mapping[str, Any]) -> dict[str, str]:
    problems: dict[str, str | None] = {}
    if (category := given.get("category")) is not None:
        problems["category"] = unknown_key(tx, "ticket_categories", category)
    if (ticket_type := given.get("ticket_type")) is not None:
        problems["ticket_type"] = unknown_key(tx, "ticket_types", ticket_type)
    if (product_id := given.get("product_id")) is not None:
        problems["product_id"] = unknown_product(tx, product_id)
    return {field: problem for field, problem in problems.items() if problem}


def _customer_faults(tx: Tx, actor: Actor, customer_id: int | None, eco_id: int | None) -> dict[str, str]:
    """A customer's users raise tickets for their customer alone, and see no other's ECOs: those are unknown."""
    if actor.user_type == "customer" and customer_id not in (None, actor.customer_id):
        raise Forbidden("You have nothing to do with this customer")
    own_id = actor.customer_id if eco_id is None else None
    named_id = own_id if customer_id is None else customer_id
    faults = {}
    if named_id is not None and (fault := _unfit(tx, named_id)):
        faults["customer_id"] = fault
    elif named_id is None and eco_id is None:
        faults["customer_id"] = "is missing: give it, or eco_id"
    if eco_id is not None:
        eco = _eco_in_sight(tx, actor, eco_id)
        if eco is None:
            faults["eco_id"] = "is unknown"
        elif customer_id is None and _unfit(tx, eco.customer_id):
            faults["eco_id"] = "belongs to a customer that is retired"
        elif customer_id not in (None, eco.customer_id) and not faults:
            faults["eco_id"] = f"belongs to another customer than {customer_id}"
    return faults


def _unfit(tx: Tx, customer_id: int) -> str | None:
    """Why the customer gets no ticket."""
    customer = customer_by_id(tx, customer_id)
    if customer is None:
        return "is unknown"
    return "is retired" if customer.retired else None


def _eco_in_sight(tx: Tx, actor: Actor, eco_id: int) -> Eco | None:
    eco = find_eco(tx, eco_id)
    hidden = eco and actor.user_type == "customer" and eco.customer_id != actor.customer_id
    return None if hidden else eco


def _customer_at_once(tx: Tx, actor: Actor, draft: Draft) -> Customer | None:
    """The ticket's customer, where one statement finds all in order, as it mostly is; None to look more closely."""
    customer_id = draft.customer_id
    if actor.user_type == "customer":
        if customer_id not in (None, actor.customer_id):
            return None
        customer_id = actor.customer_id
    if draft.eco_id is not None:
        return None
    if _text_faults(_fields(draft)):
        return None
    rows = tx.each(
        f"SELECT {CUSTOMER_COLUMNS} FROM customers WHERE id = :customer_id AND retired_at IS NULL"
        " AND EXISTS (SELECT 1 FROM ticket_categories WHERE key = :category)"
        " AND EXISTS (SELECT 1 FROM ticket_types WHERE key = :ticket_type)"
        " AND EXISTS (SELECT 1 FROM products WHERE id = :product_id)",
        customer_id=customer_id,
        category=draft.category,
        ticket_type=draft.ticket_type,
        product_id=draft.product_id,
    )
    return next((customer_of(*row) for row in rows), None)


def _customer_step_by_step(tx: Tx, actor: Actor, draft: Draft) -> Customer:
    """The customer that is named, else the ECO's, else the actor's own. Raises `Invalid` with every fault."""
    if faults := draft_faults(tx, actor, _fields(draft)):
        raise Invalid(faults)
    customer_id = draft.customer_id
    if customer_id is None and draft.eco_id is not None and (eco := find_eco(tx, draft.eco_id)):
        customer_id = eco.customer_id
    if customer_id is None:
        customer_id = actor.customer_id
    customer = customer_by_id(tx, customer_id) if customer_id is not None else None
    if customer is None:
        raise Invalid({"customer_id": ["is unknown"]})
    return customer


def _phone(customer: Customer, draft: Draft) -> Phone:
    """The contact's: the one that was given, in which `_text_faults` finds nothing, else the customer's."""
    given = None if draft.contact_number is None else read_phone(draft.contact_number)
    return given or Phone(customer.contact_number, customer.contact_phone)


def _fields(draft: Draft) -> dict[str, Any]:
    return {field: getattr(draft, field) for field in Draft.__dataclass_fields__}
