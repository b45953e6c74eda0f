"""`GET /tickets/search`: shapes, excerpts, links, faults, what is found when, and what customers get."""

from typing import Any, Final
from urllib.parse import urlencode

import pytest

from asking import Api, ApiFor
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, HARBOUR, RAISED, SCHOOL, STRANGERS
from indexed import empty
from keesa.api.v2024.tickets.searching import COLUMNS, LARGEST_LIMIT
from keesa.db import Database
from keesa.search import finding, postgres_hits, sqlite_hits

TICKET: Final = {
    "category": "network",
    "product_id": 3,
    "title": "No internet",
    "description": "<p>Since <b>yester</b>day</p><p>the lagoon antenna is dark</p>",
    "ticket_type": "customer_support",
    "reference": "PO 4711-b",
}
HOSTILE: Final = (
    *("a" * 255, "ab " * 85, '"' + "ab " * 32, '"', "*", "-", "- -", "a*", "(((", ")", "''", "\\", "a:*", "a <-> b"),
    *("NEAR(a b)", "head : internet", "{head said} : internet", "a AND b OR c NOT d", "internet & !dark", "^internet"),
    *("%", "_", "\u202e", "ރ" * 200, "字" * 200, "\u0301" * 100, "😀" * 60, "1e5 " * 30, "x" * 10_000, "ab* " * 40),
    *("-ab " * 30, "e" + "\u0301" * 200),
)


def found_of(answer: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a response
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert data["columns"] == list(COLUMNS)
    return [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]]


def search(api: Api, q: str, **more: object) -> list[dict[str, Any]]:
    return found_of(api("GET", f"/tickets/search?{urlencode({'q': q, **more})}"))


def ids(api: Api, q: str, **more: object) -> list[int]:
    return [row["id"] for row in search(api, q, **more)]


def raised(api: Api, **more: object) -> int:
    answer = api("POST", "/tickets", {"ticket": TICKET | more, "customer_id": HARBOUR})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def test_a_ticket_is_found_by_what_it_says(api: ApiFor) -> None:
    """By title, number, reference, contact, half of a telephone number, customer, equipment, description and notes; a
    word that is set in bold half is one.
    """
    admin = api(ADMIN)
    number = raised(admin, customer_name="Aminath Zoé", customer_contact="+960 791-2345", eco_id=1)
    admin("POST", f"/tickets/{number}/notes", {"note": {"note": "Feeder <b>horn</b> replaced"}})
    for q in (
        *("lagoon", "yesterday", '"lagoon antenna"', "lag*", "po-4711-b", "4711", "zoé", "12345", "2345", "7912345"),
        *("feeder horn", str(number), f"{str(number)[:6]}* lagoon", "fulhadhoo lagoon", "router lagoon", "LAGOON"),
    ):
        assert number in ids(admin, q), q
    for q in ("antenna lagoon nowhere", '"antenna lagoon"', "lagoon -feeder", "zoe", "345"):
        assert number not in ids(admin, q), q


def test_excerpts_show_what_was_found(api: ApiFor) -> None:
    """Every second part of one; of a note with its id. At most three of a ticket, of each part of it one."""
    admin = api(ADMIN)
    number = raised(admin)
    note = admin("POST", f"/tickets/{number}/notes", {"note": {"note": "The lagoon &amp; the <i>antenna</i>"}}).json()
    [row] = search(admin, "lagoon antenna 4711")
    said = [(each["in"], each["note_id"], each["text"]) for each in row["found"]]
    assert said[0] == ("reference", None, ["PO ", "4711", "-b"])
    assert said[1][:2] == ("description", None)
    assert said[1][2][1::2] == ["lagoon", "antenna"]
    assert "".join(said[1][2]).endswith("yesterday the lagoon antenna is dark ")
    assert said[2] == ("note", note["id"], ["The ", "lagoon", " & the ", "antenna", ""])
    [row] = search(admin, "fulhadhoo lagoon")
    assert [each["in"] for each in row["found"]] == ["customer", "description", "note"]


def test_what_is_written_counts_at_once(api: ApiFor) -> None:
    """From the answer of a write on the ticket is found by what it says now, and by nothing that it said before."""
    admin = api(ADMIN)
    number = raised(admin)
    assert ids(admin, "lagoon") == [number]
    assert admin("PATCH", f"/tickets/{number}", {"ticket": {"description": "An isthmus"}}).status_code == 200
    assert (ids(admin, "lagoon"), ids(admin, "isthmus")) == ([], [number])
    path = f"/tickets/{number}/notes"
    note = admin("POST", path, {"note": {"note": "A mooring"}}).json()["id"]
    assert ids(admin, "isthmus mooring") == [number]
    admin("PATCH", f"{path}/{note}", {"note": {"note": "A gangway"}})
    assert (ids(admin, "mooring"), ids(admin, "gangway")) == ([], [number])
    admin("DELETE", f"{path}/{note}")
    assert ids(admin, "gangway") == []
    assert admin("PATCH", f"/customers/{HARBOUR}", {"customer": {"name": "Felidhoo Quay"}}).status_code == 200
    assert ids(admin, "isthmus quay") == [number]


def test_customers_find_what_they_may_see(api: ApiFor) -> None:
    """Nothing of others, no internal note, and of a ticket that was given to them nothing of before."""
    admin, customer = api(ADMIN), api(CUSTOMER)
    number = raised(admin)
    admin("POST", f"/tickets/{number}/notes", {"note": {"note": "Unpaid lagoon bills", "internal": True}})
    assert [len(row["found"]) for row in search(customer, "lagoon")] == [1]
    assert (ids(customer, "unpaid"), ids(admin, "unpaid")) == ([], [number])
    assert ids(customer, "lagoon -unpaid") == [number]
    assert (ids(customer, "dhonfanu"), ids(customer, str(RAISED))) == ([], [])
    assert customer("GET", "/tickets/search?q=trouble").json()["data"]["count"] == 2
    given = {"title": "Router", "description": "Replaced", "customer_id": HARBOUR}
    admin("POST", f"/tickets/{RAISED}/notes", {"note": {"note": "Secret of the school"}})
    assert admin("PATCH", f"/tickets/{RAISED}", {"ticket": given}).status_code == 200
    assert ids(customer, "replaced") == [RAISED]
    assert (ids(customer, "secret"), ids(admin, "secret")) == ([], [RAISED])
    assert ids(api(BOT), "trouble") == []


def test_pages_have_each_ticket_once(api: ApiFor, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `next` and by `Link`, in each order, also while tickets are added; only the first one counts."""
    admin = api(ADMIN)
    numbers = [raised(admin) for _ in range(7)]
    monkeypatch.setattr(finding, "MOST", 4)
    for sort in finding.SORTS:
        path, seen, counts = f"/tickets/search?q=lagoon&limit=3&sort={sort}", list[int](), list[Any]()
        while path:
            answer = admin("GET", path)
            seen += [row["id"] for row in found_of(answer)]
            data = answer.json()["data"]
            counts.append((data["count"], data["count_is_exact"]))
            assert (data["next"] is None) == ("Link" not in answer.headers)
            path = data["next"] and f"/tickets/search?q=lagoon&limit=3&sort={sort}&after={data['next']}"
            later = raised(admin)
        assert sorted(seen) == numbers, sort
        assert counts == [(4, False), *[(None, False)] * (len(counts) - 1)]
        numbers += range(numbers[-1] + 1, later + 1)


@pytest.mark.parametrize("few", [500, 0], ids=["as filters lead", "as hits lie"])
def test_a_long_ticket_is_found_once(api: ApiFor, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """Though several rows of words are its own, a few of them at a time."""
    admin = api(ADMIN)
    number = raised(admin, description="lagoon " * 1500)
    monkeypatch.setattr(finding, "FEW", few)
    for module in (sqlite_hits, postgres_hits):
        monkeypatch.setattr(module, "CHUNK", 2)
    for sort in finding.SORTS:
        data = admin("GET", f"/tickets/search?q=lagoon&customer_id={HARBOUR}&sort={sort}").json()["data"]
        assert (data["count"], [row[0] for row in data["rows"]], data["next"]) == (1, [number], None)


def test_every_fault_is_named(api: ApiFor) -> None:
    """Those of the query together with those of the filters."""
    answer = api(ADMIN)("GET", "/tickets/search?q=%22no&order=asc&status=none&priority=9")
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert {*errors} == {"q", "order", "status", "priority"}
    assert errors["q"] == ["has a quotation mark that none closes"]
    for query in ("", "q=", "q=a&sort=held_until", "q=ab&after=none", "q=ab&limit=0", "q=ab&what=1"):
        assert api(ADMIN)("GET", f"/tickets/search?{query}").status_code == 422, query
    answer = api(CUSTOMER)("GET", "/tickets/search?q=ab&tag=1")
    assert answer.json()["errors"] == {"tag": ["is a filter of the desk's"]}


@pytest.mark.parametrize("q", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_queries_are_answered(shared_api: ApiFor, q: str) -> None:
    """With what they find or with their faults, whoever asks, in each order."""
    for person in (ADMIN, CUSTOMER):
        for sort in finding.SORTS:
            answer = shared_api(person)("GET", f"/tickets/search?{urlencode({'q': q, 'sort': sort})}")
            assert answer.status_code == 200 or [*answer.json()["errors"]] == ["q"], answer.text


def test_a_page_has_at_most_fifty(shared_api: ApiFor) -> None:
    """Whatever `limit` says above that."""
    admin = shared_api(ADMIN)
    for _ in range(LARGEST_LIMIT + 1):
        raised(admin, title="Buoy adrift")
    assert len(ids(admin, "buoy", limit=400)) == LARGEST_LIMIT
    lines = admin("GET", "/tickets/search?q=buoy&format=csv&sort=raised").text.splitlines()
    assert lines[0].split(",") == list(COLUMNS)
    assert len(lines) == LARGEST_LIMIT + 2


def test_an_index_that_is_being_filled_says_so(database: Database, api: ApiFor) -> None:
    """What is not in it yet is not found."""
    admin = api(ADMIN)
    assert admin("GET", "/tickets/search?q=trouble").json()["data"]["complete"] is True
    database.write(empty)
    data = admin("GET", "/tickets/search?q=trouble").json()["data"]
    assert (data["complete"], data["rows"]) == (False, [])


def test_who_has_it_gets_304(api: ApiFor) -> None:
    """Until something of it changes."""
    engineer = api(ENGINEER)
    path = "/tickets/search?q=trouble"
    tag = engineer("GET", path).headers["ETag"]
    assert engineer("GET", path, If_None_Match=tag).status_code == 304
    engineer("POST", f"/tickets/{ASSIGNED}/notes", {"note": {"note": "Any trouble?"}})
    assert engineer("GET", path, If_None_Match=tag).status_code == 200
    assert {STRANGERS, SCHOOL}.isdisjoint(ids(engineer, "trouble"))
