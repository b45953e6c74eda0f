"""Forms as clients send them, and endpoints that tell what has arrived of them."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx2
from msgspec import Struct

from keesa.accounts.permissions import TICKETS_WRITE
from keesa.api.calls import Call
from keesa.db import Tx
from keesa.web.forms import MIB, Form
from keesa.web.routes import Prepare, Routes

KEEP: Final = "/api/v1/keep_form"
LARGE: Final = bytes(range(256)) * (3 * MIB // 256)
BOUNDARY: Final = "between-the-parts"
TYPE: Final = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
PIECE: Final = 65_536

ROUTES = Routes()
TAKEN: list[Form] = []


class Texts(Struct):
    note: str | None = None


class KeptFile(Struct):
    field: str
    name: str
    media_type: str
    size: int
    sum: str
    read: str


class Kept(Struct):
    files: list[KeptFile]
    fields: dict[str, list[str]]


@ROUTES.add("POST", "/keep_form", status=201, summary="Keep", permission=TICKETS_WRITE, body_schema=Texts)
def keep(_tx: Tx, call: Call[None, Form]) -> Kept:
    TAKEN.append(call.body)
    files = [
        KeptFile(f.field, f.name, f.media_type, f.size, f.sum, hashlib.sha256(f.file.read()).hexdigest())
        for f in call.body.files
    ]
    if "bad" in call.body.fields:
        raise RuntimeError("the form cannot be kept")
    return Kept(files, {name: list(texts) for name, texts in call.body.fields.items()})


@ROUTES.add("POST", "/keep_soon", summary="Keep", permission=TICKETS_WRITE, body_schema=Texts, body_seconds=2)
def keep_soon(tx: Tx, call: Call[None, Form]) -> Kept:
    return keep(tx, call)


def prepare_sizes(_tx: Tx, call: Call[None, Form]) -> Prepare:
    async def read() -> list[int]:
        return [len(await asyncio.to_thread(each.file.read)) for each in call.body.files]

    return read


@ROUTES.add(
    "POST", "/keep_prepared", summary="Keep", permission=TICKETS_WRITE, body_schema=Texts, prepares=prepare_sizes
)
def keep_prepared(tx: Tx, call: Call[None, Form]) -> Kept:
    assert call.prepared == [each.size for each in call.body.files]
    return keep(tx, call)


def part(disposition: str, content: bytes = b"x", *headers: str) -> bytes:
    lines = [f"--{BOUNDARY}", f"Content-Disposition: {disposition}", *headers, "", ""]
    return "\r\n".join(lines).encode() + content + b"\r\n"


def file_part(content: bytes = b"x", name: str = "a.png", kind: str = "image/png") -> bytes:
    return part(f'form-data; name="file"; filename="{name}"', content, f"Content-Type: {kind}")


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


async def in_pieces(content: bytes, size: int = PIECE) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def send(client: httpx2.AsyncClient, content: Any, **headers: str) -> httpx2.Response:  # noqa: ANN401 - a body
    return await client.post(KEEP, content=content, headers=TYPE | headers)


def sum_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
