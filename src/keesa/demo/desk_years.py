"""Tickets from the summer of 2024 until now, so that lists, pages and searches have something to show.

The same ones on the same day: over all types, categories, products, statuses and months.
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

TICKETS: Final = 280
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
    for position in range(TICKETS):
        raised_at = _START + (at - _START) * position // TICKETS + random.randrange(_HOUR)
        customer_id = random.choice(list(customers))
        title, description = random.choice(_TROUBLES)
        product_id = random.choice(list(names))
        status = _status(random, position)
        unassigned = status == "open" and position % 3 == 0
        engineer = None if unassigned else random.choice(engineers)
        changes = _changes(status, raised_at, min(at, raised_at + random.randrange(1, 200) * _HOUR))
        yield KeptTicket(
            id=next_number(tx, raised_at, clock, "yearly"),
            title=f"{names[product_id]}: {title[0].lower()}{title[1:]}",
            description=description,
            ticket_type=types[position % len(types)],
            category=categories[position // len(types) % len(categories)],
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
