"""What clients were told is done, held against what a database has."""

from collections.abc import Sequence

from field_client import Acknowledged
from keesa.clock import Clock, now
from keesa.config import DEFAULT_ZONE
from keesa.db import Tx


def check_all_there(tx: Tx, told: Sequence[Acknowledged]) -> None:
    """And nothing twice: each title and each note was sent once, and no two were told of one number."""
    tickets = {row["id"]: row["title"] for row in tx.all("SELECT id, title FROM tickets")}
    said = [(row["ticket_id"], row["body"]) for row in tx.all("SELECT ticket_id, body FROM ticket_notes")]
    notes = set(said)
    assert len(set(tickets.values())) == len(tickets)
    assert len(notes) == len(said)
    numbers = [number for acknowledged in told for number in acknowledged.tickets]
    assert len(set(numbers)) == len(numbers)
    statuses = {(row["ticket_id"], row["status"]) for row in tx.all("SELECT ticket_id, status FROM ticket_statuses")}
    for acknowledged in told:
        assert acknowledged.tickets.items() <= tickets.items()
        assert set(acknowledged.notes) <= notes
        assert set(acknowledged.statuses) <= statuses


def check_nothing_half_done(tx: Tx) -> None:
    """A ticket has the status of its history's last row, an assignment for its engineer, as many events as it counts,
    and, on SQLite, the next number.
    """
    rows = tx.all(
        "SELECT tickets.id, tickets.status, tickets.assigned_to_id,"
        " (SELECT status FROM ticket_statuses WHERE ticket_id = tickets.id ORDER BY id LIMIT 1) AS first,"
        " (SELECT status FROM ticket_statuses WHERE ticket_id = tickets.id ORDER BY id DESC LIMIT 1) AS last,"
        " (SELECT count(*) FROM ticket_events WHERE ticket_id = tickets.id AND kind = 'assigned') AS assignments,"
        " tickets.events, (SELECT count(*) FROM ticket_events WHERE ticket_id = tickets.id) AS told"
        " FROM tickets WHERE title LIKE 'round %' ORDER BY id"
    )
    if tx.writes_alone:
        year = Clock(DEFAULT_ZONE).local(now()).year
        assert [int(str(row["id"]).removeprefix(str(year))) for row in rows] == [*range(1, len(rows) + 1)]
    for row in rows:
        assert row["first"] == "open"
        assert row["last"] == row["status"]
        assert row["events"] == row["told"]
        assert row["assignments"] == (row["assigned_to_id"] is not None)
