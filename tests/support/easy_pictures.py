"""Pictures that need no looking into: what a test says of them is so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from keesa.errors import WrongType
from keesa.pictures.prepared import ORIGINAL, THUMBNAIL, Form, PreparedPicture

PICTURE = b"picture of "
"""What every picture of these tests begins with."""


@dataclass
class EasyDecoders:
    """Takes what begins as `PICTURE` does, at 40 by 30 pixels, with a thumbnail."""

    taken: Mapping[str, Any] | None = None
    looked_at: list[bytes] = field(default_factory=list)
    """What was looked into, in its order."""
    closed: bool = False

    async def prepare(self, content: IO[bytes], into: Path) -> PreparedPicture:
        held = content.read()
        self.looked_at.append(held)
        if not held.startswith(PICTURE):
            raise WrongType("It is no picture")
        forms = {}
        for name, made, width, height in ((ORIGINAL, held, 40, 30), (THUMBNAIL, held[:9], 4, 3)):
            path = into / name
            path.write_bytes(made)
            forms[name] = Form(path, "image/png", len(made), width, height)
        return PreparedPicture(forms, self.taken)

    def close(self) -> None:
        self.closed = True
