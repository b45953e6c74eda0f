"""What is sent to do harm, as a picture of a ticket: refused with what is wrong, or made anew without it.

Each is sent in a form and through `/uploads`, to the decoder that a server has.
"""

import asyncio
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import httpx2
import pytest
from httpx2 import Response

from asking import ApiFor
from bombs import gif_of, png_of
from cast import ASSIGNED, ENGINEER
from drawn_pictures import picture
from further_routes import asking
from http_serving import PATIENCE, run
from keesa.config import Config
from keesa.db import Database
from pictures import drawn, encoded, with_chunk, with_segment
from sent_forms import TYPE, file_part, form
from sent_uploads import Sender, checksum
from sent_uploads import encoded as in_base64
from unchanged import unchanged

IMAGES: Final = f"/tickets/{ASSIGNED}/images"
HTML: Final = b"<html><script>alert('harm')</script></html>"
ZIP: Final = b"PK\x03\x04harm.class" + bytes(20) + b"PK\x05\x06" + bytes(18)
NAME: Final = "../../mast.html\0.png"
NO_KIND: Final = {"error": "Pictures are taken as JPEG, PNG, WebP, GIF, HEIC or AVIF"}
TOO_LARGE: Final = {"error": "A picture has at most 50 million pixels, all its frames together"}
TOO_MANY_FRAMES: Final = {"error": "A moving picture has at most 1,000 frames"}
BROKEN: Final = {"error": "image is broken or incomplete", "errors": {"image": ["is broken or incomplete"]}}

ERROR: Final = re.compile(rb'HTTP/1.1 (\d+) .*?\r\n\r\n\{"error":"([^"]*)"\}', re.DOTALL)
"""Status and sentence of one, as it comes over the line."""


class Harm(NamedTuple):
    make: Callable[[], bytes]
    status: int
    told: object


HARMS: Final = {
    "SVG": Harm(lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", 415, NO_KIND),
    "SVG behind a declaration": Harm(lambda: b"<?xml version='1.0'?><svg onload='alert(1)'/>", 415, NO_KIND),
    "HTML": Harm(lambda: HTML, 415, NO_KIND),
    "HTML before a JPEG": Harm(lambda: HTML + picture("JPEG"), 415, NO_KIND),
    "ZIP before a PNG": Harm(lambda: ZIP + picture("PNG"), 415, NO_KIND),
    "PDF with a JPEG in it": Harm(lambda: b"%PDF-1.7\nstream\n" + picture("JPEG"), 415, NO_KIND),
    "HTML behind the first bytes of a JPEG": Harm(lambda: b"\xff\xd8\xff\xe0" + HTML, 422, BROKEN),
    "HTML behind the first bytes of a PNG": Harm(lambda: b"\x89PNG\r\n\x1a\n" + HTML, 422, BROKEN),
    "a script that begins as a GIF": Harm(lambda: b"GIF89a=1;alert('harm')//" + bytes(99), 422, BROKEN),
    "50,000 x 50,000": Harm(lambda: png_of(50_000, 50_000, pixels=bytes(6251 * 5_000)), 413, TOO_LARGE),
    "a moving one of 7,000 x 7,000": Harm(lambda: gif_of(1000, reaching=7000), 413, TOO_LARGE),
    "4,000,000,000 frames": Harm(
        lambda: with_chunk(picture("PNG"), b"acTL", struct.pack(">II", 4_000_000_000, 0)), 413, TOO_MANY_FRAMES
    ),
    "a JPEG that is cut off": Harm(lambda: picture("JPEG")[:-200], 422, BROKEN),
    "a PNG that is cut off": Harm(lambda: picture("PNG")[:-13], 422, BROKEN),
    "a GIF that is cut off": Harm(lambda: picture("GIF")[:-1], 422, BROKEN),
    "a WebP that is cut off": Harm(lambda: picture("WEBP")[:-2], 422, BROKEN),
    "an AVIF that is cut off": Harm(lambda: picture("AVIF")[:-20], 422, BROKEN),
    "a HEIC that is cut off": Harm(lambda: encoded(drawn(), "HEIF")[:-20], 422, BROKEN),
}


@contextmanager
def nothing_kept(database: Database, config: Config) -> Iterator[None]:
    """Every row is as it was, the ticket's revision and its events among them; so is every file where files are kept
    and where they come in.
    """
    before = files_of(config)
    with unchanged(database):
        yield
    assert files_of(config) == before


def files_of(config: Config) -> list[str]:
    return sorted(str(path) for path in config.data.rglob("*") if path.is_file())


@pytest.fixture
def sender(shared_api: ApiFor, shared_database: Database) -> Sender:
    """An engineer, who has nothing under way."""
    shared_database.write(lambda tx: tx.run("DELETE FROM uploads"))
    return Sender(shared_api(ENGINEER))


def in_a_form(sender: Sender, content: bytes, name: str = NAME) -> Response:
    sent = {"Authorization": f"Bearer {sender.api.token}"} | TYPE
    return sender.api.client.post(f"/api/v1{IMAGES}", content=form(file_part(content, name)), headers=sent)


def uploaded(sender: Sender, content: bytes, name: str = "../mast.html.png") -> str:
    """The id of an upload that is whole."""
    path = sender.begun(len(content), name)
    assert sender.send(path, 0, content, **checksum("sha256", content)).status_code == 204
    return path[-32:]


def attached(sender: Sender, upload_id: str) -> Response:
    return sender.api("POST", IMAGES, {"uploads": [upload_id]})


def assert_is_told(answer: Response, status: int, told: object) -> None:
    assert (answer.status_code, answer.json()) == (status, told)


@pytest.mark.parametrize("name", HARMS)
def test_harm_is_refused(sender: Sender, shared_database: Database, shared_config: Config, name: str) -> None:
    """Also beside a good picture; an upload of it is still its user's, and none of the ticket's."""
    harm = HARMS[name]
    content = harm.make()
    with nothing_kept(shared_database, shared_config):
        assert_is_told(in_a_form(sender, content), harm.status, harm.told)
    upload_id = uploaded(sender, content)
    with nothing_kept(shared_database, shared_config):
        assert_is_told(attached(sender, upload_id), harm.status, harm.told)


def gif_with(content: bytes) -> bytes:
    """In a comment, before all else (GIF 89a, 24)."""
    gif = picture("GIF")
    start = 13 + (3 << (gif[10] & 7) + 1)
    return gif[:start] + b"\x21\xfe" + bytes([len(content)]) + content + b"\0" + gif[start:]


POLYGLOTS: Final = {
    "a JPEG with HTML in a comment": lambda: with_segment(picture("JPEG"), 0xFE, HTML),
    "a JPEG with HTML behind its end": lambda: picture("JPEG") + HTML,
    "a JPEG with a ZIP behind its end": lambda: picture("JPEG") + ZIP,
    "a GIF with HTML in a comment": lambda: gif_with(HTML),
    "a GIF with a ZIP behind its end": lambda: picture("GIF") + ZIP,
    "a PNG with HTML in a text": lambda: with_chunk(picture("PNG"), b"tEXt", b"Comment\0" + HTML),
    "a PNG with a ZIP in a chunk of its own": lambda: with_chunk(picture("PNG"), b"haRm", ZIP),
    "a PNG with a ZIP behind its end": lambda: picture("PNG") + ZIP,
    "a WebP with HTML behind its end": lambda: picture("WEBP") + HTML,
}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_what_is_a_picture_and_something_else_is_made_a_picture_alone(sender: Sender, name: str) -> None:
    """It is taken, and no form that is served has anything of the other."""
    content = POLYGLOTS[name]()
    assert HTML in content or ZIP in content
    for answer in (in_a_form(sender, content), attached(sender, uploaded(sender, content))):
        assert answer.status_code == 201, answer.text
        path = answer.headers["location"].removeprefix("/api/v1")
        url = sender.api("GET", path).json()["data"]["image"]["url"]
        for size in ("original", "screen", "thumbnail"):
            for accepted in ("image/webp", "image/png"):
                shown = sender.api.client.get(f"{url}?size={size}", headers={"Accept": accepted})
                assert shown.status_code == 200
                assert shown.headers["Content-Type"].startswith("image/")
                assert shown.headers["X-Content-Type-Options"] == "nosniff"
                assert b"harm" not in shown.content
                assert b"PK\x03\x04" not in shown.content


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd\0.png", "passwd.png"),
        ("..\\..\\boot\0.png", "boot.png"),
        ("../..", "unnamed"),
        ("/", "unnamed"),
    ],
)
def test_a_good_picture_with_a_wicked_name_gets_a_harmless_one(
    sender: Sender, shared_config: Config, sent: str, kept: str
) -> None:
    """Which names nothing where files are kept; in an upload a NUL is refused (400)."""
    before = files_of(shared_config)
    answers = [in_a_form(sender, picture(shade=3), sent.replace("\\", r"\\"))]
    if "\0" in sent:
        refused = sender.begin(10, Upload_Metadata=f"filename {in_base64(sent)}")
        assert refused.status_code == 400
        assert "no NUL" in refused.json()["error"]
    answers.append(attached(sender, uploaded(sender, picture(shade=3), sent.replace("\0", ""))))
    assert [answer.json()["data"]["images"][0]["name"] for answer in answers] == [kept, kept]
    assert not [path for path in set(files_of(shared_config)) - set(before) if kept in path or ".." in path]


def test_bytes_with_another_checksum_are_refused(
    sender: Sender, shared_database: Database, shared_config: Config
) -> None:
    """460, with the beginning of an upload and in its course, and nothing of them is kept."""
    content, path = picture(), sender.begun(len(picture()))
    with nothing_kept(shared_database, shared_config):
        for algorithm in ("sha256", "sha1", "md5"):
            wrong = checksum(algorithm, content[1:])
            for answer in (sender.begin(len(content), content, **wrong), sender.send(path, 0, content, **wrong)):
                assert_is_told(
                    answer,
                    460,
                    {"error": "What has arrived does not have the checksum that was sent: send it again"},
                )
        assert attached(sender, path[-32:]).status_code == 422


def test_an_upload_of_another_length_than_it_says_is_refused(
    sender: Sender, shared_database: Database, shared_config: Config
) -> None:
    """413 for more bytes than were announced, or than may be; 422 to attach one that is not whole."""
    content = picture()
    longer = {"error": "The body has more bytes than the upload has left"}
    with nothing_kept(shared_database, shared_config):
        assert_is_told(sender.begin(len(content) - 1, content), 413, longer)
        told = {"error": "An upload may have at most 26214400 bytes"}
        assert_is_told(sender.begin(25 * 1024 * 1024 + 1), 413, told)
    shorter = sender.begun(len(content) - 1)
    with nothing_kept(shared_database, shared_config):
        assert_is_told(sender.send(shorter, 0, content), 413, longer)
        fault = {"uploads": ["is no upload of yours that has arrived whole and was not used yet"]}
        assert attached(sender, shorter[-32:]).json()["errors"] == fault
    larger = sender.begun(len(content) + 1)
    assert sender.send(larger, 0, content).status_code == 204
    with nothing_kept(shared_database, shared_config):
        assert attached(sender, larger[-32:]).json()["errors"] == fault


@pytest.mark.parametrize("more", [-4, -60, 1, 10_000])
def test_a_form_of_another_length_than_it_says_is_refused(
    shared_database: Database, shared_config: Config, more: int
) -> None:
    """By the real server. Where more comes than `Content-Length` says the form lacks its end (400), and the rest is no
    request; where less comes before the client goes, nobody is there to be told. Nothing of either is kept.
    """
    body = form(file_part(picture()))

    async def ask() -> None:
        async with asking(shared_database, shared_config, ()) as client:
            with nothing_kept(shared_database, shared_config):
                answered = await told(client, IMAGES, body, len(body) + more)
        sentences = [
            "The body is not readable as multipart/form-data: its end is missing",
            "The request is not readable as HTTP/1.1",
        ]
        assert ERROR.findall(answered) == ([(b"400", each.encode()) for each in sentences] if more < 0 else [])

    run(ask())


async def told(client: httpx2.AsyncClient, path: str, body: bytes, length: int) -> bytes:
    """What comes until the connection ends, of a client that sends the body with this `Content-Length` and no more."""
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    head = [
        f"POST /api/v1{path} HTTP/1.1",
        "Host: desk",
        f"Authorization: {client.headers['Authorization']}",
        f"Content-Type: {TYPE['Content-Type']}",
        f"Content-Length: {length}",
    ]
    writer.write("\r\n".join([*head, "", ""]).encode() + body)
    writer.write_eof()
    async with asyncio.timeout(PATIENCE):
        answered = await reader.read()
    writer.close()
    return answered
