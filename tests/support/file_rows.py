"""Rows of stored files and of what hangs on tickets, with their bytes, as the API leaves them; and sweeps of them."""

import asyncio
import json
import os
from collections.abc import Sequence
from typing import Final
from uuid import uuid4

import cast
from file_places import put
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.files import sweeping
from keesa.files.places import DAY, Place, place_of
from keesa.files.sweeping import Progress, Swept
from places import Place as Where
from places import opened

FORMS: Final = ("original", "screen", "thumbnail.webp")


def no_place(_tx: Tx) -> Place:
    """Where no file is asked for."""
    raise AssertionError


SIZE: Final = 3000
"""Bytes of each file."""


def store(tx: Tx, place: str, forms: Sequence[str] = FORMS, age: int = 0) -> int:
    """A row of stored files, so many milliseconds old; its id."""
    added: int = tx.value(
        "INSERT INTO stored_files (customer_id, sum, kind, place, media_type, size, forms, created_at)"
        " VALUES (:customer, :sum, 'image', :place, 'image/png', :size, :forms, :at) RETURNING id AS value",
        customer=cast.HARBOUR,
        sum=place * 2,
        place=place,
        size=SIZE,
        forms=json.dumps({form: ["image/png", SIZE, 1, 1] for form in forms}),
        at=now() - age,
    )
    return added


def attach(tx: Tx, file: int) -> int:
    """To a ticket; the attachment's id."""
    added: int = tx.value(
        "INSERT INTO attachments (ticket_id, file_id, kind, internal, number, name, added_by_id, added_at)"
        " VALUES (:ticket, :file, 'image', 0, 1, 'a.png', :by, :at) RETURNING id AS value",
        ticket=cast.ASSIGNED,
        file=file,
        by=cast.ENGINEER.id,
        at=now(),
    )
    return added


def detach(tx: Tx, attachment: int) -> None:
    tx.run("DELETE FROM attachments WHERE id = :id", id=attachment)


def picture(database: Database, place: Place, forms: Sequence[str] = FORMS) -> tuple[str, int]:
    """Bytes, a row and an attachment: the name of its place, and the attachment's id."""
    name = uuid4().hex
    for form in forms:
        put(place, os.urandom(SIZE), form, at=name)
    return name, database.write(lambda tx: attach(tx, store(tx, name, forms)))


def forget_all(place: Where) -> None:
    """What the cast's tickets show: a test that counts files has its own alone."""

    def work(tx: Tx) -> None:
        tx.run("DELETE FROM attachments")
        tx.run("DELETE FROM stored_files")

    with opened(place) as database:
        database.write(work)


def named_of(tx: Tx) -> list[str]:
    """All that rows name."""
    rows = tx.all("SELECT place, forms FROM stored_files")
    return sorted(f"{row['place']}/{form}" for row in rows for form in json.loads(row["forms"]))


def there(place: Place) -> set[str]:
    """The places of all files that are there."""
    return {place_of(stored.name) for stored in place.all()}


def sweep(database: Database, place: Place, portions: int = 1000) -> Swept | None:
    """As the job does it, up to so many portions; what the last sweep that has ended has done."""
    progress: Progress | None = Progress()
    for _ in range(portions):
        progress = None if progress is None else _portion(database, place, progress)
    return database.read(sweeping.last_swept)


def _portion(database: Database, place: Place, progress: Progress) -> Progress | None:
    portion = database.read(lambda tx: sweeping.look(tx, lambda _: place, progress))
    if portion.waits:
        return None
    done = asyncio.run(sweeping.act(portion))
    return database.write(lambda tx: sweeping.keep(tx, progress, done))


def later(days: float) -> int:
    """The time in so many days, as a sweep may take it to be."""
    return now() + round(days * DAY)
