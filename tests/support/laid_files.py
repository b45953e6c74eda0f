"""Pictures, files and uploads under ids that a test has chosen."""

from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from io import BytesIO
from typing import Final

from keesa.attachments.keeping import keep_attachment
from keesa.attachments.made import NewFile, ReadyFile
from keesa.attachments.serving import Kind, StoredForm
from keesa.clock import now
from keesa.db import Tx
from keesa.files.places import UPLOADS, Place
from keesa.uploads.uploads import KEPT

LENGTH: Final = 1000
"""Bytes of an upload of which nothing has arrived."""


def lay_attachments(tx: Tx, ticket: int, kind: Kind, ids: Sequence[int], by: int) -> None:
    """Without their bytes, hanging on the ticket, as that user has added them just now."""
    form = StoredForm("image/png", 9, 40, 30) if kind == "image" else StoredForm("text/plain", 9)
    new = NewFile(sha256(kind.encode()).hexdigest()[:32], {"original": form})
    ready = ReadyFile(f"laid.{kind}", f"{kind:_<64}", new)
    for attachment_id in ids:
        kept = keep_attachment(tx, ticket, ready, kind, by, now())
        tx.run("UPDATE attachments SET id = :id WHERE id = :kept", id=attachment_id, kept=kept)


def lay_upload(tx: Tx, upload_id: str, by: int) -> None:
    """Begun by that user, of which nothing has arrived."""
    _begin(tx, upload_id, by, LENGTH)


def lay_whole_upload(tx: Tx, place: Place, upload_id: str, by: int, content: bytes) -> None:
    """That user's, whole, its bytes in one piece where files are kept."""
    with suppress(FileExistsError):  # of one that was used up
        place.put(f"{UPLOADS}/{upload_id}", BytesIO(content), len(content))
    _begin(tx, upload_id, by, len(content))
    tx.run("UPDATE uploads SET received = length WHERE id = :id", id=upload_id)
    piece = "INSERT INTO upload_pieces (upload_id, start, size, place) VALUES (:id, 0, :size, :id)"
    tx.run(piece, id=upload_id, size=len(content))


def _begin(tx: Tx, upload_id: str, by: int, length: int) -> None:
    tx.run(
        "INSERT INTO uploads (id, user_id, length, name, media_type, created_at, expires_at)"
        " VALUES (:id, :by, :length, 'laid.png', 'image/png', :at, :expires_at)",
        id=upload_id,
        by=by,
        length=length,
        at=now(),
        expires_at=now() + KEPT,
    )
