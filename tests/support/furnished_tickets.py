"""Many tickets with all that rows can be asked for: tags, watchers, mentions, days, references, equipment, changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from cast import ADMIN, ENGINEER, HARBOUR, SCHOOL, STRANGER, at
from keesa.accounts.actors import Actor
from keesa.accounts.filters import Filter, IsNull, Range, one_of
from keesa.accounts.permissions import sees_internal, visible_to
from keesa.attachments.keeping import keep_attachment
from keesa.attachments.made import NewFile, ReadyFile
from keesa.attachments.serving import Kind, StoredForm
from keesa.db import Tx
from keesa.events.recording import Event
from keesa.tickets.changing import change
from keesa.tickets.finding import lock_ticket
from keesa.tickets.row_filters import ALWAYS, ANY_TIME, Between, RowsWanted
from keesa.tickets.rows import RowSort
from many_tickets import ACTORS, FIRST, MOMENTS, TICKETS, fill
from plain_filters import meets

DAYS: Final = ("2026-02-01", "2026-02-03", "2026-02-09")
TAGS: Final = (1, 2, 3)
REFERENCES: Final = ("PO 4711", "po 4711", "Ordre n° 5")
LATER: Final = at("2026-03-01T09:00")
"""When the first of the later changes was; each comes a second after the one before."""
CHANGES: Final = 150
COLUMNS: Final = (
    *("id", "status", "priority", "ticket_type", "category", "customer_id", "product_id", "eco_id", "reference"),
    *("raised_at", "raised_by_id", "assigned_to_id", "held_until", "answered_at", "changed_at", "public_changed_at"),
    *("closed_at", "first_answer_at"),
)
PEOPLE: Final = (ADMIN, ENGINEER, STRANGER)

FILTERS: Final[Mapping[str, RowsWanted]] = {
    "none": RowsWanted(),
    "status": RowsWanted(statuses=frozenset({"open", "on_hold"})),
    "ticket_type": RowsWanted(terms=(one_of("ticket_type", ["eco_support", "remote_support"]),)),
    "category": RowsWanted(terms=(one_of("category", ["fault"]),)),
    "product_id": RowsWanted(terms=(one_of("product_id", [1, 3]),)),
    "priority": RowsWanted(terms=(one_of("priority", [1, 4]),)),
    "customer_id": RowsWanted(terms=(one_of("customer_id", [SCHOOL]),)),
    "customers": RowsWanted(terms=(one_of("customer_id", [HARBOUR, SCHOOL]),)),
    "assigned_to_id": RowsWanted(terms=(one_of("assigned_to_id", [ENGINEER.id]),)),
    "unassigned": RowsWanted(terms=(IsNull("assigned_to_id"),)),
    "raised_by_id": RowsWanted(terms=(one_of("raised_by_id", [ADMIN.id, ENGINEER.id]),)),
    "eco_id": RowsWanted(eco_ids=frozenset({1, 2})),
    "reference": RowsWanted(reference=REFERENCES[0]),
    "tag": RowsWanted(tag_ids=frozenset({1, 3})),
    "watched": RowsWanted(watched=True),
    "mentioned": RowsWanted(mentioned=True),
    "answered": RowsWanted(answered=True),
    "has_images": RowsWanted(has_images=True),
    "held": RowsWanted(held_from="2026-02-02", held_to="2026-02-05"),
    "raised": RowsWanted(raised=Range("raised_at", at(MOMENTS[4]), at(MOMENTS[15]))),
    "updated_since": RowsWanted(updated_since=LATER + 20_000),
    "long_since": RowsWanted(updated_since=at(MOMENTS[9])),
    "closed": RowsWanted(closed=Between(at(MOMENTS[5]), at(MOMENTS[12]))),
    "closed_to": RowsWanted(closed=Between(None, at(MOMENTS[2]) + 1001)),
    "open_at": RowsWanted(open_at=at(MOMENTS[8])),
    "first_answered": RowsWanted(first_answered=True),
    "unanswered": RowsWanted(first_answered=False),
    "answered_first": RowsWanted(answered_first=Between(at(MOMENTS[6]), at(MOMENTS[7]))),
}
"""One of each kind."""


def furnish(tx: Tx) -> None:
    """Fill the cast's database with many tickets, and all that hangs on them."""
    fill(tx)
    dice = Random(11)  # noqa: S311 - dice, no secret
    for tag in TAGS:
        tx.run(
            "INSERT INTO tags (id, name, folded) VALUES (:id, :name, :name) ON CONFLICT (id) DO NOTHING",
            id=tag,
            name=f"tag {tag}",
        )
    for number in range(FIRST, FIRST + TICKETS):
        eco_id = dice.choice((None, None, None, 1, 2))
        tx.run(
            "UPDATE tickets SET priority = :priority, product_id = :product, reference = :reference, eco_id = :eco_id,"
            " held_until = :held, answered_at = :answered,"
            " closed_at = closed_at + :longer,"
            " first_answer_at = CASE WHEN CAST(:delay AS BIGINT) > 0 THEN raised_at + :delay END WHERE id = :id",
            id=number,
            priority=dice.choice((1, 2, 3, 3, 3, 4, 5)),
            product=dice.choice((1, 2, 3)),
            reference=dice.choice((None, None, None, *REFERENCES)),
            eco_id=eco_id,
            held=dice.choice((None, None, *DAYS)),
            answered=dice.choice((None, None, None, LATER)),
            longer=dice.choice((0, 0, 86_400_000, 864_000_000)),
            delay=dice.choice((0, 0, 1, 3_600_000, 86_400_000)),
        )
        _tie(tx, dice, number)
    for number in dice.sample(range(FIRST, FIRST + TICKETS), 12):
        main = FIRST + (number + 17) % TICKETS
        tx.run("UPDATE tickets SET duplicate_of_id = :main WHERE id = :id", main=main, id=number)
        tx.run("UPDATE tickets SET duplicates = duplicates + 1 WHERE id = :main", main=main)
    hanging = Random(5)  # noqa: S311 - likewise
    for number in range(FIRST, FIRST + TICKETS):
        if hanging.random() < 0.4:
            _hang(tx, number, hanging.choice(("image", "image", "file")), internal=hanging.random() < 0.4)
    for later in range(CHANGES):
        _change(tx, dice, LATER + later // 2 * 1000)


def _tie(tx: Tx, dice: Random, number: int) -> None:
    """Tags, watchers and mentions of one ticket."""
    for tag in TAGS:
        if dice.random() < 0.2:
            _link(tx, "ticket_tags", "tag_id", number, tag)
    for person in PEOPLE:
        for table in ("ticket_watchers", "ticket_mentions"):
            if dice.random() < 0.2:
                _link(tx, table, "user_id", number, person.id)


def _link(tx: Tx, table: str, column: str, number: int, thing: int) -> None:
    tx.run(
        f"INSERT INTO {table} (ticket_id, {column}, raised_at)"
        " SELECT id, CAST(:thing AS BIGINT), raised_at FROM tickets WHERE id = :id",
        thing=thing,
        id=number,
    )


def _hang(tx: Tx, number: int, kind: Kind, *, internal: bool) -> None:
    ready = ReadyFile("mast.png", f"{number:064x}", NewFile(f"{number:032x}", {"original": StoredForm("image/png", 7)}))
    keep_attachment(tx, number, ready, kind, ADMIN.id, LATER, internal=internal)
    counted = "internal_attachments" if internal else "attachments"
    main = "(SELECT duplicate_of_id FROM tickets WHERE id = :id)"
    tx.run(f"UPDATE tickets SET {counted} = {counted} + 1 WHERE id = {main}", id=number)


def _change(tx: Tx, dice: Random, when: int) -> None:
    """One event of a ticket, or several; of a duplicate, its main ticket changes with it."""
    ticket = lock_ticket(tx, ACTORS["admin"], dice.randrange(FIRST, FIRST + TICKETS))
    events = [Event("tagged", internal=dice.random() < 0.3) for _ in range(dice.choice((1, 1, 3)))]
    changed = change(tx, ACTORS["admin"], ticket, when, *events)
    if ticket.duplicate_of_id is not None and not all(event.internal for event in events):
        main = lock_ticket(tx, ACTORS["admin"], ticket.duplicate_of_id)
        change(tx, ACTORS["admin"], main, changed.public_changed_at)


@dataclass(frozen=True)
class Furnished:
    """A ticket as plain Python has it."""

    row: dict[str, Any]
    tags: frozenset[int]
    watchers: frozenset[int]
    mentioned: frozenset[int]
    images: frozenset[bool]
    """Of those that hang on it and on its duplicates: whether each is internal."""


def furnished(tx: Tx) -> list[Furnished]:
    tickets = [dict(zip(COLUMNS, row, strict=True)) for row in tx.each(f"SELECT {', '.join(COLUMNS)} FROM tickets")]

    def linked(table: str, column: str, number: int) -> frozenset[int]:
        rows = tx.each(f"SELECT {column} FROM {table} WHERE ticket_id = :id", id=number)
        return frozenset(value for (value,) in rows)

    return [
        Furnished(
            row,
            linked("ticket_tags", "tag_id", row["id"]),
            linked("ticket_watchers", "user_id", row["id"]),
            linked("ticket_mentions", "user_id", row["id"]),
            _images(tx, row["id"]),
        )
        for row in tickets
    ]


def _images(tx: Tx, number: int) -> frozenset[bool]:
    """None of them is of before the ticket was its customer's."""
    rows = tx.each(
        "SELECT internal FROM attachments WHERE kind = 'image'"
        " AND ticket_id IN (SELECT id FROM tickets WHERE id = :id OR duplicate_of_id = :id)",
        id=number,
    )
    return frozenset(bool(internal) for (internal,) in rows)


def plainly(
    tickets: list[Furnished], actor: Actor, wanted: RowsWanted, sort: RowSort, *, descending: bool
) -> list[int]:
    """The numbers of all that the actor sees and wants, in the order."""
    changed = "changed_at" if sees_internal(actor) else "public_changed_at"
    columns = {"raised": "raised_at", "changed": changed, "held_until": "held_until"}

    def key(ticket: Furnished) -> tuple[Any, ...]:
        row = ticket.row
        if sort == "priority":
            return row["priority"], row["raised_at"], row["id"]
        return row[columns[sort]], row["id"]

    visible = visible_to(actor)
    found = [ticket for ticket in tickets if _fits(ticket, actor, visible, wanted, changed)]
    if sort == "held_until":
        found = [ticket for ticket in found if ticket.row["held_until"] is not None]
    return [ticket.row["id"] for ticket in sorted(found, key=key, reverse=descending)]


def _fits(ticket: Furnished, actor: Actor, visible: Sequence[Filter], wanted: RowsWanted, changed: str) -> bool:
    row = ticket.row
    raised = () if wanted.raised == ALWAYS else (wanted.raised,)
    return (
        any(meets(row, filter_) for filter_ in visible)
        and meets(row, (*wanted.terms, *raised))
        and (wanted.statuses is None or row["status"] in wanted.statuses)
        and (wanted.eco_ids is None or row["eco_id"] in wanted.eco_ids)
        and (wanted.reference is None or row["reference"] == wanted.reference)
        and (wanted.tag_ids is None or bool(wanted.tag_ids & ticket.tags))
        and (not wanted.watched or actor.id in ticket.watchers)
        and (not wanted.mentioned or actor.id in ticket.mentioned)
        and (not wanted.answered or row["answered_at"] is not None)
        and (not wanted.has_images or False in ticket.images or (True in ticket.images and sees_internal(actor)))
        and (wanted.held_from is None or (row["held_until"] or "") >= wanted.held_from)
        and (wanted.held_to is None or "" < (row["held_until"] or "") <= wanted.held_to)
        and (wanted.updated_since is None or row[changed] >= wanted.updated_since)
        and _is_between(row["closed_at"], wanted.closed)
        and (wanted.open_at is None or _was_open(row, wanted.open_at))
        and wanted.first_answered in (None, row["first_answer_at"] is not None)
        and _is_between(row["first_answer_at"], wanted.answered_first)
    )


def _is_between(moment: int | None, between: Between) -> bool:
    if between == ANY_TIME:
        return True
    start, end = between
    return moment is not None and (start is None or start <= moment) and (end is None or moment < end)


def _was_open(row: dict[str, Any], moment: int) -> bool:
    """At that time."""
    return row["raised_at"] < moment and (row["closed_at"] is None or row["closed_at"] >= moment)


def joined(one: RowsWanted, other: RowsWanted) -> RowsWanted:
    """Both filters together."""
    given = {
        name: getattr(other, name)
        for name in RowsWanted.__dataclass_fields__
        if getattr(other, name) != getattr(RowsWanted(), name)
    }
    return replace(one, **{**given, "terms": (*one.terms, *other.terms)})
