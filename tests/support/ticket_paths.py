"""Every path that tells of tickets: what it is asked in a world of `worlds`, and what its answer must tell of them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from cast import CANNED_ANSWER, SECRET
from keesa.accounts.actors import Actor
from keesa.accounts.sessions import Version
from keesa.api.feed_cursors import FeedCursors
from keesa.attachments.listing import NOT_FOUND
from keesa.attachments.serving import Kind
from keesa.feed.positions import BEGINNING
from keesa.tickets.statuses import GROUPS, STATUSES, group_of
from route_tables import Endpoint
from worlds import CUSTOMERS, TAGS, TYPES, Ticket, World

NO_TICKET: Final = "Ticket not found"
NO_NOTE: Final = "Note not found"


@dataclass(frozen=True)
class Asked:
    path: str
    wanted: frozenset[str] = frozenset()
    """Marks of tickets: these and no others."""
    status: int = 200
    sentence: str | None = None
    """All that the answer says, where it is a 404."""
    body: object = None
    partly: bool = False
    """Whether some of what is wanted will do."""
    told: Callable[[Any], object] | None = None
    """What is read from the answer's data, beside the marks, and must be `telling`."""
    telling: object = None


Asking = Callable[[World, Version], Iterator[Asked]]


def _of(world: World, ticket: Ticket, path: str, wanted: Iterable[str] = (), **more: Any) -> Asked:  # noqa: ANN401 - as the fields above
    """Of one ticket: out of sight it is not there."""
    if ticket in world.seen:
        return Asked(path, frozenset(wanted), **more)
    return Asked(path, status=404, sentence=NO_TICKET, body=more.get("body"))


def _refused(path: str) -> Asked:
    """Whatever there is, to whom it is not for."""
    return Asked(path, status=403)


def noted(world: World, ticket: Ticket) -> frozenset[Ticket]:
    """Whose notes it shows: its own, and its duplicates', which may be out of sight themselves."""
    return world.duplicates_of(ticket) | {ticket}


def whole(world: World, tickets: Iterable[Ticket]) -> frozenset[str]:
    """What the documents show of tickets: themselves, and their public notes."""
    found = frozenset(tickets)
    said = {each.said for ticket in found for each in noted(world, ticket)}
    return brief(found) | said


def brief(tickets: Iterable[Ticket]) -> frozenset[str]:
    return frozenset(mark for ticket in tickets for mark in (ticket.number, ticket.title))


# Lists


def all_tickets(world: World, version: Version) -> Iterator[Asked]:
    seen = world.seen
    if version == "2021":
        own = {ticket for ticket in seen if world.actor.id in (ticket.raised_by_id, ticket.assigned_to_id)}
        seen = frozenset(ticket for ticket in own if ticket.status != "closed")
    yield Asked("/tickets", whole(world, seen))
    if version == "2024":
        yield Asked("/tickets?updated_since=2030-01-01", whole(world, seen))
        yield Asked("/tickets?updated_since=2031-01-01")


def rows_of_tickets(world: World, _: Version) -> Iterator[Asked]:
    """In every order; the desk's own filters too, which are refused to others."""
    yield Asked("/tickets/rows", brief(world.seen))
    yield Asked("/tickets/rows?sort=priority&format=csv", brief(world.seen))
    yield Asked("/tickets/rows?sort=changed&updated_since=2030-01-01", brief(world.seen))
    for status, sort in zip(STATUSES, ("raised", "changed", "priority", "raised"), strict=True):
        wanted = {ticket for ticket in world.seen if ticket.status == status}
        yield Asked(f"/tickets/rows?status={status}&sort={sort}", brief(wanted))
    actor = world.actor.id
    for query, wanted in (
        ("watched=true", {ticket for ticket in world.seen if actor in ticket.watchers}),
        ("mentioned=true&sort=changed", {ticket for ticket in world.seen if actor in ticket.mentioned}),
        (
            "watched=true&mentioned=true",
            {ticket for ticket in world.seen if actor in ticket.watchers & ticket.mentioned},
        ),
        (f"tag={TAGS[0]}&format=csv", {ticket for ticket in world.seen if TAGS[0] in ticket.tags}),
        (f"tag={TAGS[0]},{TAGS[1]}&sort=priority", {ticket for ticket in world.seen if ticket.tags}),
    ):
        path = f"/tickets/rows?{query}"
        yield Asked(path, brief(wanted)) if world.actor.of_desk else Asked(path, status=422)


def counts_of_tickets(world: World, _: Version) -> Iterator[Asked]:
    """As many as are seen; those of the desk are told to nobody else."""
    actor = world.actor.id

    def counted(seen: Iterable[Ticket]) -> dict[str, int]:
        groups = [group_of(ticket.status) for ticket in seen]
        mine = [group_of(ticket.status) for ticket in seen if ticket.assigned_to_id == actor]
        found = {"all": len(groups)} | {str(group): groups.count(group) for group in GROUPS}
        if world.actor.of_desk:
            found |= {"mine_open": mine.count("open"), "mine_active": mine.count("active")}
            found["mentioned"] = sum(actor in ticket.mentioned for ticket in seen)
            found["watched"] = sum(actor in ticket.watchers for ticket in seen)
        return found

    def numbers(data: dict[str, Any]) -> dict[str, int]:
        assert all(each["exact"] for each in data.values())
        return {name: each["count"] for name, each in data.items()}

    names = ",".join(counted(()))
    of_type = [ticket for ticket in world.seen if ticket.ticket_type == TYPES[0]]
    yield Asked(f"/tickets/counts?counts={names}", told=numbers, telling=counted(world.seen))
    yield Asked(f"/tickets/counts?counts={names}&ticket_type={TYPES[0]}", told=numbers, telling=counted(of_type))
    if not world.actor.of_desk:
        yield Asked("/tickets/counts?counts=mine_open", status=422)
        yield Asked("/tickets/counts", told=set, telling={"all", *GROUPS, "in_progress", "on_hold"})


def search_tickets(world: World, _: Version) -> Iterator[Asked]:
    """What is asked for stands in no text but those of one ticket; excerpts show it as it stands there."""

    def found(query: str, tickets: Iterable[Ticket], *more: str) -> Asked:
        shown = frozenset(tickets) & world.seen
        wanted = brief(shown) | {mark for mark in more if shown}
        return Asked(
            f"/tickets/search?{query}",
            wanted,
            told=lambda data: (data["count"], data["count_is_exact"], data["next"], data["complete"]),
            telling=(len(shown), True, None, True),
        )

    for sort in ("best", "raised", "changed", "priority"):
        yield found(f"q=title&sort={sort}", world.tickets)
    for status in STATUSES:
        yield found(f"q=title&status={status}", [each for each in world.tickets if each.status == status])
    yield Asked("/tickets/search?q=title&format=csv", brief(world.seen))
    inside = world.tickets if world.actor.of_desk else ()
    yield found("q=inner&sort=changed", inside)
    for ticket in world.tickets:
        for word in (ticket.number, ticket.title):
            yield found(f"q={word}", [ticket])
        yield found(f"q={ticket.said}", [ticket], ticket.said)
        yield found(f"q={ticket.said} title -{ticket.inner}", () if world.actor.of_desk else [ticket], ticket.said)
        yield found(f"q={ticket.was_said}", ())
        yield found(f"q={ticket.inner}", [ticket] if inside else (), ticket.inner)


def _cursor(world: World) -> str:
    """Of the actor's, from before all that happened."""
    user = world.actor
    types = sorted({key for position in user.roles for key in world.roles[position]})
    actor = Actor(user.id, "", "", user.nick_name, user.user_type, user.customer_id, (), {}, ticket_types=tuple(types))
    return FeedCursors(SECRET.encode()).seal(BEGINNING, actor, 0)


def first_copy(world: World, _: Version) -> Iterator[Asked]:
    yield Asked("/changes/start", brief(world.seen), told=lambda data: data["next"], telling=None)
    yield Asked("/changes/start?limit=1", brief(world.seen), partly=True)


def changes(world: World, _: Version) -> Iterator[Asked]:
    """Of each ticket its row and what its history tells but for what it was raised with, which stands in its row."""
    related = {
        other.number for each in world.seen for other in world.related_to(each, ever=True) if other in world.seen
    }
    texts = {mark for each in world.seen for mark in (each.was_said, each.said)} if world.actor.of_desk else set()
    yield Asked(
        f"/changes?after={_cursor(world)}&limit=500",
        brief(world.seen) | texts | related,
        told=lambda data: ({each["ticket_id"] for each in data["changes"]}, data["gone"], data["more"]),
        telling=({each.id for each in world.seen}, [], False),
    )


def by_type(world: World, _: Version) -> Iterator[Asked]:
    for key in TYPES:
        for status in STATUSES:
            wanted = {ticket for ticket in world.seen if (ticket.ticket_type, ticket.status) == (key, status)}
            yield Asked(f"/tickets/tickets_by_type?type={key}&status={status}", whole(world, wanted))


def by_category(world: World, _: Version) -> Iterator[Asked]:
    """Without notes, as the documents show it."""
    for key in ("fault", "survey"):
        wanted = {ticket for ticket in world.seen if ticket.category == key}
        yield Asked(f"/tickets/tickets_by_category?category={key}", brief(wanted))


def of_customer(world: World, _: Version) -> Iterator[Asked]:
    """Without notes too. Refused to who has nothing to do with the customer: who is no admin, not theirs, and sees none
    of theirs.
    """
    for customer_id in CUSTOMERS:
        wanted = {ticket for ticket in world.seen if ticket.customer_id == customer_id}
        concerned = world.actor.user_type == "admin" or world.actor.customer_id == customer_id or wanted
        path = f"/tickets/tickets_of_customer?customer_id={customer_id}"
        yield Asked(path, brief(wanted)) if concerned else _refused(path)


# One ticket


def one_ticket(world: World, _: Version) -> Iterator[Asked]:
    for ticket in world.tickets:
        yield _of(world, ticket, f"/tickets/{ticket.id}", whole(world, [ticket]))


def history(world: World, _: Version) -> Iterator[Asked]:
    """What it is, with the texts of the edited note for the desk alone, and the related ones that are seen."""
    for ticket in world.tickets:
        related = {other.number for other in world.related_to(ticket, ever=True) if other in world.seen}
        texts = {ticket.was_said, ticket.said} if world.actor.of_desk else set()
        for query in ("limit=500", "limit=500&order=desc&format=csv"):
            yield _of(world, ticket, f"/tickets/{ticket.id}/history?{query}", {ticket.title, *texts, *related})


def documented_notes(world: World, _: Version) -> Iterator[Asked]:
    for ticket in world.tickets:
        said = {each.said for each in noted(world, ticket)}
        body = {"ticket_number": ticket.number}
        yield _of(world, ticket, "/tickets/get_ticket_notes", said, body=body)


def page_of_notes(world: World, _: Version) -> Iterator[Asked]:
    """A duplicate's stand in place, without its number where it is out of sight."""
    for ticket in world.tickets:
        shown = noted(world, ticket)
        wanted = {each.said for each in shown} | {each.number for each in shown & world.seen}
        if world.actor.of_desk:
            wanted |= {each.inner for each in shown}
        path = f"/tickets/{ticket.id}/notes"
        for query in ("", "?order=desc", "?format=csv"):
            yield _of(world, ticket, f"{path}{query}", wanted)
        yield _of(world, ticket, f"{path}?limit=1", wanted, partly=True)


def one_note(world: World, _: Version) -> Iterator[Asked]:
    """Of each ticket by the path of each: it is found by its own, and by that of the main ticket."""
    for ticket in world.tickets:
        for written_to in world.tickets:
            found = written_to in noted(world, ticket)
            numbers = {written_to.number} & {each.number for each in world.seen}
            path = f"/tickets/{ticket.id}/notes"
            for note_id, text in (
                (written_to.note_ids[1], written_to.said),
                (written_to.internal_note_id, written_to.inner),
            ):
                if found and (world.actor.of_desk or text == written_to.said):
                    yield _of(world, ticket, f"{path}/{note_id}", {text, *numbers})
                else:
                    yield _of(world, ticket, f"{path}/{note_id}", status=404, sentence=NO_NOTE)


def page_of_hung(kind: Kind) -> Asking:
    """Its images or its files, and its duplicates', without the number of one that is out of sight."""

    def ask(world: World, _: Version) -> Iterator[Asked]:
        for ticket in world.tickets:
            shown = noted(world, ticket)
            wanted = {each.hung for each in shown} | {each.number for each in shown & world.seen}
            if world.actor.of_desk:
                wanted |= {each.hung_inside for each in shown}
            path = f"/tickets/{ticket.id}/{kind}s"
            for query in ("", "?format=csv"):
                yield _of(world, ticket, f"{path}{query}", wanted)
            yield _of(world, ticket, f"{path}?limit=1", wanted, partly=True)

    return ask


def one_hung(kind: Kind) -> Asking:
    """As one note: of each ticket by the path of each."""

    def ask(world: World, _: Version) -> Iterator[Asked]:
        for ticket in world.tickets:
            for owner in world.tickets:
                found = owner in noted(world, ticket)
                numbers = {owner.number} & {each.number for each in world.seen}
                for hung_id, name in zip(owner.hanging_ids(kind), (owner.hung, owner.hung_inside), strict=True):
                    path = f"/tickets/{ticket.id}/{kind}s/{hung_id}"
                    if found and (world.actor.of_desk or name == owner.hung):
                        yield _of(world, ticket, path, {name, *numbers})
                    else:
                        yield _of(world, ticket, path, status=404, sentence=NOT_FOUND[kind])

    return ask


def for_bot(world: World, _: Version) -> Iterator[Asked]:
    """A bot is told of any ticket whose customer it knows; people are refused, but for admins."""
    for ticket in world.tickets:
        for customer_id in CUSTOMERS:
            path = f"/tickets/{ticket.id}/get_specific_ticket_for_bot?customer_id={customer_id}"
            if world.actor.user_type not in ("bot", "admin"):
                yield _refused(path)
            elif customer_id == ticket.customer_id:
                yield Asked(path, brief([ticket]))
            else:
                yield Asked(path, status=404, sentence=NO_TICKET)


def relations(world: World, _: Version) -> Iterator[Asked]:
    """Those that are seen; the desk is told how many are not."""
    for ticket in world.tickets:
        related = list(world.related_to(ticket))
        unseen = sum(other not in world.seen for other in related) if world.actor.of_desk else 0
        wanted = brief(other for other in related if other in world.seen)
        path = f"/tickets/{ticket.id}/relations"
        yield _of(world, ticket, path, wanted, told=lambda data: data["relations"]["unseen"], telling=unseen)


def watchers(world: World, _: Version) -> Iterator[Asked]:
    """All of them, also who sees the ticket no longer."""
    for ticket in world.tickets:
        yield _desks(world, ticket, "watchers", "user_id", ticket.watchers)


def tags(world: World, _: Version) -> Iterator[Asked]:
    for ticket in world.tickets:
        yield _desks(world, ticket, "tags", "id", ticket.tags)


def _desks(world: World, ticket: Ticket, name: str, key: str, ids: frozenset[int]) -> Asked:
    """A list of a ticket that is the desk's alone, and names no ticket."""
    path = f"/tickets/{ticket.id}/{name}"
    if not world.actor.of_desk:
        return _refused(path)
    return _of(world, ticket, path, told=lambda data: [each[key] for each in data[name]], telling=sorted(ids))


# Beside tickets


def filled_in(world: World, _: Version) -> Iterator[Asked]:
    """A canned answer is the desk's, and tells what the ticket fills in."""
    for ticket in world.tickets:
        path = f"/canned_answers/{CANNED_ANSWER}?ticket={ticket.id}"
        yield _of(world, ticket, path, brief([ticket])) if world.actor.of_desk else _refused(path)


def trail(world: World, _: Version) -> Iterator[Asked]:
    """Acts of administration: whoever reads them, no ticket stands there."""
    yield Asked("/audit?limit=500") if world.actor.of_desk else _refused("/audit?limit=500")


def _counted(world: World) -> frozenset[Ticket]:
    """What reports count as open: of staff what is of their ticket types, which they see all of."""
    types = {key for position in world.actor.roles for key in world.roles[position]}
    return frozenset(
        ticket
        for ticket in world.seen
        if ticket.status != "closed" and (world.actor.user_type != "staff" or ticket.ticket_type in types)
    )


def oldest(world: World, _: Version) -> Iterator[Asked]:
    for query in ("", "?format=csv"):
        yield Asked(f"/reports/oldest{query}", brief(_counted(world)))


def counted(world: World, _: Version) -> Iterator[Asked]:
    """How many, and nothing of any one."""
    for by in ("month", "ticket_type", "priority"):
        path = f"/reports/tickets?from=2031-01-01&to=2031-01-31&by={by}"
        told = partial(_sum_of_open, "lines")
        yield Asked(path, told=told, telling=len(_counted(world)))


def waited(_: World, __: Version) -> Iterator[Asked]:
    """Times name no ticket."""
    yield Asked("/reports/times?from=2030-01-01&to=2030-01-31")


def loads(world: World, _: Version) -> Iterator[Asked]:
    """The desk's alone."""
    path, told = "/reports/workload", partial(_sum_of_open, "loads")
    yield Asked(path, told=told, telling=len(_counted(world))) if world.actor.of_desk else _refused(path)


def _sum_of_open(array: str, data: Any) -> int:  # noqa: ANN401 - an answer's
    return sum(each["open"] for each in data[array])


READING: Final[dict[Endpoint, Asking]] = {
    ("GET", "/tickets"): all_tickets,
    ("GET", "/tickets/rows"): rows_of_tickets,
    ("GET", "/tickets/counts"): counts_of_tickets,
    ("GET", "/tickets/search"): search_tickets,
    ("GET", "/changes"): changes,
    ("GET", "/changes/start"): first_copy,
    ("GET", "/tickets/tickets_by_type"): by_type,
    ("GET", "/tickets/tickets_by_category"): by_category,
    ("GET", "/tickets/tickets_of_customer"): of_customer,
    ("GET", "/tickets/{ticket}"): one_ticket,
    ("GET", "/tickets/{ticket}/history"): history,
    ("GET", "/tickets/get_ticket_notes"): documented_notes,
    ("GET", "/tickets/{ticket}/notes"): page_of_notes,
    ("GET", "/tickets/{ticket}/notes/{note}"): one_note,
    ("GET", "/tickets/{ticket}/images"): page_of_hung("image"),
    ("GET", "/tickets/{ticket}/images/{image}"): one_hung("image"),
    ("GET", "/tickets/{ticket}/files"): page_of_hung("file"),
    ("GET", "/tickets/{ticket}/files/{file}"): one_hung("file"),
    ("GET", "/tickets/{ticket}/get_specific_ticket_for_bot"): for_bot,
    ("GET", "/tickets/{ticket}/relations"): relations,
    ("GET", "/tickets/{ticket}/watchers"): watchers,
    ("GET", "/tickets/{ticket}/tags"): tags,
    ("GET", "/canned_answers/{canned_answer}"): filled_in,
    ("GET", "/reports/tickets"): counted,
    ("GET", "/reports/times"): waited,
    ("GET", "/reports/workload"): loads,
    ("GET", "/reports/oldest"): oldest,
    ("GET", "/audit"): trail,
}
