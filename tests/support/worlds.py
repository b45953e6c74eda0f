"""Small worlds drawn at random: roles, users, tickets and all that hangs on tickets; and the rule of who sees which.

`sees` states the rule of the contract once more, in plain Python.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

from hypothesis import strategies as st

from cast import TAG
from keesa.accounts.actors import USER_TYPES, UserType
from keesa.tickets.statuses import STATUSES, Status

TYPES: Final = ("eco_support", "customer_support")
CUSTOMERS: Final = (1, 2)
"""The cast's customers; their users and tickets are the example's own."""
USER_IDS: Final = (101, 102, 103, 104)
TAGS: Final = (TAG, TAG + 1)
FIRST: Final = 2030001
MISSING: Final = 2030999
"""A number that no ticket has."""
_FIRST_NOTE: Final = 50_000_000
_FIRST_INTERNAL: Final = 2**52 + 50_000_000
_FIRST_HANGING: Final = 60_000_000

Kind = Literal["duplicate_of", "caused_by", "child_of"]
KINDS: Final[tuple[Kind, ...]] = ("duplicate_of", "caused_by", "child_of")


@dataclass(frozen=True)
class User:
    id: int
    user_type: UserType
    customer_id: int | None
    roles: frozenset[int]
    """Positions of roles in the world's list."""

    @property
    def of_desk(self) -> bool:
        return self.user_type in ("admin", "staff")

    @property
    def nick_name(self) -> str:
        return f"Some{self.id}"


@dataclass(frozen=True)
class Ticket:
    """With two notes, the second of which was edited, and an internal one; an image and a file that hang on it, and as
    many on its internal note.
    """

    id: int
    customer_id: int
    ticket_type: str | None
    category: str | None
    status: Status
    raised_by_id: int
    assigned_to_id: int | None
    watchers: frozenset[int]
    """Ids of users, who may see the ticket no longer."""
    mentioned: frozenset[int]
    tags: frozenset[int]

    # What only an answer that shows this part of it can hold

    @property
    def number(self) -> str:
        return str(self.id)

    @property
    def title(self) -> str:
        """Its description and its contact's name too."""
        return f"title_{self._letter}"

    @property
    def said(self) -> str:
        """Of its public notes."""
        return f"said_{self._letter}"

    @property
    def was_said(self) -> str:
        """Of the text of before of the note that was edited."""
        return f"before_{self._letter}"

    @property
    def inner(self) -> str:
        """Of its internal note."""
        return f"inner_{self._letter}"

    @property
    def hung(self) -> str:
        """Of what its image and its file are called."""
        return f"mast_{self._letter}"

    @property
    def hung_inside(self) -> str:
        """The same of those on its internal note."""
        return f"cabin_{self._letter}"

    @property
    def marks(self) -> frozenset[str]:
        texts = {self.title, self.said, self.was_said, self.inner, self.hung, self.hung_inside}
        return frozenset({self.number, *texts})

    @property
    def _letter(self) -> str:
        return chr(ord("A") + self.id - FIRST)

    @property
    def note_ids(self) -> tuple[int, int]:
        first = _FIRST_NOTE + 2 * (self.id - FIRST)
        return first, first + 1

    @property
    def internal_note_id(self) -> int:
        return _FIRST_INTERNAL + self.id - FIRST

    def hanging_ids(self, kind: str) -> tuple[int, int]:
        """Of its image or file, and of the one on its internal note."""
        first = _FIRST_HANGING + 4 * (self.id - FIRST) + 2 * (kind == "file")
        return first, first + 1


@dataclass(frozen=True)
class Relation:
    ticket: int
    kind: Kind
    other: int
    taken_back: bool

    def of(self, ticket: Ticket) -> int | None:
        """The other one, from either side."""
        return {self.ticket: self.other, self.other: self.ticket}.get(ticket.id)


@dataclass(frozen=True)
class World:
    roles: tuple[frozenset[str], ...]
    """The ticket types of each."""
    users: tuple[User, ...]
    tickets: tuple[Ticket, ...]
    relations: tuple[Relation, ...]
    """In the order in which they are made."""
    actor: User

    @cached_property
    def seen(self) -> frozenset[Ticket]:
        """By the actor."""
        return frozenset(ticket for ticket in self.tickets if sees(self, self.actor, ticket))

    def duplicates_of(self, ticket: Ticket) -> frozenset[Ticket]:
        """Whose notes it shows."""
        return frozenset(
            other
            for relation in self.relations
            if (relation.kind, relation.other, relation.taken_back) == ("duplicate_of", ticket.id, False)
            for other in self.tickets
            if other.id == relation.ticket
        )

    def related_to(self, ticket: Ticket, *, ever: bool = False) -> Iterator[Ticket]:
        """As the actor may be told, once for each relation; customers of duplicates alone, and nobody of what is out of
        sight, which is here for who counts it. `ever`: also of those that were taken back.
        """
        for relation in self.relations:
            if (self.actor.of_desk or relation.kind == "duplicate_of") and (ever or not relation.taken_back):
                yield from (other for other in self.tickets if other.id == relation.of(ticket))

    def marks_in(self, text: str) -> frozenset[str]:
        """What the text tells of any ticket."""
        return frozenset(mark for ticket in self.tickets for mark in ticket.marks if mark in text)


def sees(world: World, user: User, ticket: Ticket) -> bool:
    """The rule of the contract's section 3."""
    if user.user_type == "admin":
        return True
    if user.user_type == "customer":
        return ticket.customer_id == user.customer_id
    if user.user_type == "bot":
        return False
    of_their_roles = any(ticket.ticket_type in world.roles[position] for position in user.roles)
    return user.id in (ticket.raised_by_id, ticket.assigned_to_id) or of_their_roles


# Drawing one


@st.composite
def worlds(draw: st.DrawFn, actors_type: UserType) -> World:
    roles = draw(st.lists(st.frozensets(st.sampled_from(TYPES)), min_size=1, max_size=3).map(tuple))
    actor = draw(_user(USER_IDS[0], len(roles), st.just(actors_type)))
    users = (actor, *(draw(_user(user_id, len(roles), st.sampled_from(USER_TYPES))) for user_id in USER_IDS[1:]))
    tickets = [draw(_ticket(FIRST + position)) for position in range(draw(st.integers(2, 5)))]
    relations = tuple(_possible(tickets, draw(_relations(len(tickets)))))
    return World(roles, users, tuple(tickets), relations, actor)


@st.composite
def _user(draw: st.DrawFn, user_id: int, roles: int, user_types: st.SearchStrategy[UserType]) -> User:
    user_type = draw(user_types)
    customer_id = draw(st.sampled_from(CUSTOMERS)) if user_type == "customer" else None
    return User(user_id, user_type, customer_id, draw(st.frozensets(st.integers(0, roles - 1), max_size=2)))


@st.composite
def _ticket(draw: st.DrawFn, ticket_id: int) -> Ticket:
    assigned_to_id = draw(st.sampled_from((*USER_IDS, None)))
    some_users = st.frozensets(st.sampled_from(USER_IDS), max_size=3)
    return Ticket(
        id=ticket_id,
        customer_id=draw(st.sampled_from(CUSTOMERS)),
        ticket_type=draw(st.sampled_from((*TYPES, None))),
        category=draw(st.sampled_from(("fault", "survey", None))),
        status="open" if assigned_to_id is None else draw(st.sampled_from(STATUSES)),
        raised_by_id=draw(st.sampled_from(USER_IDS)),
        assigned_to_id=assigned_to_id,
        watchers=draw(some_users),
        mentioned=draw(some_users),
        tags=draw(st.frozensets(st.sampled_from(TAGS))),
    )


def _relations(tickets: int) -> st.SearchStrategy[list[tuple[int, Kind, int, bool]]]:
    """Each between two of them."""
    places = st.permutations(range(tickets)).map(lambda order: order[:2])
    kinds: st.SearchStrategy[Kind] = st.sampled_from(("duplicate_of", *KINDS))
    drawn = st.tuples(places, kinds, st.sampled_from((False, False, True)))
    return st.lists(drawn.map(lambda each: (each[0][0], each[1], each[0][1], each[2])), min_size=2, max_size=6)


def _possible(tickets: list[Ticket], drawn: list[tuple[int, Kind, int, bool]]) -> Iterator[Relation]:
    """Those that can be made one after the other; a duplicate becomes one of its main ticket's customer, and closed, as
    it would be.
    """
    pairs: set[tuple[Kind, frozenset[int]]] = set()
    parents: dict[int, int] = {}
    mains: dict[int, int] = {}
    merged: set[int] = set()
    for place, kind, other, taken_back in drawn:
        above = other
        while above != place and above in parents:
            above = parents[above]
        is_duplicate = kind == "duplicate_of" and (place in merged or other in mains)
        is_below = kind == "child_of" and (place in parents or above == place)
        pair = kind, frozenset({place, other})
        if pair in pairs or is_duplicate or is_below:
            continue
        pairs.add(pair)
        if kind == "duplicate_of":
            merged |= {place, other}
            ticket = tickets[place]
            assigned_to_id = ticket.assigned_to_id or ticket.raised_by_id
            customer_id = tickets[other].customer_id
            tickets[place] = replace(ticket, customer_id=customer_id, status="closed", assigned_to_id=assigned_to_id)
        if not taken_back:
            {"duplicate_of": mains, "child_of": parents}.get(kind, {})[place] = other
        yield Relation(tickets[place].id, kind, tickets[other].id, taken_back)
