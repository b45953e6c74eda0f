"""What a database of Keesa's on PostgreSQL holds, as a trial reads it."""

from typing import Any, Final

import psycopg

from deploy.trial.checks import Kept
from deploy.trial.keesa import ENGINEER

Connection = psycopg.Connection[tuple[Any, ...]]
_KEPT: Final = """
SELECT id, title,
    ARRAY(SELECT body FROM ticket_notes WHERE ticket_id = tickets.id ORDER BY id),
    ARRAY(SELECT status FROM ticket_statuses WHERE ticket_id = tickets.id ORDER BY id)
FROM tickets
"""


def kept_in(connection: Connection) -> dict[int, Kept]:
    """Every ticket, by its number."""
    rows = connection.execute(_KEPT).fetchall()
    return {number: Kept(title, notes, statuses) for number, title, notes, statuses in rows}


def engineer_in(connection: Connection) -> int:
    """The id of who works on the tickets."""
    [[number]] = connection.execute("SELECT id FROM users WHERE email = %s", (ENGINEER,)).fetchall()
    return int(number)
