"""`keesa audit` and `keesa audit prune`."""

import json
from typing import Any

import pytest

import cast
from acting import actor_of
from command import keesa
from keesa.accounts.audit.recording import Requester, keesa_itself, record
from keesa.clock import now
from keesa.db import Database
from keesa.db.migrate import migrate
from places import Place, opened


@pytest.fixture(scope="module")
def trail(desk: Place, desk_database: Database) -> Place:
    def by(tx: Any, person: cast.Person) -> Requester:  # noqa: ANN401 - a transaction
        return Requester(actor=actor_of(tx, person), at=cast.at("2025-04-01T12:00"), via="session", address="192.0.2.1")

    desk_database.write(lambda tx: record(tx, by(tx, cast.ENGINEER), "role.change", "crew", {"x": "\x1b[31m"}, {}))
    desk_database.write(lambda tx: record(tx, by(tx, cast.ADMIN), "user.disable", 3, {}, {"x": 1}, person_id=3))
    return desk


def test_it_lists_the_newest_first(trail: Place) -> None:
    """Whatever is asked for of it, and as many as are asked for."""
    days = ("--from", "2025-04-01", "--to", "2025-04-02")
    done = keesa("audit", *days, "--json", place=trail)
    assert (done.status, done.err) == (0, "")
    newest, oldest = json.loads(done.out)
    assert (newest["action"], newest["actor_id"], newest["person_id"]) == ("user.disable", 1, 3)
    assert newest["at"] == "2025-04-01T12:00:00.000+05:00"
    assert oldest["changes"] == {"x": ["\x1b[31m", None]}
    lines = keesa("audit", *days, "--person", "2", place=trail).out.splitlines()
    assert [line.split("\t")[2:4] for line in lines] == [["role.change", "crew"]]
    assert "\x1b" not in lines[0]
    assert len(keesa("audit", "--limit", "1", place=trail).out.splitlines()) == 1


def test_what_is_old_is_left_out(empty_place: Place) -> None:
    """By an act that says so; a mistyped age takes nothing away."""
    with opened(empty_place) as database:
        migrate(database)
        for at in (0, 1, now()):
            database.write(lambda tx, at=at: record(tx, keesa_itself(at), "desk.try", None))  # type: ignore[misc]
    refused = keesa("audit", "prune", "--older-than", "2 years", place=empty_place)
    assert (refused.status, refused.err) == (1, "keesa: An age is such as 2y, 18m or 90d, and at least 30d\n")
    done = keesa("audit", "prune", "--older-than", "2y", place=empty_place)
    assert done.out.startswith("left out 2 acts of before ")
    kept = json.loads(keesa("audit", "--json", place=empty_place).out)
    assert [act["action"] for act in kept] == ["audit.prune", "desk.try"]
    assert kept[0]["changes"]["acts"] == [None, 2]
    assert kept[0]["operator"]
    again = keesa("audit", "prune", "--older-than", "2y", place=empty_place)
    assert again.out.startswith("there is nothing of before ")
