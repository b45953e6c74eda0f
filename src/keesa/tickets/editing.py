"""Editing a ticket: what was said when it was raised."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import TICKETS_TRANSFER, require, require_desk
from keesa.db import Tx
from keesa.directory.customers import Customer, customer_by_id
from keesa.directory.ecos import eco_by_id
from keesa.directory.phones import Phone, phone_to_keep, read_phone
from keesa.errors import Invalid
from keesa.events.recording import Event
from keesa.rich_text.html import RichText
from keesa.tickets.changing import change
from keesa.tickets.checking import reference_questions, text_faults, unfit_eco
from keesa.tickets.finding import LockedTicket, as_held, said_in
from keesa.tickets.transferring import head_from, transfer, transfer_faults
from keesa.words.index import replace_description, set_head
from keesa.words.pieces import Head

Values = dict[str, Any]
"""By column, as events have them: texts as they are kept, `contact_phone` as it was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketChanges:
    """What a ticket is to be; a field that is UNSET stays as it is."""

    title: str | UnsetType = UNSET
    description: RichText | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    category: str | UnsetType = UNSET
    ticket_type: str | UnsetType = UNSET
    product_id: int | UnsetType = UNSET
    reference: str | UnsetType | None = UNSET
    contact_name: str | UnsetType = UNSET
    contact_number: str | int | UnsetType = UNSET
    """What `read_phone` reads."""
    eco_id: int | UnsetType | None = UNSET
    """One of the ticket's customer."""
    customer_id: int | UnsetType = UNSET
    """Another one than the ticket's gives the ticket to them: `keesa.tickets.transferring`."""

    @property
    def given(self) -> Values:
        values = {field: getattr(self, field) for field in self.__dataclass_fields__}
        return {field: value for field, value in values.items() if value is not UNSET}


def edit_ticket(tx: Tx, actor: Actor, ticket: LockedTicket, changes: TicketChanges, at: int) -> LockedTicket:
    """The ticket, which the actor has locked, as it is afterwards; where nothing is another than before, as it was,
    and without an event.

    What has retired may stay, and is not given anew. Raises `Forbidden` for who may not give it to another customer,
    and `Invalid` with every fault.
    """
    require_desk(actor)
    given = changes.given
    said = said_in(tx, as_held(actor, ticket))
    questions = reference_questions(tx, given)
    was = said()
    transfers = given.get("customer_id", ticket.customer_id) != ticket.customer_id
    if transfers:
        require(actor, TICKETS_TRANSFER)
    faults = text_faults(given)
    for field, ask in questions.items():
        if given[field] != was[field] and (problem := ask()):
            faults[field] = [problem]
    customer = customer_by_id(tx, given["customer_id"]) if transfers else None
    if transfers:
        faults |= transfer_faults(ticket, given, customer)
        faults |= _eco_faults(tx, given.get("eco_id"), None, customer.id if customer else None)
    else:
        faults |= _eco_faults(tx, given.get("eco_id"), was["eco_id"], ticket.customer_id)
    if faults:
        raise Invalid(faults)
    wanted = _wanted(given, was, customer)
    told = {field: (was[field], wanted[field]) for field in was if wanted.get(field, was[field]) != was[field]}
    if not told:
        return ticket
    columns = {field: value for field, (_, value) in told.items()} | _kept(told, given, wanted)
    columns |= _first_edits(ticket, told)
    if transfers:
        description = changes.description
        assert isinstance(description, RichText)  # noqa: S101 - `transfer_faults` asks for it
        return transfer(tx, actor, ticket, at, told, columns, was | wanted, description.words)
    ticket = change(tx, actor, ticket, at, Event("edited", told), **columns)
    _index(tx, ticket, told, changes, was | wanted)
    return ticket


def _index(tx: Tx, ticket: LockedTicket, told: Mapping[str, Any], changes: TicketChanges, now: Values) -> None:
    if not told.keys().isdisjoint(Head._fields):
        set_head(tx, head_from(ticket.id, now))
    if "description" in told and isinstance(changes.description, RichText):
        replace_description(tx, ticket.id, changes.description.words)


def _eco_faults(tx: Tx, eco_id: int | None, had: int | None, customer_id: int | None) -> dict[str, list[str]]:
    """Of an ECO that the ticket of the customer (None: of whomever) is given."""
    if eco_id in (None, had):
        return {}
    fault = unfit_eco(eco_by_id(tx, eco_id), customer_id)
    return {"eco_id": [fault]} if fault else {}


def _wanted(given: Values, was: Values, customer: Customer | None) -> Values:
    """What the fields are to be, with those that follow from others. There are no faults in what is given."""
    wanted = dict(given)
    if customer is not None:
        own = {"contact_name": customer.contact_name, "reference": None, "eco_id": None}
        wanted = own | wanted
    if "description" in given:
        wanted["description"] = given["description"].kept
    had = Phone(was["contact_number"], was["contact_phone"])
    if customer is not None:
        had = Phone(customer.contact_number, customer.contact_phone)
    phone = _phone(given.get("contact_number"), had)
    return wanted | {"contact_number": phone.number, "contact_phone": phone.written}


def _phone(given: str | int | None, had: Phone) -> Phone:
    """The number alone, as tickets show it beside the written one, leaves that as it was."""
    phone = None if given is None else read_phone(given)
    if phone is None or (phone.number == had.number and phone_to_keep(phone) is None):
        return had
    return phone


def _kept(told: Mapping[str, Any], given: Values, wanted: Values) -> Values:
    """The columns that hold something else than what is told of them."""
    columns: Values = {}
    if "contact_number" in told or "contact_phone" in told:
        columns["contact_phone"] = phone_to_keep(Phone(wanted["contact_number"], wanted["contact_phone"]))
    if "description" in told:
        columns["description_size"] = given["description"].size
    return columns


def _first_edits(ticket: LockedTicket, fields: Iterable[str]) -> Values:
    """The column that says by which event each field was edited first, where the next one is the first of any."""
    known: dict[str, int] = msgspec.json.decode(ticket.first_edits or "{}")
    edits = dict.fromkeys(fields, ticket.events + 1) | known
    return {} if edits == known else {"first_edits": msgspec.json.encode(edits).decode()}
