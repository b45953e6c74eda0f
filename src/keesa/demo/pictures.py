"""The pictures of the demo's tickets: drawn by code, looked into as any that is sent, and stored once a customer."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from keesa.attachments.keeping import keep_attachment
from keesa.attachments.made import NewFile, ReadyFile
from keesa.attachments.receiving import put_picture
from keesa.db import Tx
from keesa.demo.drawings import drawing
from keesa.demo.keeping import KeptTicket
from keesa.files.places import Place
from keesa.pictures.decoding import Decoders

MEGAPIXELS: Final = 1
"""Of a drawing, at the most."""


class _Hung(NamedTuple):
    drawing: str
    name: str


_DOCUMENTED: Final[Mapping[int, _Hung]] = {
    2024001: _Hung("router", "image1.jpg"),
    2008022: _Hung("phone", "phones.jpg"),
    2009004: _Hung("rack", "school-rack.jpg"),
    2012001: _Hung("fibre", "port-588.jpg"),
}
"""Of the documents' tickets: 2024001 has the one that its sample shows."""
_BY_TITLE: Final[Mapping[str, _Hung]] = {
    "no signal since the storm": _Hung("mast", "mast.jpg"),
    "picture freezes": _Hung("dish", "dish.jpg"),
    "battery swells": _Hung("rack", "cabinet.jpg"),
}
"""Of others, by the end of their titles."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawing that lies where files are kept; no row tells of it yet."""

    sum: str
    """SHA-256 of what was drawn."""
    new: NewFile


def draw(place: Place, customers: Sequence[int]) -> Mapping[tuple[str, int], Drawn]:
    """By drawing and customer; as for a picture that is sent, its bytes are there before any row. Some seconds."""
    names = sorted({hung.drawing for hung in (*_DOCUMENTED.values(), *_BY_TITLE.values())})
    with TemporaryDirectory(prefix="keesa-demo-") as folder:
        return asyncio.run(_draw(place, names, customers, Path(folder)))


async def _draw(
    place: Place, names: Sequence[str], customers: Sequence[int], folder: Path
) -> dict[tuple[str, int], Drawn]:
    decoders = Decoders(folder, MEGAPIXELS, keep_data=False)
    try:
        drawn = dict[tuple[str, int], Drawn]()
        for name in names:
            content, into = drawing(name), folder / name
            into.mkdir()
            picture = await decoders.prepare(BytesIO(content), into)
            digits = sha256(content).hexdigest()
            drawn |= {(name, customer): Drawn(digits, put_picture(place, picture)) for customer in customers}
        return drawn
    finally:
        decoders.close()


def hang(tx: Tx, ticket: KeptTicket, drawn: Mapping[tuple[str, int], Drawn]) -> None:
    """On the ticket, if one is of it, as who raised it has added it then."""
    by_title = (each for title, each in _BY_TITLE.items() if ticket.title.endswith(title))
    hung = _DOCUMENTED.get(ticket.id) or next(by_title, None)
    if hung is not None:
        found = drawn[hung.drawing, ticket.customer_id]
        ready = ReadyFile(hung.name, found.sum, found.new)
        keep_attachment(tx, ticket.id, ready, "image", ticket.raised_by_id, ticket.raised_at)
