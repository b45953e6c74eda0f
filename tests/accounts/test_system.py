"""Keesa itself: an actor with a row among the users, and no person."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import pytest

import cast
from account_rows import rows
from by_keesa import change_password, create_user, disable_user, enable_user
from guards import guard
from keesa.accounts.actors import ACTOR_COLUMNS, SYSTEM, actor_of
from keesa.accounts.emails import canonical_email, email_fault
from keesa.accounts.login import Credentials, log_in
from keesa.accounts.permissions import ENFORCED, Permission
from keesa.accounts.sessions import open_session
from keesa.accounts.users import NewUser, has_users, list_users
from keesa.db import Database, Tx, open_database
from keesa.db.migrate import migrate
from keesa.errors import Invalid, NotFound, Unauthorized
from places import Place
from unchanged import unchanged

LIMITS: Final = guard(1000, 1000, 1000)


@pytest.fixture
def new(empty_place: Place) -> Iterator[Database]:
    """Migrated, and used by nobody yet."""
    database = open_database(empty_place.data, empty_place.url)
    migrate(database)
    yield database
    database.close()


def test_its_row_is_what_the_constant_says(new: Database) -> None:
    """But for permissions, which it has without a role."""
    [row] = rows(new, f"SELECT {ACTOR_COLUMNS}, users.disabled_at FROM users")
    assert actor_of(row) == replace(SYSTEM, permissions={})
    assert row["disabled_at"] is not None
    assert [
        Permission(resource, action) for resource, actions in SYSTEM.permissions.items() for action in actions
    ] == list(ENFORCED)


def test_nobody_can_have_its_address() -> None:
    """It is none, and in no form in which addresses are kept and looked for."""
    assert canonical_email(SYSTEM.email) != SYSTEM.email
    assert email_fault(SYSTEM.email)


def test_it_is_nobody(new: Database) -> None:
    """A new desk has no users."""
    assert new.read(list_users) == []
    assert not new.read(has_users)


WRITTEN: Final = (SYSTEM.email, canonical_email(SYSTEM.email), SYSTEM.full_name, "0", "")
PASSWORDS: Final = ("!", "", "nobody has this password", cast.PASSWORD)
CHANGES: Final[dict[str, Callable[[Tx, str], object]]] = {
    "enabled": enable_user,
    "disabled": lambda tx, email: disable_user(tx, email, 1),
    "given a password": lambda tx, email: change_password(tx, email, cast.hashed()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_no_operator_changes_it(shared_database: Database, change: str) -> None:
    """However its address is written: it is not found."""
    with unchanged(shared_database):
        for written in WRITTEN:
            with pytest.raises(NotFound, match=r"^There is no user "):
                shared_database.write(lambda tx, written=written: CHANGES[change](tx, written))  # type: ignore[misc]  # a default in a lambda


def test_no_user_is_made_in_its_place(shared_database: Database) -> None:
    """So it gets no roles either, which only a new user does."""
    user = NewUser(
        email=SYSTEM.email,
        full_name="Keesa",
        nick_name="Keesa",
        user_type="admin",
        password=cast.hashed(),
        roles=["admin"],
    )
    with unchanged(shared_database):
        for new_user in (replace(user, email=written) for written in WRITTEN):
            with pytest.raises(Invalid) as refused:
                shared_database.write(lambda tx, new_user=new_user: create_user(tx, new_user, 1))  # type: ignore[misc]  # a default in a lambda
            assert set(refused.value.faults) == {"email"}


@pytest.mark.parametrize("enabled", [False, True])
def test_nobody_logs_in_as_keesa(database: Database, *, enabled: bool) -> None:
    """Not even where somebody has enabled it by hand: neither its address is found, nor is its hash one."""
    if enabled:
        database.write(lambda tx: tx.run("UPDATE users SET disabled_at = NULL WHERE id = :id", id=SYSTEM.id))
    for written in WRITTEN:
        for password in PASSWORDS:
            credentials = Credentials(written, password, "203.0.113.7")
            with pytest.raises(Unauthorized, match=r"^Invalid credentials$"):
                log_in(database, credentials, "2024", LIMITS, 1)
    assert rows(database, "SELECT * FROM sessions") == []


def test_it_has_no_session(database: Database) -> None:
    """None can be opened in its name."""
    with unchanged(database), pytest.raises(Unauthorized):
        database.write(lambda tx: open_session(tx, SYSTEM.id, "2024", 1))
