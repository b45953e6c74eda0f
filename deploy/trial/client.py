"""A client of the desk: it raises tickets and works on them one write after the other, and reads what it wrote."""

import threading
import time
from collections.abc import Sequence
from typing import Any, Final

from deploy.trial.asking import LOST, Answer, Asking
from deploy.trial.checks import Kept
from deploy.trial.told import Told, ToldTicket, Write, assignment_of, change_of

PAUSE: Final = 0.04
"""Seconds between two requests of a client: the machine is to have time for the fault itself."""
LONGER: Final = 0.25
"""After an error."""
STATUSES: Final = ("in_progress", "on_hold", "in_progress")
Body = dict[str, Any]


class Client(threading.Thread):
    """Works until `stop` is set. `addresses` are the desk's: it takes them in turns, a ticket each."""

    def __init__(self, name: str, addresses: Sequence[str], token: str, assignee: int, stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self.told = Told()
        self._asking = [Asking(address, token) for address in addresses]
        self._assignee = assignee
        self._stop_asked = stop

    def run(self) -> None:
        count = 0
        while not self._stop_asked.is_set():
            self._work_on_one(f"{self.name}, ticket {count}", self._asking[count % len(self._asking)])
            count += 1
        for asking in self._asking:
            asking.close()

    def _work_on_one(self, title: str, asking: Asking) -> None:
        created = self._write(asking, title, "/tickets", new_ticket(title))
        if created is None:
            self.told.unknown_titles.append(title)
            return
        ticket = ToldTicket(int(created["ticket_number"]), title)
        self.told.tickets.append(ticket)
        body = {"ticket": {"assigned_to_id": self._assignee}}
        path = f"/tickets/{ticket.number}/assign"
        may_change = self._write(asking, assignment_of(title), path, body) is not None
        seen = Kept(title, [], ["open"])
        for step, status in enumerate(STATUSES):
            self._note(asking, ticket, f"{title}, note {step}")
            may_change = may_change and self._change(asking, ticket, step, status)
            seen = self._read(asking, ticket, seen)
            self._list(asking)
            if self._stop_asked.is_set():
                return

    def _note(self, asking: Asking, ticket: ToldTicket, text: str) -> None:
        body = {"ticket_number": str(ticket.number), "ticket_note": {"note": text}}
        done = self._write(asking, text, "/tickets/add_ticket_note", body)
        (ticket.unknown_notes if done is None else ticket.notes).append(text)

    def _change(self, asking: Asking, ticket: ToldTicket, step: int, status: str) -> bool:
        path, body = f"/tickets/{ticket.number}/status_update", {"ticket": {"status": status}}
        if self._write(asking, change_of(ticket.title, step), path, body) is None:
            ticket.unknown_status = status
            return False
        ticket.statuses.append(status)
        return True

    def _read(self, asking: Asking, ticket: ToldTicket, seen: Kept) -> Kept:
        """What the ticket is now, which must be no less than what was seen and told of it. It is asked for until there
        is an answer: what was told before a fault is looked for after it.
        """
        answer = None
        while answer is None or not (answer.good or answer.status == 404):
            if self._stop_asked.is_set():
                return seen
            answer = self._ask(asking, "GET", f"/tickets/{ticket.number}")
        self.told.reads += 1
        if not answer.good:
            self.told.went_back.append(f"ticket {ticket.number} was acknowledged, and then not found")
            return seen
        now = kept_of(answer.body)
        missing = {*seen.notes, *ticket.notes} - {*now.notes}
        before = max(seen.statuses, ticket.statuses, key=len)
        if missing or list(now.statuses[: len(before)]) != list(before):
            self.told.went_back.append(f"ticket {ticket.number}: {missing or before} was there, now {now}")
        return now

    def _list(self, asking: Asking) -> None:
        answer = self._ask(asking, "GET", "/tickets?limit=5")
        self.told.reads += answer is not None and answer.good

    def _write(self, asking: Asking, what: str, path: str, body: Body) -> Body | None:
        """The answer; None where the write was refused, or nobody knows."""
        write = Write(what, time.time())
        self.told.writes.append(write)
        answer = self._ask(asking, "POST", path, body)
        if answer is None or not answer.good:
            return None
        write.acknowledged = time.time()
        self.told.acknowledged.append(time.monotonic())
        return dict(answer.body)

    def _ask(self, asking: Asking, method: str, path: str, body: Body | None = None) -> Answer | None:
        time.sleep(PAUSE)
        answer, kind = None, ""
        try:
            answer = asking.ask(method, f"/api/v1{path}", body)
            kind = "" if answer.good else str(answer.status)
        except TimeoutError:
            kind = "without an answer"
        except LOST:
            kind = "connection closed"
        if kind:
            self.told.errors[f"{'read' if method == 'GET' else 'write'} {kind}"] += 1
            time.sleep(LONGER)
        return answer


def kept_of(body: Any) -> Kept:  # noqa: ANN401 - JSON
    """Of the answer that shows one ticket."""
    ticket = body["data"]["ticket"]
    return Kept(
        ticket["title"],
        [note["comment"] for note in ticket["ticket_notes"]],
        [status["status"] for status in ticket["ticket_statuses"]],
    )


def new_ticket(title: str) -> Body:
    return {
        "ticket": {
            "title": title,
            "description": "No signal since the storm",
            "category": "fault",
            "ticket_type": "customer_support",
            "product_id": 10,
        },
        "customer_id": 1,
    }
