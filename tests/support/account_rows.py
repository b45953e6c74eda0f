"""What the database holds of users and sessions, and people who join the cast for one test."""

from typing import Any

import acting
from cast import Person, add_person
from keesa.accounts.actors import Actor
from keesa.accounts.users import list_users
from keesa.db import Database


def rows(database: Database, sql: str, **params: object) -> list[dict[str, Any]]:
    """The rows of the query, as dictionaries on both engines."""
    return database.read(lambda tx: acting.rows(tx, sql, **params))


def actor_of(database: Database, user_id: int) -> Actor:
    return next(user.actor for user in database.read(list_users) if user.actor.id == user_id)


def join(database: Database, person: Person) -> Actor:
    """Add the person to the cast."""
    database.write(lambda tx: add_person(tx, person))
    return actor_of(database, person.id)
