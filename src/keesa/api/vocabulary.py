"""Words that both versions take and answer, as types: what they may be is the domain's to say, not a version's."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from keesa.tickets.numbers import parse_number
from keesa.tickets.statuses import GROUPS, STATUSES
from keesa.web.endpoints import PathParameter

TIME_PATTERN: Final = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$"

StatusName = Annotated[
    str,
    Meta(
        title="Status",
        description="A ticket is `open` when it is raised; `in_progress` and `on_hold` are called active in lists.",
        extra_json_schema={"enum": list(STATUSES)},
    ),
]
GroupName = Annotated[
    str,
    Meta(
        title="Group",
        description="In which of the three groups of lists it is: `active` are `in_progress` and `on_hold`",
        extra_json_schema={"enum": list(GROUPS)},
    ),
]
StatusFilter = Annotated[
    StatusName | Annotated[int, Meta(extra_json_schema={"minimum": 0, "maximum": len(STATUSES) - 1})],
    Meta(description=f"A status, or its position: {', '.join(f'`{name}` {at}' for at, name in enumerate(STATUSES))}"),
]

TokenVersion = Annotated[
    Literal["2021", "2024"],
    Meta(
        title="TokenVersion",
        description="In whose shapes requests with the token are answered",
        extra_json_schema={"type": "string"},
    ),
]

DIGITS: Final = {"type": "string", "pattern": "^[0-9]+$"}
TicketPath = Annotated[int | None, PathParameter(parse_number, "The ticket's id or number", DIGITS, "Ticket not found")]
"""`{ticket}` in a path; None for what can be no ticket's."""
