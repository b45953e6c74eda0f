"""Customers: made, found, listed, changed and retired. A retired one stays on its tickets and gets no new ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from msgspec import UNSET, UnsetType, to_builtins

from keesa.accounts.actors import Actor
from keesa.accounts.audit.recording import Requester, record
from keesa.accounts.filters import Condition
from keesa.accounts.retiring import act_of
from keesa.db import Steps, Tx
from keesa.directory.contacts import Contact, NewContact, contact_faults, contacts_of, read_contacts, replace_contacts
from keesa.directory.pages import PageAfter, folded, read_page
from keesa.directory.phones import FAULT, Phone, phone_to_keep, read_phone, written_of
from keesa.errors import Faults, Invalid, NotFound
from keesa.names import name_fault
from keesa.words.names import keep_customer_name

CUSTOMER_COLUMNS: Final = "id, name, contact_name, contact_number, contact_phone, retired_at, revision"
NOT_FOUND: Final = "Customer not found"


@dataclass(frozen=True, slots=True)
class Customer:
    id: int
    name: str
    contact_name: str
    contact_number: int
    contact_phone: str
    """The number as it was written."""
    retired: bool
    revision: int
    """Another one after each change."""
    contacts: tuple[Contact, ...] = ()
    """The further ones; `customer_by_id` reads none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    name: str
    contact_name: str
    contact_number: str | int
    """What `read_phone` reads."""
    contacts: Sequence[NewContact] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChanges:
    """What a customer is to be; a field that is UNSET stays as it is."""

    name: str | UnsetType = UNSET
    contact_name: str | UnsetType = UNSET
    contact_number: str | int | UnsetType = UNSET
    """What `read_phone` reads."""
    retired: bool | UnsetType = UNSET
    contacts: Sequence[NewContact] | UnsetType = UNSET
    """All that it is to have."""


@dataclass(frozen=True, slots=True)
class CustomerPage:
    customers: Sequence[Customer]
    next_after: int | None
    """The `after` of the next page; None where nothing follows."""


def create_customer(tx: Tx, by: Requester, new: NewCustomer, *, customer_id: int | None = None) -> int:
    """The new customer's id (`customer_id` where it is given); raises `Invalid` with every fault."""
    phone = read_phone(new.contact_number)
    faults = _faults(new)
    if phone is None or faults:
        raise Invalid(faults)
    columns = "name, contact_name, contact_number, contact_phone, revision"
    values = ":name, :contact_name, :contact_number, :contact_phone, $new_revision"
    if customer_id is not None:
        columns, values = f"id, {columns}", f":id, {values}"
    created: int = tx.value(
        f"INSERT INTO customers ({columns}) VALUES ({values}) RETURNING id AS value",
        id=customer_id,
        name=new.name,
        contact_name=new.contact_name,
        contact_number=phone.number,
        contact_phone=phone_to_keep(phone),
    )
    keep_customer_name(tx, created, new.name)
    contacts = read_contacts(new.contacts)
    if contacts:
        replace_contacts(tx, created, contacts)
    made = Customer(created, new.name, new.contact_name, phone.number, phone.written, False, 0, contacts)  # noqa: FBT003 - it is in use
    record(tx, by, "customer.create", created, after=_told(made))
    return created


def find_customer(tx: Tx, actor: Actor, customer_id: int | None) -> Customer:
    """Raises `NotFound` where the customer is missing, or not that of the customer's user who asks."""
    return _found(tx, actor, customer_id, "")


def lock_customer(tx: Tx, actor: Actor, customer_id: int | None) -> Customer:
    """The same, for changing it: nobody else does before the transaction ends."""
    return _found(tx, actor, customer_id, "$for_update")


def customer_by_id(tx: Tx, customer_id: int) -> Customer | None:
    """For rules that ask about a customer of whoever's: what it gives must not be shown to an actor as it is."""
    rows = tx.each(f"SELECT {CUSTOMER_COLUMNS} FROM customers WHERE id = :id", id=customer_id)
    return next((customer_of(*row) for row in rows), None)


def customer_of(
    customer_id: int,
    name: str,
    contact_name: str,
    contact_number: int,
    contact_phone: str | None,
    retired_at: int | None,
    revision: int,
) -> Customer:
    """From a row of `CUSTOMER_COLUMNS`."""
    written = written_of(contact_number, contact_phone)
    return Customer(customer_id, name, contact_name, contact_number, written, retired_at is not None, revision)


def list_customers(
    tx: Tx, actor: Actor, page: PageAfter, name: str | None = None, *, with_retired: bool = False
) -> Steps[CustomerPage]:
    """The page of the customers that the actor sees, by id: of all, or of those whose name contains `name` in whatever
    case, as the caseless letters of NFC (`folded`). Those that are retired are left out unless they are asked for.

    Otherwise as `read_page`, whose errors it raises too.
    """
    part = None if name is None else folded(name)

    def is_wanted(row: tuple[Any, ...]) -> bool:
        _, called, *_, retired_at, _ = row
        return (with_retired or retired_at is None) and (part is None or part in folded(called))

    found = yield from read_page(
        page, lambda after, size: _read_portion(tx, actor, after, size), is_wanted, searching=part is not None
    )
    customers = [customer_of(*row) for row in found.rows]
    contacts = contacts_of(tx, [customer.id for customer in customers])
    shown = [replace(customer, contacts=contacts.get(customer.id, ())) for customer in customers]
    return CustomerPage(shown, found.next_after)


def change_customer(tx: Tx, by: Requester, customer_id: int | None, changes: CustomerChanges) -> Customer:
    """The customer as it is afterwards; where nothing is another than before, with the revision that it had. Raises
    `NotFound`, and `Invalid` with every fault.
    """
    customer = lock_customer(tx, by.actor, customer_id)
    if faults := _faults(changes):
        raise Invalid(faults)
    columns = _differing(customer, changes, by.at)
    contacts = customer.contacts if isinstance(changes.contacts, UnsetType) else read_contacts(changes.contacts)
    if not columns and contacts == customer.contacts:
        return customer
    if columns:
        named = ", ".join(f"{column} = :{column}" for column in columns)
        tx.run(f"UPDATE customers SET {named} WHERE id = :id", id=customer.id, **columns)
    if "name" in columns:
        keep_customer_name(tx, customer.id, str(columns["name"]))
    if contacts != customer.contacts:
        replace_contacts(tx, customer.id, contacts)
    changed = find_customer(tx, by.actor, customer.id)
    act = act_of(customer.retired, changed.retired)
    record(tx, by, f"customer.{act}", customer.id, _told(customer), _told(changed))
    return changed


def retire_customer(tx: Tx, by: Requester, customer_id: int | None) -> Customer:
    """From now on it gets no tickets and no ECOs; who retires it again changes nothing. Raises `NotFound`."""
    return change_customer(tx, by, customer_id, CustomerChanges(retired=True))


def _found(tx: Tx, actor: Actor, customer_id: int | None, locking: str) -> Customer:
    visible = _visible_to(actor)
    sql = f"SELECT {CUSTOMER_COLUMNS} FROM customers WHERE id = :id AND {visible.sql} {locking}"
    row = tx.one(sql, id=customer_id, **visible.params)
    if row is None:
        raise NotFound(NOT_FOUND)
    customer = customer_of(*(row[column] for column in CUSTOMER_COLUMNS.split(", ")))
    return replace(customer, contacts=contacts_of(tx, [customer.id]).get(customer.id, ()))


def _told(customer: Customer) -> dict[str, Any]:
    """As the audit trail has it."""
    told: dict[str, Any] = to_builtins(customer)
    return {field: value for field, value in told.items() if field not in ("id", "revision")}


def _visible_to(actor: Actor) -> Condition:
    """On `customers`: a customer's users see their own, everybody else all. Whether they may look is a permission."""
    if actor.user_type == "customer":
        return Condition("id = :own_id", {"own_id": actor.customer_id})
    return Condition("1 = 1")


def _read_portion(tx: Tx, actor: Actor, after: int, size: int) -> Iterable[tuple[Any, ...]]:
    """Rows of `CUSTOMER_COLUMNS`."""
    visible = _visible_to(actor)
    return tx.each(
        f"SELECT {CUSTOMER_COLUMNS} FROM customers WHERE id > :after AND {visible.sql} ORDER BY id LIMIT :size",
        after=after,
        size=size,
        **visible.params,
    )


def _faults(given: NewCustomer | CustomerChanges) -> Faults:
    faults: dict[str, Sequence[str]] = {}
    for field, text in (("name", given.name), ("contact_name", given.contact_name)):
        if not isinstance(text, UnsetType) and (fault := name_fault(text)):
            faults[field] = [fault]
    if not isinstance(given.contact_number, UnsetType) and read_phone(given.contact_number) is None:
        faults["contact_number"] = [FAULT]
    if not isinstance(given.contacts, UnsetType):
        faults |= contact_faults(given.contacts)
    return faults


def _differing(customer: Customer, changes: CustomerChanges, at: int) -> dict[str, object]:
    """Each column that is to have another value, with that value. There are no faults in the changes."""
    columns: dict[str, object] = {}
    for field in ("name", "contact_name"):
        if getattr(changes, field) not in (UNSET, getattr(customer, field)):
            columns[field] = getattr(changes, field)
    had = Phone(customer.contact_number, customer.contact_phone)
    phone = had if isinstance(changes.contact_number, UnsetType) else read_phone(changes.contact_number)
    if phone is not None and phone.number != had.number:
        columns["contact_number"] = phone.number
    if phone is not None and phone_to_keep(phone) != phone_to_keep(had):
        columns["contact_phone"] = phone_to_keep(phone)
    if changes.retired not in (UNSET, customer.retired):
        columns["retired_at"] = at if changes.retired else None
    return columns
