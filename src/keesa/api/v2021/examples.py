"""Examples of requests and answers for the OpenAPI document: a day at the desk, all of it made up."""

from typing import Final

_NOTE: Final = {
    "comment": "Splice done, the light is back",
    "added_on": "2021-02-03T15:40:00.000+05:00",
    "commented_by": "Hassan Waheed (Hassan)",
}
_HEAD: Final = {
    "id": 2102003,
    "title": "Fibre cut at the school",
    "customer": "Dhonfanu School",
    "description": "Cut by the road works",
    "status": "open",
}
_TAIL: Final = {
    "contact_number": 7775678,
    "contact_name": "Fathimath",
    "raised_on": "2021-02-03T08:12:45.118+05:00",
    "raised_by": "Ahmed Naseem",
    "assigned_to": "Hassan Waheed",
    "ticket_type": "roc_support",
    "category": "fault",
    "image_urls": [],
    "closed_date": "not closed",
    "ticket_notes": [_NOTE],
}
_TOKEN: Final = "eyJhbGciOiJIUzI1NiJ9.e30.signature"  # noqa: S105 - no token at all
_CSRF: Final = f"{'A' * 86}=="

TOKENS: Final = {
    "csrf": _CSRF,
    "access": _TOKEN,
    "access_expires_at": "2021-02-03T09:00:00.000+05:00",
    "refresh": _TOKEN,
    "refresh_expires_at": "2021-02-13T08:00:00.000+05:00",
}
RENEWED_TOKEN: Final = {"csrf": _CSRF, "access": _TOKEN, "access_expires_at": "2021-02-03T10:00:00.000+05:00"}
RAISE_TICKET: Final = {
    "ticket": {
        "title": "Fibre cut at the school",
        "description": "Cut by the road works",
        "ticket_type": "roc_support",
        "customer_id": 14,
        "priority": 1,
        "product_id": 22,
        "customer_name": "Fathimath",
        "customer_contact": 7775678,
        "category": "fault",
    }
}
RAISED_TICKET: Final = {"success": {"ticket_number": "2102003"}}
TICKETS: Final = {"data": {"tickets": [_HEAD | _TAIL]}}
TICKETS_BY_TYPE: Final = {"ticket": {"type": "roc_support", "status": 0}}
COUNTED_TICKETS: Final = {"data": {"count": 1, "tickets": [_HEAD | {"priority": 1} | _TAIL]}}
TICKET_NOTES: Final = {"ticket_number": "2102003"}
NOTES: Final = {
    "data": {
        "count": 1,
        "notes": [
            {
                "id": 12,
                "note": "Splice done, the light is back",
                "user_name": "Hassan Waheed",
                "user_nick": "Hassan",
                "commented_on": "15:40 02/03/2021",
            }
        ],
    }
}
ADD_NOTE: Final = {"ticket_note": {"note": "Trench filled"}, "ticket_number": "2102003"}
ADDED_NOTE: Final = {"success": {"ticket_number": "2102003", "comment": "Trench filled"}}
ONE_TICKET: Final = {"data": {"ticket": _HEAD | _TAIL}}
