"""A page of another origin in a real Chromium, which obeys what the answers say that pages may send and read."""

import http.server
import threading
from base64 import b64encode
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Page, sync_playwright

import cast
from cast import ASSIGNED, CUSTOMER, ENGINEER
from cut_line import CutLine
from hung import LOG, PNG, Hung, hang
from install_clients import NODE_CLIENTS, chromium
from keesa.api.file_addresses import FileAddresses
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database
from keesa.errors import CHANGED
from live import LiveServer
from pictures import encoded, photographed
from places import Place

PATIENCE: Final = 60_000
"""Milliseconds."""
SCRIPTED: Final = b"""<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>"""
SCRIPT: Final = """
async ({api, who, other}) => {
    const ask = async (method, path, body, headers = {}) => {
        if (body !== undefined) headers = {"Content-Type": "application/json", ...headers};
        const answer = await fetch(api + path, {method, headers, body: body && JSON.stringify(body)});
        const text = await answer.text();
        return {
            status: answer.status,
            etag: answer.headers.get("ETag"),
            applied: answer.headers.get("Preference-Applied"),
            next: answer.headers.get("Link"),
            id: answer.headers.get("X-Request-Id"),
            body: text ? JSON.parse(text) : null,
        };
    };
    const login = await ask("POST", "/auth/login", who);
    const auth = {Authorization: "Bearer " + login.body.access};
    const path = "/tickets/" + other.number;
    const read = await ask("GET", path, undefined, auth);
    const again = await ask("GET", path, undefined, auth);
    const known = await ask("GET", path, undefined, {...auth, "If-None-Match": read.etag});
    const list = await ask("GET", "/tickets/rows?limit=1", undefined, auth);
    const knownList = await ask("GET", "/tickets/rows?limit=1", undefined, {...auth, "If-None-Match": list.etag});
    const edit = (priority, headers) => ask("PATCH", path, {ticket: {priority}}, {...auth, ...headers});
    const changed = await edit(1, {"If-Match": read.etag, "Idempotency-Key": "a-page-s-own"});
    const refused = await edit(2, {"If-Match": read.etag});
    const after = await ask("GET", path, undefined, auth);
    const strict = await ask("GET", "/tickets?limitt=1", undefined, {...auth, Prefer: "handling=strict"});
    return {read, again, known, list, knownList, changed, refused, after, strict};
}
"""


IMAGES: Final = """
async ({api, who, path}) => {
    const headers = {"Content-Type": "application/json"};
    const sent = {method: "POST", headers, body: JSON.stringify(who)};
    const login = await (await fetch(api + "/auth/login", sent)).json();
    const found = await (await fetch(api + path, {headers: {Authorization: "Bearer " + login.access}})).json();
    const urls = found.data.ticket.image_urls;
    const load = (url) => new Promise((tell) => {
        const image = document.createElement("img");
        image.onload = () => tell([image.naturalWidth, image.naturalHeight]);
        image.onerror = () => tell("failed");
        image.src = url;
        document.body.append(image);
    });
    const shown = [];
    for (const url of urls) shown.push(await load(url));
    const part = await fetch(urls[0], {headers: {Range: "bytes=1-3"}});
    return {
        urls,
        shown,
        forged: await load(urls[0].slice(0, -1) + (urls[0].endsWith("A") ? "B" : "A")),
        part: [part.status, part.headers.get("Content-Range"), await part.text()],
    };
}
"""


UPLOAD: Final = """
async ({api, access, path, picture}) => {
    const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
    const file = new File([bytes], "mast.png", {type: "image/png", lastModified: 0});
    const told = {offsets: [], requests: []};
    const headers = {Authorization: "Bearer " + access};
    const url = await new Promise((tell) => {
        const upload = new tus.Upload(file, {
            endpoint: api + "/uploads",
            chunkSize: 65536,
            retryDelays: null,
            headers,
            metadata: {filename: file.name, filetype: file.type},
            onAfterResponse: (request, response) => {
                told.requests.push(request.getMethod() + " " + response.getStatus());
                told.offsets.push(Number(response.getHeader("Upload-Offset")));
            },
            onError: () => tell(null),
            onSuccess: () => tell(upload.url),
        });
        upload.findPreviousUploads().then((previous) => {
            told.previous = previous.length;
            if (previous.length) upload.resumeFromPreviousUpload(previous[0]);
            upload.start();
        });
    });
    if (url === null) return told;
    const body = JSON.stringify({uploads: [url.split("/").at(-1)]});
    const json = {"Content-Type": "application/json"};
    const attached = await fetch(api + path + "/images", {method: "POST", body, headers: {...headers, ...json}});
    told.attached = [attached.status, (await attached.json()).data.images[0].name];
    const ticket = await (await fetch(api + path, {headers})).json();
    const image = document.createElement("img");
    image.src = ticket.data.ticket.image_urls.at(-1);
    document.body.append(image);
    await image.decode();
    told.shown = [image.naturalWidth, image.naturalHeight];
    return told;
}
"""
TUS: Final = NODE_CLIENTS / "node_modules" / "tus-js-client" / "dist" / "tus.min.js"


class _Page(http.server.BaseHTTPRequestHandler):
    """A blank one, and the client of tus for it."""

    def do_GET(self) -> None:
        kind, content = "text/html", b"<!doctype html><title>Another desk</title>"
        if self.path == "/tus.js":
            kind, content = "text/javascript", TUS.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def origin() -> Iterator[str]:
    """That of a page which Keesa does not serve."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def page(origin: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"], timeout=PATIENCE
        )
        opened = browser.new_page()
        opened.set_default_timeout(PATIENCE)
        opened.goto(origin)
        yield opened
        browser.close()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_it_reads_and_changes_from_states_as_any_client(page: Page, place: Place) -> None:
    """It reads the `ETag` of a ticket and of a list, is told that it has them, changes the ticket from what it has
    read, and reads what a refusal tells; its own cache never shows it an older state.
    """
    with LiveServer(place.data, place.url, KEESA_SECRET=cast.SECRET) as server:
        told: dict[str, Any] = page.evaluate(
            SCRIPT,
            {
                "api": f"{server.url}/api/v1",
                "who": {"user": ENGINEER.email, "password": cast.PASSWORD},
                "other": {"number": ASSIGNED},
            },
        )
    statuses = {name: answer["status"] for name, answer in told.items()}
    assert statuses == dict.fromkeys(("read", "again", "list", "changed", "after"), 200) | {
        "known": 304,
        "knownList": 304,
        "refused": 412,
        "strict": 422,
    }
    assert told["read"]["etag"] == told["again"]["etag"] == told["known"]["etag"]
    assert told["again"]["body"] == told["read"]["body"]
    assert told["list"]["next"].endswith('rel="next"')
    refused = told["refused"]
    assert refused["etag"] == told["changed"]["etag"]
    packed = refused["etag"].rstrip('"')
    assert told["after"]["etag"] in {f'{packed}{coding}"' for coding in ("", "-gzip", "-zstd")}
    assert refused["body"]["error"] == CHANGED
    [change] = refused["body"]["changed"]
    assert (change["fields"], change["by"]) == (["priority"], ENGINEER.full_name)
    assert told["after"]["body"]["data"]["ticket"]["priority"] == 1
    assert told["strict"]["applied"] == "handling=strict"
    assert all(answer["id"] for answer in told.values())


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_it_shows_the_images_of_a_ticket(
    page: Page, place: Place, database: Database, config: Config, origin: str
) -> None:
    """In image tags, which send no token, with what `image_urls` says to a customer's user; a page at such an address
    runs nothing, and a file is downloaded.
    """
    first, second = hang(database, config, Hung(), Hung(name="other.png"))
    [script] = hang(database, config, Hung(name="x.svg", forms={"original": ("image/svg+xml", SCRIPTED)}))
    [log] = hang(database, config, LOG)
    assert first < second
    with LiveServer(place.data, place.url, KEESA_SECRET=cast.SECRET) as server:
        told = page.evaluate(
            IMAGES,
            {
                "api": f"{server.url}/api/v1",
                "who": {"user": CUSTOMER.email, "password": cast.PASSWORD},
                "path": f"/tickets/{ASSIGNED}",
            },
        )
        base = f"{server.url}/api/v1/files/"
        assert all(url.startswith(base) for url in told["urls"])
        assert told["shown"] == [[1, 1], [1, 1], "failed"]
        assert told["forged"] == "failed"
        assert told["part"] == [206, f"bytes 1-3/{len(PNG)}", "PNG"]
        page.goto(told["urls"][0])
        assert page.evaluate("document.images.length") == 1
        addresses = FileAddresses(cast.SECRET.encode()).at(now(), base)
        for attachment_id, name in ((script, "x.svg"), (log, "log.txt")):
            page.goto(origin)
            with page.expect_download() as download:
                page.evaluate("url => { location.href = url }", addresses.of(attachment_id, None))
            assert download.value.suggested_filename == name


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_it_goes_on_with_an_upload_that_was_broken_off(
    page: Page, place: Place, database: Database, origin: str
) -> None:
    """With tus-js-client, in pieces: the line breaks in one of them, and the page that is opened anew goes on from what
    it has remembered and what the server says; then it attaches the picture, and shows it in an image tag.
    """
    picture = encoded(photographed(), "PNG")
    with (
        LiveServer(place.data, place.url, KEESA_SECRET=cast.SECRET) as server,
        CutLine(lambda: server.url, [len(picture) * 6 // 10]) as line,
    ):
        asked = {
            "api": f"{line.url}/api/v1",
            "access": cast.token(database, CUSTOMER),
            "path": f"/tickets/{ASSIGNED}",
            "picture": b64encode(picture).decode(),
        }
        page.add_script_tag(url=f"{origin}/tus.js")
        broken = page.evaluate(UPLOAD, asked)
        page.goto(origin)
        page.add_script_tag(url=f"{origin}/tus.js")
        told = page.evaluate(UPLOAD, asked)
    assert (broken["previous"], broken["requests"][:2], line.times_cut) == (0, ["POST 201", "PATCH 204"], 1)
    assert (told["previous"], told["requests"][0]) == (1, "HEAD 200")
    assert broken["offsets"][1] <= told["offsets"][0] < len(picture) == told["offsets"][-1]
    assert (told["attached"], told["shown"]) == ([201, "mast.png"], [480, 360])
