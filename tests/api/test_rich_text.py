"""Descriptions and notes are made safe before the write begins, whoever sends them."""

import threading
from collections.abc import Callable
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

import cast
from acting import rows
from by_keesa import revoke_permission
from cast import ADMIN, ASSIGNED, ENGINEER, HIDDEN, STRANGER
from keesa.accounts.permissions import TICKETS_WRITE
from keesa.accounts.sessions import Version
from keesa.api.rich_text import CLEANING
from keesa.db import Database, Tx
from keesa.rich_text.html import LONGEST, RichText, rich_text
from keesa.web import conversions
from logins import bearer
from new_tickets import BODIES, changed
from unchanged import unchanged

VERSIONS: Final[tuple[Version, ...]] = ("2021", "2024")
ADD: Final = "/api/v1/tickets/add_ticket_note"
RAISE: Final = "/api/v1/tickets"
LONG: Final = "<p>x</p>" * 1000
BAD_LONG: Final = "<p></p>" * 1000


def a_note(text: str, number: object = ASSIGNED) -> dict[str, Any]:
    return {"ticket_note": {"note": text}, "ticket_number": number}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, database: Database) -> list[str]:
    """What was done, in its order: "write" when one begins, "end" when it ends, and the thread of each cleaning."""
    happened: list[str] = []
    awrite = database.awrite

    async def telling_awrite(work: Any) -> Any:  # noqa: ANN401 - any work
        def telling(tx: Tx) -> Any:  # noqa: ANN401 - its result
            happened.append("write")
            try:
                return work(tx)
            finally:
                happened.append("end")

        return await awrite(telling)

    def cleaned(text: str, pause: Callable[[], None] | None = None) -> RichText:
        happened.append(threading.current_thread().name.partition("_")[0])
        return rich_text(text, pause)

    monkeypatch.setattr(database, "awrite", telling_awrite)
    monkeypatch.setattr(CLEANING, "convert", cleaned)
    return happened


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("text", ["Back on line", "<b>Back</b> on line", LONG])
def test_a_text_is_made_safe_once_and_before_the_write(
    client: TestClient, database: Database, told: list[str], version: Version, text: str
) -> None:
    """Of a caller who is remembered, and of one who is not; a long text in a thread, a short one on the spot."""
    token = cast.token(database, ENGINEER, version)
    for _ in range(2):
        assert client.post(ADD, json=a_note(text), headers=bearer(token)).is_success
        assert len(told) == 3
        assert told[1:] == ["write", "end"]
        assert (told[0] == "keesa-conversion") == (text == LONG)
        told.clear()
    body = changed(BODIES[version], {"description": text})
    assert client.post(RAISE, json=body, headers=bearer(token)).is_success
    assert told[1:] == ["write", "end"]


@pytest.mark.parametrize("remembered", [False, True])
@pytest.mark.parametrize("text", ["", "<p></p>", BAD_LONG, "x" * (LONGEST + 1)])
def test_the_faults_of_a_text_are_told_with_all_others(
    client: TestClient,
    database: Database,
    remembered: bool,  # noqa: FBT001 - a parameter
    text: str,
) -> None:
    """Those that reading finds, those of the domain, and the text's."""
    token = cast.token(database, ENGINEER, "2024")
    if remembered:
        client.get(RAISE, headers=bearer(token))
    body = changed(BODIES["2024"], {"description": text, "product_id": "x", "category": "fire", "title": "\u200b"})
    with unchanged(database):
        answer = client.post(RAISE, json=body, headers=bearer(token))
    assert answer.status_code == 422
    sentence = f"must have at most {LONGEST} characters" if len(text) > LONGEST else "must not be empty"
    faults = answer.json()["errors"]
    assert faults["ticket.description"] == [sentence]
    assert set(faults) == {"ticket.description", "ticket.product_id", "ticket.category", "ticket.title"}


@pytest.mark.parametrize("version", VERSIONS)
def test_who_asks_comes_before_what_is_wrong_with_a_text(
    client: TestClient, database: Database, told: list[str], version: Version
) -> None:
    """401 and 403 without a look at it, 404 before its faults."""
    assert client.post(ADD, json=a_note(LONG)).status_code == 401
    database.write(lambda tx: revoke_permission(tx, "harbour_crew", *TICKETS_WRITE))
    reader = cast.token(database, ENGINEER, version)
    for _ in range(2):
        assert client.post(ADD, json=a_note(BAD_LONG), headers=bearer(reader)).status_code == 403
    assert told == []
    stranger, admin = cast.token(database, STRANGER, version), cast.token(database, ADMIN, version)
    with unchanged(database):
        for text in ("", BAD_LONG):
            assert client.post(ADD, json=a_note(text, HIDDEN), headers=bearer(stranger)).status_code == 404
    assert client.post(ADD, json=a_note(BAD_LONG), headers=bearer(admin)).status_code == 422


def test_too_many_long_texts_at_once_are_refused(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with `Retry-After`, and nothing is kept; short ones go on."""
    token = cast.token(database, ENGINEER, "2024")
    monkeypatch.setattr(conversions, "MOST_WAITING", 0)
    with unchanged(database):
        for _ in range(2):
            answer = client.post(ADD, json=a_note(LONG), headers=bearer(token))
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
    assert client.post(ADD, json=a_note("<b>Short</b>"), headers=bearer(token)).status_code == 201
    monkeypatch.setattr(conversions, "MOST_WAITING", 1)
    for _ in range(3):
        assert client.post(ADD, json=a_note(LONG), headers=bearer(token)).status_code == 201
    sql = "SELECT notes_count FROM tickets WHERE id = :id"
    assert database.read(lambda tx: rows(tx, sql, id=ASSIGNED)) == [{"notes_count": 6}]  # two were there
