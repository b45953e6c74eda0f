"""`GET /tickets/counts`: its numbers, its faults, and the desk's day."""

from typing import Any, Final

import pytest

from asking import ApiFor
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, STRANGER, STRANGERS, TYPED, at
from keesa.db import Database
from keesa.tickets import counts
from keesa.tickets.counts import OF_DESK, OF_STATUS
from keesa.web import dispatcher

EVENING: Final = at("2025-03-09T23:50")
MORNING: Final = EVENING + 20 * 60 * 1000


def numbers(answer: Any) -> dict[str, int]:  # noqa: ANN401 - a response
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert all(count["exact"] is True for count in data.values())
    return {name: count["count"] for name, count in data.items()}


def test_a_screen_gets_its_numbers_at_once(api: ApiFor) -> None:
    """Each group and status, and what the desk looks for besides."""
    found = numbers(api(ADMIN)("GET", "/tickets/counts"))
    assert [*found] == [*OF_STATUS, *OF_DESK]
    assert [found[name] for name in OF_STATUS] == [5, 2, 2, 1, 1, 1]
    mine = numbers(api(ENGINEER)("GET", "/tickets/counts"))
    assert (mine["all"], mine["mine_open"], mine["mine_active"]) == (3, 1, 0)
    assert numbers(api(STRANGER)("GET", "/tickets/counts"))["mine_active"] == 1


def test_filters_narrow_every_count(api: ApiFor) -> None:
    """Those of the list of rows, all of which must fit."""
    admin = api(ADMIN)
    assert numbers(admin("GET", "/tickets/counts?group=active&counts=all,open,active,closed")) == {
        "all": 2,
        "open": 0,
        "active": 2,
        "closed": 0,
    }
    assert numbers(admin("GET", "/tickets/counts?customer_id=1&counts=all,unassigned")) == {"all": 2, "unassigned": 0}
    assert numbers(admin("GET", "/tickets/counts?status=on_hold&counts=all&counts=held")) == {"all": 1, "held": 0}
    assert numbers(admin("GET", "/tickets/counts?customer_id=999&counts=all")) == {"all": 0}


def test_customers_are_told_of_their_own(api: ApiFor) -> None:
    """Nothing that is the desk's; a bot is told of nothing."""
    assert numbers(api(CUSTOMER)("GET", "/tickets/counts")) == {
        "all": 2,
        "open": 1,
        "active": 1,
        "closed": 0,
        "in_progress": 0,
        "on_hold": 1,
    }
    answer = api(CUSTOMER)("GET", "/tickets/counts?counts=all,watched&tag=1")
    assert (answer.status_code, {*answer.json()["errors"]}) == (422, {"counts", "tag"})
    assert "watched" not in answer.json()["errors"]["counts"][0]
    assert {*numbers(api(BOT)("GET", "/tickets/counts")).values()} == {0}


def test_every_fault_is_named(api: ApiFor) -> None:
    """Of the names and of the filters together."""
    answer = api(ADMIN)("GET", "/tickets/counts?counts=some,all&status=none&priority=6&watched=maybe")
    assert answer.status_code == 422
    answer = api(ADMIN)("GET", "/tickets/counts?counts=some,all&status=none&priority=6")
    assert {*answer.json()["errors"]} == {"counts", "status", "priority"}
    assert answer.json()["errors"]["counts"] == [f"is unknown, must be one of {', '.join((*OF_STATUS, *OF_DESK))}"]
    for query in ("limit=5", "sort=raised", "counts="):
        assert api(ADMIN)("GET", f"/tickets/counts?{query}").status_code == 422, query


def test_what_is_more_than_the_most_is_told_as_such(api: ApiFor, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the most that is told."""
    monkeypatch.setattr(counts, "MOST", 2)
    monkeypatch.setattr(counts, "LOOKED_AT", 3)
    assert api(ADMIN)("GET", "/tickets/counts?counts=all,open,active,closed").json() == {
        "data": {
            "all": {"count": 2, "exact": False},
            "open": {"count": 2, "exact": True},
            "active": {"count": 2, "exact": True},
            "closed": {"count": 1, "exact": True},
        }
    }


def test_a_count_that_stays_stays_known(api: ApiFor) -> None:
    """Its state is that of the numbers: a title moves it not, a status does."""
    admin = api(ADMIN)
    etag = admin("GET", "/tickets/counts").headers["ETag"]
    admin("PATCH", f"/tickets/{ASSIGNED}", {"ticket": {"title": "Another"}})
    assert admin("GET", "/tickets/counts", If_None_Match=etag).status_code == 304
    admin("POST", f"/tickets/{TYPED}/status_update", {"ticket": {"status": "on_hold"}})
    assert admin("GET", "/tickets/counts", If_None_Match=etag).status_code == 200


def test_what_is_due_today_is_another_at_midnight(
    api: ApiFor, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the desk's zone, and though nothing was written: no kept answer outlives its day."""
    sql = "UPDATE tickets SET held_until = '2025-03-10' WHERE id = :id"
    database.write(lambda tx: tx.run(sql, id=STRANGERS))
    admin = api(ADMIN)
    for moment, due in ((EVENING, 0), (EVENING, 0), (MORNING, 1)):
        monkeypatch.setattr(dispatcher, "now", lambda at=moment: at)
        assert numbers(admin("GET", "/tickets/counts?counts=held,due_today")) == {"held": 1, "due_today": due}
