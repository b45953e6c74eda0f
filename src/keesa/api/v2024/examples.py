"""Examples of requests and answers for the OpenAPI document: a day at the desk, all of it made up."""

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
_LISTED: Final = (
    _HEAD
    | _CONTACT
    | _PEOPLE
    | {
        "image_urls": [],
        "closed_date": None,
        "ticket_notes": [_NOTE],
        "contact_phone": "+960 777-1234",
    }
)
_TOKEN: Final = "eyJhbGciOiJIUzI1NiJ9.e30.signature"  # noqa: S105 - no token at all

TOKENS: Final = {
    "access": _TOKEN,
    "access_expires_at": "2025-03-04T10:00:00.000+05:00",
    "refresh": _TOKEN,
    "refresh_expires_at": "2025-03-14T09:00:00.000+05:00",
}
RENEWED_TOKEN: Final = {"access": _TOKEN, "access_expires_at": "2025-03-04T11:00:00.000+05:00"}
LOGGED_OUT: Final = {"message": "Successfully logged out"}
RAISE_TICKET: Final = {
    "ticket": {
        "title": "Link to the harbour office is down",
        "description": "No signal since the storm",
        "category": "fault",
        "ticket_type": "customer_support",
        "priority": 2,
        "product_id": 3,
    },
    "customer_id": 12,
}
RAISED_TICKET: Final = _SUMMARY | {
    "description": "No signal since the storm",
    "status": "open",
    "category": "fault",
    "ticket_type": "customer_support",
    "priority": 2,
    "customer_id": 12,
    "product_id": 3,
    "raised_by_id": 9,
    "raised_by": "Mariyam Zahir",
    "created_at": "2025-03-04T09:05:12.250+05:00",
}
TICKETS: Final = {"data": {"tickets": [_LISTED]}}
TICKETS_BY_TYPE: Final = {"ticket": {"type": "customer_support", "status": "in_progress"}}
COUNTED_TICKETS: Final = {"data": {"count": 1, "tickets": [_LISTED]}}
CATEGORY_TICKETS: Final = {"data": {"tickets": [_HEAD | _PEOPLE | {"closed_date": None}]}}
CUSTOMER_TICKETS: Final[dict[str, Any]] = {
    "data": {
        "tickets": [
            _SUMMARY
            | {"status": "in_progress", "priority": 2}
            | {key: value for key, value in _PEOPLE.items() if key != "raised_by"}
        ]
    }
}
TICKET_NOTES: Final = {"ticket_number": "2025017"}
NOTES: Final = {
    "data": {
        "count": 1,
        "notes": [
            {
                "id": 31,
                "note": "Replaced the rectifier, watching the voltage",
                "user_name": "Aishath Rasheed",
                "user_nick": "Aishu",
                "commented_on": "16:20 03/04/2025",
            }
        ],
    }
}
ADD_NOTE: Final = {"ticket_note": {"note": "Back on line"}, "ticket_number": "2025017"}
ADDED_NOTE: Final = {"success": {"ticket_number": "2025017", "comment": "Back on line"}}
ONE_TICKET: Final = {
    "data": {
        "ticket": _HEAD
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
        }
    }
}
BOT_TICKET: Final = {
    "data": {
        "ticket": _SUMMARY | {"customer_id": 12, "status": "in_progress", "description": "No signal since the storm"}
    }
}
CHANGE_STATUS: Final = {"ticket": {"status": "closed", "closed_date": "2025-03-05"}}
STATUS_CHANGED: Final = {"message": "Ticket status changed successfully"}
ASSIGN_TICKET: Final = {"ticket": {"assigned_to_id": 7}}
ASSIGNED: Final = {"message": "Ticket assigned successfully"}
