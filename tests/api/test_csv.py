"""Lists as CSV over the API: whole, page after page, for who may read them, as files that spreadsheets open."""

import csv
import io
from typing import Any

import pytest
from httpx2 import Response

import cast
from asking import Api, ApiFor
from keesa.accounts import sessions
from keesa.api.v2024.customers import Customer
from keesa.db import Database, Tx
from keesa.directory.customers import NewCustomer, create_customer
from keesa.web import csv_lists
from keesa.web.replies import EncodedReply
from openapi_documents import routes_of

NAMES = [f"Island {number}" for number in range(5)] + ["=HYPERLINK(1)", 'Café, "Kuda"']


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_lists, "PAGE", 3)


@pytest.fixture(autouse=True, scope="module")
def islands(shared_database: Database) -> None:
    """Ten customers, of whom one calls itself a formula."""

    def add(tx: Tx) -> None:
        for name in NAMES:
            new = NewCustomer(name=name, contact_name="Ibrahim", contact_number="+960 777-1234")
            create_customer(tx, cast.BY, new)

    shared_database.write(add)


@pytest.fixture
def admin(shared_api: ApiFor) -> Api:
    return shared_api(cast.ADMIN)


def lines(answer: Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8"), newline="")))


def test_a_list_is_a_file(admin: Api) -> None:
    """The whole of it, with a name, a heading and the fields of the rows in JSON; whatever its `limit`."""
    answer = admin("GET", "/customers?format=csv&limit=1")
    heading, *rows = lines(answer)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="customers.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Accept" in answer.headers["Vary"].split(", ")
    assert heading == list(Customer.__struct_fields__)
    shown = admin("GET", "/customers?limit=100").json()["data"]["customers"]
    assert [row[0] for row in rows] == [str(customer["id"]) for customer in shown]
    assert rows[-1][1:5] == ['Café, "Kuda"', "Ibrahim", "9607771234", "'+960 777-1234"]
    assert rows[-2][1] == "'=HYPERLINK(1)"


def test_it_begins_behind_the_cursor_and_keeps_to_the_filters(admin: Api) -> None:
    """As JSON does."""
    page = admin("GET", "/customers?limit=2").json()["data"]
    behind = lines(admin("GET", f"/customers?after={page['next']}", Accept="text/csv"))
    assert behind[1][0] == "3"
    assert [row[1] for row in lines(admin("GET", "/customers?name=ISLAND%203&format=csv"))[1:]] == ["Island 3"]
    assert lines(admin("GET", "/customers?name=nothing&format=csv")) == [list(Customer.__struct_fields__)]


def test_who_wants_json_gets_json(admin: Api) -> None:
    """Also by the same path, and the answers are told apart by caches."""
    for accept in ("*/*", "application/json", "text/csv;q=0.1, application/json"):
        answer = admin("GET", "/customers", Accept=accept)
        assert answer.headers["Content-Type"] == "application/json"
        assert "Accept" in answer.headers["Vary"].split(", ")


def test_excel_is_told_that_it_is_utf_8(admin: Api) -> None:
    """By a byte-order mark, where that is asked for; nobody else has to cope with it."""
    assert admin("GET", "/customers?format=csv&bom=true").content.startswith(b"\xef\xbb\xbfid,")
    assert admin("GET", "/customers?format=csv&bom=false").content.startswith(b"id,")


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("format=xml", {"format": ["must be json or csv"]}),
        ("format=csv&bom=yes", {"bom": ["must be true or false"]}),
        ("format=csv&after=nonsense", {"after": ["is no cursor of this list: take it from `next` of the page before"]}),
    ],
)
def test_bad_queries_are_refused_as_json(admin: Api, query: str, fault: dict[str, list[str]]) -> None:
    """422, before anything of the file is sent."""
    answer = admin("GET", f"/customers?{query}")
    assert (answer.status_code, answer.json()["errors"]) == (422, fault)


@pytest.mark.parametrize("person", [cast.ENGINEER, cast.BOT])
def test_who_may_not_read_the_list_gets_no_file(shared_api: ApiFor, person: cast.Person) -> None:
    """403 like any, before 422."""
    for query in ("format=csv", "format=xml"):
        assert shared_api(person)("GET", f"/customers?{query}").status_code == 403


def test_a_customer_s_user_gets_their_own_line(shared_api: ApiFor) -> None:
    """CSV shows nobody more than JSON."""
    assert [row[0] for row in lines(shared_api(cast.CUSTOMER)("GET", "/customers?format=csv"))[1:]] == ["1"]


def test_a_head_is_answered_without_a_file(admin: Api) -> None:
    """With what a GET would say of it."""
    answer = admin("HEAD", "/customers?format=csv")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"


def test_a_file_breaks_off_where_the_session_ends(
    admin: Api, shared_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page is for who may read it then: of the rest nothing is sent."""
    reply = csv_lists.reply

    def ending(*arguments: Any) -> EncodedReply:  # noqa: ANN401 - as they come
        shared_database.write(lambda tx: sessions.end_all_of(tx, cast.ADMIN.id))
        return reply(*arguments)

    monkeypatch.setattr(csv_lists, "reply", ending)
    answer = admin("GET", "/customers?format=csv", Accept_Encoding="identity")
    assert [row[0] for row in lines(answer)] == ["id", "1", "2", "3"]


def test_every_list_with_a_cursor_is_csv_too() -> None:
    """Who adds one is asked to say so in its route. What tells of changes is more than a list."""
    without = [
        route.path
        for route in routes_of("2024")
        if route.signature.query is not None and "after" in route.signature.query.__struct_fields__ and not route.csv
    ]
    assert without == ["/changes", "/changes/start"]
