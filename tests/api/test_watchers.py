"""`/tickets/<id>/watchers`: who watches a ticket, oneself without a word."""

from asking import ApiFor
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, STRANGER
from keesa.db import Database
from unchanged import unchanged

PATH = f"/tickets/{ASSIGNED}/watchers"


def test_watching_begins_and_ends(api: ApiFor) -> None:
    """Oneself without a body or with an empty one, others by their id; 204 as often as one likes."""
    admin = api(ADMIN)
    own, others = ({"user_id": each.id, "user": each.full_name} for each in (ADMIN, ENGINEER))
    bodies: tuple[object, ...] = (
        None,
        {},
        {"watcher": {}},
        {"watcher": {"user_id": None}},
        {"watcher": {"user_id": ADMIN.id}},
    )
    for body in bodies:
        made = admin("POST", PATH, body)
        assert (made.status_code, made.json()) == (201, own)
    assert admin("POST", PATH, {"watcher": {"user_id": ENGINEER.id}}).json() == others
    assert api(ENGINEER)("GET", PATH).json() == {"data": {"watchers": [own, others]}}
    for _ in range(2):
        gone = api(ENGINEER)("DELETE", f"{PATH}/{ADMIN.id}")
        assert (gone.status_code, gone.content) == (204, b"")
    assert admin("GET", PATH).json() == {"data": {"watchers": [others]}}


def test_who_may_not_watch_is_told_of_in_one_sentence(api: ApiFor, database: Database) -> None:
    """By its path in the body, and nothing is kept."""
    admin = api(ADMIN)
    with unchanged(database):
        answers = [admin("POST", PATH, {"watcher": {"user_id": each}}) for each in (STRANGER.id, CUSTOMER.id, 99)]
        assert {(answer.status_code, *answer.json()["errors"]) for answer in answers} == {(422, "watcher.user_id")}
        assert len({answer.text for answer in answers}) == 1
        for wrong in (0, "x", True, 2**63):
            answer = admin("POST", PATH, {"watcher": {"user_id": wrong}})
            assert (answer.status_code, list(answer.json()["errors"])) == (422, ["watcher.user_id"])
        answer = admin("DELETE", f"{PATH}/x")
        assert (answer.status_code, answer.json()) == (404, {"error": "User not found"})


def test_customers_have_no_sign_of_watchers(api: ApiFor) -> None:
    """Their ticket is the same to the byte."""
    customer = api(CUSTOMER)
    before = customer("GET", f"/tickets/{ASSIGNED}").content
    assert api(ADMIN)("POST", PATH).status_code == 201
    assert customer("GET", f"/tickets/{ASSIGNED}").content == before
    assert customer("GET", PATH).json() == {"error": "Only staff may do this"}
