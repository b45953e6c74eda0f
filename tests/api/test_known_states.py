"""`ETag` and `If-None-Match` of all that is read: what a client has already is not sent again, and not made again."""

from typing import Any, Final

import pytest
from starlette.testclient import TestClient

import cast
from asking import Api, ApiFor
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, HARBOUR, TYPED
from good_requests import Good, good_requests
from keesa.accounts.sessions import Version
from keesa.api.ticket_cache import TicketCache
from keesa.db import Database
from keesa.web.routes import Access
from logins import bearer

IN_NO_STATE: Final = ("/coffee", "/changes", "/changes/start")
"""What happened is told once: tests/api/test_changes.py."""
READS: Final = [good for good in good_requests() if good.route.method == "GET" and good.route.path not in IN_NO_STATE]
LISTS: Final[list[tuple[Version, str]]] = [
    ("2024", "/tickets"),
    ("2021", "/tickets"),
    ("2024", "/tickets/tickets_by_type?type=customer_support&status=open"),
    ("2021", "/tickets/tickets_by_type?type=customer_support&status=open"),
    ("2024", "/tickets/tickets_by_category?category=fault"),
    ("2024", f"/tickets/tickets_of_customer?customer_id={HARBOUR}"),
    ("2024", "/tickets/rows"),
    ("2024", "/tickets/search?q=trouble"),
]
"""Each shows ASSIGNED to ENGINEER."""
OF_ONE: Final[list[tuple[Version, str]]] = [
    ("2024", f"/tickets/get_ticket_notes?ticket_number={ASSIGNED}"),
    ("2021", f"/tickets/get_ticket_notes?ticket_number={ASSIGNED}"),
    ("2024", f"/tickets/{ASSIGNED}/notes"),
    ("2024", f"/tickets/{ASSIGNED}/history"),
]


def tag(caller: Api, path: str) -> str:
    answer = caller("GET", path)
    assert answer.status_code == 200, answer.text
    return answer.headers["ETag"]


@pytest.mark.parametrize("good", READS, ids=str)
def test_whatever_is_read_names_its_state(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """In either version: who names it gets 304 without a body, by HEAD too; who names another one gets all of it."""
    sent = {} if good.route.access is Access.ANYONE else bearer(cast.token(shared_database, ADMIN, good.version))

    def ask(method: str, **headers: str) -> Any:  # noqa: ANN401 - an answer
        named = sent | {name.replace("_", "-"): value for name, value in headers.items()}
        path = f"/api/v1{good.path}"
        return shared_client.request(method, path, json=good.body, headers=named, params=good.query)

    first = ask("GET")
    assert first.status_code == 200, first.text
    is_a_file = good.route.access is Access.SIGNED_ADDRESS  # which never changes under its address
    assert first.headers["Cache-Control"].startswith("private, max-age=" if is_a_file else "private, no-cache")
    for method in ("GET", "HEAD"):
        known = ask(method, If_None_Match=first.headers["ETag"])
        assert (known.status_code, known.content, known.headers["ETag"]) == (304, b"", first.headers["ETag"])
    again = ask("GET", If_None_Match='"another"')
    assert (again.status_code, again.content) == (200, first.content)


@pytest.mark.parametrize(("version", "path"), LISTS)
def test_a_list_that_is_known_renders_no_ticket(
    shared_api: ApiFor, monkeypatch: pytest.MonkeyPatch, version: Version, path: str
) -> None:
    """It is told from what the list found, before any ticket is asked for."""
    engineer = shared_api(ENGINEER, version)
    etag = tag(engineer, path)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a ticket was asked for")

    monkeypatch.setattr(TicketCache, "tickets", never)
    assert engineer("GET", path, If_None_Match=etag).status_code == 304


CHANGES: Final[dict[str, tuple[str, str, object]]] = {
    "an edit": ("PATCH", f"/tickets/{ASSIGNED}", {"ticket": {"priority": 1, "title": "Other"}}),
    "a status": ("POST", f"/tickets/{ASSIGNED}/status_update", {"ticket": {"status": "in_progress"}}),
    "a note": ("POST", f"/tickets/{ASSIGNED}/notes", {"note": {"note": "Back on line"}}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_moves_every_list_that_shows_the_ticket(api: ApiFor, name: str) -> None:
    """Whether it is still in the list or not; a list that does not show it stays known."""
    engineer = {version: api(ENGINEER, version) for version in ("2021", "2024")}
    before = {(version, path): tag(engineer[version], path) for version, path in (*LISTS, *OF_ONE)}
    other = "/tickets/tickets_by_type?type=eco_support&status=in_progress"
    elsewhere = tag(engineer["2024"], other)
    assert api(ADMIN)(*CHANGES[name]).is_success
    for (version, path), etag in before.items():
        if name != "a note" and path.endswith("/notes"):
            continue  # of which nothing has changed
        assert tag(engineer[version], path) != etag, path
    assert engineer["2024"]("GET", other, If_None_Match=elsewhere).status_code == 304


def test_a_name_that_a_list_shows_moves_it(api: ApiFor) -> None:
    """A customer's, or a user's: rows have ids alone, and stay."""
    engineer, admin = api(ENGINEER), api(ADMIN)
    paths = ["/tickets", "/tickets/tickets_by_category?category=fault", "/tickets/rows"]
    before = [tag(engineer, path) for path in paths]
    admin("PATCH", f"/customers/{HARBOUR}", {"customer": {"name": "Another"}})
    renamed = [tag(engineer, path) for path in paths]
    admin("PATCH", f"/users/{ENGINEER.id}", {"user": {"full_name": "Hassan Anew"}})
    again = [tag(engineer, path) for path in paths]
    assert [len({*tags}) for tags in zip(before, renamed, again, strict=True)] == [3, 3, 1]


def test_each_answer_has_a_state_of_its_own(shared_api: ApiFor) -> None:
    """Two pages, two orders, two versions, two readers, an empty page: nobody takes one for the other."""
    paths = ["", "?limit=1", "?limit=1&page=2", "?order=asc", "?limit=1&page=9"]
    engineer, old = shared_api(ENGINEER), shared_api(ENGINEER, "2021")
    of_category = [tag(engineer, f"/tickets/tickets_by_category{path or '?'}&category=fault") for path in paths]
    assert len({*of_category}) == len(of_category)
    one = f"/tickets/{ASSIGNED}"
    assert tag(old, one) != tag(engineer, one)
    assert tag(old, "/tickets/tickets_by_type?type=eco_support&status=in_progress") != tag(
        engineer, "/tickets/tickets_by_type?type=eco_support&status=in_progress"
    )
    customer = shared_api(CUSTOMER)
    of_both = f"/tickets/get_ticket_notes?ticket_number={ASSIGNED}"
    assert all(tag(customer, path) != tag(engineer, path) for path in ("/tickets", one, of_both))


def test_a_file_is_always_whole(shared_api: ApiFor) -> None:
    """What a client knows of a page says nothing of the list as CSV, which is kept by nobody."""
    admin = shared_api(ADMIN)
    for path in ("/tickets/rows", f"/tickets/{TYPED}/history", "/users"):
        etag = tag(admin, path)
        answer = admin("GET", f"{path}?format=csv", If_None_Match=etag)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        assert len(answer.text.splitlines()) > 1
        assert "ETag" not in answer.headers


def test_a_list_tells_nothing_of_what_changed_unseen(api: ApiFor) -> None:
    """To a customer, whom nothing internal moves."""
    customer, paths = api(CUSTOMER), ["/tickets", "/tickets/rows", f"/tickets/{ASSIGNED}/history"]
    before = [tag(customer, path) for path in paths]
    admin = api(ADMIN)
    assert admin("POST", f"/tickets/{ASSIGNED}/notes", {"note": {"note": "Between us", "internal": True}}).is_success
    assert admin("POST", f"/tickets/{ASSIGNED}/tags", {"tag": {"id": cast.TAG}}).is_success
    assert [tag(customer, path) for path in paths] == before
