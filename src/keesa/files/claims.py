"""Which place has the files of a desk: a mark there and the same one in the database, so that no two nodes keep files
in two places, and no server works with another one's. Rows of `settings`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import uuid4

from keesa import desk
from keesa.db import Database, Tx
from keesa.errors import Refused, Unavailable
from keesa.files.places import Place

_MARK: Final = "files"
_OWNER: Final = "files owner"


def owner(tx: Tx) -> str:
    """The name of the desk's own folder: its id, but for a copy of it, which has that id too."""
    rows = tx.all("SELECT value FROM settings WHERE name = :name", name=_OWNER)
    return str(rows[0]["value"]) if rows else desk.find(tx).id


def owner_of_copy(tx: Tx) -> str:
    """What a desk that has begun anew is to be called there."""
    found = desk.find(tx)
    return f"{found.id}-{found.epoch:x}"


def keep_owner(tx: Tx, name: str) -> None:
    _keep(tx, _OWNER, name)


def mark(tx: Tx) -> str | None:
    """That of the desk's place, where it has one."""
    rows = tx.all("SELECT value FROM settings WHERE name = :name", name=_MARK)
    return str(rows[0]["value"]) if rows else None


def new_mark() -> str:
    return uuid4().hex


def keep_mark(tx: Tx, value: str) -> None:
    """From now on."""
    _keep(tx, _MARK, value)


def claim(database: Database, place: Place) -> None:
    """Make sure that the desk's files are there, or will be. Raises `Refused` where they are elsewhere, or none can be
    kept there.
    """
    with _told(place):
        _claim(database, place)
        place.prove()


def require_fit(database: Database, place: Place) -> str:
    """Which place it is. Raises the same as `claim`, and claims nothing: where the desk has not begun yet, its start
    will tell.
    """
    if (known := database.read(mark)) is not None:
        with _told(place):
            require_claimed(known, place)
            place.prove()
    return place.describe()


@contextmanager
def _told(place: Place) -> Iterator[None]:
    try:
        yield
    except Unavailable as error:
        raise Refused(f"{place.describe()}, where files are kept (KEESA_FILES), cannot be used: {error}") from error


def require_claimed(known: str | None, place: Place) -> None:
    """Raise `Refused` where the desk has its files elsewhere; `known` is its mark."""
    if known is not None and (found := place.mark()) != known:
        has = "nothing of it is there" if found is None else "what is there is another place's"
        raise Refused(
            f"The files of this desk are not in {place.describe()}: {has}. All nodes of a desk share one folder, or one"
            " bucket of S3: set KEESA_FILES to it. Where its files were moved here, run `keesa file adopt`"
        )


def _claim(database: Database, place: Place) -> None:
    known = database.read(mark)
    if known is None:
        found = place.mark() or _put_first(place)
        known = database.write(lambda tx: _keep_first(tx, found))
    elif place.mark() is None and database.read(_may_be_anywhere):
        place.put_mark(known)
    require_claimed(known, place)


def _may_be_anywhere(tx: Tx) -> bool:
    """Whether it has no files yet, and one machine alone: so a data file that was copied begins where it lies."""
    return tx.writes_alone and not tx.all(_ANY)


_ANY: Final = """
    SELECT 1 AS one FROM stored_files UNION ALL SELECT 1 FROM upload_pieces LIMIT 1
"""


def _put_first(place: Place) -> str:
    """Of nodes that begin at once, that of the first."""
    made = new_mark()
    try:
        place.put_mark(made)
    except FileExistsError:
        return place.mark() or made
    return made


def _keep_first(tx: Tx, value: str) -> str | None:
    tx.run("INSERT INTO settings (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING", name=_MARK, value=value)
    return mark(tx)


def _keep(tx: Tx, name: str, value: str) -> None:
    tx.run(
        "INSERT INTO settings (name, value) VALUES (:name, :value)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        name=name,
        value=value,
    )
