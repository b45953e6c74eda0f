"""One request to each endpoint of each version that the cast's world answers well: what is bad is put into these."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from cast import A_YEAR, ADMIN, ASSIGNED, HARBOUR, LONE, PASSWORD, STRANGER
from keesa.accounts.sessions import Version
from keesa.app import VERSIONS
from keesa.clock import now
from keesa.web.routes import Route
from new_tickets import BODY_2021, BODY_2024
from route_tables import filled

Body = dict[str, Any]


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
_CUSTOMER: Final = {"name": "Fulhadhoo Harbour", "contact_name": "Ibrahim", "contact_number": "+960 777-1234"}
_TOKEN: Final = {
    "name": "Router alarms",
    "permissions": ["tickets:read"],
    "expires_at": datetime.fromtimestamp((now() + A_YEAR) // 1000, UTC).isoformat(),
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
    "GET /tickets/tickets_by_category": _Inputs(_LIST | {"category": "fault"}),
    "GET /tickets/tickets_of_customer": _Inputs(_LIST | {"customer_id": str(HARBOUR), "status": "open"}),
    "GET /tickets/get_ticket_notes": _NOTES,
    "POST /tickets/add_ticket_note": _ADD_NOTE,
    "GET /tickets/{ticket}": _NOTHING,
    "GET /tickets/{ticket}/get_specific_ticket_for_bot": _Inputs({"customer_id": str(HARBOUR)}),
    "POST /tickets/{ticket}/status_update": _Inputs(body={"ticket": {"status": "closed", "closed_date": "2025-03-10"}}),
    "POST /tickets/{ticket}/assign": _Inputs(body={"ticket": {"assigned_to_id": STRANGER.id}}),
    "GET /customers": _Inputs({"limit": "5", "name": "harbour", "with_retired": "true"}),
    "POST /customers": _Inputs(body={"customer": _CUSTOMER}),
    "GET /customers/{customer}": _NOTHING,
    "PATCH /customers/{customer}": _Inputs(body={"customer": _CUSTOMER | {"retired": False}}),
    "DELETE /customers/{customer}": _Inputs(path=f"/customers/{LONE}"),
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
_COFFEE: Final = "/coffee"
"""Takes nothing, and never answers well."""


def good_requests() -> list[Good]:
    """One to each route that each version has of its own."""
    return [
        _good(name, route)
        for version in VERSIONS
        for name in _BY_VERSION
        if name == version.name
        for route in version.routes
        if route.path != _COFFEE
    ]


def _good(version: Version, route: Route) -> Good:
    inputs = _BY_VERSION[version][f"{route.method} {route.path}"]
    return Good(version, route, inputs.query, inputs.body, inputs.path)
