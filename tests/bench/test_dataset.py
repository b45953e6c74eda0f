"""The benchmarks' data set: rows as the domain leaves them, the same on both engines, and loaded but once."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from acting import rows
from bench.dataset import PASSWORD, EnginePlace, World, load, prepared, world_on
from bench.dataset.tables import COLUMNS
from cast import SECRET
from keesa.app import serve_from
from keesa.config import Config
from keesa.db import Database, open_database
from keesa.errors import Refused
from keesa.rich_text.html import rich_text
from logins import bearer, try_password
from places import Place

TICKETS = 500
CONTRADICTIONS = (
    "SELECT id FROM tickets WHERE 3 * (SELECT count(*) FROM tickets) <> (SELECT count(*) FROM ticket_notes)",
    """
        SELECT id FROM tickets WHERE revision <> (SELECT count(*) FROM ticket_statuses WHERE ticket_id = tickets.id)
        + (SELECT count(*) FROM ticket_events WHERE ticket_id = tickets.id AND kind = 'assigned')
        + (SELECT count(*) FROM ticket_notes WHERE ticket_id = tickets.id)
    """,
    """
        SELECT id FROM tickets WHERE status <> (
            SELECT status FROM ticket_statuses WHERE ticket_id = tickets.id ORDER BY id DESC LIMIT 1
        ) OR 'open' <> (SELECT status FROM ticket_statuses WHERE ticket_id = tickets.id ORDER BY id LIMIT 1)
    """,
    """
        SELECT tickets.id FROM tickets LEFT JOIN ticket_events last
        ON last.ticket_id = tickets.id AND last.number = tickets.events
        WHERE coalesce(tickets.assigned_to_id, 0) <> coalesce(last.assigned_to_id, 0) OR last.at <> tickets.changed_at
    """,
    "SELECT id FROM tickets WHERE events <> (SELECT count(*) FROM ticket_events WHERE ticket_id = tickets.id)",
    """
        SELECT ticket_id FROM ticket_events WHERE kind = 'note_added' AND NOT EXISTS (
            SELECT 1 FROM ticket_notes WHERE ticket_notes.id = thing_id AND ticket_notes.created_at = ticket_events.at
            AND ticket_notes.ticket_id = ticket_events.ticket_id AND author_id = actor_id
        )
    """,
    "SELECT id FROM tickets WHERE status <> 'open' AND assigned_to_id IS NULL",
    "SELECT id FROM tickets WHERE notes_count <> (SELECT count(*) FROM ticket_notes WHERE ticket_id = tickets.id)",
    """
        SELECT id FROM tickets WHERE description_size < length(description) OR notes_size <
        (SELECT coalesce(sum(length(body)), 0) FROM ticket_notes WHERE ticket_id = tickets.id)
    """,
)


@pytest.fixture
def world(empty_place: Place) -> World:
    return load(empty_place.data, empty_place.url, TICKETS)


@pytest.fixture
def loaded(empty_place: Place, world: World) -> Iterator[Database]:
    assert world.tickets == TICKETS
    database = open_database(empty_place.data, empty_place.url)
    yield database
    database.close()


def test_the_rows_are_the_same_at_each_load_on_both_engines(loaded: Database, world: World, tmp_path: Path) -> None:
    """Every column of every table but the password's hash; so are the people and tickets that are named."""
    assert load(tmp_path / "again", None, TICKETS) == world
    again = open_database(tmp_path / "again", None)
    try:
        tables = [table for table in COLUMNS if table != "ticket_counters"]  # PostgreSQL has bases
        assert {table: _rows(again, table) for table in tables} == {table: _rows(loaded, table) for table in tables}
    finally:
        again.close()


def test_a_ticket_agrees_with_its_history(loaded: Database) -> None:
    """Three notes in the mean; revision, status, assignee and number are as the changes left them."""
    found = loaded.read(lambda tx: [sql for sql in CONTRADICTIONS if tx.all(sql)])
    assert found == []


def test_texts_are_what_the_sanitiser_lets_through(loaded: Database) -> None:
    """Of the lengths that were asked for, some of them rich."""
    descriptions = {str(row["description"]) for row in _rows(loaded, "tickets")}
    notes = {str(row["body"]) for row in _rows(loaded, "ticket_notes")}
    assert {rich_text(text).kept for text in descriptions | notes} == descriptions | notes
    assert all(50 <= len(text) <= 800 for text in descriptions)
    assert all(20 <= len(text) <= 400 for text in notes)
    assert any("<" in text for text in descriptions)


def test_its_people_log_in_and_see_the_tickets_that_are_named_for_them(
    loaded: Database, world: World, tmp_path: Path
) -> None:
    """The engineer those too whose status may be changed; the bot sees none."""
    config = Config(data=tmp_path, secret=SECRET, log_format="json")
    with TestClient(serve_from(loaded, config), raise_server_exceptions=False) as client:
        assert _answers(client, world.admin, world.ids) == {200}
        assert _answers(client, world.engineer, world.engineers_ids + world.unclosed_ids) == {200}
        assert _answers(client, world.customers_user, world.customers_ids) == {200}
        assert _answers(client, world.bot, world.ids) == {404}


def test_what_is_there_is_not_loaded_again(empty_place: Place) -> None:
    """As the last benchmark left it; another data set replaces it."""
    place = empty_place.data, empty_place.url
    world = prepared(*place, TICKETS)
    _run(empty_place, "DELETE FROM ticket_notes")
    assert prepared(*place, TICKETS) == world
    assert _count(empty_place, "ticket_notes") == 0
    assert prepared(*place, TICKETS, seed=2) != world
    assert _count(empty_place, "ticket_notes") == 3 * TICKETS


def test_a_benchmark_works_on_a_copy_that_is_gone_afterwards(empty_place: Place) -> None:
    """The data set stays as it was loaded, also where a benchmark still holds its copy open, or leaves one behind."""
    engine_place = EnginePlace(empty_place.data, empty_place.url)
    with world_on(engine_place, 300) as (data, database_url, world):
        copy = Place(data, database_url)
        _run(copy, "DELETE FROM ticket_notes")
        held = open_database(data, database_url)
    assert not _is_there(copy)
    held.close()
    prepared(copy.data, copy.url, TICKETS)
    with world_on(engine_place, 300, 1) as again:
        assert again == (data, database_url, world)
        assert _count(copy, "ticket_notes") == 900


def test_two_copies_are_two(empty_place: Place) -> None:
    """Under two names, of one data set."""
    engine_place = EnginePlace(empty_place.data, empty_place.url)
    with world_on(engine_place, 300) as one, world_on(engine_place, 300, name="other") as other:
        _run(Place(one.data, one.database_url), "DELETE FROM ticket_notes")
        assert _count(Place(other.data, other.database_url), "ticket_notes") == 900
        assert one.world == other.world


def test_a_copy_has_all_that_was_committed(empty_place: Place) -> None:
    """Also while somebody is connected to the data set, who is not to hinder the copying."""
    engine_place = EnginePlace(empty_place.data, empty_place.url)
    pristine = engine_place.pristine(300, 1)
    prepared(pristine.data, pristine.database_url, 300)
    database = open_database(pristine.data, pristine.database_url)
    database.write(lambda tx: tx.run("DELETE FROM ticket_notes"))
    with world_on(engine_place, 300) as (data, database_url, _):
        assert _count(Place(data, database_url), "ticket_notes") == 0
    database.close()


def test_a_database_of_others_is_left_alone(place: Place) -> None:
    """Somebody's tickets are worth more than a benchmark."""
    before = _count(place, "tickets")
    with pytest.raises(Refused):
        prepared(place.data, place.url, TICKETS)
    assert _count(place, "tickets") == before > 0


def _rows(database: Database, table: str) -> list[dict[str, Any]]:
    """In the order of what identifies them, which both engines sort alike."""
    found = database.read(lambda tx: rows(tx, f"SELECT * FROM {table} ORDER BY 1"))
    return [{name: value for name, value in row.items() if name not in ("password_hash", "xid")} for row in found]


def _answers(client: TestClient, email: str, numbers: Sequence[int]) -> set[int]:
    """The status codes of each ticket, as the person sees it."""
    headers = bearer(try_password(client, email, PASSWORD).json()["access"])
    return {client.get(f"/api/v1/tickets/{number}", headers=headers).status_code for number in numbers[:20]}


def _run(place: Place, sql: str) -> None:
    database = open_database(place.data, place.url)
    database.write(lambda tx: tx.run(sql))
    database.close()


def _count(place: Place, table: str) -> int:
    database = open_database(place.data, place.url)
    found: int = database.read(lambda tx: tx.value(f"SELECT count(*) AS value FROM {table}"))
    database.close()
    return found


def _is_there(place: Place) -> bool:
    if place.url is None:
        return place.data.exists()
    try:
        psycopg.connect(place.url).close()
    except psycopg.OperationalError:
        return False
    return True
