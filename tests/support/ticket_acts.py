"""Every act on a ticket: what it is asked with in a world of `worlds`, and what its answer may tell."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from built_worlds import CLOSED_ON
from cast import TAG
from route_tables import Endpoint
from worlds import KINDS, USER_IDS, Ticket, World

WRITING: Final = {
    ("PATCH", "/tickets/{ticket}"),
    ("POST", "/tickets/{ticket}/status_update"),
    ("POST", "/tickets/{ticket}/assign"),
    ("POST", "/tickets/add_ticket_note"),
    ("POST", "/tickets/{ticket}/relations"),
    ("DELETE", "/tickets/{ticket}/relations/{kind}/{other}"),
    ("POST", "/tickets/{ticket}/watchers"),
    ("DELETE", "/tickets/{ticket}/watchers/{user}"),
    ("POST", "/tickets/{ticket}/tags"),
    ("DELETE", "/tickets/{ticket}/tags/{tag}"),
    ("POST", "/tickets/{ticket}/notes"),
    ("PATCH", "/tickets/{ticket}/notes/{note}"),
    ("DELETE", "/tickets/{ticket}/notes/{note}"),
    ("POST", "/tickets/bulk"),
    ("POST", "/tickets/{ticket}/images"),
    ("DELETE", "/tickets/{ticket}/images/{image}"),
    ("POST", "/tickets/{ticket}/files"),
    ("DELETE", "/tickets/{ticket}/files/{file}"),
}
OF_ALL: Final = {(method, path) for method, path in WRITING if re.search("note|image|file", path)}
"""Those that are not the desk's alone."""
EVERYBODY: Final = " ".join(f"@Some{user_id}" for user_id in USER_IDS)
CHANGES: Final[tuple[dict[str, Any], ...]] = (
    {"note": {"note": f"Look, {EVERYBODY}", "internal": True}},
    {"assign": {"assigned_to_id": USER_IDS[1]}},
    {"status": {"status": "on_hold"}},
    {"edit": {"priority": 2}},
    {"tag": {"id": TAG}},
    {"untag": {"id": TAG}},
)


def known_to(world: World) -> frozenset[str]:
    """All that the actor may be told: of what they see, and of the notes that this shows."""
    desk = world.actor.of_desk
    whole = {mark for ticket in world.seen for mark in ticket.marks if desk or mark in customers_marks(ticket)}
    notes = {each for ticket in world.seen for each in world.duplicates_of(ticket)}
    public = {mark for ticket in notes for mark in (ticket.said, ticket.hung)}
    internal = {mark for ticket in notes for mark in (ticket.inner, ticket.hung_inside)}
    return frozenset(whole | public | (internal if desk else set()))


def customers_marks(ticket: Ticket) -> tuple[str, ...]:
    return ticket.number, ticket.title, ticket.said, ticket.hung


def asked_of(endpoint: Endpoint, ticket: Ticket, world: World) -> Iterator[tuple[str, object]]:
    """On hold, a note, what hangs on it, and, so that the rule goes on to hold, to whom it was assigned before."""
    method, path = endpoint
    other = next((each for each in world.tickets if each != ticket), ticket)
    closed = {"status": "closed", "closed_date": CLOSED_ON, "close_children": True}
    bodies: dict[str, Sequence[object]] = {
        "/tickets/{ticket}": [{"ticket": {"priority": 1}}],
        "/tickets/{ticket}/status_update": [{"ticket": {"status": "on_hold"}}, {"ticket": closed}],
        "/tickets/{ticket}/assign": [{"ticket": {"assigned_to_id": ticket.assigned_to_id}}],
        "/tickets/add_ticket_note": [{"ticket_note": {"note": "On my way"}, "ticket_number": ticket.id}],
        "/tickets/{ticket}/relations": [{"relation": {"kind": kind, "ticket_number": other.id}} for kind in KINDS],
        "/tickets/{ticket}/watchers": [{"watcher": {}}],
        "/tickets/{ticket}/tags": [{"tag": {"id": TAG}}],
        "/tickets/{ticket}/notes": [{"note": {"note": "On my way"}}],
        "/tickets/{ticket}/notes/{note}": [{"note": {"note": "On my way"}}],
        "/tickets/{ticket}/images": [{"uploads": ["f" * 32], "note_id": ticket.internal_note_id}],
        "/tickets/{ticket}/files": [{"uploads": ["f" * 32]}],
        "/tickets/bulk": [{"tickets": [{"ticket_number": ticket.id}], "change": change} for change in CHANGES],
    }
    note_id = ticket.note_ids[method == "DELETE"]
    named = {"ticket": ticket.id, "other": other.id, "user": world.actor.id, "tag": TAG, "note": note_id}
    named |= {kind: ticket.hanging_ids(kind)[0] for kind in ("image", "file")}
    for kind in KINDS if "{kind}" in path else ("",):
        for body in bodies[path] if method != "DELETE" else (None,):
            yield path.format(**named, kind=kind), body
