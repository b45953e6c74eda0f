"""`KEESA_REOPEN_ON_ANSWER`: what a customer's note does to a ticket that is held, by either version's call."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from asking import Api
from cast import ADMIN, CUSTOMER, STRANGER, STRANGERS, token
from keesa.accounts.sessions import Version
from keesa.app import serve_from
from keesa.config import Config
from keesa.db import Database
from keesa.tickets.waiting import Reopening

NOTE = {"ticket_note": {"note": "It is down again"}, "ticket_number": str(STRANGERS)}


@pytest.mark.parametrize("version", ["2021", "2024"])
@pytest.mark.parametrize(("reopening", "status"), [("off", "on_hold"), ("held", "in_progress")])
def test_an_answer_takes_a_ticket_up_where_it_is_configured(
    database: Database, config: Config, version: Version, reopening: Reopening, status: str
) -> None:
    """The ticket's documented history has one entry for it; who wrote is answered as ever."""
    with TestClient(serve_from(database, replace(config, reopen_on_answer=reopening))) as client:
        answer = Api(client, token(database, CUSTOMER, version))("POST", "/tickets/add_ticket_note", NOTE)
        assert answer.status_code == (201 if version == "2024" else 200)
        assert answer.json() == {"success": {"ticket_number": str(STRANGERS), "comment": "It is down again"}}
        shown = Api(client, token(database, STRANGER))("GET", f"/tickets/{STRANGERS}").json()["data"]["ticket"]
    assert shown["status"] == status
    assert [row["status"] for row in shown["ticket_statuses"]] == ["open", "on_hold", "in_progress"][
        : 2 + (status == "in_progress")
    ]


def test_it_is_off_unless_it_is_configured(database: Database, config: Config) -> None:
    """A desk that knows nothing of it finds its tickets as it left them."""
    assert config.reopen_on_answer == "off"
    with TestClient(serve_from(database, config)) as client:
        assert Api(client, token(database, CUSTOMER))("POST", "/tickets/add_ticket_note", NOTE).is_success
        shown = Api(client, token(database, ADMIN))("GET", f"/tickets/{STRANGERS}").json()["data"]["ticket"]
    assert shown["status"] == "on_hold"
