"""What reports must count, by plain Python over all tickets; changes of any kind that move the counts; and folding."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any, Final

from acting import CLOCK, actor_of
from cast import ADMIN, ENGINEER, HARBOUR, SCHOOL, STRANGER, at
from keesa.accounts.actors import Actor
from keesa.clock import Clock
from keesa.db import Database, Tx
from keesa.errors import Invalid, NotFound
from keesa.notes.notes import make_note
from keesa.reports import folding, recounting
from keesa.reports.facts import COLUMNS, Facts
from keesa.reports.periods import Period
from keesa.rich_text.html import rich_text
from keesa.tickets.assigning import assign
from keesa.tickets.editing import TicketChanges, edit_ticket
from keesa.tickets.finding import lock_ticket
from keesa.tickets.raising import raise_ticket
from keesa.tickets.status import change_status
from many_tickets import FIRST, TICKETS
from new_tickets import DRAFT

LATER: Final = at("2026-03-05T09:00")
HOUR: Final = 3_600_000
MOST: Final = 2000
"""Parts in which all is folded, at the most."""
Kept = dict[tuple[str, str, str], dict[str, dict[str, int]]]
Line = tuple[str | None, int, int, int]
"""Of what value: raised, closed, open."""


# Changes


def change_some(database: Database, seed: int, count: int) -> None:
    """Of any kind, by chance; what is refused is passed over."""
    dice = Random(seed)  # noqa: S311 - dice, no secret
    for number in range(count):
        act, when = dice.choice(ACTS), LATER + number * HOUR * dice.choice((1, 5))
        ticket = dice.randrange(FIRST, FIRST + TICKETS)
        try:
            database.write(lambda tx, act=act, ticket=ticket, when=when: act(tx, dice, ticket, when))  # type: ignore[misc]
        except (Invalid, NotFound):
            continue


def _move(tx: Tx, dice: Random, ticket: int, when: int) -> None:
    status = dice.choice(("open", "in_progress", "closed", "closed"))
    change_status(tx, actor_of(tx, ADMIN), ticket, status, CLOCK.local(when).date().isoformat(), when, CLOCK)


def _assign(tx: Tx, dice: Random, ticket: int, when: int) -> None:
    assign(tx, actor_of(tx, ADMIN), ticket, dice.choice((None, ADMIN.id, ENGINEER.id, STRANGER.id)), when)


def _edit(tx: Tx, dice: Random, ticket: int, when: int) -> None:
    changes = dice.choice(
        (
            TicketChanges(priority=dice.choice((1, 2, 5))),
            TicketChanges(product_id=dice.choice((1, 4)), category=dice.choice(("fault", "network"))),
            TicketChanges(ticket_type=dice.choice(("eco_support", "routine_maintenance", "roc_support"))),
            TicketChanges(eco_id=None),
            TicketChanges(title="Anew", description=rich_text("Anew"), customer_id=dice.choice((HARBOUR, SCHOOL))),
        )
    )
    admin = actor_of(tx, ADMIN)
    edit_ticket(tx, admin, lock_ticket(tx, admin, ticket), changes, when)


def _raise(tx: Tx, dice: Random, _: int, when: int) -> None:
    raise_ticket(tx, actor_of(tx, ADMIN), replace(DRAFT, priority=dice.choice((1, 3))), when, CLOCK, "yearly")


def _answer(tx: Tx, _: Random, ticket: int, when: int) -> None:
    make_note(tx, actor_of(tx, ADMIN), ticket, rich_text("Soon"), when)


ACTS: Final[tuple[Callable[[Tx, Random, int, int], None], ...]] = (_move, _move, _assign, _edit, _answer, _raise)


def let_fold(tx: Tx) -> None:
    """The minute has come at which it is folded, where nobody folds."""
    tx.run("UPDATE jobs SET run_at = 0 WHERE kind = 'fold_reports' AND worker IS NULL")


def fold_whole(database: Database, rows: int = 50) -> None:
    """All that there is, in parts."""
    for _ in range(MOST):
        if not database.write(lambda tx: fold_part(tx, rows)):
            return
    raise AssertionError("it finds no end")


def fold_part(tx: Tx, rows: int, clock: Clock = CLOCK) -> bool:
    """So many differences; whether there are more."""
    counted = recounting.hold_counts(tx, clock)
    if recounting.recount_some(tx, counted, rows):
        return True
    folding.fold_some(tx, counted, rows)
    return bool(tx.one("SELECT id FROM report_changes LIMIT 1"))


def kept(tx: Tx) -> Kept:
    """All counts as they are folded."""
    found: Kept = {}
    for scope, part, month, counts in tx.each("SELECT scope, part, month, counts FROM report_counts"):
        found[scope, part, month] = json.loads(counts)
    return found


def counted_anew(tx: Tx, clock: Clock = CLOCK) -> Kept:
    """The same from the tickets as they are, by the program's own sums."""
    found: Kept = {}
    facts = [Facts(*row) for row in tx.each(f"SELECT {COLUMNS} FROM tickets")]
    for (scope, part, month), of_place in folding.summed(((1, each) for each in facts), clock).items():
        for (name, value), number in of_place.items():
            found.setdefault((scope, part, month), {}).setdefault(name, {})[value] = number
    return found


# What must come out


def tickets_of(tx: Tx, actor: Actor) -> list[Facts]:
    """Those that the actor has counted: all of an admin, those of their types of staff, those of a customer's user."""
    rows = [Facts(*row) for row in tx.each(f"SELECT {', '.join(Facts._fields)} FROM tickets")]
    match actor.user_type:
        case "admin":
            return rows
        case "staff":
            return [row for row in rows if row.ticket_type in actor.ticket_types]
    return [row for row in rows if row.customer_id == actor.customer_id]


def day_of(moment: int) -> date:
    return CLOCK.local(moment).date()


def counted(tickets: list[Facts], period: Period) -> tuple[int, int, int]:
    """Raised and closed in it, and open at its end."""

    def within(moment: int | None) -> bool:
        return moment is not None and period.first <= day_of(moment) <= period.last

    def was_open(ticket: Facts) -> bool:
        closed = ticket.closed_at is not None and day_of(ticket.closed_at) <= period.last
        return day_of(ticket.raised_at) <= period.last and not closed

    return (
        sum(within(ticket.raised_at) for ticket in tickets),
        sum(within(ticket.closed_at) for ticket in tickets),
        sum(map(was_open, tickets)),
    )


def lines_by(tickets: list[Facts], by: str, period: Period) -> Iterator[Line]:
    """By a column, what has any; of equipment the tickets without it are no line."""
    for value in {getattr(ticket, by) for ticket in tickets}:
        if value is None and by == "eco_id":
            continue
        numbers = counted([ticket for ticket in tickets if getattr(ticket, by) == value], period)
        if any(numbers):
            yield None if value is None else str(value), *numbers


def loads_of(tickets: list[Facts]) -> Counter[int | None]:
    return Counter(ticket.assigned_to_id for ticket in tickets if ticket.closed_at is None)


def waits_of(tickets: list[Facts], column: str, period: Period) -> list[int]:
    """Milliseconds from raising to it, sorted."""
    found = []
    for ticket in tickets:
        moment: Any = getattr(ticket, column)
        if moment is not None and period.first <= day_of(moment) <= period.last:
            found.append(max(moment - ticket.raised_at, 0))
    return sorted(found)
