"""The audit trail, walked by the route table: each call that administers leaves one row, and a refused one none.

A new route that changes something fails here until it records, or until it is said why it does not.
"""

import json
from typing import Final

import pytest
from starlette.testclient import TestClient

import cast
from good_requests import Good, good_requests
from keesa.db import Database
from keesa.web.input.kinds import needs_any
from keesa.web.routes import SAFE_METHODS
from logins import bearer
from refusing import Sender, sender
from trail import actions_behind, kept_secrets, last_id, secrets_in, trail_text

TOLD_ELSEWHERE: Final = {
    "POST /tickets": "the ticket's own history says who raised it",
    "POST /tickets/add_ticket_note": "the note says who wrote it",
    "POST /tickets/{ticket}/status_update": "ticket_statuses has who and when",
    "PATCH /tickets/{ticket}": "ticket_events has who and when",
    "POST /tickets/{ticket}/assign": "ticket_events has who and when",
    "POST /tickets/{ticket}/relations": "ticket_events has who and when",
    "DELETE /tickets/{ticket}/relations/{kind}/{other}": "ticket_events has who and when",
    "POST /tickets/{ticket}/watchers": "ticket_events has who and when",
    "DELETE /tickets/{ticket}/watchers/{user}": "ticket_events has who and when",
    "POST /tickets/{ticket}/tags": "ticket_events has who and when",
    "DELETE /tickets/{ticket}/tags/{tag}": "ticket_events has who and when",
    "POST /tickets/{ticket}/notes": "ticket_events has who and when",
    "PATCH /tickets/{ticket}/notes/{note}": "ticket_events has who and when",
    "DELETE /tickets/{ticket}/notes/{note}": "ticket_events has who and when",
    "DELETE /tickets/{ticket}/images/{image}": "ticket_events has who and when",
    "DELETE /tickets/{ticket}/files/{file}": "ticket_events has who and when",
    "POST /tickets/bulk": "ticket_events has who and when, of each ticket",
    "POST /auth/refresh_token": "the session that goes on stands in the trail since it began",
    "POST /auth/refresh": "likewise",
}
"""What changes something and leaves no row, with the reason."""
ABSENT: Final = "999999"


def name_of(good: Good) -> str:
    return f"{good.route.method} {good.route.path}"


CHANGING: Final = [good for good in good_requests() if good.route.method not in SAFE_METHODS]
ADMINISTERING: Final = [pytest.param(good, id=str(good)) for good in CHANGING if name_of(good) not in TOLD_ELSEWHERE]


def test_what_leaves_no_row_is_there() -> None:
    """The list of exceptions has no name of a route that is gone."""
    assert TOLD_ELSEWHERE.keys() <= {name_of(good) for good in CHANGING}


@pytest.mark.parametrize("good", ADMINISTERING)
def test_each_act_leaves_one_row(
    shared_client: TestClient, shared_database: Database, good: Good, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of a thing and a verb; and neither the row nor the log has a secret of the request or of its answer."""
    send = sender(shared_client, shared_database, good)
    before = last_id(shared_database)
    answer = send()
    assert answer.status_code < 300, answer.text
    actions = actions_behind(shared_database, before)
    assert len(actions) == 1, f"{good} leaves {actions}"
    thing, _, verb = actions[0].partition(".")
    assert thing
    assert verb
    shown = json.loads(answer.content) if answer.content else None
    secrets = secrets_in(good.body) | secrets_in(shown) | kept_secrets(shared_database)
    secrets |= {value.removeprefix("Bearer ") for value in send.signed_in.values()}
    text, logged = trail_text(shared_database), "".join(capfd.readouterr())
    assert [secret for secret in secrets if secret in text] == []
    assert [secret for secret in secrets if secret in logged] == []


@pytest.mark.parametrize("good", [good for good in CHANGING if good.route.permission], ids=str)
def test_who_is_refused_leaves_none(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """403 without the permission, 404 where the thing is missing, 422 for a body that is none."""
    before, route = last_id(shared_database), good.route
    stranger = Sender(
        shared_client, shared_database, good, bearer(cast.token(shared_database, cast.CUSTOMER, good.version))
    )
    if name_of(good) not in TOLD_ELSEWHERE:
        assert stranger().status_code == 403
    send = sender(shared_client, shared_database, good)
    if route.signature.parameters:
        path = "/".join(ABSENT if part.startswith("{") else part for part in route.path.split("/"))
        assert send(path=path).status_code == 404
    if route.signature.body_struct is not None and needs_any(route.signature.body_struct):
        assert send(body={}).status_code == 422
    assert actions_behind(shared_database, before) == []


def test_each_act_without_change_leaves_none(client: TestClient, database: Database) -> None:
    """A PATCH that says what is so already changes nothing."""
    patches = [good for good in CHANGING if good.route.method == "PATCH"]
    for good in patches:
        send = sender(client, database, good)
        assert send().status_code == 200, good
        before = last_id(database)
        assert send().status_code == 200, good
        assert actions_behind(database, before) == [], good


def test_the_trail_has_no_call_that_changes_it() -> None:
    """It is read, and that is all."""
    paths = {good.route.method for good in good_requests() if good.route.path.startswith("/audit")}
    assert paths == {"GET"}
