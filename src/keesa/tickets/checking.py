"""What the fields of a ticket must be, whoever gives them: one who raises it, or one who edits it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from keesa.blank import is_blank
from keesa.db import Tx
from keesa.directory.customers import customer_by_id
from keesa.directory.ecos import Eco
from keesa.directory.phones import FAULT, read_phone
from keesa.directory.reference import unfit_key_soon, unfit_product_soon

LONGEST_LINE: Final = 255
"""Characters of a title, a reference and a contact's name."""


def text_faults(given: Mapping[str, Any]) -> dict[str, list[str]]:
    """Of those of title, description, reference and contact that are given; None is left alone."""
    faults: dict[str, list[str]] = {}
    for field in ("title", "reference", "contact_name"):
        text = given.get(field)
        if text is not None and len(text) > LONGEST_LINE:
            faults[field] = [f"must have at most {LONGEST_LINE} characters"]
        elif text is not None and is_blank(text) and (text or field != "reference"):  # a form sends an empty reference
            faults[field] = ["must not be empty"]
    description = given.get("description")  # a `RichText`
    if description is not None and description.fault:
        faults["description"] = [description.fault]
    contact_number = given.get("contact_number")
    if contact_number is not None and read_phone(contact_number) is None:
        faults["contact_number"] = [FAULT]
    return faults


def reference_questions(tx: Tx, given: Mapping[str, Any]) -> dict[str, Callable[[], str | None]]:
    """For each of category, type and product that is given: why a ticket cannot be given it, for when that is asked
    for. The questions travel together.
    """
    asked: dict[str, Callable[[], str | None]] = {}
    if (category := given.get("category")) is not None:
        asked["category"] = unfit_key_soon(tx, "ticket_categories", category)
    if (ticket_type := given.get("ticket_type")) is not None:
        asked["ticket_type"] = unfit_key_soon(tx, "ticket_types", ticket_type)
    if (product_id := given.get("product_id")) is not None:
        asked["product_id"] = unfit_product_soon(tx, product_id)
    return asked


def unfit_customer(tx: Tx, customer_id: int) -> str | None:
    """Why the customer gets no ticket."""
    customer = customer_by_id(tx, customer_id)
    if customer is None:
        return "is unknown"
    return "is retired" if customer.retired else None


def unfit_eco(eco: Eco | None, customer_id: int | None) -> str | None:
    """Why a ticket of the customer cannot be given the ECO; None as the customer: of whomever."""
    if eco is None:
        return "is unknown"
    if eco.retired:
        return "is retired"
    return None if customer_id in (None, eco.customer_id) else f"belongs to another customer than {customer_id}"
