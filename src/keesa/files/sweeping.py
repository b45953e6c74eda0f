"""How what nobody needs any more goes: rows that no attachment names, then bytes that no row names, which are thrown
into a bin, and out of that for good after a week.

Only what is older than a day, as bytes are put before their row is kept; and nothing while somebody reads all files.
Each portion is short, and done again where it was broken off: a file that is thrown twice is thrown once.
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from itertools import islice
from threading import Event
from typing import Final

import msgspec
from msgspec import Struct

from keesa.clock import now
from keesa.db import Tx
from keesa.files.holds import are_held
from keesa.files.needed import unneeded
from keesa.files.places import DAY, Place

OLD: Final = DAY
"""Milliseconds."""
KEPT: Final = 7 * DAY
"""Milliseconds for which the bin keeps what was thrown into it, at the least."""
ROWS: Final = 1000
"""That one transaction looks at."""
LISTED: Final = 500
"""Names that are listed at a time: with those that are thrown of them they fit into a job."""
THROWN: Final = 100
"""Files that are thrown at a time."""
EMPTIED: Final = 500
"""That are removed from the bin at a time."""
PAUSE: Final = 10.0
"""Seconds between two looks whether somebody still reads all files."""
SECONDS: Final = 120.0
"""That a portion may take."""
_LAST: Final = "file sweep"


class Swept(Struct, frozen=True):
    """What the last sweep has done, once it has come to its end."""

    at: int
    """When it ended, in milliseconds since 1970."""
    rows: int
    """Rows that were deleted."""
    thrown: int
    """Files that were thrown into the bin."""
    removed: int
    """Files that left it for good."""


class Progress(Struct, frozen=True, kw_only=True):
    """How far a sweep is. At first rows are looked at, then all files, then the bin."""

    row: int | None = 0
    """The id behind which rows are looked at; None once all were."""
    name: str | None = ""
    """The same of files."""
    throw: Sequence[str] = ()
    """Files that no row has named."""
    rows: int = 0
    thrown: int = 0
    removed: int = 0


class Portion(Struct, frozen=True):
    """What an act is to do."""

    place: Place
    progress: Progress
    throw: Sequence[str] = ()
    """Those that no row names now."""
    waits: bool = False
    """Somebody reads all files: nothing is done but to wait a little."""


class Done(Struct, frozen=True):
    """What it has done."""

    thrown: int = 0
    left: Sequence[str] = ()
    """What is still to be thrown: nothing else was done."""
    listed: Sequence[str] | None = None
    """The old ones of the next files."""
    last: str | None = None
    """The last that was listed; None where no more are there."""
    removed: int | None = None
    waited: bool = False


def look(tx: Tx, place: Callable[[Tx], Place], progress: Progress) -> Portion:
    """What is to be done next."""
    if are_held(tx, now()):
        return Portion(place(tx), progress, waits=True)
    return Portion(place(tx), progress, unneeded(tx, progress.throw) if progress.throw else ())


async def act(portion: Portion) -> Done:
    """In a thread, which ends soon where this is broken off."""
    if portion.waits:
        await asyncio.sleep(PAUSE)
        return Done(waited=True)
    stop = Event()
    try:
        return await asyncio.to_thread(_act, portion, stop)
    finally:
        stop.set()


def _act(portion: Portion, stop: Event) -> Done:
    progress, place = portion.progress, portion.place
    if progress.row is not None:
        return Done()
    until = time.monotonic() + SECONDS / 2
    thrown = 0
    for number, name in enumerate(portion.throw):
        if stop.is_set() or number == THROWN or time.monotonic() > until:
            return Done(thrown, portion.throw[number:])
        thrown += _throw(place, name)
    if progress.name is not None:
        return _list(place, progress.name, thrown)
    return Done(thrown, removed=place.empty(now() - KEPT, EMPTIED))


def _throw(place: Place, name: str) -> bool:
    try:
        place.throw(name)
    except FileNotFoundError:  # an earlier attempt, or somebody else, has thrown it
        return False
    return True


def _list(place: Place, after: str, thrown: int) -> Done:
    found = list(islice(place.all(after), LISTED))
    old = [stored.name for stored in found if stored.changed_at < now() - OLD]
    return Done(thrown, listed=old, last=found[-1].name if len(found) == LISTED else None)


def keep(tx: Tx, progress: Progress, done: Done) -> Progress | None:
    """How far the sweep is then; None where it is at its end, which is kept."""
    if done.waited:
        return progress
    if progress.row is not None:
        last, count = clear_rows(tx, progress.row)
        return msgspec.structs.replace(progress, row=last, rows=progress.rows + count)
    progress = msgspec.structs.replace(progress, throw=done.left, thrown=progress.thrown + done.thrown)
    if done.listed is not None:
        return msgspec.structs.replace(progress, name=done.last, throw=unneeded(tx, done.listed))
    if done.removed is None:
        return progress
    progress = msgspec.structs.replace(progress, removed=progress.removed + done.removed)
    if done.removed >= EMPTIED:
        return progress
    keep_swept(tx, Swept(now(), progress.rows, progress.thrown, progress.removed))
    return None


def clear_rows(tx: Tx, after: int) -> tuple[int | None, int]:
    """Delete the old ones of the next rows that no attachment names: the last that was looked at (None at the end, the
    same again where somebody reads all files), and how many were deleted. Whoever attaches one at the same moment has
    its row held, and it stays; or finds no row any more.
    """
    at = now()
    if are_held(tx, at):
        return after, 0
    last = tx.value(_LAST_ROW, after=after, most=ROWS)
    if last is None:
        return None, 0
    rows = tx.all(_PAST, after=after, last=last, before=at - OLD)
    ids = json.dumps([row["id"] for row in rows])
    return last, tx.changed(_CLEAR, ids=ids) if rows else 0


_LAST_ROW: Final = """
    SELECT max(id) AS value FROM (SELECT id FROM stored_files WHERE id > :after ORDER BY id LIMIT :most) looked
"""
_IS_ALONE: Final = "NOT EXISTS (SELECT 1 FROM attachments WHERE attachments.file_id = stored_files.id)"
_PAST: Final = f"""
    SELECT id FROM stored_files WHERE id > :after AND id <= :last AND created_at < :before AND {_IS_ALONE}
    ORDER BY id $if_free
"""
_CLEAR: Final = f"DELETE FROM stored_files WHERE id IN $json_ids AND {_IS_ALONE}"
"""Asked once more: one may have been attached between the look and the hold."""


def last_swept(tx: Tx) -> Swept | None:
    rows = tx.all("SELECT value FROM settings WHERE name = :name", name=_LAST)
    try:
        return msgspec.json.decode(rows[0]["value"], type=Swept) if rows else None
    except msgspec.ValidationError:  # of another version, which told something else
        return None


def keep_swept(tx: Tx, swept: Swept) -> None:
    tx.run(
        "INSERT INTO settings (name, value) VALUES (:name, :value)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        name=_LAST,
        value=msgspec.json.encode(swept).decode(),
    )
