"""Clients of tus that others have written send a file over a line that breaks, to a server that is killed meanwhile."""

import hashlib
import json
import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from tusclient.client import TusClient

import cast
from cast import ADMIN
from cut_line import CutLine
from install_clients import NODE_CLIENTS, node
from keesa.files import claims
from keesa.files.opening import open_place
from live import LiveServer
from places import Place, opened

MIB: Final = 1024 * 1024
SIZE: Final = 6 * MIB + 4_321
PATIENCE: Final = 120


class Sent(NamedTuple):
    upload_id: str
    went_on: bool
    """Whether it was tried again."""


def with_tus_js(file: Path, url: str, token: str) -> Sent:
    """In one request, as long as nothing breaks."""
    command: list[str | Path] = [
        node(),
        NODE_CLIENTS / "tus" / "send.js",
        file,
        f"{url}/api/v1/uploads",
        token,
        str(SIZE),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return Sent(told["url"][-32:], bool(told["retries"]))


def with_tuspy(file: Path, url: str, token: str) -> Sent:
    """A mebibyte at a time, each with its checksum."""
    client = TusClient(f"{url}/api/v1/uploads", headers={"Authorization": f"Bearer {token}"})
    with file.open("rb") as content:
        uploader = client.uploader(
            file_stream=content,
            chunk_size=MIB,
            retries=100,
            retry_delay=0.25,
            metadata={"filename": "mast.jpg", "filetype": "image/jpeg"},
            upload_checksum=True,
        )
        uploader.upload()
    assert uploader.url is not None
    return Sent(uploader.url[-32:], went_on=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mast.jpg"
    path.write_bytes(random.Random(7).randbytes(SIZE))  # noqa: S311 - the same each time
    return path


@contextmanager
def serving(place: Place) -> Iterator[tuple[LiveServer, str]]:
    with LiveServer(place.data, place.url, "--workers", "2", KEESA_SECRET=cast.SECRET) as server:
        with opened(place) as database:
            token = cast.token(database, ADMIN)
        yield server, token


def content_of(place: Place, upload_id: str) -> bytes:
    """What the server keeps of it, piece by piece."""
    with opened(place) as database:
        sql = "SELECT place, start, size FROM upload_pieces WHERE upload_id = :id ORDER BY start"
        rows = database.read(lambda tx: tx.all(sql, id=upload_id))
        kept = open_place(None, place.data, database.read(claims.owner))
    content = b""
    for row in rows:
        assert row["start"] == len(content)
        piece = b"".join(kept.read(f"uploads/{row['place']}"))
        assert len(piece) == row["size"]
        content += piece
    return content


@pytest.mark.parametrize("send", [with_tus_js, with_tuspy])
def test_a_file_goes_on_where_the_line_broke(place: Place, file: Path, send: Callable[[Path, str, str], Sent]) -> None:
    """Twice, and it arrives whole."""
    with serving(place) as (server, token):
        with CutLine(lambda: server.url, [SIZE * 6 // 10, SIZE // 5]) as line:
            sent = send(file, line.url, token)
            assert (sent.went_on, line.times_cut) == (True, 2)
        assert hashlib.sha256(content_of(place, sent.upload_id)).hexdigest() == (
            hashlib.sha256(file.read_bytes()).hexdigest()
        )


@pytest.mark.parametrize("send", [with_tus_js, with_tuspy])
def test_a_file_goes_on_at_a_server_that_was_killed(
    place: Place, file: Path, send: Callable[[Path, str, str], Sent]
) -> None:
    """SIGKILL to all of its processes in the middle of the file; the next one knows what the last one acknowledged."""
    with serving(place) as (server, token):

        def kill() -> None:
            server.kill()
            server.start()

        with CutLine(lambda: server.url, [SIZE * 6 // 10], kill) as line:
            sent = send(file, line.url, token)
            assert (sent.went_on, line.times_cut) == (True, 1)
        assert content_of(place, sent.upload_id) == file.read_bytes()
