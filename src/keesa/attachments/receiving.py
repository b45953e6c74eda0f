"""From what a call has brought to what can be attached: looked into, made anew, and put where files are kept.

It takes long, and happens between a read and the change. What is put and then not attached, nobody knows of, and it is
swept away (docs/decisions/0060-where-files-lie.md).
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Final, Protocol, TypeVar

from keesa.accounts.actors import Actor
from keesa.attachments.checking import Looked, look
from keesa.attachments.made import Given, Limits, NewFile, Ready, ReadyFile, Sent
from keesa.attachments.media_types import media_type_of
from keesa.attachments.naming import name_of
from keesa.attachments.serving import Kind, StoredForm
from keesa.db import Tx
from keesa.errors import Conflict
from keesa.files.places import UPLOADS, Place
from keesa.pictures.prepared import ORIGINAL, PreparedPicture
from keesa.uploads.uploads import WholeUpload

T = TypeVar("T")
THREADS: Final = 4
"""That put files where they are kept, in a process; who comes then waits."""


class Decoding(Protocol):
    """What looks into pictures, as `keesa.pictures.decoding` does."""

    async def prepare(self, content: IO[bytes], into: Path) -> PreparedPicture:
        """Raises `WrongType`, `TooLarge`, `Invalid` and `Unavailable`."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Judged:
    """A content that was found good, with its forms in files."""

    forms: Mapping[str, tuple[StoredForm, IO[bytes] | Path]]
    picture: PreparedPicture | None = None


class Receiving:
    """`place` finds where the desk's files are kept; `scratch` is a folder for what is under way."""

    def __init__(self, place: Callable[[Tx], Place], decoders: Decoding, scratch: Path, limits: Limits) -> None:
        self.place = place
        self._decoders = decoders
        self._scratch = scratch
        self._threads = ThreadPoolExecutor(THREADS, "files")
        self.limits = limits

    def close(self) -> None:
        self._decoders.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def prepare(
        self, tx: Tx, actor: Actor, number: int | None, given: Given, at: int
    ) -> Callable[[], Awaitable[Ready]]:
        """What makes all that is given ready to be attached, in its order, the uploads last: to be awaited outside of
        the transaction. Raises what `look` does at once, and then what the decoders and the place do.
        """
        looked, place = look(tx, actor, number, given, self.limits, at), self.place(tx)
        return lambda: self._make(place, given, looked)

    async def _make(self, place: Place, given: Given, looked: Looked) -> Ready:
        """All are judged before any is put."""
        with ExitStack() as under_way:
            uploads = [await self._assembled(place, each, under_way) for each in looked.uploads]
            sent = [*given.files, *uploads]
            judged = dict[str, _Judged]()
            for each in sent:
                if each.sum not in looked.stored and each.sum not in judged:
                    judged[each.sum] = await self._judge(given.kind, each.content, under_way)
            new = {digits: await self._in_thread(partial(_put, place, each)) for digits, each in judged.items()}
        used = [None] * len(given.files) + [upload.id for upload in looked.uploads]
        files = [
            ReadyFile(name_of(each.name), each.sum, new.get(each.sum), upload)
            for each, upload in zip(sent, used, strict=True)
        ]
        return Ready(given.kind, given.note_id, files)

    async def _assembled(self, place: Place, upload: WholeUpload, under_way: ExitStack) -> Sent:
        """The upload in one file, which is gone with what is under way."""
        content: IO[bytes] = TemporaryFile(dir=self._folder())  # noqa: SIM115 - it ends with what is under way
        under_way.enter_context(content)
        size, digits = await self._in_thread(lambda: _assemble(place, upload, content))
        return Sent(upload.name, digits, size, content)

    async def _judge(self, kind: Kind, content: IO[bytes], under_way: ExitStack) -> _Judged:
        content.seek(0)
        if kind == "file":
            media_type, size = await self._in_thread(lambda: (media_type_of(content), content.seek(0, 2)))
            return _Judged({ORIGINAL: (StoredForm(media_type, size), content)})
        into = Path(under_way.enter_context(TemporaryDirectory(dir=self._folder())))
        return _of_picture(await self._decoders.prepare(content, into))

    def _folder(self) -> Path:
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._scratch

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def put_picture(place: Place, picture: PreparedPicture) -> NewFile:
    """All forms of it, for no row yet."""
    return _put(place, _of_picture(picture))


def _of_picture(picture: PreparedPicture) -> _Judged:
    forms = {
        name: (StoredForm(form.media_type, form.size, form.width, form.height), form.path)
        for name, form in picture.forms.items()
    }
    return _Judged(forms, picture)


def _assemble(place: Place, upload: WholeUpload, content: IO[bytes]) -> tuple[int, str]:
    """Its size, and its sum. Raises `Conflict` where a piece is gone, as of an upload that has just expired."""
    digest, size = sha256(), 0
    for piece in upload.pieces:
        try:
            for chunk in place.read(f"{UPLOADS}/{piece.place}"):
                digest.update(chunk)
                size += content.write(chunk)
        except FileNotFoundError as error:
            raise Conflict("The upload is there no more; send it again") from error
    return size, digest.hexdigest()


def _put(place: Place, judged: _Judged) -> NewFile:
    """Under a name of its own: nothing that is there is written over."""
    name = secrets.token_hex(16)
    for form, (stored, source) in judged.forms.items():
        if isinstance(source, Path):
            with source.open("rb") as content:
                place.put(f"{name}/{form}", content, stored.size)
        else:
            source.seek(0)
            place.put(f"{name}/{form}", source, stored.size)
    taken = None if judged.picture is None else judged.picture.taken
    return NewFile(name, {form: stored for form, (stored, _) in judged.forms.items()}, taken)
