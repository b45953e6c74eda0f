"""`GET /audit` and `/audit/<id>`: the trail over the API, for who may read it, newest first."""

from typing import Any, Final

import pytest
from httpx2 import Response

import cast
from acting import actor_of
from asking import Api, ApiFor
from keesa.accounts.audit.recording import Requester, record
from keesa.db import Database, Tx

NOON: Final = cast.at("2025-04-01T12:00")
DAYS: Final = "from=2025-04-01&to=2025-04-03"
"""Of the acts below: the cast came later."""


@pytest.fixture(scope="module", autouse=True)
def acts(shared_database: Database) -> None:
    def add(tx: Tx) -> None:
        by = Requester(actor=actor_of(tx, cast.ADMIN), at=NOON, via="session", address="203.0.113.7", request_id="r1")
        for number in range(5):
            record(tx, by, "user.change", 4, {"nick_name": f"a{number}"}, {"nick_name": "=b"}, person_id=4)

    shared_database.write(add)


@pytest.fixture
def admin(shared_api: ApiFor) -> Api:
    return shared_api(cast.ADMIN)


def found(answer: Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] = answer.json()["data"]["acts"]
    return listed


def test_an_act_is_shown_with_all_that_is_known_of_it(admin: Api) -> None:
    """In the list as by itself; it stays what it is, so a client may keep it."""
    [shown, *_] = found(admin("GET", f"/audit?{DAYS}"))
    one = admin("GET", f"/audit/{shown['id']}")
    assert one.json() == {"data": {"act": shown}}
    assert admin("GET", f"/audit/{shown['id']}", If_None_Match=one.headers["ETag"]).status_code == 304
    assert shown == {
        "id": shown["id"],
        "at": "2025-04-01T12:00:00.000+05:00",
        "action": "user.change",
        "via": "session",
        "actor_id": cast.ADMIN.id,
        "actor": cast.ADMIN.full_name,
        "token_id": None,
        "operator": None,
        "address": "203.0.113.7",
        "request_id": "r1",
        "thing": "user",
        "thing_id": "4",
        "person_id": 4,
        "changes": {"nick_name": ["a4", "=b"]},
        "erased": False,
    }


def test_pages_follow_each_other(admin: Api) -> None:
    """By `next` and by the link, down to the last one."""
    seen, path = [], f"/audit?limit=2&{DAYS}"
    while True:
        answer = admin("GET", path)
        seen += [act["id"] for act in found(answer)]
        if answer.json()["data"]["next"] is None:
            break
        path = answer.headers["Link"].partition("/api/v1")[2].partition(">")[0]
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)
    assert "Link" not in answer.headers


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("person=4", 5),
        ("person=1", 5),
        ("person=2", 0),
        ("thing=user&thing_id=4", 5),
        ("thing=role", 0),
        ("action=user.change", 5),
        ("action=user.disable", 0),
        ("request_id=r1", 5),
        ("request_id=r2", 0),
    ],
)
def test_filters_are_read_from_the_query(admin: Api, query: str, count: int) -> None:
    assert len(found(admin("GET", f"/audit?{DAYS}&{query}"))) == count


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("from=2025-04-01T12:00&to=2025-04-01T12:01", 5),
        ("from=2025-04-01T07:00:00.000Z&to=2025-04-02", 5),
        ("from=2025-04-01T12:00:00.000%2B05:00&to=2025-04-01", 5),
        ("from=2025-04-01T12:00:00+05:00&to=2025-04-01", 5),
        ("from=2025-03-01&to=2025-03-31", 0),
        ("from=2025-04-01T12:01&to=2025-04-03", 0),
    ],
)
def test_times_are_the_desks(admin: Api, query: str, count: int) -> None:
    """Unless they say another zone; a plus that was not escaped is understood."""
    assert len(found(admin("GET", f"/audit?{query}"))) == count


def test_what_is_no_time_is_refused(admin: Api) -> None:
    """With each fault, under the name that it has in the query."""
    answer = admin("GET", "/audit?from=yesterday&to=9999-12-31")
    assert answer.status_code == 422
    sentence = "must be a day like 2025-03-04, or a full time"
    assert answer.json()["errors"] == {"from": [sentence], "to": [sentence]}
    assert admin("GET", "/audit?after=Mg").status_code == 422
    assert admin("GET", "/audit?person=x").status_code == 422


def test_it_is_csv_too(admin: Api) -> None:
    """What was changed in one column, as JSON."""
    lines = admin("GET", f"/audit?{DAYS}&format=csv").text.splitlines()
    assert len(lines) == 6
    assert lines[0].startswith("id,at,action,via,actor_id,actor,")
    assert lines[1].endswith(',user,4,4,"{""nick_name"":[""a4"",""=b""]}",false')
