"""HTTP by hand on asyncio's streams: what no client library would let a program do."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

ANSWER_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Target:
    """Where the server answers, and an admin's token."""

    host: str
    port: int
    token: str

    def head(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        """The head of a request with the token, without the empty line that would end it."""
        given = {"Host": self.host, "Authorization": f"Bearer {self.token}", **(headers or {})}
        return f"{method} {path} HTTP/1.1\r\n".encode() + b"".join(
            f"{name}: {value}\r\n".encode() for name, value in given.items()
        )


class Client:
    """One connection, opened when it is needed; asks one thing after the other."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes, float]:
        """Status, body and seconds; raises `OSError` or `TimeoutError` where there is no answer."""
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                status, answer = await self._ask(method, path, body)
        except BaseException:
            self.close()
            raise
        return status, answer, time.perf_counter() - begun

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _ask(self, method: str, path: str, body: object) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._target.host, self._target.port)
        reader, writer = self._streams
        data = b"" if body is None else json.dumps(body).encode()
        told = {} if body is None else {"Content-Type": "application/json", "Content-Length": str(len(data))}
        writer.write(self._target.head(method, path, told) + b"\r\n" + data)
        lines = (await _until(reader, b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        answer = await reader.readexactly(int(headers.get("content-length", 0)))
        if headers.get("connection") == "close":
            self.close()
        return int(lines[0].split()[1]), answer


async def _until(reader: asyncio.StreamReader, end: bytes) -> bytes:
    try:
        return await reader.readuntil(end)
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("the server has closed the connection") from error


def answer_of(body: bytes) -> Any:  # noqa: ANN401 - JSON
    return json.loads(body)
