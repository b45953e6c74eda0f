"""A world of `worlds` in the database, in place of the cast and of the world before; nobody's password is asked for."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from acting import CLOCK
from by_keesa import grant_permission
from cast import CANNED_ANSWER
from keesa.accounts.actors import SYSTEM
from keesa.accounts.audit.recording import keesa_itself, record
from keesa.accounts.permissions import ENFORCED
from keesa.attachments.keeping import keep_attachment
from keesa.attachments.made import NewFile, ReadyFile
from keesa.attachments.serving import Kind, StoredForm
from keesa.clock import now
from keesa.db import Tx
from keesa.demo.keeping import KeptNote, KeptTicket, keep
from keesa.events.recording import Event
from keesa.notes.changing import edit_note, lock_note
from keesa.notes.merging import merge, unmerge
from keesa.rich_text.html import rich_text
from keesa.tickets.changing import change
from keesa.tickets.finding import lock_ticket
from keesa.tickets.relations import add_cause, remove_cause, remove_parent, set_parent
from keesa.tickets.tagging import put_tag, take_tag
from keesa.tickets.watching import stop_watching, watch
from keesa.words.index import reindex
from worlds import TAGS, USER_IDS, Relation, Ticket, User, World

RAISED_AT: Final = 1_900_000_000_000
CLOSED_ON: Final = "2030-03-17"
"""The day of that time."""
_LATER: Final = RAISED_AT + 60_000
_NO_TYPES: Final = frozenset[str]()
"""Of the role that everybody has, for its permissions: those are not the question here."""
_PLACEHOLDERS: Final = "<p>{{ticket_number}} {{title}} {{contact_name}}</p>"

_Verb = Callable[[Tx, Any, int | None, int | None, int], None]
_MAKE: Final[dict[str, _Verb]] = {
    "duplicate_of": partial(merge, clock=CLOCK),
    "caused_by": add_cause,
    "child_of": set_parent,
}
_TAKE_BACK: Final[dict[str, _Verb]] = {
    "duplicate_of": unmerge,
    "caused_by": remove_cause,
    "child_of": remove_parent,
}


def build(tx: Tx, world: World) -> None:
    """Its permissions are all that there are, everybody's. What became of the tickets, Keesa itself has done."""
    _forget(tx)
    for role_id, types in enumerate((*world.roles, _NO_TYPES)):
        tx.run("INSERT INTO roles (id, name) VALUES (:id, :name)", id=role_id, name=f"role {role_id}")
        for key in types:
            tx.run("INSERT INTO role_ticket_types (role_id, ticket_type) VALUES (:id, :key)", id=role_id, key=key)
    for permission in ENFORCED:
        grant_permission(tx, f"role {len(world.roles)}", *permission)
    for user in world.users:
        _add_user(tx, user, everybodys_role=len(world.roles))
    for tag_id in TAGS:
        tx.run(
            "INSERT INTO tags (id, name, folded) VALUES (:id, :name, :name) ON CONFLICT (id) DO NOTHING",
            id=tag_id,
            name=f"tag {tag_id}",
        )
    tx.run("UPDATE canned_answers SET body = :body WHERE id = :id", body=_PLACEHOLDERS, id=CANNED_ANSWER)
    for ticket in world.tickets:
        _add_ticket(tx, ticket)
    for relation in world.relations:
        _relate(tx, relation)
    for ticket in world.tickets:  # whose internal notes no verb has added
        reindex(tx, ticket.id)


def _forget(tx: Tx) -> None:
    _forget_acts(tx)
    for table in (
        *(
            "ticket_words",
            "attachments",
            "stored_files",
            "upload_pieces",
            "uploads",
            "api_token_permissions",
            "api_tokens",
            "internal_notes",
            "ticket_notes",
            "ticket_statuses",
            "ticket_events",
        ),
        *("ticket_causes", "ticket_mentions", "ticket_watchers", "ticket_tags", "tickets"),
        *("sessions", "user_roles", "role_permissions", "role_ticket_types", "roles"),
    ):
        tx.run(f"DELETE FROM {table}")
    tx.run("DELETE FROM users WHERE id <> :system", system=SYSTEM.id)


def _forget_acts(tx: Tx) -> None:
    """As nothing but an act in the trail itself lets them go; they name the users of the world before."""
    act_id = record(tx, keesa_itself(now()), "audit.prune", None)
    tx.run("INSERT INTO audit_prunings (audit_id, through) VALUES (:id, :through)", id=act_id, through=act_id - 1)
    tx.run("DELETE FROM audit_people")
    tx.run("DELETE FROM audit WHERE id < :id", id=act_id)


def _add_user(tx: Tx, user: User, *, everybodys_role: int) -> None:
    tx.run(
        "INSERT INTO users (id, email, full_name, nick_name, user_type, customer_id, password_hash, created_at)"
        " VALUES (:id, :email, 'Somebody', :nick_name, :user_type, :customer_id, 'none', 0)",
        id=user.id,
        email=f"user{user.id}@keesa.example",
        nick_name=user.nick_name,
        user_type=user.user_type,
        customer_id=user.customer_id,
    )
    for position, role_id in enumerate((everybodys_role, *user.roles)):
        tx.run(
            "INSERT INTO user_roles (user_id, role_id, position) VALUES (:user_id, :role_id, :position)",
            user_id=user.id,
            role_id=role_id,
            position=position,
        )


def _add_ticket(tx: Tx, ticket: Ticket) -> None:
    kept = KeptTicket(
        id=ticket.id,
        title=ticket.title,
        description=ticket.title,
        ticket_type=ticket.ticket_type,
        category=ticket.category,
        customer_id=ticket.customer_id,
        contact=(ticket.title, 7771234),
        product_id=3,
        raised_by_id=ticket.raised_by_id,
        raised_at=RAISED_AT,
        assigned_to_id=ticket.assigned_to_id,
        changes=() if ticket.status == "open" else ((ticket.status, RAISED_AT),),
        closed_on=CLOSED_ON if ticket.status == "closed" else None,
        notes=tuple(
            KeptNote(ticket.raised_by_id, text, RAISED_AT, note_id)
            for note_id, text in zip(ticket.note_ids, (ticket.said, ticket.was_said), strict=True)
        ),
    )
    keep(tx, kept)
    edited = lock_note(tx, SYSTEM, ticket.id, ticket.note_ids[1], _LATER)
    edit_note(tx, SYSTEM, edited, rich_text(ticket.said), _LATER)
    _add_internal_note(tx, ticket)
    _hang(tx, ticket)
    _tie(tx, ticket)


def _add_internal_note(tx: Tx, ticket: Ticket) -> None:
    tx.run(
        "INSERT INTO internal_notes (id, ticket_id, author_id, body, created_at)"
        " VALUES (:id, :ticket_id, :author_id, :body, :at)",
        id=ticket.internal_note_id,
        ticket_id=ticket.id,
        author_id=ticket.raised_by_id,
        body=ticket.inner,
        at=_LATER,
    )
    change(
        tx,
        SYSTEM,
        lock_ticket(tx, SYSTEM, ticket.id),
        _LATER,
        Event("note_added", thing_id=ticket.internal_note_id, internal=True),
        internal_notes=1,
        internal_notes_size=len(ticket.inner),
    )


def _hang(tx: Tx, ticket: Ticket) -> None:
    kinds: tuple[Kind, ...] = ("image", "file")
    for kind in kinds:
        for attachment_id, name in zip(ticket.hanging_ids(kind), (ticket.hung, ticket.hung_inside), strict=True):
            internal = name == ticket.hung_inside
            new = NewFile(f"{attachment_id:032x}", {"original": StoredForm("image/png", 7)})
            hung = ReadyFile(name, f"{attachment_id:064x}", new)
            note_id = ticket.internal_note_id if internal else None
            made = keep_attachment(
                tx, ticket.id, hung, kind, ticket.raised_by_id, RAISED_AT, note_id, internal=internal
            )
            tx.run("UPDATE attachments SET id = :id WHERE id = :made", id=attachment_id, made=made)


def _tie(tx: Tx, ticket: Ticket) -> None:
    """Watchers, tags and who is mentioned; one watcher and one tag more have been there and gone."""
    for user_id in sorted(ticket.mentioned):
        tx.run(
            "INSERT INTO ticket_mentions (ticket_id, user_id, raised_at) VALUES (:id, :user_id, :raised_at)",
            id=ticket.id,
            user_id=user_id,
            raised_at=RAISED_AT,
        )
    gone = next((user_id for user_id in USER_IDS if user_id not in ticket.watchers), None)
    coming = sorted(ticket.watchers) + ([] if gone is None else [gone])
    watch(tx, SYSTEM, lock_ticket(tx, SYSTEM, ticket.id), coming, _LATER)
    if gone is not None:
        stop_watching(tx, SYSTEM, ticket.id, gone, _LATER)
    for tag_id in TAGS:
        put_tag(tx, SYSTEM, ticket.id, tag_id, _LATER)
        if tag_id not in ticket.tags:
            take_tag(tx, SYSTEM, ticket.id, tag_id, _LATER)


def _relate(tx: Tx, relation: Relation) -> None:
    _MAKE[relation.kind](tx, SYSTEM, relation.ticket, relation.other, _LATER)
    if relation.taken_back:
        _TAKE_BACK[relation.kind](tx, SYSTEM, relation.ticket, relation.other, _LATER)
