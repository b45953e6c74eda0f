"""What the OpenAPI documents say in words: how to call, what each status means, and what each field holds.

A field's name means the same in every request and answer of both versions, so it is told once; where one struct means
something of its own, that stands under `Struct.field`. What a single call does is told by its endpoint's docstring.
"""

from collections.abc import Mapping
from typing import Final

from keesa.accounts.actors import USER_TYPES
from keesa.rich_text.html import LONGEST
from keesa.tickets.checking import LONGEST_LINE
from keesa.web.openapi.wording import Entry

TICKET_TYPES: Final = (
    "roc_support",
    "project_support",
    "remote_support",
    "cross_department_support",
    "customer_support",
    "eco_support",
    "routine_maintenance",
)
TICKET_CATEGORIES: Final = ("service_order", "fault", "survey", "network", "hardware", "software")
PRODUCTS: Final = (
    "PABX",
    "Switch",
    "Router",
    "WIFI",
    "DATA",
    "GPON",
    "Networks - Admin",
    "Networks - Staff",
    "Networks - Guest",
    "CCTV Network",
    "CCTV Servers",
    "iHTV",
    "Survey",
    "CATV",
    "TEL NETWORK",
    "CORE NETWORK",
    "IPTV",
    "GATEWAY",
    "Rejected - NWR",
    "Access Control",
    "Pending Classification",
    "School Network",
    "DJA Network",
    "Eco",
)
"""What every desk begins with (db/migrations/0002_reference_data.sql); the products count from 1."""

_CHOICES: Final = "Products, ticket types, categories and statuses: what tickets choose from"
TAGS: Final[Mapping[str, tuple[str, str]]] = {
    "sessions": ("Sessions", "Log in, renew an access token, log out"),
    "tickets": ("Tickets", "Raise, list, show, assign and close tickets"),
    "changes": ("Tickets", "Raise, list, show, assign and close tickets"),
    "relations": ("Tickets", "Raise, list, show, assign and close tickets"),
    "watchers": ("Tickets", "Raise, list, show, assign and close tickets"),
    "tags": ("Tags", "The desk's own words on tickets"),
    "served_files": ("Pictures and files", "What hangs on tickets and on their notes"),
    "notes": ("Notes", "Say something about a ticket, and read what was said"),
    "attachments": ("Pictures and files", "What hangs on tickets and on their notes"),
    "uploads": ("Uploads", "Send a file in pieces, and go on where the connection broke"),
    "reports": ("Reports", "How many tickets there are, and how long they take"),
    "canned_answers": ("Canned answers", "Texts that the desk writes once, and fills in for each ticket"),
    "customers": ("Customers", "Those for whom tickets are raised"),
    "me": ("Oneself", "What you are and may do, your names and your password"),
    "passwords": ("Oneself", "What you are and may do, your names and your password"),
    "users": ("Users", "People and programs that log in, as those find them who look after them"),
    "roles": ("Roles", "What users may do"),
    "permissions": ("Roles", "What users may do"),
    "ecos": ("Equipment", "ECOs: equipment at customers' sites"),
    "products": ("Reference", _CHOICES),
    "ticket_types": ("Reference", _CHOICES),
    "categories": ("Reference", _CHOICES),
    "statuses": ("Reference", _CHOICES),
    "audit": ("Audit", "What administrators did, who logged in, and who failed to"),
    "open_sessions": ("Sessions", "Log in, renew an access token, log out"),
    "tokens": ("Tokens", "API tokens, with which programs act as a user, without a login"),
    "document": ("Server", "The server about itself"),
    "coffee": ("Server", "The server about itself"),
}
"""The tag of an endpoint, by the name of the module or package that it is in, and what the tag is about."""

STATUSES: Final[Mapping[int, str]] = {
    200: "Done",
    201: "Created",
    204: "Done; there is nothing to show",
    206: "The part that was asked for",
    304: "It is still in the state that you have",
    400: "The request cannot be read, or names an unknown version",
    401: "The token is missing, expired or ended; or the credentials are wrong",
    403: "You may not do this: a permission is missing, or it is not for users of your type",
    404: "There is no such thing, or it is out of your sight: the two look alike",
    405: "The path does not know this method; `Allow` names those that it knows",
    408: "The body has not arrived in time",
    409: "It cannot be done in the state that it is in; or the same is being done under its key, or was done",
    410: "Where you were cannot be gone on from: begin again",
    412: "It is in another state than the one that you have seen; nothing was changed",
    413: "The body is too large",
    415: "The body is compressed, or in another charset than UTF-8",
    416: "There is nothing in the range that was asked for",
    418: "The server is a teapot",
    422: "The input is well-formed and breaks a rule, or its key was another request's; nothing was changed",
    429: "Too many requests, or too many failed logins; `Retry-After` says how long to wait",
    460: "What has arrived does not have the checksum that was sent; nothing of it was kept",
    500: "The server has failed; `X-Request-Id` names the request in its log",
    503: "The server is offline for maintenance, or cannot serve you now; `Retry-After` says how long to wait",
}

_USER_TYPES: Final = """\
| `user_type` | which tickets they see |
|---|---|
| `admin` | all |
| `staff` | those that they raised or are assigned, and those of the ticket types that their roles work on |
| `customer` | those of their customer |
| `bot` | none, but for the bots' own call |
"""
_INTRODUCTION: Final = """\
Support tickets: raised, assigned, discussed and closed. This document tells what a client of the {version} version
may send and is answered.

## Versions
Two versions answer under the same paths. A session has the version of the login that opened it: `POST /auth` 2021,
`POST /auth/login` 2024. The header `Keesa-Version` chooses another for one request; in an answer it names the
version that answers. A call that only one version has is answered to both, in the shape of the one that has it.
2021 is frozen; 2024 may get further keys in its answers, so a client passes over keys that it does not know.

## Who may call what
A call that needs a token takes it from `Authorization: Bearer …`: the access token of a session, or an API token
(`keesa_…`), which does at the most what it was made for and what its user may do. Permissions such as `tickets:read`
come from the user's roles and stand in the security requirement of each call; some calls are for users of certain
types only (`x-user-types`).

{user_types}
A ticket that you may not see is answered as one that does not exist: 404.

## Lists
A list has `limit` objects a page. A `limit` above 500 is taken as 500: 501 becomes 500, without an error. Below 1
it is refused (422). A page behind the last one is empty. `count` is the number of objects in the array beside it,
on this page: it is no total.

## Sending again
Who does not know whether a change has arrived sends it again. Under an `Idempotency-Key` (1 to 255 visible ASCII
characters, new for each change) it is made once: for seven days the same request of the same user is answered as it was
at the first time, with `Idempotency-Replayed: true`. Another request under the key is 422. While the first one is
under way the second waits for two seconds, then it is 409. What was refused keeps nothing. Answers with tokens or
links are not kept: their key says that it was done (409).

## Errors
Every error is `{{"error": "one sentence"}}`, under `application/json`.{errors}

| status | meaning |
|---|---|
{statuses}

## States
Whatever is read has an `ETag`, but for lists as CSV and `/changes`: `If-None-Match` with it is answered 304 while
nothing of the answer has changed. A change of a ticket may have `If-Match` with the ticket's, of either version: 412
where the ticket itself has changed since, and 2024 then tells what has. What else is changed takes its own.

## Fields that are not known
Calls that Keesa has beyond its two documents answer 422 to fields in the body or the query that they do not know; with
`Prefer: handling=lenient` they pass over them. The documents' calls pass over them, and answer 422 with
`Prefer: handling=strict`.

## Values
- Times have milliseconds and an offset: `2024-06-28T10:15:30.000+05:00`, in the desk's time zone.
- A number may be sent as a string of digits; an id and a ticket number as either.
- In a request, a field that is not required may be left out or null: the two mean the same.
- A path may end in a slash. `HEAD` is answered wherever `GET` is.
- The filters of a `GET` may stand in the query or in a JSON body; where both have one, the body counts.
- Ticket types, categories and products are the desk's own data. Administrators add to them, so they are no closed
  lists here: `GET /ticket_types`, `/categories` and `/products` tell which there are.
"""


def introduction(version: str, *, with_faults: bool) -> str:
    """The document's own description, in Markdown."""
    return _INTRODUCTION.format(
        version=version,
        user_types=_USER_TYPES,
        errors=' 422 adds `errors`: `{"ticket.title": ["is missing"]}`, every fault at once.' if with_faults else "",
        statuses="\n".join(f"| {status} | {meaning} |" for status, meaning in STATUSES.items() if status >= 400),
    )


def _one_of(what: str, keys: tuple[str, ...]) -> Entry:
    known = ", ".join(f"`{key}`" for key in keys)
    return {
        "description": f"{what} Every desk begins with {known}; administrators may add to them",
        "examples": list(keys),
    }


def _said(sentence: str) -> Entry:
    return {"description": sentence}


def _line(sentence: str) -> Entry:
    return {"description": f"{sentence}; at most {LONGEST_LINE} characters", "maxLength": LONGEST_LINE}


def _text(sentence: str) -> Entry:
    return {"description": sentence, "maxLength": LONGEST}


_MAY_LACK: Final = "Needed, but of a customer's user where the product has a default."
_HTML: Final = "Text that may hold simple HTML; what is not harmless was taken out when it was written"
_ACCESS: Final = (
    "A JWT (HS256), good for one hour. Its payload: `exp`, `user_id`, `email`, `full_name`, `nick_name`, `roles`,"
    f" `user_type` ({', '.join(f'`{user_type}`' for user_type in USER_TYPES)}), `permissions`, `sign_in_count`, `uid`,"
    " `ruid`; that of a 2021 session: `exp`, `user_id`, `role`, `uid`, `ruid`"
)

FIELDS: Final[Mapping[str, Entry]] = {
    # sessions
    "user": _said("The user's email address"),
    "user_type": _said("What a user is; it decides which tickets they see"),
    "password": {"description": "The user's password", "format": "password"},
    "access": _said(_ACCESS),
    "access_expires_at": _said("When the access token expires"),
    "refresh": _said("A JWT that gets new access tokens, good for ten days; it is not replaced"),
    "refresh_expires_at": _said("When the refresh token expires"),
    "csrf": _said("88 characters that pages with their tokens in cookies send as `X-CSRF-Token`; others need it not"),
    # around an answer
    "data": _said("The answer itself"),
    "success": _said("What was made"),
    "message": _said("A sentence that says what was done"),
    "count": _said("The number of objects in the array beside it, on this page; no total"),
    "error": _said("One sentence that a person can act on"),
    "errors": {
        "description": "Every fault that was found: dotted path of the field to the sentences about it",
        "examples": [{"ticket.title": ["is missing"]}],
    },
    # a ticket
    "ticket": _said("The ticket"),
    "tickets": _said("The tickets of this page"),
    "id": _said("The ticket's number as an integer; it never changes"),
    "ticket_number": {"description": "The ticket's number, as in `id`", "examples": ["2024001"]},
    "title": _line("One line"),
    "description": _said(_HTML),
    "customer": _said("The name of the customer whose ticket it is"),
    "customer_id": _said("The customer's id"),
    "eco_id": _said("The id of the equipment at a site that it is about"),
    "contact_number": _said("The telephone number of whom to call, digits alone"),
    "contact_phone": _said("The telephone number of whom to call, as it was written"),
    "contact_name": _said("Whom to call"),
    "priority": _said("1 is the highest, 5 the lowest; 3 unless the request says otherwise"),
    "raised_on": _said("When the ticket was raised"),
    "created_at": _said("When this happened"),
    "raised_by": _said("The full name of who raised the ticket"),
    "raised_by_id": _said("The id of who raised the ticket"),
    "assigned_to": _said("The full name of who works on the ticket; null while nobody does"),
    "assigned_by": _said("The full name of who assigned it"),
    "reference": _line("A number or word of the customer's own"),
    "ticket_type": _one_of("The ticket's type, null for old tickets without one.", TICKET_TYPES),
    "NewTicket.ticket_type": _one_of(f"The ticket's type. {_MAY_LACK}", TICKET_TYPES),
    "category": _one_of("The ticket's category, null for old tickets without one.", TICKET_CATEGORIES),
    "NewTicket.category": _one_of(f"The ticket's category. {_MAY_LACK}", TICKET_CATEGORIES),
    "product_id": {
        "description": "The product's id. Every desk begins with "
        + ", ".join(f"{at} ({name})" for at, name in enumerate(PRODUCTS, 1))
        + "; administrators may add to them",
        "examples": [1, 24],
    },
    "image_urls": _said(
        "Addresses of the ticket's images, in the order in which they were added; each is good until the end of the"
        " next day (UTC), and needs no token"
    ),
    "FileQuery.size": _said("Which size of an image is sent; a file has its original alone"),
    "closed_date": _said("Midnight, in the desk's time zone, of the day on which the ticket was closed"),
    "ticket_notes": _said("The ticket's notes, oldest first"),
    "ticket_statuses": _said("Every status that the ticket has had, oldest first"),
    "ticket_assignments": _said("Everybody to whom the ticket was assigned, oldest first; Keesa's own addition"),
    "group": _said("In which of the three groups lists show the ticket: `open`, `active` or `closed`"),
    "updated_at": _said("When the ticket was last changed: itself, its notes, or anything else that you may see of it"),
    "held_until": _said("The day until which the ticket is on hold, in the desk's time zone; null where none was told"),
    "TicketStatus.id": _said("The entry's id"),
    "RaisedTicket.created_at": _said("When the ticket was raised"),
    # lists to choose from
    "OneTicketType.ticket_type": _said("The ticket type"),
    "AddTicketType.ticket_type": _said("The new ticket type"),
    "ChangeTicketType.ticket_type": _said("The change: what is left out stays as it is"),
    "OneCategory.category": _said("The category"),
    "AddCategory.category": _said("The new category"),
    "ChangeCategory.category": _said("The change: what is left out stays as it is"),
    # a note
    "notes": _said("The notes, oldest first"),
    "ListedNote.id": _said("The note's id"),
    "note": _said(_HTML),
    "ticket_note": _said("The note to add"),
    "comment": _said(_HTML),
    "added_on": _said("When the note was added"),
    "commented_on": _said("When the note was added: `HH:MM MM/DD/YYYY`, in the desk's time zone"),
    "commented_by": {"description": "`Full Name (Nick)` of who added the note", "examples": ["John Doe (John)"]},
    "user_name": _said("The full name of who added the note"),
    "user_nick": _said("The nickname of who added the note"),
    # what requests alone have
    "NewTicket.description": _text("Text that may hold simple HTML; what is not harmless is taken out"),
    "NewTicket.customer_id": _said("May stand here or beside `ticket`"),
    "NewTicket.eco_id": _said("May stand here or beside `ticket`"),
    "RaiseTicket.customer_id": _said("The customer whose ticket it is; needed unless `eco_id` is given"),
    "RaiseTicket.eco_id": _said("The equipment at a site that it is about; its customer is the ticket's"),
    "RaiseTicket.ticket": _said("The ticket to raise"),
    "customer_name": _line("Whom to call; in 2024 the customer's own contact unless given"),
    "customer_contact": _said("Their telephone number; in 2024 that of the customer's own contact unless given"),
    "NewNote.note": _text(
        "Text that may hold simple HTML; what is not harmless is taken out. 422 where nothing is left"
    ),
    "type": _one_of("The type of the tickets that are wanted.", TICKET_TYPES),
    "sort": _said("What the rows are sorted by"),
    "SearchQuery.order": _said("Turns the order of `raised`, `changed` and `priority` round; `desc` without it"),
    "RowsQuery.order": _said("The first or the last ones first; without it the newest, the most urgent or the soonest"),
    **{
        f"{query}.{field}": {}
        for query in ("RowsQuery", "CountsQuery", "SearchQuery")
        for field in ("ticket_type", "category", "product_id", "priority", "reference", "status")
    },
    **{f"{query}.ticket_type": {} for query in ("ScopeQuery", "PeriodQuery", "ByQuery")},
    "ByQuery.by": _said("What the tickets are counted by"),
    "by": _said("What the tickets are counted by"),
    "CategoryQuery.category": _one_of("The category of the tickets that are wanted.", TICKET_CATEGORIES),
    "TicketsByType.ticket": _said("Which tickets are wanted"),
    "ChangeStatus.ticket": _said("The change"),
    "AssignTicket.ticket": _said("The change"),
    "StatusChange.closed_date": _said(
        "Needed for `closed`, ignored for any other status: a day, or a time of which the day in the desk's zone counts"
    ),
    "StatusChange.held_until": _said(
        "Until when the ticket is held, for `on_hold` alone: a day, or a time of which the day in the desk's zone"
        " counts; null takes it away"
    ),
    "BulkResult.errors": {
        "description": "Where `status` is 422, every fault: dotted path of the field to the sentences; else null",
        "examples": [{"change.status.status": ["Please assign an engineer before changing the ticket status"]}],
    },
    "assigned_to_id": _said(
        "The id of a member of the desk; null takes the ticket away from who has it, while it is open"
    ),
    # queries
    "order": _said("By the time at which tickets were raised"),
    "NotesOfTicketQuery.order": _said("By the time at which notes were written; the oldest first unless it is `desc`"),
    "open_page": _said("The page of the open tickets, instead of `page`"),
    "active_page": _said("The page of the active tickets, instead of `page`"),
    "closed_page": _said("The page of the closed tickets, instead of `page`"),
    # this document
    "openapi": _said("The version of OpenAPI"),
    "info": _said("What this is"),
    "servers": _said("Where it is served"),
    "tags": _said("The groups of calls"),
    "paths": _said("The calls"),
    "components": _said("What the calls have in common"),
}
