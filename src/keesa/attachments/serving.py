"""The one picture or file that an address names, for whom that was made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import msgspec

from keesa.attachments.sight import SHOWN
from keesa.db import Row, Tx

Kind = Literal["image", "file"]


class StoredForm(NamedTuple):
    """One size and format, as it is kept; pixels of a picture alone."""

    media_type: str
    size: int
    """In bytes."""
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class ServedFile:
    place: str
    """Its folder where files are kept: each form lies at `<place>/<name of the form>`."""
    kind: Kind
    forms: Mapping[str, StoredForm]
    """By name; `original` is always there."""
    media_type: str
    """Of the original, as `size` is."""
    size: int
    name: str
    """As who sent it called it."""
    created_at: int
    """When its bytes were stored; they never change."""


def find_file(tx: Tx, attachment_id: int, customer_id: int | None) -> ServedFile | None:
    """What an address of the desk (None) or of a customer names: of the customer's no more than they see now."""
    given = {} if customer_id is None else {"customer_id": customer_id}
    condition = "" if customer_id is None else f" AND owners.customer_id = :customer_id AND {SHOWN}"
    row = tx.one(f"{_FIND}{condition}", id=attachment_id, **given)
    return None if row is None else _served(row)


def _served(row: Row) -> ServedFile:
    return ServedFile(
        place=row["place"],
        kind=row["kind"],
        forms=forms_of(row["forms"]),
        media_type=row["media_type"],
        size=row["size"],
        name=row["name"],
        created_at=row["created_at"],
    )


forms_of = msgspec.json.Decoder(dict[str, StoredForm]).decode
"""The column `forms` of `stored_files`."""
_FIND: Final = (
    "SELECT stored_files.place, attachments.kind, stored_files.forms, stored_files.media_type, stored_files.size,"
    " attachments.name, stored_files.created_at FROM attachments"
    " JOIN stored_files ON stored_files.id = attachments.file_id"
    " JOIN tickets owners ON owners.id = attachments.ticket_id WHERE attachments.id = :id"
)
