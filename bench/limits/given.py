"""What a create is given, read once from Keesa's own request: so that a column more needs nothing here."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Final, get_type_hints

from msgspec import Struct, defstruct

from keesa.api.v2024.tickets.raising import NewTicket, RaiseTicket
from keesa.tickets.raising import Draft

GIVEN: Final = tuple(
    name
    for name in Draft.__dataclass_fields__
    if name in NewTicket.__struct_fields__ and name not in RaiseTicket.__struct_fields__
)
"""The columns of a ticket that stand in a body's `ticket` under their own names. Whose it is stands beside it, and the
contact is the customer's.
"""
_DEFAULTS: Final = {
    field.name: field.default for field in fields(Draft) if field.name in GIVEN and field.default is not MISSING
}

TICKET: Final[Mapping[str, Any]] = {
    **_DEFAULTS,
    "title": "Raised by the engine alone",
    "description": "No signal since the storm",
    "ticket_type": "customer_support",
    "category": "network",
    "product_id": 3,
    "eco_id": None,
    "size": 25,
}
"""One to create without a body, but for who raises it, for whom and when."""


def struct_of_given() -> type[Struct]:
    """A body's `ticket`, with the types of Keesa's own and none of its bounds, which would be looked at."""
    types = get_type_hints(NewTicket)
    return defstruct(
        "GivenTicket",
        [(name, types[name], _DEFAULTS[name]) if name in _DEFAULTS else (name, types[name]) for name in GIVEN],
        kw_only=True,
    )
