"""Tickets of 2023, and from the summer of 2024 until now, so that lists, pages and searches have something to show.

The same ones on the same day: over all types, categories, products, statuses and months. None of them comes
before 2024001 where a sample of the 2024 document asks for a list and prints it first: the open ones of a type or of a
customer, and those of a category. In the list of all it is on the first page.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Final

from keesa.clock import Clock, milliseconds
from keesa.db import Tx
from keesa.demo.keeping import KeptNote, KeptTicket
from keesa.directory.reference import keys, products
from keesa.tickets.numbers import next_number
from keesa.tickets.statuses import Status

OLDER: Final = 40
"""Those of 2023."""
TICKETS: Final = 280
"""Those since `_START`."""
OPEN: Final = 15
"""The most of these that are open."""
DOCUMENTED_TYPE: Final = "customer_support"
DOCUMENTED_CATEGORY: Final = "network"
DOCUMENTED_CUSTOMER: Final = 20
_OLDEST: Final = milliseconds(datetime(2023, 1, 9, tzinfo=UTC))
_OLDEST_END: Final = milliseconds(datetime(2023, 12, 18, tzinfo=UTC))
_START: Final = milliseconds(datetime(2024, 7, 1, tzinfo=UTC))
_HOUR: Final = 3600 * 1000

_TROUBLES: Final = (
    ("No signal since the storm", "The mast was hit; the whole island is without service."),
    ("Slow in the evening", "Fine until sunset, then <strong>almost nothing</strong> gets through."),
    ("New line wanted", "A second line for the counter, next to the first."),
    ("Line drops every hour", "It comes back by itself after a minute or two."),
    ("Moving to the new building", "Everything has to be there by the end of the month."),
    ("Picture freezes", "All channels, since the last power cut."),
    ("Door reader does not answer", "Cards are read, the door stays shut."),
    ("Camera is dark", "The one at the jetty, day and night."),
    ("Battery swells", "The cabinet no longer closes."),
    ("Cannot call abroad", "Local calls are fine."),
)
_ANSWERS: Final = (
    "Called back, they will send a photo",
    "Going there with the Thursday ferry",
    "<div>Measured at the cabinet:<ul><li>port 3 dead</li><li>port 4 weak</li></ul></div>",
    "Replaced the card, watching it",
    "Waiting for the part from Malé",
    "Works again, the customer has confirmed",
)


def made_up(
    tx: Tx,
    clock: Clock,
    at: int,
    customers: Mapping[int, tuple[str, str, int]],
    raisers: Sequence[int],
    engineers: Sequence[int],
) -> Iterator[KeptTicket]:
    """Oldest first, so that numbers follow the years; `at` is now."""
    random = Random(2024)  # noqa: S311 - the same world at each start, not a secret
    types, categories, names = keys(tx, "ticket_types"), keys(tx, "ticket_categories"), products(tx)
    older = [key for key in categories for _ in range(5 if key == DOCUMENTED_CATEGORY else 1)]
    newer = [key for key in categories if key != DOCUMENTED_CATEGORY]
    for position, (raised_at, status) in enumerate(_moments(random, at)):
        kinds = (older if raised_at < _START else newer), types
        if status == "open":
            kinds = kinds[0], [key for key in types if key != DOCUMENTED_TYPE]
        category, ticket_type = (keys_of[position // 3 % len(keys_of)] for keys_of in kinds)
        customer_id = random.choice([key for key in customers if status != "open" or key != DOCUMENTED_CUSTOMER])
        title, description = random.choice(_TROUBLES)
        product_id = random.choice(list(names))
        unassigned = status == "open" and position % 3 == 0
        engineer = None if unassigned else random.choice(engineers)
        changes = _changes(status, raised_at, min(at, raised_at + random.randrange(1, 200) * _HOUR))
        yield KeptTicket(
            id=next_number(tx, raised_at, clock, "yearly"),
            title=f"{names[product_id]}: {title[0].lower()}{title[1:]}",
            description=description,
            ticket_type=ticket_type,
            category=category,
            customer_id=customer_id,
            contact=customers[customer_id][1:],
            product_id=product_id,
            raised_by_id=random.choice(raisers),
            raised_at=raised_at,
            assigned_to_id=engineer,
            priority=random.choice((1, 2, 2, 3, 3, 3, 4, 5)),
            changes=changes,
            closed_on=clock.local(changes[-1][1]).date().isoformat() if status == "closed" else None,
            notes=_notes(random, engineer, raised_at, at),
        )


def _moments(random: Random, at: int) -> Iterator[tuple[int, Status]]:
    """When each was raised, oldest first, and its status now."""
    for position in range(OLDER):
        raised_at = _OLDEST + (_OLDEST_END - _OLDEST) * position // OLDER + random.randrange(_HOUR)
        yield raised_at, "open" if position % 4 == 0 else "closed"
    statuses = [_status(random, position) for position in range(TICKETS)]
    opened = [position for position, status in enumerate(statuses) if status == "open"]
    for position in opened[:-OPEN]:
        statuses[position] = "on_hold"
    for position, status in enumerate(statuses):
        yield _START + (at - _START) * position // TICKETS + random.randrange(_HOUR), status


def _status(random: Random, position: int) -> Status:
    """The older a ticket, the surer it is closed; the newest are mostly open."""
    age = 1 - position / TICKETS
    if random.random() < age:
        return "closed"
    statuses: tuple[Status, ...] = ("open", "open", "in_progress", "on_hold")
    return random.choice(statuses)


def _changes(status: Status, raised_at: int, changed_at: int) -> Sequence[tuple[Status, int]]:
    if status == "open":
        return ()
    if status == "closed":
        return ("in_progress", raised_at + (changed_at - raised_at) // 2), ("closed", changed_at)
    return ((status, changed_at),)


def _notes(random: Random, engineer: int | None, raised_at: int, at: int) -> list[KeptNote]:
    if engineer is None:
        return []
    times = sorted(min(at, raised_at + random.randrange(1, 200) * _HOUR) for _ in range(random.randrange(4)))
    return [KeptNote(engineer, random.choice(_ANSWERS), time) for time in times]
