"""One call at a time under a key, on all nodes: two that are sent at once would both find that nothing was done."""

import time
from typing import Final

import pytest

from account_rows import rows
from cast import ADMIN, ENGINEER
from keesa.accounts.idempotency import Done, keep, look_soon
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.errors import StillRunning
from meeting import PATIENCE, Nodes

KEY: Final = "the same"
DONE: Final = Done("a hash", "admin", (), 201, (), "{}")


def once(tx: Tx, user_id: int = ADMIN.id, key: str = KEY) -> bool:
    """Whether it was done here and now."""
    at = now()
    if look_soon(tx, user_id, key, at)() is not None:
        return False
    keep(tx, user_id, key, DONE, at)
    return True


def test_who_comes_meanwhile_is_told(nodes: Nodes) -> None:
    """At once, and without a connection that waits; afterwards they find what was done."""
    met = nodes.meet(once, "INSERT INTO idempotency_keys", lambda database: database.write(once))
    assert (met.first.value, met.waited) == (True, False)
    assert isinstance(met.second.error, StillRunning)
    assert nodes.other.write(once) is False
    assert len(rows(nodes.one, "SELECT * FROM idempotency_keys")) == 1


@pytest.mark.parametrize(("user_id", "key"), [(ENGINEER.id, KEY), (ADMIN.id, "another")])
def test_another_key_waits_for_nobody(nodes: Nodes, user_id: int, key: str) -> None:
    """Nor somebody else's of that name."""

    def second(database: Database) -> bool:
        return database.write(lambda tx: once(tx, user_id, key))

    met = nodes.meet(once, "INSERT INTO idempotency_keys", second)
    assert (met.values, met.waited) == ([True, True], False)


def test_what_is_undone_was_never_done(nodes: Nodes) -> None:
    """Whoever comes after it does it."""

    def fails(tx: Tx) -> None:
        once(tx)
        raise LookupError

    with pytest.raises(LookupError):
        nodes.one.write(fails)
    assert patiently(nodes.other) is True


def patiently(database: Database) -> bool:
    """As a call does: who was told of the error may be ahead of the server, which lets go a moment later."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return database.write(once)
        except StillRunning:
            assert time.monotonic() < deadline
            time.sleep(0.01)
