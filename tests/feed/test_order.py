"""The order of commits where a database comes from another PostgreSQL, whose transactions are numbered in its dump."""

import psycopg
import pytest

from asking import ApiFor
from cast import ADMIN, ASSIGNED
from command import keesa
from keesa.feed.positions import FOREIGN
from places import Place


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_dump_of_another_server_is_refused_until_it_is_in_order(api: ApiFor, place: Place) -> None:
    """Its numbers are still to come here: what happens now would be told by nobody."""
    admin = api(ADMIN)
    cursor = admin("GET", "/changes/start").json()["data"]["cursor"]
    assert place.url is not None
    with psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute("ALTER TABLE ticket_events DISABLE TRIGGER events_are_not_changed")
        connection.execute("UPDATE ticket_events SET xid = '4000000000' WHERE kind <> 'raised'")
        connection.execute("ALTER TABLE ticket_events ENABLE TRIGGER events_are_not_changed")
    for path in (f"/changes?after={cursor}", "/changes/start"):
        answer = admin("GET", path)
        assert (answer.status_code, answer.json()) == (503, {"error": FOREIGN})
    assert keesa("desk", "renew", place=place).status == 0
    admin = api(ADMIN)
    assert admin("GET", f"/changes?after={cursor}").status_code == 410
    cursor = admin("GET", "/changes/start").json()["data"]["cursor"]
    admin("POST", f"/tickets/{ASSIGNED}/notes", {"note": {"note": "The cable was cut"}})
    told = admin("GET", f"/changes?after={cursor}").json()["data"]["changes"]
    assert [(each["ticket_id"], each["kind"]) for each in told] == [(ASSIGNED, "note_added")]
