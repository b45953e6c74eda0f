"""A client on a bad link: it writes one thing after the other on one connection, and keeps what was acknowledged."""

import json
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from threading import Event
from urllib.parse import urlsplit

import cast

LOST = (OSError, HTTPException)
"""What a request raises whose server goes away."""


@dataclass
class Acknowledged:
    """What the server has said is done."""

    tickets: dict[int, str] = field(default_factory=dict)
    """Number to title."""
    notes: list[tuple[int, str]] = field(default_factory=list)
    statuses: list[tuple[int, str]] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    """Status and text of every answer that was no success."""

    def __len__(self) -> int:
        return len(self.tickets) + len(self.notes) + len(self.statuses)


class FieldClient:
    def __init__(self, url: str, token: str, name: str) -> None:
        address = urlsplit(url)
        assert address.hostname
        self._connection = HTTPConnection(address.hostname, address.port, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._name = name
        self.acknowledged = Acknowledged()

    def raise_tickets(self, count: int) -> None:
        for position in range(count):
            self._raise_ticket(f"{self._name} {position}")
        self._connection.close()

    def work_until_lost(self, lost: Event, over: Event | None = None) -> None:
        """Raise tickets, assign them, speak of them and close them, until the server goes away, and then set `lost`; or
        until it is `over`.
        """
        position = 0
        try:
            while not (over and over.is_set()):
                self._work(f"{self._name} {position}")
                position += 1
        except LOST:
            lost.set()
        finally:
            self._connection.close()

    def _work(self, title: str) -> None:
        number = self._raise_ticket(title)
        if number is None:
            return
        if not self._post(f"/tickets/{number}/assign", {"ticket": {"assigned_to_id": cast.ENGINEER.id}}):
            return  # without it a status would be refused
        note = f"said of {title}"
        if self._post("/tickets/add_ticket_note", {"ticket_number": number, "ticket_note": {"note": note}}):
            self.acknowledged.notes.append((number, note))
        for status in ("in_progress", "on_hold"):
            if self._post(f"/tickets/{number}/status_update", {"ticket": {"status": status}}):
                self.acknowledged.statuses.append((number, status))

    def _raise_ticket(self, title: str) -> int | None:
        body = {
            "ticket": {
                "title": title,
                "description": "No signal since the storm",
                "category": "fault",
                "ticket_type": "eco_support",
                "product_id": 3,
            },
            "customer_id": cast.HARBOUR,
        }
        answer = self._post("/tickets", body)
        if answer is None:
            return None
        number = int(str(answer["id"]))
        self.acknowledged.tickets[number] = title
        return number

    def _post(self, path: str, body: object) -> dict[str, object] | None:
        """The answer, None where it was no success."""
        self._connection.request("POST", f"/api/v1{path}", json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            self.acknowledged.refused.append((answer.status, text.decode()))
            return None
        found: dict[str, object] = json.loads(text)
        return found
