"""The tickets of a desk's years, and all that happens to them."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import accumulate
from operator import itemgetter
from random import Random
from typing import Final, NamedTuple

from bench.dataset.people import BOTS, CLERKS, ENGINEERS, START
from bench.dataset.tables import Event, Row, Rows, Ticket
from bench.dataset.texts import Texts
from keesa.clock import Clock, milliseconds
from keesa.config import DEFAULT_ZONE
from keesa.tickets.statuses import Status

_END: Final = milliseconds(datetime(2026, 7, 1, tzinfo=UTC))
"""Nothing is newer: what benchmarks raise comes after it."""
_HOUR: Final = 3600 * 1000
_DAY: Final = 24 * _HOUR
_LONGEST_LIFE: Final = 45 * _DAY
"""From the raising to the last that happens to a ticket; the mean is four days."""

_CLOCK: Final = Clock(DEFAULT_ZONE)
_TYPES: Final = {
    "customer_support": 30,
    "roc_support": 22,
    "remote_support": 15,
    "routine_maintenance": 12,
    "eco_support": 10,
    "project_support": 7,
    "cross_department_support": 4,
}
_CATEGORIES: Final = {"fault": 44, "network": 19, "service_order": 15, "hardware": 11, "software": 7, "survey": 4}
_PRIORITIES: Final = {1: 5, 2: 20, 3: 55, 4: 14, 5: 6}
_NOTES: Final = (0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 12)
"""How many a ticket has; three in the mean."""
_UNCLOSED: Final[tuple[Status, ...]] = ("open", "open", "in_progress", "in_progress", "in_progress", "on_hold")
_COURSES: Final[Mapping[Status, Sequence[tuple[Status, ...]]]] = {
    "open": ((),),
    "in_progress": (("in_progress",), ("in_progress",), ("in_progress", "on_hold", "in_progress")),
    "on_hold": (("in_progress", "on_hold"), ("on_hold",)),
    "closed": (
        *(("in_progress", "closed"),) * 15,
        *(("closed",),) * 3,
        ("in_progress", "on_hold", "in_progress", "closed"),
        ("in_progress", "closed", "in_progress", "closed"),
    ),
}
"""The ways from `open` to a status."""


class _Draw(NamedTuple):
    """What of a ticket does not hang on the rest of it."""

    title: str
    description: str
    priority: int
    ticket_type: str
    category: str
    customer: Row
    product_id: int
    engineer: int
    notes: int


class _Events:
    """What becomes of one ticket, not yet in order."""

    def __init__(self, ticket_id: int, raiser: int, customer_id: int, ticket_type: str) -> None:
        self.ticket_id = ticket_id
        self.raiser = raiser
        self.rows: list[Event] = []
        self._sight = customer_id, ticket_type

    @property
    def last_at(self) -> int:
        return max(event.at for event in self.rows)

    def add(
        self, kind: str, actor_id: int | None, at: int, changes: str = "{}", assigned_to_id: int | None = None
    ) -> None:
        """Nobody's is the raiser's."""
        customer_id, ticket_type = self._sight
        event = Event(
            ticket_id=self.ticket_id,
            number=0,
            public_number=0,
            kind=kind,
            actor_id=self.raiser if actor_id is None else actor_id,
            thing_id=None,
            changes=changes,
            raised_by_id=self.raiser,
            customer_id=customer_id,
            assigned_to_id=assigned_to_id,
            ticket_type=ticket_type,
            had_customer_id=None,
            had_assigned_to_id=None,
            had_ticket_type=None,
            at=at,
        )
        self.rows.append(event)


class Desk:
    """Raises tickets, one year after the other, and keeps what becomes of them until its time has come: so
    that statuses and notes get their ids in the order of time, and a ticket's lie apart from each other.
    """

    def __init__(
        self, random: Random, customers: Sequence[Row], users: Sequence[Row], product_ids: Sequence[int], tickets: int
    ) -> None:
        self._random = random
        self._tickets = tickets
        self._customers = customers, _zipf(len(customers), 0, 0.7)
        engineers = random.sample(ENGINEERS, len(ENGINEERS))
        self._engineers = engineers, _zipf(len(engineers), 8, 2.5)
        self._products = list(product_ids), _zipf(len(product_ids), 1, 1)
        self._texts = Texts(random)
        self._counters: dict[str, int] = {}
        self._coming: dict[str, list[Row]] = {"ticket_statuses": [], "ticket_notes": [], "ticket_events": []}
        self._so_far: dict[int, tuple[int, int | None]] = {}
        self._notes_so_far = 0
        self._day = lru_cache(maxsize=4096)(self._day_of_hour)
        self._users_of: dict[int, list[int]] = {}
        for user_id, *_, customer_id, _password_hash, _created_at in users:
            self._users_of.setdefault(customer_id, []).append(user_id)

    def chunk(self, positions: range) -> Rows:
        """The tickets at these positions, and what happened before the next one is raised."""
        raised = [self._raise(*each) for each in zip(positions, self._draws(len(positions)), strict=True)]
        return {"tickets": raised, **self._until(_raised_at(positions.stop / self._tickets))}

    def rest(self) -> Rows:
        return {**self._until(_END), "ticket_counters": sorted(self._counters.items())}

    def _draws(self, size: int) -> Iterator[_Draw]:
        pick = partial(self._random.choices, k=size)
        notes = [*_NOTES * (size // len(_NOTES)), *[3] * (size % len(_NOTES))]
        self._random.shuffle(notes)
        columns = (
            pick(self._texts.titles),
            pick(self._texts.descriptions),
            pick(list(_PRIORITIES), list(_PRIORITIES.values())),
            pick(list(_TYPES), list(_TYPES.values())),
            pick(list(_CATEGORIES), list(_CATEGORIES.values())),
            pick(self._customers[0], cum_weights=self._customers[1]),
            pick(self._products[0], cum_weights=self._products[1]),
            pick(self._engineers[0], cum_weights=self._engineers[1]),
            notes,
        )
        return map(_Draw._make, zip(*columns, strict=True))

    def _raise(self, position: int, draw: _Draw) -> Ticket:
        """The ticket as all that comes leaves it."""
        chance = self._random.random
        raised_at = _raised_at((position + chance()) / self._tickets)
        number = self._number(raised_at)
        life = int(min(self._random.expovariate(1 / (4 * _DAY)), _LONGEST_LIFE, _END - raised_at - 1))
        course = self._random.choice(_COURSES[self._status(position)])
        raiser = self._raiser(draw.customer[0])
        engineer = draw.engineer if course or chance() < 0.5 else None
        customer_id, name, contact_name, contact_number = draw.customer
        events = _Events(number, raiser, customer_id, draw.ticket_type)
        events.add("raised", raiser, raised_at)
        closed_at = self._follow(events, raised_at, life, course, engineer)
        notes_size, first_answer_at = self._note(events, raised_at, life, draw.notes, engineer)
        self._coming["ticket_events"] += events.rows
        return Ticket(
            id=number,
            title=f"{draw.title}, {name}",
            description=draw.description,
            status=course[-1] if course else "open",
            priority=draw.priority,
            reference=f"PO {number}" if chance() < 0.1 else None,
            ticket_type=draw.ticket_type,
            category=draw.category,
            customer_id=customer_id,
            product_id=draw.product_id,
            contact_name=contact_name,
            contact_number=contact_number,
            raised_by_id=raiser,
            raised_at=raised_at,
            assigned_to_id=engineer,
            closed_on=None if closed_at is None else self._day(closed_at // _HOUR),
            closed_at=closed_at,
            first_answer_at=first_answer_at,
            revision=1 + len(course) + (engineer is not None) + draw.notes,
            description_size=len(draw.description.encode()),
            notes_count=draw.notes,
            notes_size=notes_size,
            events=len(events.rows),
            public_events=len(events.rows),
            changed_at=events.last_at,
            public_changed_at=events.last_at,
        )

    def _follow(
        self, events: "_Events", raised_at: int, life: int, course: Sequence[Status], engineer: int | None
    ) -> int | None:
        """The assignment in the first fifth of the ticket's life, then the statuses; the time of its closing."""
        chance, statuses = self._random.random, self._coming["ticket_statuses"]
        statuses.append((events.ticket_id, "open", events.raiser, raised_at))
        if engineer is not None:
            at = raised_at + int(life * 0.2 * chance())
            events.add("assigned", self._clerk(), at, f'{{"assigned_to_id":[null,{engineer}]}}', engineer)
        was: Status = "open"
        for step, status in enumerate(course):
            at = raised_at + int(life * (0.2 + 0.8 * (step + chance()) / len(course)))
            statuses.append((events.ticket_id, status, engineer, at))
            events.add("status", engineer, at, f'{{"status":["{was}","{status}"]}}')
            was = status
        return at if course and course[-1] == "closed" else None

    def _note(
        self, events: "_Events", raised_at: int, life: int, count: int, engineer: int | None
    ) -> tuple[int, int | None]:
        """Mostly the engineer's, some of who raised the ticket; a bot sees none, and a clerk writes for it. Gives
        their bytes, and the time of the first one of the desk's.
        """
        raiser = events.raiser if events.raiser not in BOTS else self._clerk()
        chance, bodies, notes = self._random.random, self._texts.notes, self._coming["ticket_notes"]
        size, answers = 0, list[int]()
        for _ in range(count):
            author = raiser if engineer is None or chance() < 0.25 else engineer
            body = bodies[int(chance() * len(bodies))]
            at = raised_at + int(life * chance())
            notes.append((events.ticket_id, author, body, at))
            events.add("note_added", author, at)
            size += len(body.encode())
            if author == engineer or author in CLERKS or author in ENGINEERS:
                answers.append(at)
        return size, min(answers, default=None)

    def _number(self, raised_at: int) -> int:
        year = self._day(raised_at // _HOUR)[:4]
        self._counters[year] = self._counters.get(year, 0) + 1
        return int(f"{year}{self._counters[year]:03}")

    def _status(self, position: int) -> Status:
        """Six of a hundred are not closed, nearly all of them among the newest."""
        age = 1 - position / self._tickets
        if self._random.random() > 0.005 + 0.9 * math.exp(-age / 0.061):
            return "closed"
        return self._random.choice(_UNCLOSED)

    def _raiser(self, customer_id: int) -> int:
        chance = self._random.random()
        if chance < 0.5 and (users := self._users_of.get(customer_id)):
            return self._random.choice(users)
        if chance > 0.9:
            return self._random.choice(BOTS if chance > 0.95 else ENGINEERS)
        return self._clerk()

    def _clerk(self) -> int:
        return self._random.choice(CLERKS)

    def _until(self, end: int) -> Rows:
        """What comes before `end`, in the order of time; it is forgotten here."""
        found = {}
        for table, rows in self._coming.items():
            rows.sort(key=itemgetter(-1))
            cut = bisect_left(rows, end, key=itemgetter(-1))
            found[table] = rows[:cut]
            del rows[:cut]
        found["ticket_events"] = [self._numbered(Event(*event)) for event in found["ticket_events"]]
        return found

    def _numbered(self, event: Event) -> Row:
        """With its place, and what the ones before it have left."""
        number, had = self._so_far.get(event.ticket_id, (0, None))
        is_assigned = event.kind == "assigned"
        if event.kind == "note_added":
            self._notes_so_far += 1
        has = event.assigned_to_id if is_assigned else had
        self._so_far[event.ticket_id] = number + 1, has
        return event._replace(
            number=number + 1,
            public_number=number + 1,
            thing_id=self._notes_so_far if event.kind == "note_added" else None,
            assigned_to_id=has,
            had_customer_id=event.customer_id if is_assigned else None,
            had_assigned_to_id=had if is_assigned else None,
            had_ticket_type=event.ticket_type if is_assigned else None,
        )

    @staticmethod
    def _day_of_hour(hour: int) -> str:
        return _CLOCK.local(hour * _HOUR).date().isoformat()


def _raised_at(part: float) -> int:
    """When this part of all tickets (0 to 1) has been raised: every year there are more than in the one before."""
    return START + int((_END - _HOUR - START) * part**0.7)


def _zipf(size: int, offset: float, exponent: float) -> list[float]:
    """Cumulated weights, the heaviest first."""
    return list(accumulate((rank + offset) ** -exponent for rank in range(1, size + 1)))
