"""Every database that is kept, brought up: the schema of a new one, all that was in it, and an API that answers."""

import json
from functools import partial
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from acting import CLOCK, rows
from cast import at
from catalogs import catalog
from keesa.accounts import tokens
from keesa.accounts.actors import SYSTEM
from keesa.accounts.permissions import ENFORCED
from keesa.accounts.roles import list_roles
from keesa.accounts.sessions import Version
from keesa.db import Database
from keesa.db.migrate import check_schema, migrate, migrations
from keesa.readiness import prove_writing
from keesa.tickets.numbers import PREFIX, NumberForm, next_number, number_of
from keesa.web import dispatcher
from kept_forms import ADMIN, BOT, CUSTOMER, ENGINEER, LEAVER, PASSWORD, Upgraded
from logins import REFRESH, bearer, refresh_header, try_password
from new_tickets import BODY_2024, changed

LONGEST: Final = 131_072
"""Characters of a text; migration 5 cuts what is longer, and keeps the whole of it aside."""
MOST_SESSIONS: Final = 50
CHANGED: Final = {
    *("schema_migrations", "desk_revisions", "roles", "role_permissions", "sessions"),
    *("ticket_counters", "ticket_number_bases", "long_texts", "rules", "login_failures", "ticket_assignments"),
}
"""Tables with tests of their own, or that nobody else writes."""
LOGINS: Final[dict[str, Version]] = {ADMIN: "2021", ENGINEER: "2024", CUSTOMER: "2021", BOT: "2024"}
FILLED: Final = ("ticket_notes", "ticket_events", "ecos", "sessions", "login_failures", "settings", "products")
TEXTS: Final = {"description", "body", "revision", "description_size", "notes_size"}
"""What differs where a text is cut."""


@pytest.fixture
def at_the_time(upgraded: Upgraded, monkeypatch: pytest.MonkeyPatch) -> int:
    """When its last request was answered, by the clock of requests and of tokens; in milliseconds since 1970."""
    at = upgraded.made["at"]
    monkeypatch.setattr(dispatcher, "now", lambda: at)
    monkeypatch.setattr(tokens, "time", SimpleNamespace(time=lambda: at / 1000))
    return at


def test_the_schema_is_that_of_a_new_one(upgraded: Upgraded, new_database: Database) -> None:
    """Columns, indexes, constraints, triggers and functions; the migrations are named and numbered as they are now."""
    assert upgraded.database.read(catalog) == new_database.read(catalog)
    applied = sorted((row["version"], row["name"]) for row in upgraded.after["schema_migrations"])
    assert applied == [(each.version, each.name) for each in migrations("sqlite")]
    upgraded.database.read(check_schema)
    upgraded.database.write(prove_writing)
    assert migrate(upgraded.database) == []


def test_what_was_there_is_there(upgraded: Upgraded) -> None:
    """Every row with every value, but for what a migration is known to change."""
    long = upgraded.after["long_texts"]
    cut = {"tickets": {row["ticket_id"] for row in long}, "ticket_notes": {row["note_id"] for row in long}}
    for table in upgraded.before.keys() - CHANGED:
        hidden = {row["id"]: TEXTS for row in upgraded.before[table] if row.get("id") in cut.get(table, ())}
        columns = list(upgraded.before[table][0]) if upgraded.before[table] else []
        before, after = (
            [{name: row[name] for name in columns if name not in hidden.get(row.get("id"), ())} for row in some]
            for some in (upgraded.before[table], upgraded.after[table])
        )
        assert [row for row in after if row.get("email") != SYSTEM.email] == [
            row for row in before if row.get("email") != SYSTEM.email
        ], table


def test_names_that_were_typed_are_gone(upgraded: Upgraded) -> None:
    """People type their passwords there; what an address has failed at still counts."""
    before, after = (
        [row for row in some["login_failures"] if row["subject"].startswith("address ")]
        for some in (upgraded.before, upgraded.after)
    )
    assert after == before
    if "unknown_logins" not in upgraded.before:  # since then the names are hashed, and stay
        assert after == upgraded.after["login_failures"]


def test_every_kind_of_row_is_there(upgraded: Upgraded) -> None:
    """What is compared is something: users of all types, a disabled one, all statuses, several years, settings; and
    Keesa itself is a user.
    """
    after = upgraded.after
    assert {row["user_type"] for row in after["users"]} == {"admin", "staff", "customer", "bot"}
    assert [row["email"] for row in after["users"] if row["disabled_at"]] == [LEAVER]
    assert [row["email"] for row in after["users"] if row["id"] == SYSTEM.id] == [SYSTEM.email]
    assert {row["status"] for row in after["tickets"]} == {"open", "in_progress", "on_hold", "closed"}
    assert {str(row["id"])[:PREFIX] for row in after["tickets"]} >= {"2008", "2012", "2024", "2026"}
    for table in (
        "ticket_notes",
        "ticket_events",
        "ecos",
        "sessions",
        "login_failures",
        "settings",
        "role_ticket_types",
    ):
        assert after[table], table
    assert any("<li>" in row["body"] for row in after["ticket_notes"])


def test_events_tell_what_the_tables_of_before_told(upgraded: Upgraded) -> None:
    """Of each ticket: that it was raised, and every status, assignment and note, with who and when; numbered from 1."""
    if "ticket_assignments" not in upgraded.before:
        return
    events, before = upgraded.after["ticket_events"], upgraded.before
    told = {
        kind: sorted((each["ticket_id"], each["actor_id"], each["at"]) for each in events if each["kind"] == kind)
        for kind in ("raised", "assigned", "status", "note_added")
    }
    opened = {min(each["id"] for each in of_one) for of_one in by_ticket(before["ticket_statuses"]).values()}
    later = [each for each in before["ticket_statuses"] if each["id"] not in opened]
    assert told == {
        "raised": sorted((each["id"], each["raised_by_id"], each["raised_at"]) for each in before["tickets"]),
        "assigned": told_by(before["ticket_assignments"], "assigned_by_id"),
        "status": told_by(later, "changed_by_id"),
        "note_added": told_by(before["ticket_notes"], "author_id"),
    }
    assert len(events) == sum(map(len, told.values()))
    notes = {(each["id"], each["ticket_id"], each["created_at"]) for each in before["ticket_notes"]}
    assert {(each["thing_id"], each["ticket_id"], each["at"]) for each in events if each["thing_id"]} == notes
    for number, of_one in by_ticket(events).items():
        [ticket] = [row for row in upgraded.after["tickets"] if row["id"] == number]
        in_order = sorted(of_one, key=lambda each: each["number"])
        assert [each["number"] for each in in_order] == list(range(1, ticket["events"] + 1))
        assert [each["public_number"] for each in in_order] == list(range(1, ticket["public_events"] + 1))
        assert ticket["changed_at"] == ticket["public_changed_at"] == max(each["at"] for each in of_one)
        assert in_order[0]["kind"] == "raised"
        assert {each["customer_id"] for each in in_order} == {ticket["customer_id"]}
        for earlier, each in pairwise(in_order):
            had = (each["had_customer_id"], each["had_assigned_to_id"], each["had_ticket_type"])
            if each["kind"] == "assigned":
                changes = {"assigned_to_id": [earlier["assigned_to_id"], each["assigned_to_id"]]}
                assert json.loads(each["changes"]) == changes
                assert had == (ticket["customer_id"], earlier["assigned_to_id"], ticket["ticket_type"])
            else:
                assert had == (None, None, None)
                assert each["assigned_to_id"] == earlier["assigned_to_id"]
        if any(each["kind"] == "assigned" for each in of_one):
            assert in_order[-1]["assigned_to_id"] == ticket["assigned_to_id"]
        statuses = [json.loads(each["changes"])["status"] for each in in_order if each["kind"] == "status"]
        assert [was for was, _ in statuses] == ["open", *(is_ for _, is_ in statuses)][:-1]
        assert ["open", *(is_ for _, is_ in statuses)][-1] == ticket["status"]


def test_tickets_have_the_times_of_their_closing_and_first_answer(upgraded: Upgraded) -> None:
    """Of the last change to closed, and of the first note of the desk's that its customer sees, as events tell them."""
    customers = {each["id"] for each in upgraded.after["users"] if each["user_type"] == "customer"}
    events, times = by_ticket(upgraded.after["ticket_events"]), []
    for row in upgraded.after["tickets"]:
        closed, answers = [], []
        for each in sorted(events[row["id"]], key=lambda each: each["number"]):
            was, is_ = json.loads(each["changes"]).get("status", (None, None)) if each["kind"] == "status" else ("", "")
            if is_ == "closed" != was:
                closed.append(each["at"])
            if (
                each["kind"] == "note_added"
                and each["public_number"]
                and each["number"] > row["public_since"]
                and each["actor_id"] not in customers
            ):
                answers.append(each["at"])
        assert row["closed_at"] == (closed[-1] if row["status"] == "closed" else None)
        assert row["first_answer_at"] == (answers[0] if answers else None)
        times.append((row["closed_at"], row["first_answer_at"]))
    assert all(any(each) and not all(each) for each in zip(*times, strict=True))


def by_ticket(rows: list[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    return {
        number: [row for row in rows if row["ticket_id"] == number] for number in {row["ticket_id"] for row in rows}
    }


def told_by(rows: list[dict[str, Any]], who: str) -> list[tuple[int, int, int]]:
    return sorted((each["ticket_id"], each[who], each["created_at"]) for each in rows)


def test_texts_without_a_bound_are_kept_aside(upgraded: Upgraded) -> None:
    """Whole, each in its place; where there was none before, there is none."""
    before = [
        *((row["id"], None, row["description"]) for row in upgraded.before["tickets"]),
        *((row["ticket_id"], row["id"], row["body"]) for row in upgraded.before["ticket_notes"]),
    ]
    kept = [(row["ticket_id"], row["note_id"], row["body"]) for row in upgraded.after["long_texts"]]
    if "long_texts" in upgraded.before:
        assert upgraded.after["long_texts"] == upgraded.before["long_texts"]
        return
    assert sorted(kept, key=repr) == sorted((each for each in before if len(each[2]) > LONGEST), key=repr)
    assert kept


def test_roles_give_what_they_gave(upgraded: Upgraded) -> None:
    """In their order, odd words too; the usual ones may look customers and equipment up besides, and admins do all."""
    given = {role.name: [str(each) for each in role.given] for role in upgraded.database.read(list_roles)}
    assert given["admin"] == ["projects:read", "projects:write", *map(str, ENFORCED)]
    assert given["old_crew"] == ["tickets:write", "tickets:read", "boats:sail", "boats:moor", "ރިޕޯޓް:އެހެން"]
    assert given["engineer"] == [
        "projects:read",
        "tickets:read",
        "tickets:write",
        "customers:read",
        "ecos:read",
        "reports:read",
    ]
    if "odd_words" in given:
        assert given["odd_words"] == ["it's:%s :name $word", "it's:a: b", ":x", " : "]


def test_sessions_stay_but_for_those_beyond_fifty(upgraded: Upgraded) -> None:
    """Of a user, and of these the oldest."""
    columns = upgraded.before["sessions"][0].keys()
    kept = [{name: row[name] for name in columns} for row in upgraded.after["sessions"]]
    newest = sorted(upgraded.before["sessions"], key=lambda row: (-row["created_at"], row["refresh_uid"]))
    expected = [row for user in by_user(newest) for row in user[:MOST_SESSIONS]]
    assert sorted(kept, key=repr) == sorted(expected, key=repr)
    assert len(upgraded.before["sessions"]) > MOST_SESSIONS


def by_user(sessions: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    return [[row for row in sessions if row["user_id"] == user] for user in {row["user_id"] for row in sessions}]


@pytest.mark.usefixtures("at_the_time")
def test_who_was_somebody_is_somebody(client: TestClient) -> None:
    """Everybody logs in with the password that they had, by either version; who was disabled does not."""
    for email, version in LOGINS.items():
        assert try_password(client, email, PASSWORD, version).status_code == 200, email
    assert try_password(client, LEAVER, PASSWORD).status_code == 401


@pytest.mark.usefixtures("at_the_time")
def test_lists_and_tickets_are_answered(client: TestClient, upgraded: Upgraded) -> None:
    """Every ticket is listed, and each is shown as it was: texts, people, telephone numbers, history and notes."""
    headers = bearer(upgraded.made["access"]["2024"])
    listed = client.get("/api/v1/tickets?limit=500", headers=headers).json()["data"]["tickets"]
    assert {ticket["id"] for ticket in listed} == {row["id"] for row in upgraded.after["tickets"]}
    shown = [row for row in upgraded.after["tickets"] if row["reference"] or row["id"] < 2_024_002]
    assert len(shown) > 8
    for row in shown:
        answer = client.get(f"/api/v1/tickets/{row['id']}", headers=headers)
        assert answer.status_code == 200
        assert_shown(upgraded, row, answer.json()["data"]["ticket"])


def assert_shown(upgraded: Upgraded, row: dict[str, Any], ticket: dict[str, Any]) -> None:
    number, names = row["id"], {user["id"]: user["full_name"] for user in upgraded.after["users"]}
    for name in ("title", "description", "status", "contact_name", "contact_number", "ticket_type", "category"):
        assert ticket[name] == row[name], name
    assert ticket["contact_phone"] == (row["contact_phone"] or str(row["contact_number"]))
    assert ticket["raised_by"] == names[row["raised_by_id"]]
    assert ticket["assigned_to"] == names.get(row["assigned_to_id"])
    for table, told, column in (("ticket_statuses", "status", "status"), ("ticket_notes", "comment", "body")):
        kept = [each[column] for each in upgraded.after[table] if each["ticket_id"] == number]
        assert sorted(each[told] for each in ticket[table]) == sorted(kept)
    events = [each for each in upgraded.after["ticket_events"] if each["ticket_id"] == number]
    assigned = [names[each["assigned_to_id"]] for each in events if each["kind"] == "assigned"]
    assert sorted(each["assigned_to"] for each in ticket["ticket_assignments"]) == sorted(assigned)


def test_work_goes_on(client: TestClient, upgraded: Upgraded, at_the_time: int) -> None:
    """The next ticket has the next number; it is assigned, spoken of and closed; so is one that was there."""
    headers = bearer(upgraded.made["access"]["2024"])
    year = str(CLOCK.local(at_the_time).year)
    largest = max(int(str(row["id"])[PREFIX:]) for row in upgraded.after["tickets"] if str(row["id"]).startswith(year))
    raised = client.post("/api/v1/tickets", json=changed(BODY_2024, {}, {"customer_id": 20}), headers=headers)
    assert raised.status_code == 201, raised.text
    assert raised.json()["id"] == number_of(year, largest + 1)
    older = next(row["id"] for row in upgraded.after["tickets"] if row["status"] == "on_hold" and row["reference"])
    day = CLOCK.local(at_the_time).date().isoformat()
    for number in (raised.json()["id"], older):
        for path, body in {
            f"/tickets/{number}/assign": {"ticket": {"assigned_to_id": 2}},
            "/tickets/add_ticket_note": {"ticket_number": str(number), "ticket_note": {"note": "Back on line"}},
            f"/tickets/{number}/status_update": {"ticket": {"status": "closed", "closed_date": day}},
        }.items():
            answer = client.post(f"/api/v1{path}", json=body, headers=headers)
            assert answer.is_success, answer.text
        asked = {"ticket_number": str(number)}
        notes = client.request("GET", "/api/v1/tickets/get_ticket_notes", json=asked, headers=headers)
        assert notes.json()["data"]["notes"][-1]["note"] == "Back on line"


def test_numbers_go_on(upgraded: Upgraded) -> None:
    """Of every year and month that there is a ticket of, the next one is given; one that PostgreSQL draws for one of
    them is left out by the others.
    """
    exact = upgraded.database.read(lambda tx: tx.writes_alone)
    largest: dict[str, int] = {}
    for row in upgraded.database.read(lambda tx: rows(tx, "SELECT id FROM tickets")):
        prefix, running = str(row["id"])[:PREFIX], int(str(row["id"])[PREFIX:])
        largest[prefix] = max(running, largest.get(prefix, 0))
    for prefix, running in largest.items():
        form: NumberForm = "yearly" if prefix.startswith("202") else "monthly"
        when = at(f"{prefix}-06-15T12:00" if form == "yearly" else f"20{prefix[:2]}-{prefix[2:]}-15T12:00")
        number = upgraded.database.write(partial(next_number, at=when, clock=CLOCK, form=form))
        assert number == number_of(prefix, running + 1) if exact else number > number_of(prefix, running)


@pytest.mark.usefixtures("at_the_time")
def test_who_was_logged_in_is_logged_in(client: TestClient, upgraded: Upgraded) -> None:
    """With the tokens that the old program has signed: access tokens of both versions, and refresh tokens. Last of all,
    since a refresh ends the tokens that other tests use.
    """
    for version, path in REFRESH.items():
        access, refresh = upgraded.made["access"][version], upgraded.made["refresh"][version]
        assert client.get("/api/v1/tickets", headers=bearer(access)).status_code == 200
        answer = client.post(path, headers=refresh_header(refresh))
        assert answer.status_code == 200, answer.text
        assert client.get("/api/v1/tickets", headers=bearer(answer.json()["access"])).status_code == 200
