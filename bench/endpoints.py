"""What the benchmark asks Keesa for: each endpoint, in both versions where they differ, and a working day's mix."""

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final

from bench.dataset import PASSWORD
from bench.dataset.people import CLERKS
from bench.desks import Desk
from bench.wrk import Request

API: Final = "/api/v1"
LIST: Final = f"{API}/tickets"
MIX: Final = "a working day's mix (90 % reads)"
_JSON: Final = {"Content-Type": "application/json"}


def reads(desk: Desk) -> Mapping[str, Sequence[Request]]:
    """By name, the requests of each endpoint that changes nothing."""
    world = desk.world
    by_type = f"{LIST}/tickets_by_type?type={world.ticket_type}&status=open"
    return {
        "list, admin": [_get(desk, "admin", LIST)],
        "list, engineer": [_get(desk, "engineer", LIST)],
        "list, customer": [_get(desk, "customers_user", LIST)],
        "list, engineer, 2021": [_get(desk, "engineer", LIST, "2021")],
        "a group's fifth page": [_get(desk, "admin", f"{LIST}?closed_page=5")],
        "list of 500": [_get(desk, "admin", f"{LIST}?limit=500")],
        "one ticket": [_get(desk, "admin", f"{LIST}/{number}") for number in world.ids],
        "one ticket, 2021": [_get(desk, "admin", f"{LIST}/{number}", "2021") for number in world.ids],
        "by type": [_get(desk, "engineer", by_type)],
        "by type, 2021": [_get(desk, "engineer", by_type, "2021")],
        "by type, 500": [
            _get(desk, "admin", f"{LIST}/tickets_by_type?type={world.ticket_type}&status=closed&limit=500")
        ],
        "by category": [_get(desk, "engineer", f"{LIST}/tickets_by_category?category={world.category}")],
        "a customer's tickets": [
            _get(desk, "customers_user", f"{LIST}/tickets_of_customer?customer_id={world.customer_id}")
        ],
        "notes": [_get(desk, "admin", f"{LIST}/get_ticket_notes?ticket_number={number}") for number in world.ids],
        "bot": [
            _get(desk, "bot", f"{LIST}/{number}/get_specific_ticket_for_bot?customer_id={world.customer_id}")
            for number in world.customers_ids
        ],
        "health": [Request("GET", "/health")],
    }


def writes(desk: Desk) -> Mapping[str, Sequence[Request]]:
    """Likewise those that change something."""
    return {
        "create": [_post(desk, "admin", LIST, new_ticket(desk))],
        "create, 2021": [_post(desk, "admin", LIST, _new_ticket_2021(desk), "2021")],
        "add note": [_post(desk, "engineer", f"{LIST}/add_ticket_note", body) for body in new_notes(desk)],
        "status change": [
            _post(desk, "engineer", f"{LIST}/{number}/status_update", body) for number, body in status_changes(desk)
        ],
        "assign": [_post(desk, "admin", f"{LIST}/{number}/assign", body) for number, body in _assignments(desk)],
        "login": [Request("POST", f"{API}/auth/login", _JSON, _encode(_credentials(desk)))],
        "login, 2021": [Request("POST", f"{API}/auth", _JSON, _encode(_credentials(desk)))],
        "refresh": [Request("POST", f"{API}/auth/refresh", {"X-Refresh-Token": desk.refresh_tokens["bot"]})],
        "refresh, 2021": [
            Request("POST", f"{API}/auth/refresh_token", {"X-Refresh-Token": desk.refresh_tokens["bot"]})
        ],
    }


def mix(desk: Desk) -> Sequence[Request]:
    """A hundred requests of a working day, ten of which write, in an order that is always the same."""
    asked, told = reads(desk), writes(desk)
    shares = {
        "list, engineer": 30,
        "list, admin": 10,
        "list, customer": 10,
        "one ticket": 25,
        "by type": 7,
        "by category": 3,
        "a customer's tickets": 3,
        "notes": 2,
        "add note": 5,
        "create": 3,
        "status change": 2,
    }
    every = {**asked, **told}
    chosen = [every[name][turn % len(every[name])] for name, share in shares.items() for turn in range(share)]
    Random(1).shuffle(chosen)  # noqa: S311 - an order, no secret
    return chosen


def new_ticket(desk: Desk) -> bytes:
    return _encode({"ticket": _ticket(), "customer_id": desk.world.customer_id})


def new_notes(desk: Desk) -> list[bytes]:
    note = {"note": "Replaced the rectifier, watching the voltage"}
    return [_encode({"ticket_note": note, "ticket_number": str(number)}) for number in desk.world.unclosed_ids]


def status_changes(desk: Desk) -> list[tuple[int, bytes]]:
    """Each ticket to one status, then each to another, so that every request is a change."""
    return [
        (number, _encode({"ticket": {"status": status}}))
        for status in ("in_progress", "on_hold")
        for number in desk.world.unclosed_ids
    ]


def _assignments(desk: Desk) -> list[tuple[int, bytes]]:
    """Likewise each to one clerk, then each to another; the engineer keeps those of `status_changes`."""
    others = sorted({*desk.world.ids} - {*desk.world.unclosed_ids})
    return [(number, _encode({"ticket": {"assigned_to_id": clerk}})) for clerk in CLERKS[:2] for number in others]


def _ticket() -> dict[str, Any]:
    return {
        "title": "Link to the harbour office is down",
        "description": "No signal since the storm. The mast was hit, and the whole island is without service.",
        "category": "network",
        "ticket_type": "customer_support",
        "priority": 2,
        "product_id": 3,
    }


def _new_ticket_2021(desk: Desk) -> bytes:
    ticket = _ticket() | {
        "customer_id": desk.world.customer_id,
        "customer_name": "Ibrahim",
        "customer_contact": 7771234,
    }
    return _encode({"ticket": ticket})


def _credentials(desk: Desk) -> dict[str, str]:
    return {"user": desk.world.bot, "password": PASSWORD}


def _get(desk: Desk, person: str, path: str, version: str = "2024") -> Request:
    return Request("GET", path, _headers(desk, person, version))


def _post(desk: Desk, person: str, path: str, body: bytes, version: str = "2024") -> Request:
    return Request("POST", path, _headers(desk, person, version) | _JSON, body)


def _headers(desk: Desk, person: str, version: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {desk.tokens[person]}", "Keesa-Version": version}


def _encode(body: object) -> bytes:
    return json.dumps(body).encode()
