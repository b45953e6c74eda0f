"""Files: as an endpoint's answer, and as a folder beside the API."""

from pathlib import Path
from typing import Annotated, Any, Final

import pytest
from starlette.staticfiles import StaticFiles

from further_routes import asking
from http_serving import LARGE, run, until
from keesa.accounts.permissions import TICKETS_READ
from keesa.api.calls import Call
from keesa.config import Config
from keesa.db import Database, Tx
from keesa.errors import NotFound
from keesa.web import middleware
from keesa.web.endpoints import PathParameter
from keesa.web.mounts import Mount
from keesa.web.ranges import content_of
from keesa.web.replies import Reply
from keesa.web.routes import Routes

CONTENT: Final = bytes(range(256)) * 4096
SCRIPT: Final = b"console.log('ready')"

ROUTES = Routes()
FILES: dict[str, Path] = {}
Name = Annotated[str, PathParameter(str, "The file's name", {"type": "string"}, "There is no such file")]


@ROUTES.add("GET", "/documents/{name}", summary="Download", permission=TICKETS_READ, answer_type="image/png")
def download(_tx: Tx, _call: Call[None, None], name: Name) -> Reply[None]:
    if name not in FILES:
        raise NotFound("There is no such file")
    return Reply(content_of(FILES[name]), media_type="image/png")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What is mounted, beside a file that is not in it."""
    public = tmp_path / "public"
    public.mkdir()
    (public / "app.js").write_bytes(SCRIPT)
    (tmp_path / "secret").write_text("nobody reads this")
    (tmp_path / "picture").write_bytes(CONTENT)
    FILES["picture"] = tmp_path / "picture"
    return public


def test_a_file_is_sent_whole_or_in_ranges(shared_database: Database, shared_config: Config, folder: Path) -> None:
    """With the headers of every answer; a range that is none is 416."""
    assert folder

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            whole = await client.get("/api/v1/documents/picture")
            assert (whole.status_code, whole.content) == (200, CONTENT)
            assert (whole.headers["Content-Type"], whole.headers["Keesa-Version"]) == ("image/png", "2024")
            part = await client.get("/api/v1/documents/picture", headers={"Range": "bytes=1000-1999"})
            assert (part.status_code, part.content) == (206, CONTENT[1000:2000])
            none = await client.get("/api/v1/documents/picture", headers={"Range": f"bytes={len(CONTENT)}-"})
            assert none.status_code == 416
            head = await client.head("/api/v1/documents/picture")
            assert (head.content, head.headers["Content-Length"]) == (b"", str(len(CONTENT)))
            assert (await client.get("/api/v1/documents/other")).json() == {"error": "There is no such file"}

    run(ask())


def test_a_client_that_goes_during_a_download_is_no_failure(
    shared_database: Database, shared_config: Config, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log says that the answer was cut off, and nothing of an error of the server's."""
    (folder / "large").write_bytes(bytes(LARGE))
    FILES["large"] = folder / "large"
    noted: list[tuple[str, dict[str, Any]]] = []

    class Log:
        def info(self, _event: str, **facts: object) -> None:
            noted.append(("info", facts))

        def error(self, _event: str, **facts: object) -> None:
            noted.append(("error", facts))

    monkeypatch.setattr(middleware, "_log", Log())

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            async with client.stream("GET", "/api/v1/documents/large") as answer:
                await anext(answer.aiter_raw(65_536))
            await until(lambda: bool(noted))
        [(level, facts)] = noted
        assert (level, facts["status"], facts["cut_off"]) == ("info", 200, True)

    run(ask())


def test_a_folder_is_served_beside_the_api(shared_database: Database, shared_config: Config, folder: Path) -> None:
    """With request ids and without sniffing; who has a file already is told so, and nothing else is read."""

    async def ask() -> None:
        mounts = [Mount("/static", StaticFiles(directory=folder))]
        async with asking(shared_database, shared_config, (), mounts) as client:
            found = await client.get("/static/app.js")
            assert (found.status_code, found.content) == (200, SCRIPT)
            assert found.headers["Content-Type"].startswith("text/javascript")
            assert (found.headers["X-Content-Type-Options"], bool(found.headers["X-Request-Id"])) == ("nosniff", True)
            again = await client.get("/static/app.js", headers={"If-None-Match": found.headers["ETag"]})
            assert (again.status_code, again.content) == (304, b"")
            for path in (
                "/static/other.js",
                "/static/../secret",
                "/static/%2e%2e/secret",
                "/static",
                "/statics/app.js",
            ):
                answer = await client.get(path)
                assert (answer.status_code, b"nobody" in answer.content) == (404, False), path
            assert (await client.post("/static/app.js")).status_code == 405
            assert (await client.get("/health")).json() == {"status": "ok"}

    run(ask())
