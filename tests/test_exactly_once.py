"""Changes of all kinds, each sent several times at once over a link that breaks, to two workers that are killed: each
takes effect once, and every answer to it is the same.
"""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import cast
from account_rows import rows
from bad_link import Answer, BadLink, Change, one_answer
from cast import ADMIN, ENGINEER, HIDDEN, RAISED, STRANGER, STRANGERS, TAG, TYPED
from keesa.clock import now
from keesa.db import Database
from live import LiveServer
from new_tickets import BODY_2024
from places import Place
from soaking import times

STORIES: Final = times(8, 84)
CHANGES: Final = 12
"""Of each story."""
KILLS: Final = times(2, 10)
CLIENTS: Final = 4
COPIES: Final = (2, 5)
PATIENCE: Final = 120.0
"""Seconds for a server to start, on a machine under load."""
IN_A_YEAR: Final = datetime.fromtimestamp((now() + cast.A_YEAR) // 1000, UTC).isoformat()
EVENTS: Final = {
    "raised": 1,
    "note_added": 3,
    "assigned": 1,
    "status": 1,
    "edited": 1,
    "tagged": 1,
    "watched": 1,
    "related": 1,
}
"""Of the ticket of each story, by their kinds."""
CAUSES: Final = (RAISED, TYPED, STRANGERS, HIDDEN)
"""Each may cause fifty."""
OWNERS: Final = (ADMIN, ENGINEER, STRANGER)
"""Of the tokens that are made: each may have fifty."""


@dataclass
class Desk:
    """A server of two workers, which is killed and started again, and what its clients were told."""

    place: Place
    server: LiveServer
    up: threading.Event = field(default_factory=threading.Event)
    changes: int = 0
    """That were answered."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self) -> str:
        assert self.up.wait(PATIENCE)
        return self.server.url

    def kill(self) -> None:
        self.up.clear()
        self.server.kill()
        self.server.start()
        self.up.set()

    def told(self) -> None:
        with self.lock:
            self.changes += 1


@contextmanager
def desk_of(place: Place) -> Iterator[Desk]:
    server = LiveServer(place.data, place.url, "--workers", "2", KEESA_SECRET=cast.SECRET)
    desk = Desk(place, server)
    server.start()
    desk.up.set()
    try:
        yield desk
    finally:
        server.kill()


@dataclass
class Story:
    """What becomes of one ticket, change after change; each is sent two to five times, and some of it is lost."""

    name: str
    desk: Desk
    link: BadLink

    def tell(self, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - any JSON
        answers = self.send(method, path, body)
        answer = one_answer(answers)
        assert answer.status < 300, answer
        return json.loads(answer.body) if answer.body else None

    def send(self, method: str, path: str, body: Any = None) -> list[Answer]:  # noqa: ANN401 - as above
        chance = self.link.chance
        copies = chance.randint(*COPIES)
        change = Change(method, path, body, self.link.new_key())
        answers = self.link.deliver(change, copies, chance.randint(0, copies))
        self.desk.told()
        return answers

    def run(self) -> None:
        body = BODY_2024 | {"ticket": BODY_2024["ticket"] | {"title": self.name}}
        ticket = self.tell("POST", "/tickets", body)["id"]
        self.tell("POST", f"/tickets/{ticket}/assign", {"ticket": {"assigned_to_id": ENGINEER.id}})
        self.tell("POST", f"/tickets/{ticket}/status_update", {"ticket": {"status": "in_progress"}})
        note = {"ticket_number": ticket, "ticket_note": {"note": f"{self.name} once"}}
        self.tell("POST", "/tickets/add_ticket_note", note)
        self.tell("POST", f"/tickets/{ticket}/notes", {"note": {"note": f"{self.name} inside", "internal": True}})
        self.tell("PATCH", f"/tickets/{ticket}", {"ticket": {"reference": self.name}})
        self.tell("POST", f"/tickets/{ticket}/tags", {"tag": {"id": TAG}})
        self.tell("POST", f"/tickets/{ticket}/watchers", {"watcher": {"user_id": ADMIN.id}})
        cause = {"kind": "caused_by", "ticket_number": str(self.link.chance.choice(CAUSES))}
        self.tell("POST", f"/tickets/{ticket}/relations", {"relation": cause})
        bulk = {"tickets": [{"ticket_number": ticket}], "change": {"note": {"note": f"{self.name} of many"}}}
        self.tell("POST", "/tickets/bulk", bulk)
        self.tell("POST", "/customers", {"customer": {"name": self.name, "contact_name": "A", "contact_number": "777"}})
        self._make_token()

    def _make_token(self) -> None:
        """Whose answer holds a secret: one at the most got it, and all others are told that it was made."""
        token = {"name": self.name, "permissions": ["tickets:read"], "expires_at": IN_A_YEAR}
        answers = self.send("POST", "/tokens", {"token": token | {"user_id": self.link.chance.choice(OWNERS).id}})
        statuses = Counter(answer.status for answer in answers)
        assert statuses.keys() <= {201, 409}, answers
        assert statuses[201] <= 1, answers


def test_each_change_takes_effect_once(place: Place, database: Database) -> None:
    """Whatever is lost on the way, and whoever dies: by all that is in the database afterwards."""
    chance = random.Random(20261130)  # noqa: S311 - no secret
    with desk_of(place) as desk, ThreadPoolExecutor(CLIENTS) as threads:
        token = cast.token(database, ADMIN)
        stories = [
            Story(f"story {number}", desk, BadLink(desk.url, token, random.Random(chance.random())))  # noqa: S311
            for number in range(STORIES)
        ]
        telling = [threads.submit(story.run) for story in stories]
        kill_in_the_middle(desk, telling)
        for each in telling:
            each.result()
    for story in stories:
        check(database, story.name)


def kill_in_the_middle(desk: Desk, telling: Sequence[Future[None]]) -> None:
    """Again and again, as the work goes on; a story that has failed is told at once."""
    for kill in range(KILLS):
        due = len(telling) * CHANGES * (kill + 1) // (KILLS + 1)
        deadline = time.monotonic() + 5 * PATIENCE
        while desk.changes < due:
            for each in telling:
                if each.done():
                    each.result()
            assert time.monotonic() < deadline, f"{desk.changes} of {due}"
            time.sleep(0.01)
        desk.kill()


def check(database: Database, name: str) -> None:
    """Each change of the story is there, and none is there twice."""
    [ticket] = rows(database, "SELECT id, events, reference FROM tickets WHERE title = :name", name=name)
    assert ticket["reference"] == name
    events = rows(database, "SELECT kind FROM ticket_events WHERE ticket_id = :id", id=ticket["id"])
    assert Counter(each["kind"] for each in events) == EVENTS
    assert ticket["events"] == sum(EVENTS.values())
    public = rows(database, "SELECT body FROM ticket_notes WHERE ticket_id = :id", id=ticket["id"])
    assert sorted(each["body"] for each in public) == [f"{name} of many", f"{name} once"]
    assert len(rows(database, "SELECT id FROM internal_notes WHERE ticket_id = :id", id=ticket["id"])) == 1
    assert len(rows(database, "SELECT id FROM customers WHERE name = :name", name=name)) == 1
    assert len(rows(database, "SELECT id FROM api_tokens WHERE name = :name", name=name)) == 1
