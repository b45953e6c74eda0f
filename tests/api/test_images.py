"""Images of tickets over the API: added, listed, shown and removed, by whom, and what is refused."""

from typing import Any, Final

import pytest
from httpx2 import Response

from asking import ApiFor
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, HIDDEN, NOTE, RAISED, STRANGER, STRANGERS, Person
from drawn_pictures import picture
from keesa.db import Database
from unchanged import unchanged

IMAGES: Final = f"/tickets/{ASSIGNED}/images"
FILES: Final = f"/tickets/{ASSIGNED}/files"


def ids(answer: Response, kind: str = "images") -> list[int]:
    assert answer.status_code in (200, 201), answer.text
    return [each["id"] for each in answer.json()["data"][kind]]


def faults(answer: Response) -> Any:  # noqa: ANN401 - as JSON has it
    assert answer.status_code == 422, answer.text
    return answer.json()["errors"]


def test_an_image_is_added_and_listed(api: ApiFor) -> None:
    """The answer tells what it is, without addresses, which end; the list has them, and `Location` the one."""
    engineer = api(ENGINEER)
    answer = engineer.form(IMAGES, ("../mast.jpg", picture("JPEG")))
    assert answer.status_code == 201
    [added] = answer.json()["data"]["images"]
    assert added | {"id": 0, "added_at": "", "size": 0} == {
        "id": 0,
        "ticket_number": str(ASSIGNED),
        "name": "mast.jpg",
        "media_type": "image/jpeg",
        "size": 0,
        "note_id": None,
        "internal": False,
        "added_by": {"id": ENGINEER.id, "full_name": ENGINEER.full_name, "nick_name": ENGINEER.nick_name},
        "added_at": "",
        "width": 40,
        "height": 30,
    }
    location = answer.headers["location"]
    shown = engineer("GET", location.removeprefix("/api/v1")).json()["data"]["image"]
    [listed] = engineer("GET", IMAGES).json()["data"]["images"]
    assert listed == shown == shown | added
    assert listed["taken"] is None
    assert listed["thumbnail_url"] == f"{listed['url']}?size=thumbnail"
    assert engineer("GET", f"/tickets/{ASSIGNED}").json()["data"]["ticket"]["image_urls"] == [listed["url"]]


def test_several_are_added_in_one_call(api: ApiFor) -> None:
    """In their order, whatever the parts are called; without `Location`, which names one."""
    engineer = api(ENGINEER)
    answer = engineer.form(IMAGES, *((f"{shade}.png", picture("PNG", shade=shade)) for shade in range(3)))
    assert [each["name"] for each in answer.json()["data"]["images"]] == ["0.png", "1.png", "2.png"]
    assert "location" not in answer.headers
    assert ids(engineer("GET", IMAGES)) == ids(answer)


def test_a_file_is_for_download(api: ApiFor) -> None:
    """In a list of its own."""
    engineer = api(ENGINEER)
    answer = engineer.form(FILES, ("router.cfg", b"hostname fulhadhoo\n"))
    [added] = answer.json()["data"]["files"]
    assert (added["name"], added["media_type"], added["size"]) == ("router.cfg", "text/plain; charset=utf-8", 19)
    [listed] = engineer("GET", FILES).json()["data"]["files"]
    assert listed == added | {"url": listed["url"]}
    assert engineer("GET", answer.headers["location"].removeprefix("/api/v1")).json() == {"data": {"file": listed}}
    assert ids(engineer("GET", IMAGES)) == []


def test_a_list_is_read_page_by_page(api: ApiFor) -> None:
    """Each image once, in the order in which they were added, also as CSV."""
    engineer = api(ENGINEER)
    added = ids(engineer.form(IMAGES, *[("a.png", picture())] * 5))
    found: list[int] = []
    path = f"{IMAGES}?limit=2"
    for _ in range(3):
        answer = engineer("GET", path)
        found += ids(answer)
        path = f"{IMAGES}?limit=2&after={answer.json()['data']['next']}"
    assert found == added
    assert answer.json()["data"]["next"] is None
    lines = engineer("GET", f"{IMAGES}?format=csv").text.splitlines()
    assert [line.split(",")[0] for line in lines] == ["id", *map(str, added)]


@pytest.mark.parametrize("one", [False, True], ids=["the list", "one"])
def test_it_is_said_whether_it_is_still_so(api: ApiFor, one: bool) -> None:  # noqa: FBT001
    """By its `ETag`, which is another one for staff than for customers, whose addresses are others."""
    engineer, customer = api(ENGINEER), api(CUSTOMER)
    [image] = ids(engineer.form(IMAGES, ("a.png", picture())))
    path = f"{IMAGES}/{image}" if one else IMAGES
    first = engineer("GET", path)
    assert engineer("GET", path, If_None_Match=first.headers["etag"]).status_code == 304
    assert customer("GET", path, If_None_Match=first.headers["etag"]).status_code == 200
    assert first.json() != customer("GET", path).json()
    ids(engineer.form(IMAGES, ("b.png", picture())))
    assert engineer("GET", path, If_None_Match=first.headers["etag"]).status_code == (304 if one else 200)


def test_an_image_hangs_on_a_note(api: ApiFor) -> None:
    """As the form says; a blank field, which browsers send, says nothing."""
    engineer = api(ENGINEER)
    on, beside = (
        engineer.form(IMAGES, ("a.png", picture()), fields={"note_id": note}).json()["data"]["images"][0]["note_id"]
        for note in (str(NOTE), "")
    )
    assert (on, beside) == (NOTE, None)


def test_what_hangs_on_an_internal_note_is_unseen_by_customers(api: ApiFor) -> None:
    """In every answer of both versions; staff see it."""
    engineer, customer = api(ENGINEER), api(CUSTOMER)
    note = engineer("POST", f"/tickets/{ASSIGNED}/notes", {"note": {"note": "Look", "internal": True}}).json()["id"]
    [image] = ids(engineer.form(IMAGES, ("inner.png", picture()), fields={"note_id": str(note)}))
    assert ids(engineer("GET", IMAGES)) == [image]
    assert ids(customer("GET", IMAGES)) == []
    assert customer("GET", f"{IMAGES}/{image}").status_code == 404
    assert customer("DELETE", f"{IMAGES}/{image}").status_code == 404
    assert faults(customer.form(IMAGES, ("a.png", picture()), fields={"note_id": str(note)})).keys() == {"note_id"}
    for version in ("2021", "2024"):
        shown = [api(person, version)("GET", f"/tickets/{ASSIGNED}").json() for person in (ENGINEER, CUSTOMER)]
        urls = [answer["data"]["ticket"]["image_urls"] for answer in shown]
        assert [len(each) for each in urls] == [1, 0]
        assert "inner" not in api(CUSTOMER, version)("GET", f"/tickets/{ASSIGNED}/history").text


@pytest.mark.parametrize(
    ("person", "ticket", "status"),
    [
        (ADMIN, HIDDEN, 201),
        (CUSTOMER, STRANGERS, 201),
        (STRANGER, ASSIGNED, 404),
        (CUSTOMER, RAISED, 404),
        (BOT, ASSIGNED, 404),
    ],
)
def test_whoever_sees_the_ticket_may_add(api: ApiFor, person: Person, ticket: int, status: int) -> None:
    """Closed ones too; to others, bots among them, it is not there."""
    for kind in ("images", "files"):
        assert api(person).form(f"/tickets/{ticket}/{kind}", ("a.png", picture())).status_code == status


def test_without_a_token_nothing_is_added(api: ApiFor, database: Database) -> None:
    """401, and what was sent is looked into by nobody."""
    engineer = api(ENGINEER)
    with unchanged(database):
        assert engineer.form(IMAGES, ("a.png", picture()), Authorization="Bearer nothing").status_code == 401


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", 415),
        (b"<html><script>alert(1)</script></html>", 415),
        (b"MZ\x90\x00\x03\x00\x00\x00", 415),
        (b"%PDF-1.7", 415),
        (b"", 422),
        (picture()[:60], 422),
    ],
    ids=["SVG", "HTML", "a program", "PDF", "nothing", "cut off"],
)
def test_what_is_no_picture_is_refused(api: ApiFor, database: Database, content: bytes, status: int) -> None:
    """Whatever it is called; and a good one beside it is not added either."""
    engineer = api(ENGINEER)
    with unchanged(database):
        answer = engineer.form(IMAGES, ("good.png", picture()), ("mast.jpg", content))
    assert answer.status_code == status, answer.text


def test_a_request_must_bring_something_and_say_nothing_else(api: ApiFor) -> None:
    """Each fault by its field."""
    engineer = api(ENGINEER)
    assert faults(engineer("POST", IMAGES, {})).keys() == {"images"}
    assert faults(engineer("POST", FILES, {"note_id": NOTE})).keys() == {"files"}
    assert faults(engineer("POST", IMAGES, {"uploads": ["f" * 32]})).keys() == {"uploads"}
    assert faults(engineer("POST", IMAGES, {"upload": "../x"})).keys() == {"uploads"}
    assert faults(engineer.form(IMAGES, ("a.png", picture()), fields={"note_id": "one", "text": "x"})).keys() == {
        "note_id",
        "text",
    }
    assert faults(engineer.form(IMAGES, ("a.png", picture()), fields={"note_id": "999"})).keys() == {"note_id"}


def test_more_than_a_call_may_bring_is_refused(api: ApiFor, database: Database) -> None:
    """20 at a time."""
    engineer = api(ENGINEER)
    with unchanged(database):
        answer = engineer.form(IMAGES, *[("a.png", picture())] * 21)
    assert answer.status_code == 413


def test_an_image_is_removed(api: ApiFor) -> None:
    """By who added it; a second time it is not there, and a ticket that has changed since is 412."""
    engineer = api(ENGINEER)
    image, other = ids(engineer.form(IMAGES, ("a.png", picture()), ("b.png", picture(shade=9))))
    plain = {"Accept_Encoding": "identity"}
    known = engineer("GET", f"/tickets/{ASSIGNED}", **plain).headers["etag"]
    removed = engineer("DELETE", f"{IMAGES}/{image}", If_Match=known)
    assert (removed.status_code, removed.content) == (204, b"")
    assert removed.headers["etag"] == engineer("GET", f"/tickets/{ASSIGNED}", **plain).headers["etag"] != known
    assert engineer("DELETE", f"{IMAGES}/{other}", If_Match=known).status_code == 412
    assert [engineer(method, f"{IMAGES}/{image}").status_code for method in ("GET", "DELETE")] == [404, 404]
    assert api(CUSTOMER)("DELETE", f"{IMAGES}/{other}").status_code == 403
    assert ids(engineer("GET", IMAGES)) == [other]
    assert api(ADMIN)("DELETE", f"{IMAGES}/{other}").status_code == 204


def test_a_change_is_made_once_under_its_key(api: ApiFor) -> None:
    """The same form again is answered the same, whatever boundary it has, and adds nothing; another one is 422."""
    engineer = api(ENGINEER)
    first, again = (engineer.form(IMAGES, ("a.png", picture()), Idempotency_Key="k1") for _ in range(2))
    assert (first.status_code, first.json(), first.headers["location"]) == (
        again.status_code,
        again.json(),
        again.headers["location"],
    )
    assert engineer.form(IMAGES, ("a.png", picture(shade=7)), Idempotency_Key="k1").status_code == 422
    assert ids(engineer("GET", IMAGES)) == ids(first)


def test_what_a_client_has_not_seen_is_not_added_to(api: ApiFor) -> None:
    """`If-Match` names the state of the ticket."""
    engineer = api(ENGINEER)
    known = engineer("GET", f"/tickets/{ASSIGNED}").headers["etag"]
    added = engineer.form(IMAGES, ("a.png", picture()), If_Match=known)
    assert added.status_code == 201
    late = engineer.form(IMAGES, ("b.png", picture()), If_Match=known)
    assert (late.status_code, late.json()["changed"][0]["kind"]) == (412, "image_added")
    assert engineer.form(IMAGES, ("b.png", picture()), If_Match=added.headers["etag"]).status_code == 201


def test_the_history_tells_of_them(api: ApiFor) -> None:
    """What was added and removed, by its name and its id."""
    engineer = api(ENGINEER)
    [image] = ids(engineer.form(IMAGES, ("a.png", picture())))
    [file] = ids(engineer.form(FILES, ("a.txt", b"text")), "files")
    engineer("DELETE", f"{IMAGES}/{image}")
    engineer("DELETE", f"{FILES}/{file}")
    told = engineer("GET", f"/tickets/{ASSIGNED}/history?order=desc&limit=4").json()["data"]["history"]
    assert [(each["kind"], each["thing_id"], each["changes"]) for each in told[::-1]] == [
        ("image_added", image, [{"field": "name", "from": None, "to": "a.png"}]),
        ("file_added", file, [{"field": "name", "from": None, "to": "a.txt"}]),
        ("image_removed", image, [{"field": "name", "from": "a.png", "to": None}]),
        ("file_removed", file, [{"field": "name", "from": "a.txt", "to": None}]),
    ]
