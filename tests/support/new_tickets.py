"""A ticket to raise, in the three forms that it takes: each version's body, and the domain's draft."""

from collections.abc import Mapping
from typing import Any, Final

from cast import HARBOUR
from keesa.rich_text.html import rich_text
from keesa.tickets.raising import Draft

Body = dict[str, Any]

ABSENT: Final = object()
"""In place of a value: the field is left out."""

BODY_2024: Final[Body] = {
    "ticket": {
        "title": "Link to the harbour office is down",
        "description": "No signal since the storm",
        "category": "network",
        "ticket_type": "customer_support",
        "priority": 2,
        "product_id": 3,
        "reference": "PO-17",
    },
    "customer_id": HARBOUR,
}
BODY_2021: Final[Body] = {
    "ticket": {
        "title": "Link to the harbour office is down",
        "description": "No signal since the storm",
        "reference": "PO-17",
        "ticket_type": "customer_support",
        "customer_id": HARBOUR,
        "priority": 2,
        "product_id": 3,
        "customer_name": "Fathimath",
        "customer_contact": 7775678,
        "category": "network",
    },
}
BODIES: Final = {"2021": BODY_2021, "2024": BODY_2024}
DRAFT: Final = Draft(
    title="Link to the harbour office is down",
    description=rich_text("No signal since the storm"),
    category="network",
    ticket_type="customer_support",
    product_id=3,
    customer_id=HARBOUR,
)


def changed(body: Body, ticket: Mapping[str, object], beside: Mapping[str, object] | None = None) -> Body:
    """The body with other values inside `ticket` and beside it; what is `ABSENT` is left out."""
    return _changed({**body, "ticket": _changed(body["ticket"], ticket)}, beside or {})


def _changed(fields: Body, values: Mapping[str, object]) -> Body:
    return {name: value for name, value in {**fields, **values}.items() if value is not ABSENT}
