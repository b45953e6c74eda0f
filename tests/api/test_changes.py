"""`GET /changes` and `/changes/start`: what happens to the tickets that its caller sees."""

from typing import Any

from asking import Api, ApiFor
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER

Told = dict[str, Any]


def begun(caller: Api) -> str:
    answer = caller("GET", "/changes/start")
    assert answer.status_code == 200, answer.text
    cursor: str = answer.json()["data"]["cursor"]
    return cursor


def told(caller: Api, cursor: str, query: str = "") -> Told:
    answer = caller("GET", f"/changes?after={cursor}{query}")
    assert answer.status_code == 200, answer.text
    data: Told = answer.json()["data"]
    return data


def test_what_happens_is_told_once(api: ApiFor) -> None:
    admin, engineer = api(ADMIN), api(ENGINEER)
    cursor = begun(admin)
    engineer("POST", f"/tickets/{ASSIGNED}/notes", {"note": {"note": "The cable was cut"}})
    engineer("PATCH", f"/tickets/{ASSIGNED}", {"ticket": {"title": "The cable was cut", "priority": 1}})
    first = told(admin, cursor)
    assert [(each["ticket_id"], each["kind"]) for each in first["changes"]] == [
        (ASSIGNED, "note_added"),
        (ASSIGNED, "edited"),
    ]
    row = admin("GET", "/tickets/rows?limit=50").json()["data"]["rows"]
    assert first["rows"] == [each for each in row if each[0] == ASSIGNED]
    assert (first["gone"], first["more"]) == ([], False)
    second = told(admin, first["next"])
    assert (second["changes"], second["rows"], second["more"]) == ([], [], False)


def test_a_page_ends_at_its_limit(api: ApiFor) -> None:
    admin = api(ADMIN)
    cursor = begun(admin)
    for title in ("First", "Second", "Third"):
        admin("PATCH", f"/tickets/{ASSIGNED}", {"ticket": {"title": title}})
    titles, pages, more = [], 0, True
    while more:
        page = told(admin, cursor, "&limit=1")
        titles += [each["changes"][0]["to"] for each in page["changes"]]
        cursor, more, pages = page["next"], page["more"], pages + 1
    assert (titles, pages) == (["First", "Second", "Third"], 3)


def test_what_leaves_ones_sight_is_gone_and_what_comes_back_is_whole(api: ApiFor) -> None:
    admin, customer = api(ADMIN), api(CUSTOMER)
    before = begun(customer)
    admin("POST", f"/tickets/{ASSIGNED}/notes", {"note": {"note": "For the desk alone", "internal": True}})
    page = told(customer, before)
    assert (page["changes"], page["rows"], page["gone"]) == ([], [], [])
    assert page["next"] != before
