"""Lists of tickets that were changed since a time, for who keeps a copy: by the events since then, of which there are
few.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from keesa.accounts.actors import Actor
from keesa.accounts.filters import Filter, any_of, meet
from keesa.accounts.permissions import visible_to
from keesa.db import Pace, Steps, Tx
from keesa.errors import Invalid
from keesa.tickets.row_filters import changed_for
from keesa.tickets.row_leads import DRIFT
from keesa.tickets.rows import MOST, WITH_MAINS
from keesa.tickets.selecting import Group
from keesa.tickets.statuses import STATUSES
from keesa.tickets.views import VisibleTicket, revision_for

TOO_MANY: Final = (
    f"is too long ago: there were more than {MOST} changes since. Take a later time, or follow"
    " `/tickets/rows?sort=changed&order=asc`, which has pages for any"
)


def select_changed(
    tx: Tx, actor: Actor, wanted: tuple[Filter, ...], groups: Sequence[Group], since: int
) -> Steps[Iterable[VisibleTicket]]:
    """As `keesa.tickets.selecting.select`, of those alone that were changed since then (milliseconds since 1970), as
    far as the actor may know. Raises `Invalid` where too much happened since.
    """
    yield Pace.LONG
    events = f"SELECT ticket_id FROM ticket_events WHERE at >= :since LIMIT {MOST + 1}"
    found = [ticket_id for (ticket_id,) in tx.each(events, since=since - DRIFT)]
    if len(found) > MOST:
        raise Invalid({"updated_since": [TOO_MANY]})
    condition = any_of(meet(visible_to(actor), wanted))
    rows = list(
        tx.each(
            f"SELECT id, {revision_for(actor)}, status, raised_at FROM tickets WHERE tickets.id IN {WITH_MAINS}"
            f" AND CASE WHEN {condition.sql} AND tickets.{changed_for(actor)} >= :since THEN 1 ELSE 0 END = 1"
            " ORDER BY raised_at, id",
            ids=msgspec.json.encode(list(dict.fromkeys(found))).decode(),
            since=since,
            **condition.params,
        )
    )
    shown: list[VisibleTicket] = []
    for statuses, page in groups:
        of_group = [
            VisibleTicket((ticket_id, revision))
            for ticket_id, revision, status, _ in rows
            if status in (statuses or STATUSES)
        ]
        limit, offset = page.bounds
        shown += (of_group[::-1] if page.newest_first else of_group)[offset : offset + limit]
    return shown
