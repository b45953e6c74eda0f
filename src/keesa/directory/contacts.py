"""The further contacts of a customer, whose first one stands in the customer's own row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from keesa.accounts.emails import email_fault
from keesa.db import Tx
from keesa.directory.phones import FAULT, Phone, phone_to_keep, read_phone, written_of
from keesa.errors import Faults
from keesa.names import name_fault

MOST_CONTACTS: Final = 50
"""Of a customer."""
_SIZES: Final = (1, 20, 100, 500)
"""Customers whose contacts one statement reads: for each size it is another text, which engines keep prepared."""


@dataclass(frozen=True, slots=True)
class Contact:
    name: str
    contact_number: int
    contact_phone: str
    """The number as it was written."""
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """One of `contact_number` and `contact_phone` is needed. Who sends back what was shown has both: then the second
    says how the first is written.
    """

    name: str
    contact_number: str | int | None = None
    """What `read_phone` reads; likewise the next."""
    contact_phone: str | None = None
    email: str | None = None


def contact_faults(given: Sequence[NewContact]) -> Faults:
    """Every fault, by such fields as `contacts.0.name`."""
    if len(given) > MOST_CONTACTS:
        return {"contacts": [f"must be at most {MOST_CONTACTS}"]}
    return {
        f"contacts.{place}.{field}": [fault]
        for place, contact in enumerate(given)
        for field, fault in _faults(contact).items()
    }


def read_contacts(given: Sequence[NewContact]) -> tuple[Contact, ...]:
    """As they are kept; there are no faults in them."""
    return tuple(map(_read, given))


def contacts_of(tx: Tx, customer_ids: Sequence[int]) -> dict[int, tuple[Contact, ...]]:
    """By customer, of those that have any, in their order: by one statement for all (at most 500)."""
    if not customer_ids:
        return {}
    size = next(size for size in _SIZES if size >= len(customer_ids))
    given = {f"id_{at}": customer_ids[min(at, len(customer_ids) - 1)] for at in range(size)}
    rows = tx.all(
        "SELECT customer_id, name, number, phone, email FROM customer_contacts"
        f" WHERE customer_id IN ({', '.join(f':{name}' for name in given)}) ORDER BY customer_id, position",
        **given,
    )
    found: dict[int, tuple[Contact, ...]] = {}
    for row in rows:
        contact = Contact(row["name"], row["number"], written_of(row["number"], row["phone"]), row["email"])
        found[row["customer_id"]] = (*found.get(row["customer_id"], ()), contact)
    return found


def replace_contacts(tx: Tx, customer_id: int, contacts: Iterable[Contact]) -> None:
    """Keep these in place of those that there are; the customer is held (`lock_customer`), or new. A trigger moves
    its revision.
    """
    tx.run("DELETE FROM customer_contacts WHERE customer_id = :customer_id", customer_id=customer_id)
    for position, contact in enumerate(contacts, start=1):
        tx.run(
            "INSERT INTO customer_contacts (customer_id, position, name, number, phone, email)"
            " VALUES (:customer_id, :position, :name, :number, :phone, :email)",
            customer_id=customer_id,
            position=position,
            name=contact.name,
            number=contact.contact_number,
            phone=phone_to_keep(Phone(contact.contact_number, contact.contact_phone)),
            email=contact.email,
        )


def _phone_of(contact: NewContact) -> Phone | None:
    given = contact.contact_number if contact.contact_phone is None else contact.contact_phone
    return None if given is None else read_phone(given)


def _faults(contact: NewContact) -> dict[str, str]:
    faults = {}
    if fault := name_fault(contact.name):
        faults["name"] = fault
    phone, number = _phone_of(contact), contact.contact_number
    if phone is None:
        faults["contact_number" if contact.contact_phone is None else "contact_phone"] = FAULT
    elif number is not None and _digits(number) != phone.number:
        faults["contact_phone"] = "is another number than contact_number: leave one of the two out"
    if contact.email is not None and (fault := email_fault(contact.email)):
        faults["email"] = fault
    return faults


def _digits(number: str | int) -> int | None:
    phone = read_phone(number)
    return None if phone is None else phone.number


def _read(contact: NewContact) -> Contact:
    phone = _phone_of(contact)
    assert phone is not None  # noqa: S101 - there are no faults in it
    return Contact(contact.name, phone.number, phone.written, contact.email)
