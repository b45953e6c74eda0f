"""Raising a ticket."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from keesa.accounts.actors import Actor
from keesa.clock import Clock
from keesa.db import Tx
from keesa.directory.customers import CUSTOMER_COLUMNS, Customer, customer_by_id, customer_of
from keesa.directory.ecos import Eco, eco_by_id
from keesa.directory.phones import Phone, phone_to_keep, read_phone
from keesa.directory.reference import defaults_of
from keesa.errors import Forbidden, Invalid
from keesa.events.recording import Event, Kept, Sight, add_event
from keesa.rich_text.html import RichText
from keesa.tickets.checking import reference_questions, text_faults, unfit_customer, unfit_eco
from keesa.tickets.history import record_status
from keesa.tickets.numbers import DRAWN, NumberForm, next_number, number_of, prefix_of
from keesa.tickets.statuses import Status
from keesa.words.index import index_ticket
from keesa.words.pieces import Head

DEFAULT_PRIORITY: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A ticket to raise. `customer_id` or `eco_id` is needed, but of a customer's user, whose own customer it is else;
    without contact fields the customer's are used. Category and type are needed too, but of a customer's user whose
    product has its own.
    """

    title: str
    description: RichText
    product_id: int
    category: str | None = None
    ticket_type: str | None = None
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
    """Every rule that the given fields of a `Draft` break; of those that are missing only the customer is told, since
    `missing_words` tells of the rest.

    Raises `Forbidden` where a customer's user names another customer.
    """
    faults = text_faults(given)
    for field, ask in reference_questions(tx, given).items():
        if problem := ask():
            faults[field] = [problem]
    for field, problem in _customer_faults(tx, actor, given.get("customer_id"), given.get("eco_id")).items():
        faults[field] = [problem]
    return faults


def missing_words(tx: Tx, actor: Actor, given: Mapping[str, Any]) -> dict[str, list[str]]:
    """Which of category and type are missing: what a customer's user leaves out, the product may have."""
    found = {word: given.get(word) for word in ("category", "ticket_type")}
    if actor.user_type == "customer" and given.get("product_id") is not None and None in found.values():
        defaults = defaults_of(tx, given["product_id"])
        found = {word: getattr(defaults, word) if value is None else value for word, value in found.items()}
    return {word: ["is missing"] for word, value in found.items() if value is None}


def raise_ticket(tx: Tx, actor: Actor, draft: Draft, at: int, clock: Clock, form: NumberForm) -> Raised:
    """Raise the ticket as the actor, with the first row of its history. Raises as `draft_faults`, and `Invalid`."""
    draft = _with_defaults(tx, actor, draft)
    prefix = prefix_of(at, clock, form)
    customer, drawn = _customer_at_once(tx, actor, draft, prefix) or (_customer_step_by_step(tx, actor, draft), None)
    assert draft.category is not None and draft.ticket_type is not None  # noqa: PT018, S101 - else it is refused above
    phone = _phone(customer, draft)
    number = next_number(tx, at, clock, form) if drawn is None else number_of(prefix, drawn)
    head = Head(
        id=number,
        title=draft.title,
        reference=draft.reference,
        contact_name=customer.contact_name if draft.contact_name is None else draft.contact_name,
        contact_number=phone.number,
        contact_phone=phone_to_keep(phone),
        customer_id=customer.id,
        eco_id=draft.eco_id,
    )
    tx.run(
        "INSERT INTO tickets (id, title, description, status, priority, reference, ticket_type, category,"
        " customer_id, eco_id, product_id, contact_name, contact_number, contact_phone, raised_by_id, raised_at,"
        " description_size, events, public_events, changed_at, public_changed_at, revision)"
        " VALUES (:id, :title, :description, 'open', :priority, :reference, :ticket_type, :category,"
        " :customer_id, :eco_id, :product_id, :contact_name, :contact_number, :contact_phone, :raised_by_id, :at,"
        " :size, 1, 1, :at, :at, $new_revision)",
        **head._asdict(),
        description=draft.description.kept,
        priority=draft.priority,
        ticket_type=draft.ticket_type,
        category=draft.category,
        product_id=draft.product_id,
        raised_by_id=actor.id,
        at=at,
        size=draft.description.size,
    )
    index_ticket(tx, head, draft.description.words)
    record_status(tx, actor, number, "open", at)
    sight = Sight(actor.id, customer.id, None, draft.ticket_type)
    add_event(tx, actor, number, Event("raised"), Kept(1, 1, at), sight)
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


def _customer_faults(tx: Tx, actor: Actor, customer_id: int | None, eco_id: int | None) -> dict[str, str]:
    """A customer's users raise tickets for their customer alone, and see no other's ECOs: those are unknown."""
    if actor.user_type == "customer" and customer_id not in (None, actor.customer_id):
        raise Forbidden("You have nothing to do with this customer")
    own_id = actor.customer_id if eco_id is None else None
    named_id = own_id if customer_id is None else customer_id
    faults = {}
    if named_id is not None and (fault := unfit_customer(tx, named_id)):
        faults["customer_id"] = fault
    elif named_id is None and eco_id is None:
        faults["customer_id"] = "is missing: give it, or eco_id"
    if eco_id is not None:
        eco = _eco_in_sight(tx, actor, eco_id)
        if fault := unfit_eco(eco, None if faults else customer_id):
            faults["eco_id"] = fault
        elif eco is not None and customer_id is None and unfit_customer(tx, eco.customer_id):
            faults["eco_id"] = "belongs to a customer that is retired"
    return faults


def _eco_in_sight(tx: Tx, actor: Actor, eco_id: int) -> Eco | None:
    eco = eco_by_id(tx, eco_id)
    hidden = eco and actor.user_type == "customer" and eco.customer_id != actor.customer_id
    return None if hidden else eco


def _customer_at_once(tx: Tx, actor: Actor, draft: Draft, prefix: str) -> tuple[Customer, int | None] | None:
    """The ticket's customer, where one statement finds all in order, as it mostly is; None to look more closely. Where
    numbers are drawn, it draws the ticket's too.
    """
    customer_id = draft.customer_id
    if actor.user_type == "customer":
        if customer_id not in (None, actor.customer_id):
            return None
        customer_id = actor.customer_id
    if draft.eco_id is not None or draft.category is None or draft.ticket_type is None:
        return None
    if text_faults(_fields(draft)):
        return None
    rows = tx.each(
        _FIT if tx.writes_alone else _FIT_AND_DRAWN,
        customer_id=customer_id,
        category=draft.category,
        ticket_type=draft.ticket_type,
        product_id=draft.product_id,
        prefix=prefix,
    )
    return next(((customer_of(*columns), number) for number, *columns in rows), None)


_IN_ORDER: Final = """
    customers.id = :customer_id AND retired_at IS NULL
    AND EXISTS (SELECT 1 FROM ticket_categories WHERE key = :category AND retired_at IS NULL)
    AND EXISTS (SELECT 1 FROM ticket_types WHERE key = :ticket_type AND retired_at IS NULL)
    AND EXISTS (SELECT 1 FROM products WHERE products.id = :product_id AND retired_at IS NULL)
"""
_FIT: Final = f"SELECT NULL, {CUSTOMER_COLUMNS} FROM customers WHERE {_IN_ORDER}"
_FIT_AND_DRAWN: Final = (
    f"SELECT {DRAWN}, {CUSTOMER_COLUMNS} FROM customers, ticket_number_bases WHERE prefix = :prefix AND {_IN_ORDER}"
)


def _customer_step_by_step(tx: Tx, actor: Actor, draft: Draft) -> Customer:
    """The customer that is named, else the ECO's, else the actor's own. Raises `Invalid` with every fault."""
    given = _fields(draft)
    if faults := draft_faults(tx, actor, given) | missing_words(tx, actor, given):
        raise Invalid(faults)
    customer_id = draft.customer_id
    if customer_id is None and draft.eco_id is not None and (eco := eco_by_id(tx, draft.eco_id)):
        customer_id = eco.customer_id
    if customer_id is None:
        customer_id = actor.customer_id
    customer = customer_by_id(tx, customer_id) if customer_id is not None else None
    if customer is None:
        raise Invalid({"customer_id": ["is unknown"]})
    return customer


def _with_defaults(tx: Tx, actor: Actor, draft: Draft) -> Draft:
    """A customer's user need not know the words that the desk sorts tickets by."""
    if actor.user_type != "customer" or (draft.category is not None and draft.ticket_type is not None):
        return draft
    defaults = defaults_of(tx, draft.product_id)
    return replace(
        draft,
        category=defaults.category if draft.category is None else draft.category,
        ticket_type=defaults.ticket_type if draft.ticket_type is None else draft.ticket_type,
    )


def _phone(customer: Customer, draft: Draft) -> Phone:
    """The contact's: the one that was given, in which `text_faults` finds nothing, else the customer's."""
    given = None if draft.contact_number is None else read_phone(draft.contact_number)
    return given or Phone(customer.contact_number, customer.contact_phone)


def _fields(draft: Draft) -> dict[str, Any]:
    return {field: getattr(draft, field) for field in Draft.__dataclass_fields__}
