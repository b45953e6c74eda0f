"""ECOs: equipment at a site, that belongs to a customer."""

from dataclasses import dataclass

from keesa.db import Tx
from keesa.directory.customers import customer_by_id
from keesa.errors import Invalid
from keesa.names import name_fault


@dataclass(frozen=True, slots=True)
class Eco:
    id: int
    name: str
    customer_id: int


def create_eco(tx: Tx, name: str, customer_id: int) -> int:
    """The new ECO's id; raises `Invalid`."""
    faults = {}
    if fault := name_fault(name):
        faults["name"] = [fault]
    customer = customer_by_id(tx, customer_id)
    if customer is None:
        faults["customer_id"] = [f"there is no customer {customer_id}"]
    elif customer.retired:
        faults["customer_id"] = ["is retired"]
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
