"""One request to each endpoint of each version that the cast's world answers well: what is bad is put into these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from cast import (
    A_YEAR,
    ADMIN,
    ASSIGNED,
    BOT,
    FILE,
    HARBOUR,
    HIDDEN,
    IMAGE,
    LONE,
    NOTE,
    PASSWORD,
    STRANGER,
    STRANGERS,
    TAG,
    TYPED,
)
from following import cursor_of
from keesa.accounts.sessions import Version
from keesa.app import VERSIONS
from keesa.clock import now
from keesa.db import Database
from keesa.web.forms import Form
from keesa.web.routes import Route
from new_tickets import BODY_2021, BODY_2024
from route_tables import filled

Body = dict[str, Any]
CURSOR: Final = "{cursor}"
"""In a query: a cursor of the feed, which each database has of its own (`with_cursor`)."""


@dataclass(frozen=True)
class Good:
    """What an admin sends to a route of a version."""

    version: Version
    route: Route
    query: dict[str, str]
    body: Body | None
    own_path: str | None = None

    @property
    def path(self) -> str:
        """Below the API's prefix."""
        return self.own_path or filled(self.route.path)

    def __str__(self) -> str:
        return f"{self.version} {self.route.method} {self.route.path}"


@dataclass(frozen=True)
class _Inputs:
    query: dict[str, str] = field(default_factory=dict)
    body: Body | None = None
    path: str | None = None
    """Where it must be about something else than what the tests' other requests are."""


_LIST: Final = {"limit": "5", "page": "1", "order": "asc"}
_LOGIN: Final = _Inputs(body={"user": ADMIN.email, "password": PASSWORD})
_BY_TYPE: Final = _Inputs(_LIST, {"ticket": {"type": "customer_support", "status": "open"}})
_ADD_NOTE: Final = _Inputs(body={"ticket_note": {"note": "Back on line"}, "ticket_number": str(ASSIGNED)})
_NOTES: Final = _Inputs(body={"ticket_number": str(ASSIGNED)})
_NOTHING: Final = _Inputs()
_REFERENCE: Final = _Inputs({"limit": "5", "with_retired": "true"})
_ENTRY: Final = {"name": "Another", "position": 2, "retired": False}
_DEFAULTS: Final = {"default_ticket_type": "customer_support", "default_category": "fault"}
_CONTACTS: Final = [{"name": "Ali", "contact_number": 7771, "contact_phone": "7771", "email": "ali@keesa.example"}]
_CUSTOMER: Final = {"name": "Fulhadhoo Harbour", "contact_name": "Ibrahim", "contact_number": "+960 777-1234"}
_TOKEN: Final = {
    "name": "Router alarms",
    "permissions": ["tickets:read"],
    "expires_at": datetime.fromtimestamp((now() + A_YEAR) // 1000, UTC).isoformat(),
}

_USER: Final = {
    "email": "nasreen@keesa.example",
    "full_name": "Nasreen Ali",
    "nick_name": "Nas",
    "user_type": "staff",
    "customer_id": None,
    "roles": ["engineer"],
}
_USERS: Final = {"name": "a", "email": "KEESA", "user_type": "staff", "role": "engineer", "customer_id": "1"}
_ROLE: Final = {"name": "north_crew", "permissions": {"tickets": ["read"]}, "ticket_types": ["eco_support"]}
_CANNED_ANSWER: Final = {"name": "Fault found", "text": "<p>Dear {{contact_name}}, {{title}} is mended.</p>"}

_EDITED: Final = {
    "title": "Link to the harbour office is slow",
    "description": "<p>Since the <b>storm</b></p>",
    "priority": 2,
    "category": "network",
    "ticket_type": "customer_support",
    "product_id": 4,
    "reference": "PO-18",
    "contact_name": "Fathimath",
    "contact_number": "+960 777-5678",
    "eco_id": 1,
    "customer_id": HARBOUR,
}

_FILTERS: Final = {
    "status": "open,closed",
    "group": "open",
    "ticket_type": "customer_support",
    "category": "fault",
    "product_id": "3",
    "priority": "3",
    "customer_id": "1",
    "eco_id": "1",
    "assigned_to_id": "2",
    "raised_by_id": "1",
    "reference": "PO 4711",
    "tag": "1",
    "watched": "true",
    "mentioned": "true",
    "answered": "true",
    "has_images": "true",
    "unassigned": "false",
    "held_until_from": "2025-03-04",
    "held_until_to": "2025-03-05",
    "raised_from": "2025-03-04",
    "raised_to": "2025-03-04T09:00",
    "updated_since": "2025-03-04T09:00:00.000+05:00",
    "closed_from": "2025-03-04",
    "closed_to": "2025-03-05",
    "open_at": "2025-03-04",
    "first_answered": "true",
    "first_answered_from": "2025-03-04",
    "first_answered_to": "2025-03-05",
}

_OF_2021: Final = {
    "POST /auth": _LOGIN,
    "POST /auth/refresh_token": _NOTHING,
    "POST /tickets": _Inputs(body=BODY_2021 | {"eco_id": 1}),
    "GET /tickets": _Inputs(_LIST),
    "GET /tickets/tickets_by_type": _BY_TYPE,
    "GET /tickets/get_ticket_notes": _NOTES,
    "POST /tickets/add_ticket_note": _ADD_NOTE,
    "GET /tickets/{ticket}": _NOTHING,
    "GET /openapi.json": _Inputs({"version": "2021"}),
}
_OF_2024: Final = {
    "POST /auth/login": _LOGIN,
    "POST /auth/refresh": _NOTHING,
    "DELETE /auth/logout": _NOTHING,
    "DELETE /auth/logout_by_refresh": _NOTHING,
    "POST /tickets": _Inputs(body=BODY_2024 | {"eco_id": 1}),
    "GET /tickets": _Inputs(_LIST | {"open_page": "1", "active_page": "1", "closed_page": "1"}),
    "GET /tickets/tickets_by_type": _BY_TYPE,
    "GET /tickets/rows": _Inputs({"limit": "5", "sort": "priority", "order": "asc"} | _FILTERS),
    "GET /tickets/counts": _Inputs({"counts": "all,open,mine_active,due_today,watched"} | _FILTERS),
    "GET /changes": _Inputs({"after": CURSOR, "limit": "5", "wait": "0"}),
    "GET /changes/start": _Inputs({"limit": "5"}),
    "GET /tickets/search": _Inputs({"q": "signal", "limit": "5", "sort": "changed", "order": "desc"} | _FILTERS),
    "GET /tickets/tickets_by_category": _Inputs(_LIST | {"category": "fault"}),
    "GET /tickets/tickets_of_customer": _Inputs(_LIST | {"customer_id": str(HARBOUR), "status": "open"}),
    "GET /tickets/get_ticket_notes": _NOTES,
    "POST /tickets/add_ticket_note": _ADD_NOTE,
    "GET /tickets/{ticket}": _NOTHING,
    "GET /tickets/{ticket}/get_specific_ticket_for_bot": _Inputs({"customer_id": str(HARBOUR)}),
    "PATCH /tickets/{ticket}": _Inputs(body={"ticket": _EDITED}),
    "GET /tickets/{ticket}/history": _Inputs({"limit": "5", "order": "asc"}),
    "POST /tickets/{ticket}/status_update": _Inputs(body={"ticket": {"status": "closed", "closed_date": "2025-03-10"}}),
    "POST /tickets/{ticket}/assign": _Inputs(body={"ticket": {"assigned_to_id": STRANGER.id}}),
    "GET /tickets/{ticket}/relations": _NOTHING,
    "POST /tickets/{ticket}/relations": _Inputs(
        body={"relation": {"kind": "caused_by", "ticket_number": str(STRANGERS)}}
    ),
    "DELETE /tickets/{ticket}/relations/{kind}/{other}": _NOTHING,
    "GET /tickets/{ticket}/watchers": _NOTHING,
    "POST /tickets/{ticket}/watchers": _Inputs(body={"watcher": {"user_id": ADMIN.id}}),
    "DELETE /tickets/{ticket}/watchers/{user}": _NOTHING,
    "GET /tickets/{ticket}/tags": _NOTHING,
    "POST /tickets/{ticket}/tags": _Inputs(body={"tag": {"id": TAG}}),
    "DELETE /tickets/{ticket}/tags/{tag}": _NOTHING,
    "GET /tags": _REFERENCE,
    "POST /tags": _Inputs(body={"tag": {"name": "Cable cut"}}),
    "GET /tags/{tag}": _NOTHING,
    "PATCH /tags/{tag}": _Inputs(body={"tag": {"name": "Storm", "retired": False}}),
    "DELETE /tags/{tag}": _NOTHING,
    "GET /tickets/{ticket}/notes": _Inputs({"limit": "5", "order": "desc"}),
    "POST /tickets/{ticket}/notes": _Inputs(body={"note": {"note": "Back on line, @Hassan", "internal": True}}),
    "GET /tickets/{ticket}/notes/{note}": _NOTHING,
    "PATCH /tickets/{ticket}/notes/{note}": _Inputs(body={"note": {"note": "Going there today"}}),
    "DELETE /tickets/{ticket}/notes/{note}": _Inputs(path=f"/tickets/{ASSIGNED}/notes/{NOTE + 1}"),
    "GET /files/{address}": _Inputs({"size": "thumbnail"}),
    "GET /tickets/{ticket}/images": _Inputs({"limit": "5"}),
    "GET /tickets/{ticket}/images/{image}": _Inputs(path=f"/tickets/{HIDDEN}/images/{IMAGE}"),
    "DELETE /tickets/{ticket}/images/{image}": _Inputs(path=f"/tickets/{HIDDEN}/images/{IMAGE}"),
    "GET /tickets/{ticket}/files": _Inputs({"limit": "5"}),
    "GET /tickets/{ticket}/files/{file}": _Inputs(path=f"/tickets/{HIDDEN}/files/{FILE}"),
    "DELETE /tickets/{ticket}/files/{file}": _Inputs(path=f"/tickets/{HIDDEN}/files/{FILE}"),
    "POST /tickets/bulk": _Inputs(
        body={
            "tickets": [{"ticket_number": ASSIGNED, "if_match": "*"}, {"ticket_number": str(TYPED)}],
            "change": {"note": {"note": "Back on line"}},
        }
    ),
    "GET /customers": _Inputs({"limit": "5", "name": "harbour", "with_retired": "true"}),
    "POST /customers": _Inputs(body={"customer": _CUSTOMER | {"contacts": _CONTACTS}}),
    "GET /customers/{customer}": _NOTHING,
    "PATCH /customers/{customer}": _Inputs(body={"customer": _CUSTOMER | {"retired": False, "contacts": _CONTACTS}}),
    "DELETE /customers/{customer}": _Inputs(path=f"/customers/{LONE}"),
    "GET /me": _NOTHING,
    "PATCH /me": _Inputs(body={"user": {"full_name": "Aishath Rasheedh", "nick_name": "Aisha"}}),
    "GET /users": _Inputs({"limit": "5", "with_disabled": "true"} | _USERS),
    "GET /users/assignable": _Inputs({"limit": "5", "name": "a"}),
    "POST /users": _Inputs(body={"user": _USER}),
    "GET /users/{user}": _NOTHING,
    "PATCH /users/{user}": _Inputs(body={"user": _USER | {"email": STRANGER.email, "disabled": False}}),
    "DELETE /users/{user}": _Inputs(path=f"/users/{BOT.id}"),
    "POST /users/{user}/password_link": _Inputs({"hours": "2"}),
    "GET /roles": _Inputs({"limit": "5", "with_retired": "true"}),
    "POST /roles": _Inputs(body={"role": _ROLE}),
    "GET /roles/{role}": _NOTHING,
    "PATCH /roles/{role}": _Inputs(body={"role": _ROLE | {"name": "readers", "retired": False}}),
    "DELETE /roles/{role}": _NOTHING,
    "GET /permissions": _Inputs({"limit": "5"}),
    "GET /ecos": _Inputs({"limit": "5", "name": "router", "customer_id": str(HARBOUR), "with_retired": "true"}),
    "POST /ecos": _Inputs(body={"eco": {"name": "Mast", "customer_id": HARBOUR}}),
    "GET /ecos/{eco}": _NOTHING,
    "PATCH /ecos/{eco}": _Inputs(body={"eco": {"name": "Mast", "customer_id": HARBOUR, "retired": False}}),
    "DELETE /ecos/{eco}": _Inputs(path="/ecos/3"),
    "GET /products": _REFERENCE,
    "POST /products": _Inputs(body={"product": {"name": "Mast", **_DEFAULTS}}),
    "GET /products/{product}": _NOTHING,
    "PATCH /products/{product}": _Inputs(
        body={"product": {"name": "Router", "position": 3, **_DEFAULTS, "retired": False}}
    ),
    "DELETE /products/{product}": _Inputs(path="/products/22"),
    "GET /ticket_types": _REFERENCE,
    "POST /ticket_types": _Inputs(body={"ticket_type": {"key": "site_survey", "name": "Site Survey"}}),
    "GET /ticket_types/{ticket_type}": _NOTHING,
    "PATCH /ticket_types/{ticket_type}": _Inputs(body={"ticket_type": _ENTRY}),
    "DELETE /ticket_types/{ticket_type}": _NOTHING,
    "GET /categories": _REFERENCE,
    "POST /categories": _Inputs(body={"category": {"key": "solar", "name": "Solar"}}),
    "GET /categories/{category}": _NOTHING,
    "PATCH /categories/{category}": _Inputs(body={"category": _ENTRY}),
    "DELETE /categories/{category}": _NOTHING,
    "GET /statuses": _Inputs({"limit": "5"}),
    "GET /reports/tickets": _Inputs(
        {"limit": "5", "by": "month", "from": "2025-03-01", "to": "2025-03-31", "ticket_type": "customer_support"}
    ),
    "GET /reports/times": _Inputs({"limit": "5", "from": "2025-03-01", "to": "2025-03-31", "customer_id": "1"}),
    "GET /reports/workload": _Inputs({"limit": "5", "ticket_type": "customer_support"}),
    "GET /reports/oldest": _Inputs({"limit": "5", "ticket_type": "customer_support"}),
    "GET /canned_answers": _REFERENCE,
    "POST /canned_answers": _Inputs(body={"canned_answer": _CANNED_ANSWER}),
    "GET /canned_answers/{canned_answer}": _Inputs({"ticket": str(ASSIGNED)}),
    "PATCH /canned_answers/{canned_answer}": _Inputs(
        body={"canned_answer": _CANNED_ANSWER | {"name": "Mended", "retired": False}}
    ),
    "DELETE /canned_answers/{canned_answer}": _NOTHING,
    "GET /audit": _Inputs(
        {"limit": "5", "person": "1", "thing": "user", "thing_id": "1", "action": "user.create", "request_id": "r"}
        | {"from": "2020-01-01", "to": "2100-01-01T00:00"}
    ),
    "GET /audit/{act}": _Inputs(path="/audit/1"),
    "GET /tokens": _Inputs({"limit": "5", "user_id": str(ADMIN.id), "with_ended": "true"}),
    "POST /tokens": _Inputs(body={"token": _TOKEN | {"user_id": ADMIN.id, "version": "2024"}}),
    "GET /tokens/{token}": _NOTHING,
    "PATCH /tokens/{token}": _Inputs(body={"token": _TOKEN}),
    "POST /tokens/{token}/renew": _NOTHING,
    "DELETE /tokens/{token}": _NOTHING,
    "GET /me/sessions": _Inputs({"limit": "5"}),
    "DELETE /me/sessions/{session}": _NOTHING,
    "GET /sessions": _Inputs({"limit": "5", "user_id": str(ADMIN.id)}),
    "DELETE /sessions/{session}": _NOTHING,
    "GET /openapi.json": _Inputs({"version": "2024"}),
}
_BY_VERSION: Final[dict[Version, dict[str, _Inputs]]] = {"2021": _OF_2021, "2024": _OF_2024}
_APART: Final = ("/coffee", "/auth/password", "/me/password", "/uploads", "/uploads/{upload}")
"""The first never answers well, the second does so with a link alone; the third is good but once. Uploads, and forms
with files, have tests of their own.
"""


def good_requests() -> list[Good]:
    """One to each route that each version has of its own; what is removed is asked for before."""
    requests = [
        _good(name, route)
        for version in VERSIONS
        for name in _BY_VERSION
        if name == version.name
        for route in version.routes
        if route.path not in _APART and route.signature.body is not Form
    ]
    return sorted(requests, key=lambda good: good.route.method == "DELETE")


def with_cursor(query: Mapping[str, str], database: Database, user_id: int = ADMIN.id) -> dict[str, str]:
    """The query as it is sent: with a cursor of that user's, where it has one."""
    if CURSOR not in query.values():
        return dict(query)
    cursor = cursor_of(database, user_id)
    return {name: cursor if value == CURSOR else value for name, value in query.items()}


def _good(version: Version, route: Route) -> Good:
    inputs = _BY_VERSION[version][f"{route.method} {route.path}"]
    return Good(version, route, inputs.query, inputs.body, inputs.path)
