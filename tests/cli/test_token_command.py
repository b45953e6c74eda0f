"""`keesa token` and `keesa session`."""

import json
from typing import Final

from account_rows import rows
from cast import ADMIN, BOT, ENGINEER
from command import keesa
from keesa.accounts.api_token_cache import api_token_actor
from keesa.accounts.sessions import open_session
from keesa.clock import now
from keesa.db import Database
from places import Place

ENDS: Final = "SELECT action, via FROM audit WHERE via = 'command' ORDER BY id"


def test_a_token_is_added_listed_renewed_and_ended(desk: Place, desk_database: Database) -> None:
    """For any user; its secret is printed on a line of its own, and listed nowhere."""
    added = keesa("token", "add", BOT.email, "Alarms", "--days", "90", "--permission", "tickets:write", place=desk)
    assert (added.status, added.err) == (0, "")
    said, secret = added.out.splitlines()
    token_id = said.split()[2]
    assert said == f"added token {token_id} of {BOT.full_name}: Alarms"
    actor = desk_database.read(lambda tx: api_token_actor(tx, secret))
    assert actor is not None
    assert (actor.id, actor.permissions) == (BOT.id, {"tickets": ["write"]})
    [listed] = json.loads(keesa("token", "list", "--user", BOT.email, "--json", place=desk).out)
    assert (listed["name"], listed["permissions"], listed["ended_at"]) == ("Alarms", ["tickets:write"], None)
    assert secret not in json.dumps(listed)
    renewed = keesa("token", "renew", token_id, place=desk).out.splitlines()
    assert renewed[0] == f"renewed token {token_id} of {BOT.full_name}: Alarms"
    assert desk_database.read(lambda tx: api_token_actor(tx, secret)) is None
    assert desk_database.read(lambda tx: api_token_actor(tx, renewed[1])) == actor
    assert keesa("token", "end", token_id, place=desk) == (0, f"ended token {token_id}\n", "")
    assert keesa("token", "list", "--user", BOT.email, place=desk).out == ""
    assert keesa("token", "end", "--all", place=desk).out == "ended 1 token\n"  # the cast's own
    acts = [row["action"] for row in rows(desk_database, ENDS)]
    assert acts == ["token.create", "token.renew", "token.end", "token.end"]


def test_sessions_are_listed_and_ended(desk: Place, desk_database: Database) -> None:
    """One, a user's, or all."""
    for person in (ADMIN, ADMIN, ENGINEER, ENGINEER):
        desk_database.write(lambda tx, person=person: open_session(tx, person.id, "2024", now()))  # type: ignore[misc]
    listed = json.loads(keesa("session", "list", "--json", place=desk).out)
    assert sorted(each["user_id"] for each in listed) == [ADMIN.id, ADMIN.id, ENGINEER.id, ENGINEER.id]
    one = next(each["id"] for each in listed if each["user_id"] == ENGINEER.id)
    assert keesa("session", "end", one, place=desk) == (0, f"ended session {one}\n", "")
    assert keesa("session", "end", "--user", ADMIN.email, place=desk).out == "ended 2 sessions\n"
    assert len(keesa("session", "list", place=desk).out.splitlines()) == 1
    assert keesa("session", "end", "--all", place=desk).out == "ended 1 session\n"


def test_mistakes_are_told(embedded_desk: Place) -> None:
    """On standard error, in a sentence; nothing is changed."""
    for arguments, sentence in (
        (("token", "add", "nobody@keesa.example", "x"), "There is no user nobody@keesa.example"),
        (("token", "add", BOT.email, "x", "--version", "2022"), "version must be 2021 or 2024"),
        (("token", "add", BOT.email, "x", "--days", "800"), "expires_at must be a time to come"),
        (("token", "end", "99"), "Token not found"),
        (("session", "end", "x"), "Session not found"),
        (("session", "end"), "give the id of a session"),
        (("token", "end", "1", "--all"), "give the id of a token"),
    ):
        done = keesa(*arguments, place=embedded_desk)
        assert done.status != 0
        assert sentence in done.err
