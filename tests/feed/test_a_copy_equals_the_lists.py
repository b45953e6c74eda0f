"""Whoever follows the feed has what the lists show, whatever is done and whenever it is read.

What each page must tell is worked out from the events by the rule of who sees which.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from cast import SECRET
from deterministic import deterministic
from feed_desks import ACTS, OFTEN, PEOPLE, ROLES, Act, Desk
from feed_readers import FeedReader
from keesa.accounts.actors import ACTOR_COLUMNS, actor_of
from keesa.api.feed_cursors import FeedCursors
from keesa.api.v2024.tickets.rows import COLUMNS
from keesa.db import Database, Tx
from keesa.feed.positions import Position
from waiting import wait_until
from worlds import World, worlds

CURSORS: Final = FeedCursors(SECRET.encode())
RAISED_BY: Final = COLUMNS.index("raised_by_id")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Reading:
    """Somebody reads a page, or, without a limit, all that there is."""

    by: int
    limit: int | None


Step = Act | Reading


# Who reads


@dataclass(frozen=True)
class Rights:
    """What decides which tickets somebody sees."""

    user_type: str
    customer_id: int | None
    types: frozenset[str]

    def see(self, user_id: int, sight: Row) -> bool:
        """What an event says of its ticket, or the ticket itself."""
        match self.user_type:
            case "admin":
                return True
            case "staff":
                return user_id in (sight["raised_by_id"], sight["assigned_to_id"]) or sight["ticket_type"] in self.types
            case "customer":
                return bool(sight["customer_id"] == self.customer_id)
        return False


class Follower:
    """One of the people, with a copy."""

    def __init__(self, desk: Desk, place: int) -> None:
        self.desk, self.api, self.id = desk, desk.apis[place], PEOPLE[place].id
        self.reader = FeedReader(self._ask)
        self.begun_with: Rights | None = None
        """The rights that its cursor is of."""
        self.known: dict[int, int] = {}
        """How many events each ticket had when it began."""

    def _ask(self, path: str) -> tuple[int, Any]:
        answer = self.api("GET", path)
        return answer.status_code, answer.json()

    def rights(self) -> Rights:
        [user] = self.desk.rows("SELECT user_type, customer_id FROM users WHERE id = :id", id=self.id)
        types = self.desk.rows(
            "SELECT ticket_type FROM role_ticket_types JOIN user_roles USING (role_id) WHERE user_id = :id",
            id=self.id,
        )
        of_staff = (each["ticket_type"] for each in types if user["user_type"] == "staff")
        return Rights(user["user_type"], user["customer_id"], frozenset(of_staff))

    def read(self, limit: int) -> None:
        """A page, and it must tell what it should."""
        rights, reader, before = self.rights(), self.reader, self.reader.cursor
        if before is None:
            self.begun_with = rights
            self.known = {row["id"]: row["events"] for row in self.desk.rows("SELECT id, events FROM tickets")}
            reader.read(limit)
            return
        data = reader.read(limit)
        assert (reader.cursor is None) == (rights != self.begun_with), "who begins again has other rights, nobody else"
        if data is not None:
            assert len(data["changes"]) <= limit
            self.check_told(data["changes"], rights, before)

    def check_told(self, told: Sequence[dict[str, Any]], rights: Rights, before: str) -> None:
        """All that happened between the two cursors, as the history of its ticket tells it."""
        assert self.reader.cursor is not None
        first, last = self.position(before), self.position(self.reader.cursor)
        tickets = {row["id"]: row for row in self.desk.rows("SELECT * FROM tickets")}
        of_desk = rights.user_type in ("admin", "staff")
        due = [
            (event["ticket_id"], event["number" if of_desk else "public_number"])
            for event in self.desk.events()
            if first < _place(event) <= last
            and rights.see(self.id, event)
            and rights.see(self.id, ticket := tickets[event["ticket_id"]])
            and (of_desk or (event["public_number"] is not None and event["number"] >= ticket["public_since"]))
        ]
        assert [(change["ticket_id"], change["number"]) for change in told] == due
        histories = {ticket_id: self.history(ticket_id) for ticket_id, _ in due}
        for change in told:
            entry = histories[change["ticket_id"]][change["number"]]
            shown = entry if entry["kind"] != "raised" else entry | {"changes": []}
            assert change == shown | {"ticket_id": change["ticket_id"]}

    def position(self, cursor: str) -> tuple[int, int]:
        def opened(tx: Tx) -> Position:
            row = tx.one(f"SELECT {ACTOR_COLUMNS} FROM users WHERE id = :id", id=self.id)
            assert row is not None
            epoch = tx.value("SELECT epoch AS value FROM desk")
            return CURSORS.open(cursor, actor_of(row), epoch, "after")

        transaction, event_id, *_ = self.desk.database.read(opened)
        return transaction, event_id

    def history(self, ticket_id: int) -> dict[int, dict[str, Any]]:
        answer = self.api("GET", f"/tickets/{ticket_id}/history?limit=500")
        assert answer.status_code == 200, answer.text
        data = answer.json()["data"]
        assert data["next"] is None
        return {entry["number"]: entry for entry in data["history"]}

    def catch_up(self) -> None:
        """To the end, where the copy is what the list shows."""
        limit = 3

        def at_the_end() -> bool:
            self.read(limit)
            if self.reader.is_copying or self.reader.more:
                return False
            assert self.reader.cursor is not None
            behind = [event for event in self.desk.events() if _place(event) > self.position(self.reader.cursor)]
            return not behind or self.rights() != self.begun_with

        wait_until(at_the_end)
        assert self.comparable(self.reader.rows) == self.comparable(self.reader.listed(limit))
        if self.rights().user_type == "admin":
            self.check_all_told()

    def comparable(self, shown: Mapping[int, list[Any]]) -> dict[int, list[Any]]:
        """Without the one thing that hangs on no event: who raised what another customer had before, to customers,
        where that user has moved (docs/decisions/0068-the-feed.md).
        """
        given = self.desk.rows("SELECT id, raised_by_id FROM tickets WHERE public_since > 0")
        unsure = {row["id"] for row in given if row["raised_by_id"] in self.desk.moved}
        if self.rights().user_type != "customer":
            unsure = set()
        return {
            ticket_id: [*row[:RAISED_BY], None, *row[RAISED_BY + 1 :]] if ticket_id in unsure else row
            for ticket_id, row in shown.items()
        }

    def check_all_told(self) -> None:
        """What each ticket's history has had since, once and in its order."""
        told: dict[int, list[int]] = {}
        for change in self.reader.told:
            told.setdefault(change["ticket_id"], []).append(change["number"])
        events = {row["id"]: row["events"] for row in self.desk.rows("SELECT id, events FROM tickets")}
        for ticket_id, count in events.items():
            since = self.known.get(ticket_id, 0)
            assert told.pop(ticket_id, []) == [number for number in self.history(ticket_id) if number > since]
            assert count == max(self.history(ticket_id))
        assert not told


def _place(event: Row) -> tuple[int, int]:
    return int(event.get("xid", 0)), event["id"]


def steps() -> st.SearchStrategy[Step]:
    numbers, people = st.integers(0, 11), st.integers(0, len(PEOPLE) - 1)
    desk = st.sampled_from((0, 0, 0, 1, 2))
    acts = st.builds(
        Act, st.sampled_from((*ACTS, *OFTEN, *OFTEN)), st.one_of(desk, desk, people), numbers, numbers, numbers
    )
    readings = st.builds(Reading, people, st.sampled_from((1, 1, 2, 3, 7, None)))
    return st.one_of(acts, acts, readings)


@pytest.fixture
def desk_of(shared_client: TestClient, shared_database: Database) -> Callable[[World], Desk]:
    return partial(Desk, shared_client, shared_database)


@deterministic(10)
@given(drawn=worlds("admin"), story=st.lists(steps(), min_size=20, max_size=70))
def test_who_follows_the_feed_has_what_the_lists_show(
    desk_of: Callable[[World], Desk], drawn: World, story: Sequence[Step]
) -> None:
    """At every end of it; each page tells what happened between its cursors, as the histories tell it, once and in
    order; and nobody begins again whose rights did not change.
    """
    desk = desk_of(replace(drawn, roles=ROLES, users=PEOPLE, actor=PEOPLE[0]))
    followers = [Follower(desk, place) for place, _ in enumerate(PEOPLE)]
    for step in story:
        match step:
            case Act():
                desk.do(step)
            case Reading(by, None):
                followers[by].catch_up()
            case Reading(by, int(limit)):
                followers[by].read(limit)
    for follower in followers:
        follower.catch_up()
