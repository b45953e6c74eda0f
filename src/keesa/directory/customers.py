"""Customers, and the ECOs (equipment at a site) that belong to them."""

from dataclasses import dataclass
from typing import Final

from keesa.db import Tx
from keesa.directory.phones import FAULT, phone_to_keep, read_phone, written_of
from keesa.errors import Invalid
from keesa.names import name_fault

CUSTOMER_COLUMNS: Final = "id, name, contact_name, contact_number, contact_phone"


@dataclass(frozen=True, slots=True)
class Customer:
    id: int
    name: str
    contact_name: str
    contact_number: int
    contact_phone: str
    """The number as it was written."""


@dataclass(frozen=True, slots=True)
class Eco:
    id: int
    name: str
    customer_id: int


def create_customer(
    tx: Tx, name: str, contact_name: str, contact_number: str | int, *, customer_id: int | None = None
) -> int:
    """The new customer's id (`customer_id` where it is given); raises `Invalid`."""
    faults = {}
    for field, text in (("name", name), ("contact_name", contact_name)):
        if fault := name_fault(text):
            faults[field] = [fault]
    phone = read_phone(contact_number)
    if phone is None:
        faults["contact_number"] = [FAULT]
    if phone is None or faults:
        raise Invalid(faults)
    columns = "name, contact_name, contact_number, contact_phone"
    values = ":name, :contact_name, :contact_number, :contact_phone"
    if customer_id is not None:
        columns, values = f"id, {columns}", f":id, {values}"
    created: int = tx.value(
        f"INSERT INTO customers ({columns}) VALUES ({values}) RETURNING id AS value",
        id=customer_id,
        name=name,
        contact_name=contact_name,
        contact_number=phone.number,
        contact_phone=phone_to_keep(phone),
    )
    return created


def find_customer(tx: Tx, customer_id: int) -> Customer | None:
    row = tx.one(f"SELECT {CUSTOMER_COLUMNS} FROM customers WHERE id = :id", id=customer_id)
    return customer_of(*(row[column] for column in CUSTOMER_COLUMNS.split(", "))) if row else None


def list_customers(tx: Tx) -> list[Customer]:
    return [customer_of(*row) for row in tx.each(f"SELECT {CUSTOMER_COLUMNS} FROM customers ORDER BY id")]


def customer_of(
    customer_id: int, name: str, contact_name: str, contact_number: int, contact_phone: str | None
) -> Customer:
    """From a row of `CUSTOMER_COLUMNS`."""
    return Customer(customer_id, name, contact_name, contact_number, written_of(contact_number, contact_phone))


def create_eco(tx: Tx, name: str, customer_id: int) -> int:
    """The new ECO's id; raises `Invalid`."""
    faults = {}
    if fault := name_fault(name):
        faults["name"] = [fault]
    if find_customer(tx, customer_id) is None:
        faults["customer_id"] = [f"there is no customer {customer_id}"]
    if faults:
        raise Invalid(faults)
    created: int = tx.value(
        "INSERT INTO ecos (name, customer_id) VALUES (:name, :customer_id) RETURNING id AS value",
        name=name,
        customer_id=customer_id,
    )
    return created


def find_eco(tx: Tx, eco_id: int) -> Eco | None:
    row = tx.one("SELECT id, name, customer_id FROM ecos WHERE id = :id", id=eco_id)
    return Eco(row["id"], row["name"], row["customer_id"]) if row else None


def list_ecos(tx: Tx) -> list[Eco]:
    rows = tx.all("SELECT id, name, customer_id FROM ecos ORDER BY id")
    return [Eco(row["id"], row["name"], row["customer_id"]) for row in rows]
