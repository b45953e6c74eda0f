"""The audit trail: what administrators did, who logged in, and who failed to. It is read, and never changed."""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct, field

from keesa.accounts.audit import reading
from keesa.accounts.audit.reading import Act, ActFilter, find_act, list_acts
from keesa.accounts.permissions import AUDIT_READ, require_desk
from keesa.api.calls import Call
from keesa.api.cursor_pages import CursorQuery, Next, next_link
from keesa.api.v2024.fields import Time
from keesa.api.vocabulary import DIGITS
from keesa.clock import Clock
from keesa.db import Steps, Tx
from keesa.errors import Invalid
from keesa.names import LONGEST
from keesa.tickets.numbers import parse_number
from keesa.web.cursors import cursor_of, position_of
from keesa.web.endpoints import PathParameter
from keesa.web.input.fields import Id
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

ActPath = Annotated[
    int | None, PathParameter(parse_number, "The act's id", {**DIGITS, "examples": ["1"]}, reading.NOT_FOUND)
]
_Word = Meta(max_length=LONGEST)
_EXAMPLE: Final = {
    "id": 17,
    "at": "2025-03-04T09:00:00.000+05:00",
    "action": "user.change",
    "via": "session",
    "actor_id": 1,
    "actor": "Aishath Rasheed",
    "token_id": None,
    "operator": None,
    "address": "203.0.113.7",
    "request_id": "0b2f6c9d1e5e4d0c9a7f",
    "thing": "user",
    "thing_id": "4",
    "person_id": 4,
    "changes": {"nick_name": ["Mari", "Maree"]},
    "erased": False,
}


_Pair = Annotated[list[Any], Meta(min_length=2, max_length=2, extra_json_schema={"items": {}})]


class AuditedAct(Struct):
    id: Annotated[int, Meta(description="The act's id, which never changes")]
    at: Annotated[Time, Meta(description="When it was done")]
    action: Annotated[str, Meta(description="A thing and a verb", examples=["user.change", "session.fail"])]
    via: Annotated[
        str,
        Meta(
            description="By what: `session`, `token` (of the API), `command`, `keesa` (by itself), or `nobody`, for a"
            " login that failed"
        ),
    ]
    actor_id: Annotated[int | None, Meta(description="Who did it; null where nobody known did")]
    actor: Annotated[str | None, Meta(description="Their full name as it is now; `Keesa` for commands and for itself")]
    token_id: Annotated[int | None, Meta(description="The API token that it was done with")]
    operator: Annotated[str | None, Meta(description="Of a command: the account of the machine that ran it")]
    address: Annotated[str | None, Meta(description="The network address that it was asked for from")]
    request_id: Annotated[str | None, Meta(description="`X-Request-Id` of the request")]
    thing: Annotated[str, Meta(description="The kind of what it was done to")]
    thing_id: Annotated[str | None, Meta(description="Its id or its key")]
    person_id: Annotated[int | None, Meta(description="The user whom it is about")]
    changes: Annotated[
        dict[str, _Pair], Meta(description="What was changed: field to what it was, and what it was from then on")
    ]
    erased: Annotated[bool, Meta(description="Whether what named a person in it has been erased since")]


def _shown(act: Act, clock: Clock) -> AuditedAct:
    return AuditedAct(
        id=act.id,
        at=clock.iso(act.at),
        action=act.action,
        via=act.via,
        actor_id=act.actor_id,
        actor=act.actor,
        token_id=act.token_id,
        operator=act.operator,
        address=act.address,
        request_id=act.request_id,
        thing=act.thing,
        thing_id=act.thing_id,
        person_id=act.person_id,
        changes={name: list(pair) for name, pair in act.changes.items()},
        erased=act.erased,
    )


_Moment = Annotated[str, Meta(max_length=LONGEST, examples=["2025-03-04", "2025-03-04T09:00:00.000+05:00"])]


class AuditQuery(CursorQuery, frozen=True, kw_only=True):
    person: Annotated[Id, Meta(description="A user's id: acts of theirs, and acts about them")] | None = None
    thing: Annotated[str, _Word, Meta(description="The kind of what it was done to, such as `user`")] | None = None
    thing_id: Annotated[str, _Word, Meta(description="Its id or its key")] | None = None
    action: Annotated[str, _Word, Meta(description="A thing and a verb, such as `user.change`")] | None = None
    since: (
        Annotated[_Moment, Meta(description="From this time on: a day or a full time, in the desk's time zone")] | None
    ) = field(default=None, name="from")
    until: Annotated[_Moment, Meta(description="Until this time; a day counts to its end")] | None = field(
        default=None, name="to"
    )
    request_id: Annotated[str, _Word, Meta(description="`X-Request-Id` of the request that did it")] | None = None


class Acts(Struct):
    acts: Annotated[list[AuditedAct], Meta(description="The acts of this page, the newest first")]
    next: Next


class AuditAnswer(Struct):
    data: Acts


@ROUTES.add(
    "GET",
    "/audit",
    summary="Read the audit trail",
    permission=AUDIT_READ,
    guard=require_desk,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"acts": [_EXAMPLE], "next": "WzE3NDEwNjA4MDAwMDAsMTdd"}},
)
def index(tx: Tx, call: Call[AuditQuery, None]) -> Steps[Reply[AuditAnswer]]:
    """What administrators did, who logged in and out, and who failed to: the newest first. All filters must fit.

    What is added while pages are read moves nothing on them. Secrets and passwords stand in no act; what names a person
    is kept apart, and may have been erased since: `erased` says so.
    """
    query, epoch, clock = call.query, call.caller.epoch, call.services.clock
    after = None if query.after is None else position_of(query.after, tuple[int, int], epoch)
    page = yield from list_acts(tx, query.page_size, after, _filter(query, clock))
    cursor = None if page.next_after is None else cursor_of(page.next_after, epoch)
    answer = AuditAnswer(Acts([_shown(act, clock) for act in page.acts], cursor))
    return call.whole(answer, next_link(call, "/audit", cursor))


def _filter(query: AuditQuery, clock: Clock) -> ActFilter:
    """Raises `Invalid` for what is no time."""
    faults, times = {}, {}
    for name, text in (("from", query.since), ("to", query.until)):
        try:
            times[name] = None if text is None else clock.moment(text, whole_day=name == "to")
        except (ValueError, OverflowError):
            faults[name] = ["must be a day like 2025-03-04, or a full time"]
    if faults:
        raise Invalid(faults)
    return ActFilter(
        person=query.person,
        thing=query.thing,
        thing_id=query.thing_id,
        action=query.action,
        since=times["from"],
        until=times["to"],
        request_id=query.request_id,
    )


class OneAct(Struct):
    act: Annotated[AuditedAct, Meta(description="The act")]


class ActAnswer(Struct):
    data: OneAct


@ROUTES.add(
    "GET",
    "/audit/{act}",
    summary="Show one act of the audit trail",
    permission=AUDIT_READ,
    guard=require_desk,
    conditional=True,
    example={"data": {"act": _EXAMPLE}},
)
def show(tx: Tx, call: Call[None, None], act: ActPath) -> Reply[ActAnswer]:
    """As it stands in the list. It changes in one way alone: what names a person in it may be erased."""
    shown = _shown(find_act(tx, act), call.services.clock)
    etag = call.etag_of(shown)
    call.conditions.require(etag)
    return Reply(ActAnswer(OneAct(shown)), etag=etag)
