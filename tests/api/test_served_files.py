"""Pictures and files at their addresses: to whom, how much of them, and what a browser may make of it."""

import re
from dataclasses import replace
from typing import Final

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

import cast
from asking import ApiFor
from cast import ADMIN, ASSIGNED, CUSTOMER, HARBOUR, SCHOOL
from hung import LOG, PNG, WORDS, Hung, hang
from keesa import maintenance
from keesa.api.file_addresses import DAY, FileAddresses
from keesa.api.v2024.served_files import GONE
from keesa.app import serve_from
from keesa.attachments.serving import Kind
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database
from keesa.files.claims import owner
from keesa.files.opening import open_place
from stopped_clock import stop_clock

SIGNED: Final = FileAddresses(cast.SECRET.encode())
LARGE: Final = bytes(range(256)) * 8192
"""2 MiB: four pieces."""
SIZES: Final = {
    "original": ("image/jpeg", b"the original"),
    "screen": ("image/jpeg", b"for a screen"),
    "screen.webp": ("image/webp", b"for a screen, as WebP"),
    "thumbnail": ("image/jpeg", b"small"),
    "thumbnail.webp": ("image/webp", b"small, as WebP"),
}


def path_of(attachment_id: int, customer_id: int | None = None, at: int | None = None) -> str:
    return SIGNED.at(now() if at is None else at, "/api/v1/files/").of(attachment_id, customer_id)


def get(client: TestClient, path: str, **headers: str) -> Response:
    return client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def is_gone(answer: Response) -> bool:
    return (answer.status_code, answer.json()) == (404, {"error": GONE})


def test_a_picture_is_shown_without_a_token(client: TestClient, database: Database, config: Config) -> None:
    """By any page, and nothing in it is run; it may be kept for as long as its address is good."""
    [picture] = hang(database, config, Hung(name="mast.png"))
    at = now()
    answer = get(client, path_of(picture))
    assert (answer.status_code, answer.content) == (200, PNG)
    headers = dict(answer.headers)
    age = re.fullmatch(r"private, max-age=([0-9]+), immutable", headers.pop("cache-control"))
    assert age is not None
    assert 0 <= ((at // DAY + 2) * DAY - at) // 1000 - int(age[1]) <= 60
    assert headers.pop("etag").startswith('"')
    assert headers.pop("last-modified").endswith("GMT")
    for name in ("x-request-id", "access-control-expose-headers"):
        headers.pop(name)
    assert headers == {
        "content-type": "image/png",
        "content-length": str(len(PNG)),
        "accept-ranges": "bytes",
        "content-disposition": 'inline; filename="mast.png"',
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "cross-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "access-control-allow-origin": "*",
        "keesa-version": "2024",
        "vary": "Accept",
    }


def test_a_file_is_for_download(client: TestClient, database: Database, config: Config) -> None:
    """Never shown in its place, nor loaded by another page, and in no coding, as parts of it may be asked for."""
    [file] = hang(database, config, LOG)
    answer = get(client, path_of(file), Accept_Encoding="gzip, zstd")
    assert (answer.status_code, answer.content) == (200, WORDS)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="log.txt"'
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("kind", ["image", "file"])
@pytest.mark.parametrize(
    "media_type",
    ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript", "text/xml", "evil", "image/x\r\nX: y"],
)
def test_what_a_browser_would_run_is_bytes(
    client: TestClient, database: Database, config: Config, kind: Kind, media_type: str
) -> None:
    """Whatever is kept of its media type; nor is it shown in its place."""
    [hung] = hang(database, config, Hung(name="x.html", kind=kind, forms={"original": (media_type, b"<script>")}))
    answer = get(client, path_of(hung))
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("size", "accept", "form"),
    [
        (None, "*/*", "screen"),
        ("screen", "image/png, */*", "screen"),
        ("screen", "image/avif,image/webp,*/*;q=0.8", "screen.webp"),
        ("screen", "image/webp;q=0, */*", "screen"),
        ("thumbnail", "*/*", "thumbnail"),
        ("thumbnail", "image/webp", "thumbnail.webp"),
        ("original", "image/webp", "original"),
    ],
)
def test_sizes(
    client: TestClient, database: Database, config: Config, size: str | None, accept: str, form: str
) -> None:
    """The one that is asked for, as WebP to who names that; each has an `ETag` and a name of its own."""
    [picture] = hang(database, config, Hung(name="Mast.HEIC", forms=SIZES))
    path = path_of(picture) + (f"?size={size}" if size else "")
    answer = get(client, path, Accept=accept)
    media_type, content = SIZES[form]
    assert (answer.headers["Content-Type"], answer.content) == (media_type, content)
    ending = "webp" if form.endswith("webp") else "jpg"
    assert answer.headers["Content-Disposition"] == f'inline; filename="Mast.{ending}"'
    others = {get(client, f"{path_of(picture)}?size={each}").headers["ETag"] for each in ("original", "screen")}
    assert (answer.headers["ETag"] in others) == (form in ("original", "screen"))


def test_a_size_that_is_not_kept(client: TestClient, database: Database, config: Config) -> None:
    """Is the next larger one, which is no larger than it would be; one that nobody knows is 422."""
    forms = {name: SIZES[name] for name in ("original", "screen.webp", "thumbnail")}
    [small, some] = hang(database, config, Hung(), Hung(forms=forms))
    for accept, size, form in (
        ("image/webp", "screen", "screen.webp"),
        ("*/*", "screen", "original"),
        ("image/webp", "thumbnail", "thumbnail"),
        ("image/webp", "original", "original"),
    ):
        assert get(client, f"{path_of(some)}?size={size}", Accept=accept).content == SIZES[form][1]
    for size in ("original", "screen", "thumbnail"):
        assert get(client, f"{path_of(small)}?size={size}", Accept="image/webp").content == PNG
    assert get(client, f"{path_of(small)}?size=huge").status_code == 422


def test_names(client: TestClient, database: Database, config: Config) -> None:
    """Of any characters (RFC 8187), with the ending of what is sent; none can add anything to the header."""
    names = ['a"b;c.png', "ފޮޓޯ.png", "100% \\ 'x'.png", "no ending", "a.tar", "x\r\nSet-Cookie: a=b.png"]
    hung = hang(database, config, *(Hung(name=name) for name in names))
    found = [get(client, path_of(each)).headers["Content-Disposition"] for each in hung]
    assert found == [
        "inline; filename=\"a_b;c.png\"; filename*=UTF-8''a%22b%3Bc.png",
        "inline; filename=\"____.png\"; filename*=UTF-8''%DE%8A%DE%AE%DE%93%DE%AF.png",
        "inline; filename=\"100_ _ 'x'.png\"; filename*=UTF-8''100%25%20%5C%20%27x%27.png",
        'inline; filename="no ending.png"',
        'inline; filename="a.tar.png"',
        "inline; filename=\"x__Set-Cookie_ a=b.png\"; filename*=UTF-8''x%0D%0ASet-Cookie%3A%20a%3Db.png",
    ]


# To whom, and for how long


def test_an_address_that_is_no_longer_good(
    client: TestClient, database: Database, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is 404 with the end of the day after it was shown, like one that never was."""
    [picture] = hang(database, config, Hung())
    day = now() // DAY * DAY
    path = path_of(picture, at=day + 5)
    for at, good in ((day, True), (day + 2 * DAY - 1, True), (day + 2 * DAY, False), (day - DAY, False)):
        stop_clock(monkeypatch, at)
        answer = get(client, path)
        assert (answer.status_code == 200) == good
        assert good or is_gone(answer)
    stop_clock(monkeypatch, day)
    for wrong in (
        path[:-1] + ("A" if path[-1] != "A" else "B"),
        path + "A",
        path.replace("/files/", "/files/%20"),
        path_of(picture + 1),
        FileAddresses(b"another key").at(day, "/api/v1/files/").of(picture, None),
        "/api/v1/files/x",
        f"/api/v1/files/{'A' * 48}",
    ):
        assert is_gone(get(client, wrong)), wrong


def test_of_a_customer_it_ends_with_their_sight(api: ApiFor, database: Database, config: Config) -> None:
    """At once where the ticket is given to another customer, for good; the desk's go on."""
    [picture] = hang(database, config, Hung())
    client = api(ADMIN).client
    [url] = api(CUSTOMER)("GET", f"/tickets/{ASSIGNED}").json()["data"]["ticket"]["image_urls"]
    assert url == f"http://testserver{path_of(picture, HARBOUR)}"
    assert get(client, url).status_code == 200
    assert is_gone(get(client, path_of(picture, SCHOOL)))
    for customer in (SCHOOL, HARBOUR):
        given = {"customer_id": customer, "title": "New", "description": "New", "product_id": 3}
        assert api(ADMIN)("PATCH", f"/tickets/{ASSIGNED}", {"ticket": given}).status_code == 200
        assert is_gone(get(client, url))
        assert is_gone(get(client, path_of(picture, SCHOOL)))
        assert get(client, path_of(picture)).status_code == 200


def test_what_is_internal_has_no_address_of_customers(api: ApiFor, database: Database, config: Config) -> None:
    """Not even one that somebody has signed."""
    admin = api(ADMIN)
    note = admin("POST", f"/tickets/{ASSIGNED}/notes", {"note": {"note": "For us", "internal": True}}).json()["id"]
    [picture] = hang(database, config, Hung(note_id=note))
    assert is_gone(get(admin.client, path_of(picture, HARBOUR)))
    assert get(admin.client, path_of(picture)).status_code == 200


def test_what_was_removed_is_gone(api: ApiFor, database: Database, config: Config) -> None:
    """At once, for all; and that of a note that was withdrawn."""
    admin = api(ADMIN)
    note = admin("POST", f"/tickets/{ASSIGNED}/notes", {"note": {"note": "For all", "internal": False}}).json()["id"]
    first, second = hang(database, config, Hung(), Hung(note_id=note))
    assert get(admin.client, path_of(first)).status_code == 200
    assert get(admin.client, path_of(second, HARBOUR)).status_code == 200
    database.write(lambda tx: tx.run("DELETE FROM attachments WHERE id = :id", id=first))
    assert admin("DELETE", f"/tickets/{ASSIGNED}/notes/{note}").status_code == 204
    for path in (path_of(first), path_of(second), path_of(second, HARBOUR)):
        assert is_gone(get(admin.client, path))


def test_bytes_that_are_missing(
    client: TestClient, database: Database, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """Are 404 like any other, with a line in the log for the operator."""
    [picture] = hang(database, config, Hung())
    place = open_place(config.files, config.data, database.read(owner))
    for stored in [*place.all()]:
        place.throw(stored.name)
    assert is_gone(get(client, path_of(picture)))
    assert "the bytes of a file are missing" in capsys.readouterr().out


def test_offline(client: TestClient, database: Database, config: Config) -> None:
    """In maintenance nothing is served."""
    [picture] = hang(database, config, Hung())
    database.write(maintenance.switch_on)
    assert get(client, path_of(picture)).status_code == 503
    assert get(client, "/api/v1/files/x").status_code == 503


def test_addresses_stand_in_no_log(
    client: TestClient, database: Database, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """Good or not, whatever the method is: who reads a log could fetch what it names."""
    [picture] = hang(database, config, Hung())
    path = path_of(picture)
    for method in ("GET", "HEAD", "POST", "OPTIONS"):
        client.request(method, path)
    client.get(f"{path}x")
    log = capsys.readouterr().out
    assert log.count("/api/v1/files/{address}") == 5
    assert path not in log


def test_bad_addresses_alone_are_counted(database: Database, config: Config) -> None:
    """As requests of their network address, which many people share: however many pictures they look at."""
    [picture] = hang(database, config, Hung())
    with TestClient(serve_from(database, replace(config, requests_per_address=5))) as client:
        for _ in range(20):
            answer = get(client, path_of(picture))
            assert (answer.status_code, "RateLimit" in answer.headers) == (200, False)
        found = [get(client, "/api/v1/files/x").status_code for _ in range(8)]
        assert found == [404] * 5 + [429] * 3
        assert get(client, path_of(picture)).status_code == 200


# How much of it


@pytest.fixture
def large(database: Database, config: Config) -> str:
    """The path of a large picture."""
    [picture] = hang(database, config, Hung(forms={"original": ("image/png", LARGE)}))
    return path_of(picture)


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, len(LARGE)),
        ("bytes=1000-1999", 1000, 2000),
        ("bytes=524287-524288", 524287, 524289),
        ("bytes=1048575-2000000", 1048575, 2000001),
        ("bytes=-1", len(LARGE) - 1, len(LARGE)),
        (f"bytes=-{len(LARGE) + 5}", 0, len(LARGE)),
        (f"bytes=5-{10**30}", 5, len(LARGE)),
        ("Bytes = 7-8", 7, 9),
    ],
)
def test_a_range(client: TestClient, large: str, asked: str, start: int, stop: int) -> None:
    """Is 206 with just these bytes, however many pieces they lie in."""
    answer = get(client, large, Range=asked)
    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(LARGE)}"
    assert answer.headers["Content-Length"] == str(stop - start)
    assert answer.content == LARGE[start:stop]


@pytest.mark.parametrize("asked", [f"bytes={len(LARGE)}-", f"bytes={10**30}-", "bytes=-0"])
def test_a_range_beyond_the_end(client: TestClient, large: str, asked: str) -> None:
    """Is 416, which tells how much there is."""
    answer = get(client, large, Range=asked)
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(LARGE)}")
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=5-1", "bytes=", "bytes=-", "lines=0-1", "0-1", "bytes=a-2"])
def test_what_is_no_single_range(client: TestClient, large: str, asked: str) -> None:
    """Gets the whole (RFC 9110, section 14.2)."""
    answer = get(client, large, Range=asked)
    assert (answer.status_code, answer.content == LARGE) == (200, True)
    assert "Content-Range" not in answer.headers


def test_parts_of_what_a_client_has(client: TestClient, large: str) -> None:
    """`If-Range`: the part where the rest that it has is of the same content, else the whole."""
    whole = get(client, large)
    etag, date = whole.headers["ETag"], whole.headers["Last-Modified"]
    for state, status in ((etag, 206), (date, 206), ('"other"', 200), (f"W/{etag}", 200), ("yesterday", 200)):
        assert get(client, large, Range="bytes=0-9", If_Range=state).status_code == status, state


def test_what_a_client_has(client: TestClient, large: str) -> None:
    """304 by its `ETag`, or its date where it sends no tag; with until when it is good."""
    whole = get(client, large)
    etag, date = whole.headers["ETag"], whole.headers["Last-Modified"]
    for headers, status in (
        ({"If_None_Match": etag}, 304),
        ({"If_None_Match": f'"other", W/{etag}'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"other"'}, 200),
        ({"If_None_Match": '"other"', "If_Modified_Since": date}, 200),
        ({"If_Modified_Since": date}, 304),
        ({"If_Modified_Since": "Mon, 01 Jan 2024 00:00:00 GMT"}, 200),
        ({"If_Modified_Since": "yesterday"}, 200),
        ({"If_None_Match": etag, "Range": "bytes=0-9"}, 304),
    ):
        answer = get(client, large, **headers)
        assert answer.status_code == status, headers
        if status == 304:
            assert answer.content == b""
            assert answer.headers["ETag"] == etag
            assert "max-age" in answer.headers["Cache-Control"]


def test_head(client: TestClient, large: str) -> None:
    """Tells what a GET would send, without it; a range is of a GET alone."""
    get_headers = dict(get(client, large).headers)
    answer = client.head(large, headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.content) == (200, b"")
    changing = ("x-request-id", "cache-control")
    assert {name: value for name, value in answer.headers.items() if name not in changing} == {
        name: value for name, value in get_headers.items() if name not in changing
    }
