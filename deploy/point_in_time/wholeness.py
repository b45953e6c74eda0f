"""Whether what a restored database holds is whole: rows of one change, pages, and indexes."""

from collections.abc import Mapping
from typing import Final

from deploy.point_in_time.machine import PROGRAMS, USER, Machine
from deploy.trial.kept import Connection

_CONTRADICTIONS: Final[Mapping[str, str]] = {
    "has another status than its last change": """
        SELECT id FROM tickets WHERE status IS DISTINCT FROM (
            SELECT status FROM ticket_statuses WHERE ticket_id = tickets.id ORDER BY ticket_statuses.id DESC LIMIT 1
        )
    """,
    "was not open first": """
        SELECT id FROM tickets WHERE 'open' IS DISTINCT FROM (
            SELECT status FROM ticket_statuses WHERE ticket_id = tickets.id ORDER BY ticket_statuses.id LIMIT 1
        )
    """,
    "is assigned otherwise than its last event says": """
        SELECT id FROM tickets WHERE assigned_to_id IS DISTINCT FROM (
            SELECT assigned_to_id FROM ticket_events AS past
            WHERE ticket_id = tickets.id ORDER BY past.number DESC LIMIT 1
        )
    """,
    "has another number of events than it counts": """
        SELECT id FROM tickets WHERE events <> (SELECT count(*) FROM ticket_events WHERE ticket_id = tickets.id)
    """,
    "has rows, and is none": """
        SELECT ticket_id FROM (
            SELECT ticket_id FROM ticket_notes UNION SELECT ticket_id FROM ticket_statuses
            UNION SELECT ticket_id FROM ticket_events
        ) AS named WHERE ticket_id NOT IN (SELECT id FROM tickets)
    """,
}


def halves(connection: Connection) -> list[str]:
    """A sentence for each ticket that has a part of a change alone."""
    found = {what: connection.execute(query).fetchall() for what, query in _CONTRADICTIONS.items()}
    return [f"{number} {what}" for what, rows in found.items() for [number] in rows]


def require_sound_pages(machine: Machine) -> None:
    """Raises RuntimeError with what PostgreSQL's own look at tables and indexes finds."""
    looking = ["--database=keesa", "--install-missing", "--heapallindexed"]
    machine.run([str(PROGRAMS / "pg_amcheck"), *looking], USER)
