"""Tickets as the OpenAPI document shows them, in each of the formats."""

from typing import Any, Final

_NOTE: Final = {
    "comment": "Replaced the rectifier, watching the voltage",
    "added_on": "2025-03-04T16:20:00.000+05:00",
    "commented_by": "Aishath Rasheed (Aishu)",
}
_SUMMARY: Final = {
    "id": 2025017,
    "ticket_number": "2025017",
    "title": "Link to the harbour office is down",
}
_HEAD: Final = _SUMMARY | {
    "customer": "Fulhadhoo Harbour",
    "description": "No signal since the storm",
    "status": "in_progress",
    "priority": 2,
}
_CONTACT: Final = {"contact_number": 9607771234, "contact_name": "Ibrahim"}
_PEOPLE: Final = {
    "raised_on": "2025-03-04T09:05:12.250+05:00",
    "raised_by": "Mariyam Zahir",
    "assigned_to": "Aishath Rasheed",
    "ticket_type": "customer_support",
    "category": "fault",
}
_LAST: Final = {"group": "active", "reference": "PO 4711", "updated_at": "2025-03-04T16:20:00.000+05:00"}
EXAMPLE: Final = (
    _HEAD
    | _CONTACT
    | _PEOPLE
    | {
        "image_urls": [],
        "closed_date": None,
        "ticket_notes": [_NOTE],
        "contact_phone": "+960 777-1234",
        **_LAST,
    }
)
EXAMPLE_OF_DETAIL: Final = (
    _HEAD
    | _CONTACT
    | _PEOPLE
    | {
        "image_urls": [],
        "closed_date": None,
        "ticket_statuses": [
            {"id": 40, "status": "open", "created_at": "2025-03-04T09:05:12.250+05:00"},
            {"id": 41, "status": "in_progress", "created_at": "2025-03-04T10:30:00.000+05:00"},
        ],
        "ticket_notes": [_NOTE],
        "ticket_assignments": [
            {
                "assigned_to": "Aishath Rasheed",
                "assigned_by": "Mariyam Zahir",
                "created_at": "2025-03-04T09:10:00.000+05:00",
            }
        ],
        "contact_phone": "+960 777-1234",
        **_LAST,
        "customer_id": 12,
        "product_id": 3,
        "eco_id": None,
        "held_until": None,
    }
)
EXAMPLE_OF_CATEGORY: Final = _HEAD | _PEOPLE | {"closed_date": None} | _LAST
EXAMPLE_OF_CUSTOMER: Final[dict[str, Any]] = (
    _SUMMARY
    | {"status": "in_progress", "priority": 2}
    | {key: value for key, value in _PEOPLE.items() if key != "raised_by"}
    | _LAST
)
