"""API tokens that are cached: one statement a request, and never a moment longer than they and their users are what
they were.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import pytest

import cast
from by_keesa import disable_user
from cast import ENGINEER
from counted_tx import CountedTx
from keesa import maintenance
from keesa.accounts.api_token_cache import ApiTokenCache, ApiTokenState
from keesa.accounts.api_token_changes import ApiTokenChanges, change_token, end_token, renew_token
from keesa.accounts.api_token_form import hash_of
from keesa.accounts.audit.recording import keesa_itself
from keesa.clock import now
from keesa.db import Database, Tx, open_database
from keesa.errors import Unauthorized
from places import Place

Look = ApiTokenState | str
"""How things stand, or why the caller is refused."""


@dataclass
class Desk:
    """One process with a cache and a token, and another process that changes things behind its back."""

    database: Database
    elsewhere: Database
    hash: str
    cache: ApiTokenCache = field(default_factory=ApiTokenCache)

    def look(self, cache: ApiTokenCache | None = None) -> tuple[Look, int]:
        """What a look tells, but for the state of all data that it saw, and the statements that it took."""

        def work(tx: Tx) -> tuple[Look, int]:
            counted = CountedTx(tx)
            try:
                return (cache or self.cache).look(counted, self.hash)._replace(seen=None), counted.statements
            except Unauthorized as error:
                return str(error), counted.statements

        return self.database.read(work)

    @property
    def token_id(self) -> int:
        def find(tx: Tx) -> int:
            found: int = tx.value("SELECT id AS value FROM api_tokens WHERE hash = :hash", hash=self.hash)
            return found

        return self.database.read(find)


@pytest.fixture
def desk(place: Place, database: Database) -> Iterator[Desk]:
    """The engineer's token."""
    elsewhere = open_database(place.data, place.url)
    token_hash = hash_of(cast.api_token(database, ENGINEER))
    assert token_hash is not None
    yield Desk(database, elsewhere, token_hash)
    elsewhere.close()


def test_a_cached_token_takes_one_statement(desk: Desk) -> None:
    """The first look finds who acts, the next ones only whether that is still true; both tell the same."""
    assert desk.cache.cached(desk.hash) is None
    first, statements = desk.look()
    assert statements == 2
    assert desk.look() == desk.look() == (first, 1)
    assert isinstance(first, ApiTokenState)
    assert first.actor is not None
    assert (first.actor.id, first.actor.token_id, first.version) == (ENGINEER.id, desk.token_id, "2024")
    cached = desk.cache.cached(desk.hash)
    assert cached is not None
    assert cached.actor == first.actor


def test_a_token_that_never_was_is_nobody_s(desk: Desk) -> None:
    """And takes one statement, each time."""
    desk.hash = 64 * "0"
    assert desk.look() == desk.look() == ("Your API token is invalid", 1)


def run(sql: str) -> Callable[[Tx, int], object]:
    return lambda tx, token_id: tx.run(sql, id=token_id)


CHANGES: Final[dict[str, tuple[Callable[[Tx, int], object], str]]] = {
    "ended": (lambda tx, id_: end_token(tx, keesa_itself(now()), id_), "Your API token has been ended"),
    "renewed": (lambda tx, id_: renew_token(tx, keesa_itself(now()), id_), "Your API token is invalid"),
    "expired": (run("UPDATE api_tokens SET expires_at = 1000 WHERE id = :id"), "Your API token has expired"),
    "disabled": (
        lambda tx, _: disable_user(tx, ENGINEER.email, now()),
        "The user of your API token is disabled",
    ),
    "narrowed": (
        lambda tx, id_: change_token(tx, keesa_itself(now()), id_, ApiTokenChanges(permissions=["tickets:read"])),
        "",
    ),
    "of another version": (run("UPDATE api_tokens SET version = '2021' WHERE id = :id"), ""),
    "a permission taken": (
        lambda tx, _: tx.run("DELETE FROM role_permissions WHERE resource = 'tickets' AND action = 'write'"),
        "",
    ),
    "maintenance": (lambda tx, _: maintenance.switch_on(tx), ""),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_next_look_after_a_change_is_right(desk: Desk, name: str) -> None:
    """As that of a process that has never seen the token; the change came through another process, as by a worker that
    ended it.
    """
    change, sentence = CHANGES[name]
    before, _ = desk.look()
    token_id = desk.token_id
    desk.elsewhere.write(lambda tx: change(tx, token_id))
    after, _ = desk.look()
    assert after == desk.look(ApiTokenCache())[0]
    assert after != before
    assert desk.look()[0] == after
    assert (after if isinstance(after, str) else "").startswith(sentence)


def test_what_ends_one_token_lets_the_others_be(desk: Desk) -> None:
    """Nobody else is read again: neither making, renewing nor ending a token moves the revision of accounts."""
    desk.look()
    other = hash_of(cast.api_token(desk.elsewhere, ENGINEER))
    by = keesa_itself(now())

    def work(tx: Tx) -> None:
        found: int = tx.value("SELECT id AS value FROM api_tokens WHERE hash = :hash", hash=other)
        renew_token(tx, by, found)
        end_token(tx, by, found)

    desk.elsewhere.write(work)
    assert desk.look()[1] == 1
