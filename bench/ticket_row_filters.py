"""What `bench.ticket_rows` asks for: each filter, alone and in pairs, and what its desks have for that beside what they
were loaded with.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

from keesa.api.v2024.tickets.row_queries import DESKS
from keesa.clock import Clock
from keesa.config import DEFAULT_ZONE
from keesa.db import Tx

_DAY: Final = 24 * 3600 * 1000
_CLOCK: Final = Clock(DEFAULT_ZONE)


# What the desks have besides

OF_EACH: Final = 200
"""Tickets that have the same equipment, that somebody watches or is mentioned on, that wait for somebody: a desk that
has a hundred times the history has a hundred times the equipment, and no more that waits.
"""


def furnish(tx: Tx, people: Sequence[str]) -> bool:
    """Equipment, days until which tickets are held, answers that wait, tags, and what these people watch; whether they
    were missing.
    """
    if tx.one("SELECT id FROM tags LIMIT 1"):
        return False
    size = tx.value("SELECT count(*) AS value FROM tickets")
    last = tx.value("SELECT max(raised_at) AS value FROM tickets")
    customers = [row["id"] for row in tx.all("SELECT id FROM customers ORDER BY id LIMIT 5000")]
    count = max(size // 5 // OF_EACH, 1)
    for number in range(count):
        tx.run(
            "INSERT INTO ecos (name, customer_id) VALUES (:name, :customer)",
            name=f"Mast {number}",
            customer=customers[number],
        )
    for number in range(10):
        tx.run("INSERT INTO tags (name, folded) VALUES (:name, :name)", name=f"tag {number}")
    ecos, tags = ([row["id"] for row in tx.all(f"SELECT id FROM {table} ORDER BY id")] for table in ("ecos", "tags"))
    tx.run(
        "UPDATE tickets SET eco_id = :first + id % :all WHERE id % :all < :count",
        first=ecos[-count],
        all=5 * count,
        count=count,
    )
    step = max(tx.value("SELECT count(*) AS value FROM tickets WHERE status = 'on_hold'") // OF_EACH, 1)
    for number in range(60):
        day = _CLOCK.local(last + number * _DAY).date().isoformat()
        tx.run(
            "UPDATE tickets SET held_until = :day WHERE status = 'on_hold' AND id % :all = :rest",
            day=day,
            all=60 * step,
            rest=number * step,
        )
    every = max(size // OF_EACH, 1)
    tx.run(f"UPDATE tickets SET answered_at = :at WHERE status IN ('on_hold', 'closed') AND id % {every} = 7", at=last)
    for number, tag in enumerate(tags):
        _link(tx, "ticket_tags", "tag_id", tag, f"id % {20 * (1 + number)} = {number}")
    for email in people:
        user = tx.value("SELECT id AS value FROM users WHERE email = :email", email=email)
        _link(tx, "ticket_watchers", "user_id", user, f"id % {every} = {user % every}")
        _link(tx, "ticket_mentions", "user_id", user, f"id % {every} = {(user + 11) % every}")
    return True


def _link(tx: Tx, table: str, column: str, thing: int, condition: str) -> None:
    select = f"SELECT id, CAST(:thing AS BIGINT), raised_at FROM tickets WHERE {condition}"
    tx.run(f"INSERT INTO {table} (ticket_id, {column}, raised_at) {select}", thing=thing)


# What is asked for

Filter = Mapping[str, str]
"""A part of the query."""


def filters_of(tx: Tx) -> Mapping[str, Sequence[Filter]]:
    """Two values of each filter, a frequent one and a less frequent one."""

    def of(column: str) -> list[Filter]:
        rows = tx.all(
            f"SELECT {column} AS value FROM tickets WHERE {column} IS NOT NULL GROUP BY {column}"
            f" ORDER BY count(*) DESC, {column} LIMIT 12"
        )
        return [{column: str(row["value"])} for row in (rows[0], rows[len(rows) // 2])]

    last = tx.value("SELECT max(raised_at) AS value FROM tickets")
    reference = tx.value("SELECT reference AS value FROM tickets WHERE reference IS NOT NULL ORDER BY id DESC LIMIT 1")
    times = [_CLOCK.iso(last - number * _DAY) for number in (1, 400)]
    days = [_CLOCK.local(last + number * _DAY).date().isoformat() for number in (5, 25)]
    columns = ("ticket_type", "category", "product_id", "priority", "customer_id", "eco_id", "assigned_to_id")
    return {
        "status": [{"status": "open"}, {"status": "in_progress,closed"}],
        **{column: of(column) for column in (*columns, "raised_by_id")},
        "unassigned": [{"unassigned": "true"}],
        "reference": [{"reference": reference}],
        "tag": [{"tag": str(row["id"])} for row in tx.all("SELECT id FROM tags ORDER BY id LIMIT 2")],
        **{name: [{name: "true"}] for name in ("watched", "mentioned", "answered")},
        "held_until": [{"held_until_from": days[0], "held_until_to": days[1]}],
        "raised": [{"raised_from": time} for time in times],
        "updated_since": [{"updated_since": time} for time in times],
        "closed": [{"closed_from": times[0]}, {"closed_from": times[1], "closed_to": times[0]}],
        "open_at": [{"open_at": time} for time in times],
        "first_answered": [{"first_answered": "true"}, {"first_answered": "false"}],
        "answered_first": [{"first_answered_from": times[0]}, {"first_answered_to": times[1]}],
    }


_CANNOT_BE: Final = frozenset({("assigned_to_id", "unassigned")})
"""Filters that are refused together."""


def combinations_of(filters: Mapping[str, Sequence[Filter]], who: str) -> Mapping[str, Sequence[Filter]]:
    """None, each alone, and each pair, with their values."""
    names = [name for name in filters if who != "customer" or name not in DESKS]
    found: dict[str, Sequence[Filter]] = {"(none)": [{}], **{name: filters[name] for name in names}}
    for one, other in combinations(names, 2):
        if (one, other) not in _CANNOT_BE:
            of_one, of_other = filters[one], filters[other]
            count = max(len(of_one), len(of_other))
            pairs = [(of_one[number % len(of_one)], of_other[number % len(of_other)]) for number in range(count)]
            found[f"{one} and {other}"] = [{**first, **second} for first, second in pairs]
    return found
