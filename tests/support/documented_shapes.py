"""The shape of every answer that the two documents show, and what an answer has that its shape has not.

A shape is a literal that looks like the answer:

- a type, a pattern or a value stands for itself, a tuple for any one of its items;
- {"key": shape} has these keys in this order;
- [shape] has at least one element, [shape, ...] any number, each of that shape.

What may be null follows the documents' own answers and fields: nobody is assigned yet, an old ticket has no type or
no category, an open one has no date of closing.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from types import EllipsisType

Shape: TypeAlias = "type | str | int | EllipsisType | re.Pattern[str] | tuple[Shape, ...] | list[Shape] | Object | None"
Object: TypeAlias = dict[str, Shape]

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d")
MINUTE = re.compile(r"\d\d:\d\d \d\d/\d\d/\d{4}")
NUMBER = re.compile(r"\d{7,}")
AUTHOR = re.compile(r".+ \(.+\)")
URL = re.compile(r"https?://\S+")
JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
CSRF = re.compile(r"[A-Za-z0-9+/]{86}==")
TEXT_OR_NULL = (str, None)
UNFINISHED = ("open", "in_progress", "on_hold")
STATUS = (*UNFINISHED, "closed")

COMMENT: Object = {"comment": str, "added_on": TIME, "commented_by": AUTHOR}
NOTE: Object = {"id": int, "note": str, "user_name": str, "user_nick": str, "commented_on": MINUTE}
NOTES: Object = {"data": {"count": int, "notes": [NOTE]}}

ACCESS: Object = {"access": JWT, "access_expires_at": TIME}
REFRESH: Object = {"refresh": JWT, "refresh_expires_at": TIME}

TICKET_2021: Object = {
    "id": int,
    "title": str,
    "customer": str,
    "description": str,
    "status": STATUS,
    "contact_number": int,
    "contact_name": str,
    "raised_on": TIME,
    "raised_by": str,
    "assigned_to": TEXT_OR_NULL,
    "ticket_type": TEXT_OR_NULL,
    "category": TEXT_OR_NULL,
    "image_urls": [URL, ...],
    "closed_date": (TIME, "not closed"),
    "ticket_notes": [COMMENT, ...],
}
TICKET_OF_TYPE_2021: Object = {
    "id": int,
    "title": str,
    "customer": str,
    "description": str,
    "status": "open",
    "priority": int,
    "contact_number": int,
    "contact_name": str,
    "raised_on": TIME,
    "raised_by": str,
    "assigned_to": TEXT_OR_NULL,
    "ticket_type": "customer_support",
    "category": TEXT_OR_NULL,
    "image_urls": [URL, ...],
    "closed_date": "not closed",
    "ticket_notes": [COMMENT, ...],
}

SHAPES_2021: Object = {
    "auth": {"csrf": CSRF, **ACCESS, **REFRESH},
    "refresh_token": {"csrf": CSRF, **ACCESS},
    "raise_ticket": {"success": {"ticket_number": NUMBER}},
    "tickets": {"data": {"tickets": [TICKET_2021 | {"status": UNFINISHED, "closed_date": "not closed"}]}},
    "tickets_by_type": {"data": {"count": int, "tickets": [TICKET_OF_TYPE_2021]}},
    "ticket": {"data": {"ticket": TICKET_2021 | {"id": 2012001}}},
    "add_ticket_note": {"success": {"ticket_number": "2008022", "comment": "test ticket note"}},
    "get_ticket_notes": NOTES,
}

TICKET_2024: Object = {
    "id": int,
    "ticket_number": NUMBER,
    "title": str,
    "customer": str,
    "description": str,
    "status": STATUS,
    "priority": int,
    "contact_number": int,
    "contact_name": str,
    "raised_on": TIME,
    "raised_by": str,
    "assigned_to": TEXT_OR_NULL,
    "ticket_type": TEXT_OR_NULL,
    "category": TEXT_OR_NULL,
    "image_urls": [URL, ...],
    "closed_date": (TIME, None),
    "ticket_notes": [COMMENT, ...],
}
ONE_TICKET_2024: Object = {
    "id": 2024001,
    "ticket_number": "2024001",
    "title": str,
    "customer": str,
    "description": str,
    "status": STATUS,
    "priority": int,
    "contact_number": int,
    "contact_name": str,
    "raised_on": TIME,
    "raised_by": str,
    "assigned_to": TEXT_OR_NULL,
    "ticket_type": TEXT_OR_NULL,
    "category": TEXT_OR_NULL,
    "image_urls": [URL, ...],
    "closed_date": (TIME, None),
    "ticket_statuses": [{"id": int, "status": STATUS, "created_at": TIME}],
    "ticket_notes": [COMMENT, ...],
}
TICKET_OF_CATEGORY_2024: Object = {
    "id": int,
    "ticket_number": NUMBER,
    "title": str,
    "customer": str,
    "description": str,
    "status": STATUS,
    "priority": int,
    "raised_on": TIME,
    "raised_by": str,
    "assigned_to": TEXT_OR_NULL,
    "ticket_type": TEXT_OR_NULL,
    "category": "network",
    "closed_date": (TIME, None),
}
TICKET_OF_CUSTOMER_2024: Object = {
    "id": int,
    "ticket_number": NUMBER,
    "title": str,
    "status": "open",
    "priority": int,
    "raised_on": TIME,
    "assigned_to": TEXT_OR_NULL,
    "ticket_type": TEXT_OR_NULL,
    "category": TEXT_OR_NULL,
}
TICKET_FOR_BOT_2024: Object = {
    "id": 2024001,
    "ticket_number": "2024001",
    "title": str,
    "customer_id": 20,
    "status": STATUS,
    "description": str,
}
NEW_TICKET_2024: Object = {
    "id": int,
    "ticket_number": NUMBER,
    "title": "Network connection issue",
    "description": "Internet connection is unstable at the site",
    "status": "open",
    "category": "network",
    "ticket_type": "customer_support",
    "priority": 3,
    "customer_id": 20,
    "product_id": 4,
    "raised_by_id": int,
    "raised_by": "John Doe",
    "created_at": TIME,
}

SHAPES_2024: Object = {
    "login": {**ACCESS, **REFRESH},
    "refresh": ACCESS,
    "logout": {"message": "Successfully logged out"},
    "logout_by_refresh": {"message": "Successfully logged out"},
    "create_ticket": NEW_TICKET_2024,
    "tickets": {"data": {"tickets": [TICKET_2024]}},
    "ticket": {"data": {"ticket": ONE_TICKET_2024}},
    "tickets_by_type": {
        "data": {
            "count": int,
            "tickets": [TICKET_2024 | {"status": "open", "ticket_type": "customer_support", "closed_date": None}],
        }
    },
    "tickets_by_category": {"data": {"tickets": [TICKET_OF_CATEGORY_2024]}},
    "tickets_of_customer": {"data": {"tickets": [TICKET_OF_CUSTOMER_2024]}},
    "status_update": {"message": "Ticket status changed successfully"},
    "add_ticket_note": {
        "success": {"ticket_number": "2024001", "comment": "Issue has been partially resolved"},
    },
    "get_ticket_notes": NOTES,
    "get_specific_ticket_for_bot": {"data": {"ticket": TICKET_FOR_BOT_2024}},
}


def differences(answer: object, shape: Shape, *, extras: bool, at: str = "answer") -> Iterator[str]:
    """One line for each place where an answer, as json.loads gives it, is not of the shape.

    extras: objects may have more keys, behind those of the shape.
    """
    if isinstance(shape, dict):
        yield from _object_differences(answer, shape, extras=extras, at=at)
    elif isinstance(shape, list):
        yield from _list_differences(answer, shape, extras=extras, at=at)
    elif not _is(answer, shape):
        yield f"{at} is {answer!r}, not {shape}"


def _object_differences(answer: object, shape: Object, *, extras: bool, at: str) -> Iterator[str]:
    if not isinstance(answer, dict):
        yield f"{at} is {answer!r}, not an object"
        return
    keys = list(answer)[: len(shape)] if extras else list(answer)
    if keys != list(shape):
        yield f"{at} has the keys {keys}, not {list(shape)}"
    for key in shape.keys() & answer.keys():
        yield from differences(answer[key], shape[key], extras=extras, at=f"{at}.{key}")


def _list_differences(answer: object, shape: list[Shape], *, extras: bool, at: str) -> Iterator[str]:
    element, *may_be_empty = shape
    if not isinstance(answer, list) or not (answer or may_be_empty):
        yield f"{at} is {answer!r}, not a list with something in it"
        return
    for index, item in enumerate(answer):
        yield from differences(item, element, extras=extras, at=f"{at}[{index}]")


def _is(answer: object, shape: Shape) -> bool:
    """Python takes true for a 1; a client does not."""
    match shape:
        case tuple():
            return any(_is(answer, one) for one in shape)
        case re.Pattern():
            return isinstance(answer, str) and shape.fullmatch(answer) is not None
        case type():
            return type(answer) is shape
        case _:
            return type(answer) is type(shape) and answer == shape
