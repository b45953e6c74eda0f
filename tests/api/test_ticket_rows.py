"""`GET /tickets/rows`, and `updated_since` of the documented lists: shapes, faults, links, and what customers get."""

from typing import Any, Final
from urllib.parse import quote

import msgspec
import pytest

from asking import ApiFor
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, HIDDEN, RAISED, STRANGERS, TYPED
from keesa.api.v2024.tickets.rows import COLUMNS, LARGEST_ROW, shown
from keesa.clock import Clock, now
from keesa.config import DEFAULT_ZONE
from keesa.db import Database
from keesa.tickets import changed_since
from keesa.tickets.numbers import LARGEST
from keesa.tickets.row_views import TicketRow

LATEST: Final = 253_402_279_199_999
"""The last millisecond of the year 9999 in the Maldives."""


def longest(title: str) -> TicketRow:
    """A row whose other values are as long as they can be."""
    return TicketRow(
        id=LARGEST,
        title=title,
        status="in_progress",
        priority=5,
        ticket_type="t" * 64,
        category="c" * 64,
        customer_id=LARGEST,
        product_id=LARGEST,
        raised_at=LATEST,
        raised_by_id=LARGEST,
        assigned_to_id=LARGEST,
        updated_at=LATEST,
        held_until="9999-12-31",
        answered=False,
        notes_count=10_000,
        last_note_at=LATEST,
        last_note_by_id=LARGEST,
    )


@pytest.mark.parametrize("title", ["x", "x" * 255, "\u0001" * 255, '"' * 255, "😀" * 255, "ރ" * 255, ""])
def test_a_row_has_at_most_400_bytes(title: str) -> None:
    """Whatever stands in it: what is too long of the title is cut, between two characters."""
    clock = Clock(DEFAULT_ZONE)
    for row in (longest(title), _short(title)):
        made = shown(row, clock)
        assert len(msgspec.json.encode(made)) <= LARGEST_ROW
        assert title.startswith(made.title.removesuffix("…"))
    assert shown(_short("x" * 100), clock).title == "x" * 100
    assert len(msgspec.json.encode(shown(_short('"' * 255), clock))) >= LARGEST_ROW - 1


def _short(title: str) -> TicketRow:
    return TicketRow(1, title, "open", 3, None, None, 1, 1, 0, 1, None, 0, None, None, 0, None, None)


def rows_of(answer: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a response
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert data["columns"] == list(COLUMNS)
    return [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]]


def test_a_row_tells_of_its_ticket(api: ApiFor) -> None:
    """Ids in place of names, the last note's author and time."""
    admin = api(ADMIN)
    [row] = [row for row in rows_of(admin("GET", "/tickets/rows")) if row["id"] == ASSIGNED]
    shown_ = admin("GET", f"/tickets/{ASSIGNED}").json()["data"]["ticket"]
    notes = shown_["ticket_notes"]
    assert (row["title"], row["status"], row["raised_at"]) == (shown_["title"], "open", shown_["raised_on"])
    assert (row["assigned_to_id"], row["customer_id"], row["ticket_type"]) == (ENGINEER.id, 1, "customer_support")
    assert (row["notes_count"], row["last_note_at"]) == (2, max(note["added_on"] for note in notes))
    assert (row["held_until"], row["answered"], row["updated_at"]) == (None, False, shown_["updated_at"])


def test_pages_are_linked(api: ApiFor) -> None:
    """By `next`, and by `Link`, until all were there."""
    admin = api(ADMIN)
    path, seen = "/tickets/rows?limit=2&sort=priority", []
    for _ in range(9):
        answer = admin("GET", path)
        seen += [row["id"] for row in rows_of(answer)]
        cursor = answer.json()["data"]["next"]
        assert (cursor is None) == ("Link" not in answer.headers)
        if cursor is None:
            break
        path = f"/tickets/rows?limit=2&sort=priority&after={cursor}"
    assert sorted(seen) == [2025001, 2025002, 2025003, 2025004, 2025005]


def test_values_may_be_repeated_or_listed(api: ApiFor) -> None:
    """Any of several fits; all filters must."""
    admin = api(ADMIN)

    def found(query: str) -> set[int]:
        return {row["id"] for row in rows_of(admin("GET", f"/tickets/rows?{query}"))}

    assert found("status=on_hold,in_progress") == found("status=on_hold&status=in_progress") == {TYPED, STRANGERS}
    assert found("group=active&status=on_hold") == {STRANGERS}
    assert found("unassigned=true") == {RAISED}
    assert found("customer_id=1&assigned_to_id=2,3") == {ASSIGNED, STRANGERS}
    assert found("customer_id=999") == set()


def test_tickets_are_found_by_when_they_were_closed_and_answered(api: ApiFor) -> None:
    """From a day to the end of another one, or a full time; and by whether they were open at the end of a day."""
    admin = api(ADMIN)

    def found(query: str) -> set[int]:
        return {row["id"] for row in rows_of(admin("GET", f"/tickets/rows?{query}"))}

    [closed] = found("status=closed")
    everything = found("")
    assert closed == HIDDEN
    assert found("closed_from=2025-03-08&closed_to=2025-03-08") == {HIDDEN}
    assert found("closed_from=2025-03-09") == found("closed_to=2025-03-07") == set()
    assert found("open_at=2025-03-08") == everything - {HIDDEN}
    assert found("open_at=2025-03-07") == everything
    assert found("open_at=2025-02-28") == set()
    assert found("first_answered=true") == {ASSIGNED} == everything - found("first_answered=false")
    assert found("first_answered_from=2025-03-05T10:30") == {ASSIGNED} == found("first_answered_to=2025-03-05")
    assert found("first_answered_from=2025-03-05T10:31") == found("first_answered_to=2025-03-05T10:30") == set()


def test_every_fault_is_named(api: ApiFor) -> None:
    """With what may be chosen, where that is a list."""
    answer = api(ADMIN)(
        "GET",
        "/tickets/rows?status=none&group=all&ticket_type=none&category=none&product_id=999&priority=6&customer_id=x"
        "&held_until_from=soon&raised_from=then&updated_since=ever&eco_id=0&unassigned=true&assigned_to_id=1"
        "&closed_from=once&closed_to=later&open_at=never&first_answered_from=once&first_answered_to=later",
    )
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert {*errors} == {
        *("status", "group", "ticket_type", "category", "product_id", "priority", "customer_id", "held_until_from"),
        *("raised_from", "updated_since", "eco_id", "unassigned"),
        *("closed_from", "closed_to", "open_at", "first_answered_from", "first_answered_to"),
    }
    assert errors["status"] == ["is unknown, must be one of open, in_progress, on_hold, closed"]
    assert errors["group"] == ["is unknown, must be one of open, active, closed"]
    assert "3 (Router)" in errors["product_id"][0]
    for query in ("sort=best", "after=none", f"status={','.join(['open'] * 21)}", "limit=0"):
        assert api(ADMIN)("GET", f"/tickets/rows?{query}").status_code == 422, query


def test_the_desks_filters_are_not_for_customers(api: ApiFor) -> None:
    """Each is refused by name; and to a bot nothing is shown."""
    for query in ("tag=1", "watched=true", "mentioned=true", "answered=true"):
        answer = api(CUSTOMER)("GET", f"/tickets/rows?{query}")
        assert answer.status_code == 422
        assert answer.json()["errors"] == {query.split("=")[0]: ["is a filter of the desk's"]}
    assert rows_of(api(BOT)("GET", "/tickets/rows")) == []


def test_nothing_internal_shows_to_customers(database: Database, api: ApiFor) -> None:
    """Neither in a row nor in an order nor by a filter: to the byte."""
    customer, admin = api(CUSTOMER), api(ADMIN)
    queries = ("", "?sort=changed", f"?updated_since={quote('2025-06-01')}")
    before = [customer("GET", f"/tickets/rows{query}").content for query in queries]
    at = now()

    def note(tx: Any) -> None:  # noqa: ANN401 - a transaction
        tx.run(
            "INSERT INTO internal_notes (ticket_id, author_id, body, created_at) VALUES (:id, 1, 'Secret', :at)",
            id=STRANGERS,
            at=at,
        )
        tx.run(
            "UPDATE tickets SET internal_notes = 1, changed_at = :at, answered_at = :at, revision = 7,"
            " public_revision = revision WHERE id = :id",
            id=STRANGERS,
            at=at,
        )

    database.write(note)
    assert [customer("GET", f"/tickets/rows{query}").content for query in queries] == before
    [row] = rows_of(admin("GET", "/tickets/rows?answered=true"))
    assert (row["id"], row["notes_count"], row["last_note_by_id"], row["answered"]) == (STRANGERS, 1, 1, True)


def test_the_documented_lists_know_since_when(api: ApiFor) -> None:
    """What was changed since then alone, in the shapes and orders of before; what is no time is 422."""
    admin = api(ADMIN)
    status = {"ticket": {"status": "in_progress"}}
    since = quote(Clock(DEFAULT_ZONE).iso(now()))
    lists = {
        "/tickets?": [ASSIGNED],
        "/tickets/tickets_by_type?type=customer_support&status=in_progress&": [ASSIGNED],
        "/tickets/tickets_by_category?category=fault&": [],
        "/tickets/tickets_of_customer?customer_id=1&": [ASSIGNED],
    }
    assert [admin("GET", f"{path}updated_since={since}").json()["data"]["tickets"] for path in lists] == [[]] * 4
    assert admin("POST", f"/tickets/{ASSIGNED}/status_update", status).status_code == 200
    category = admin("GET", f"/tickets/{ASSIGNED}").json()["data"]["ticket"]["category"]
    for path, numbers in lists.items():
        named = path.replace("=fault", f"={category}")
        tickets = admin("GET", f"{named}updated_since={since}").json()["data"]["tickets"]
        assert [ticket["id"] for ticket in tickets] == (numbers or [ASSIGNED]), path
        assert all(ticket in admin("GET", named.rstrip("?&")).json()["data"]["tickets"] for ticket in tickets)
        answer = admin("GET", f"{named}updated_since=lately")
        assert (answer.status_code, [*answer.json()["errors"]]) == (422, ["updated_since"])


def test_a_time_that_is_too_long_ago_is_refused(api: ApiFor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more was changed since than one looks at."""
    monkeypatch.setattr(changed_since, "MOST", 1)
    answer = api(ADMIN)("GET", "/tickets?updated_since=2001-01-01")
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"updated_since": [changed_since.TOO_MANY]}


def test_rows_are_csv_too(api: ApiFor) -> None:
    """With a column for each value."""
    answer = api(ADMIN)("GET", "/tickets/rows?format=csv&limit=1")
    [head, *lines] = answer.text.splitlines()
    assert head.split(",") == list(COLUMNS)
    assert len(lines) == 5
