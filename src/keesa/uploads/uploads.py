"""Uploads: what a user sends piece by piece, and which pieces are there for good."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from keesa.accounts.actors import Actor
from keesa.db import Row, Tx
from keesa.errors import Conflict, Invalid, NotFound, TooLarge

KEPT: Final = 24 * 3600 * 1000
"""Milliseconds from its beginning to its end, whether it is whole or not."""
AT_ONCE: Final = 50
"""Uploads of a user that are under way, or whole and not attached yet."""
BYTES_AT_ONCE: Final = 2 * 1024 * 1024 * 1024
"""Of all of these, as they were announced."""
MOST_PIECES: Final = 4096
"""Of an upload: each takes a file of its own."""
NOT_FOUND: Final = "There is no such upload"
MOVED: Final = "The upload has got further, or less far, than that: ask how far"
_ID: Final = re.compile(r"[0-9a-f]{32}")


class Upload(NamedTuple):
    id: str
    length: int
    """Bytes that it will have."""
    received: int
    """Bytes that are there for good."""
    name: str
    """As who sends it calls it."""
    media_type: str
    """Likewise."""
    expires_at: int
    """In milliseconds since 1970."""


class Piece(NamedTuple):
    """Bytes that have been put where files are kept."""

    place: str
    size: int


class WholeUpload(NamedTuple):
    """One that has arrived."""

    id: str
    name: str
    length: int
    pieces: Sequence[Piece]
    """In their order."""


@dataclass(frozen=True, slots=True)
class NewUpload:
    length: int
    name: str
    media_type: str


def parse_id(text: str) -> str | None:
    """None for what can be no upload's."""
    return text if _ID.fullmatch(text) else None


def find_upload(tx: Tx, actor: Actor, upload_id: str | None, at: int) -> Upload:
    """Raises `NotFound` where it is another user's, or its time is over."""
    row = tx.one(_FIND, id=upload_id, user_id=actor.id, at=at)
    if row is None:
        raise NotFound(NOT_FOUND)
    return _upload(row)


def find_whole(tx: Tx, actor: Actor, upload_id: str | None, at: int) -> WholeUpload:
    """Raises as `find_upload` does, also where some of it has not arrived yet."""
    found = find_upload(tx, actor, upload_id, at)
    if found.received != found.length:
        raise NotFound(NOT_FOUND)
    pieces = tx.all("SELECT place, size FROM upload_pieces WHERE upload_id = :id ORDER BY start", id=found.id)
    return WholeUpload(found.id, found.name, found.length, [Piece(each["place"], each["size"]) for each in pieces])


def use_up(tx: Tx, actor: Actor, upload_id: str, at: int) -> None:
    """It is none any more. Raises as `find_whole` does, of two who do so at once for the second."""
    if not tx.changed(f"{_DROP} AND received = length", id=upload_id, user_id=actor.id, at=at):
        raise NotFound(NOT_FOUND)


def require_offset(tx: Tx, upload: Upload, offset: int) -> None:
    """Raises `Conflict` where the upload does not go on there, and `Invalid` where it has come in too many pieces."""
    if offset != upload.received:
        raise Conflict(MOVED)
    if tx.value("SELECT count(*) AS value FROM upload_pieces WHERE upload_id = :id", id=upload.id) >= MOST_PIECES:
        raise Invalid({"upload": [f"has come in {MOST_PIECES} pieces: send it anew, in larger ones"]})


def require_length(length: int, most: int) -> None:
    """Raises `TooLarge`; `most` is in bytes."""
    if length > most:
        raise TooLarge(f"An upload may have at most {most} bytes")


def create_upload(tx: Tx, actor: Actor, new: NewUpload, pieces: Sequence[Piece], at: int) -> Upload:
    """With the pieces that have come with the call. Raises `Invalid` where the user has too much under way."""
    tx.one("SELECT id FROM users WHERE id = :id $for_update", id=actor.id)  # stands for the rule of `AT_ONCE`
    [row] = tx.all(_UNDER_WAY, user_id=actor.id, at=at)
    if row["uploads"] >= AT_ONCE:
        raise Invalid({"upload": [f"is one too many: a user may have {AT_ONCE} under way"]})
    if row["bytes"] + new.length > BYTES_AT_ONCE:
        raise Invalid({"upload": [f"is too much: all that a user has under way may have {BYTES_AT_ONCE} bytes"]})
    received = sum(piece.size for piece in pieces)
    upload = Upload(secrets.token_hex(16), new.length, received, new.name, new.media_type, at + KEPT)
    tx.run(_CREATE, user_id=actor.id, created_at=at, **upload._asdict())
    _add(tx, upload.id, 0, pieces)
    return upload


def extend(tx: Tx, actor: Actor, upload: Upload, pieces: Sequence[Piece], at: int) -> Upload:
    """With these pieces behind what was there when the upload was looked at. Raises `Conflict` where somebody else was
    faster, and `NotFound` where it is there no more: then the pieces are nobody's.
    """
    received = upload.received + sum(piece.size for piece in pieces)
    moved = tx.changed(_MOVE, id=upload.id, user_id=actor.id, old=upload.received, new=received, at=at)
    if not moved:
        find_upload(tx, actor, upload.id, at)
        raise Conflict(MOVED)
    _add(tx, upload.id, upload.received, pieces)
    return upload._replace(received=received)


def drop(tx: Tx, actor: Actor, upload_id: str | None, at: int) -> None:
    """Raises `NotFound`. What has arrived is swept away later."""
    if not tx.changed(_DROP, id=upload_id, user_id=actor.id, at=at):
        raise NotFound(NOT_FOUND)


def clear_expired(tx: Tx, at: int, most: int) -> int:
    """Up to so many rows of those whose time is over, their pieces before them; how many it were."""
    cleared = tx.changed(_CLEAR_PIECES, at=at, most=most)
    return cleared if cleared >= most else cleared + tx.changed(_CLEAR, at=at, most=most)


def _add(tx: Tx, upload_id: str, start: int, pieces: Sequence[Piece]) -> None:
    for piece in pieces:
        tx.run(_ADD, upload_id=upload_id, start=start, size=piece.size, place=piece.place)
        start += piece.size


def _upload(row: Row) -> Upload:
    return Upload(*(row[name] for name in Upload._fields))


_FIND: Final = """
    SELECT id, length, received, name, media_type, expires_at FROM uploads
    WHERE id = :id AND user_id = :user_id AND expires_at > :at
"""
_UNDER_WAY: Final = """
    SELECT count(*) AS uploads, CAST(coalesce(sum(length), 0) AS BIGINT) AS bytes FROM uploads
    WHERE user_id = :user_id AND expires_at > :at
"""
_CREATE: Final = """
    INSERT INTO uploads (id, user_id, length, received, name, media_type, created_at, expires_at)
    VALUES (:id, :user_id, :length, :received, :name, :media_type, :created_at, :expires_at)
"""
_MOVE: Final = """
    UPDATE uploads SET received = :new
    WHERE id = :id AND user_id = :user_id AND received = :old AND length >= :new AND expires_at > :at
"""
_ADD: Final = "INSERT INTO upload_pieces (upload_id, start, size, place) VALUES (:upload_id, :start, :size, :place)"
_DROP: Final = "DELETE FROM uploads WHERE id = :id AND user_id = :user_id AND expires_at > :at"
_CLEAR_PIECES: Final = """
    DELETE FROM upload_pieces WHERE place IN (
        SELECT upload_pieces.place FROM uploads JOIN upload_pieces ON upload_pieces.upload_id = uploads.id
        WHERE uploads.expires_at <= :at LIMIT :most
    )
"""
_CLEAR: Final = """
    DELETE FROM uploads WHERE id IN (SELECT id FROM uploads WHERE expires_at <= :at LIMIT :most $if_free)
"""
