"""Uploads request by request: what tus 1.0.0 asks of a server, and what this one refuses."""

from email.utils import parsedate_to_datetime
from typing import Final

import pytest

import cast
from asking import ApiFor
from cast import ADMIN, CUSTOMER, STRANGER, Person, add_person
from keesa.clock import now
from keesa.db import Database
from keesa.uploads import uploads
from keesa.uploads.receiving import LARGEST_PIECE
from logins import bearer
from sent_uploads import Sender, checksum, encoded
from unchanged import unchanged

MIB: Final = 1024 * 1024
CONTENT: Final = bytes(range(256)) * 5_000
READER: Final = Person(8, "files@keesa.example", "Ali Reader", "Ali", "staff", "reader")


@pytest.fixture
def sender(shared_api: ApiFor, shared_database: Database) -> Sender:
    """An admin, who has nothing under way."""
    shared_database.write(lambda tx: tx.run("DELETE FROM uploads"))
    return Sender(shared_api(ADMIN))


def kept(database: Database, path: str) -> list[tuple[int, int]]:
    """Start and size of the upload's pieces."""
    sql = "SELECT start, size FROM upload_pieces WHERE upload_id = :id ORDER BY start"
    return [(row["start"], row["size"]) for row in database.read(lambda tx: tx.all(sql, id=path[-32:]))]


def test_a_server_tells_what_uploads_may_be(sender: Sender) -> None:
    """To anybody, with or without a version; and a preflight is something else."""
    for version in (None, "1.0.0", "0.2.2"):
        answer = sender.ask("OPTIONS", "/uploads", Tus_Resumable=version, Authorization=None)
        told = {name: value for name, value in answer.headers.items() if name.startswith("tus-")}
        assert (answer.status_code, told) == (
            204,
            {
                "tus-resumable": "1.0.0",
                "tus-version": "1.0.0",
                "tus-extension": "creation,creation-with-upload,expiration,checksum,termination",
                "tus-max-size": str(25 * MIB),
                "tus-checksum-algorithm": "sha256,sha1,md5",
            },
        )
    page: dict[str, str | None] = {"Origin": "https://page.example", "Access-Control-Request-Method": "PATCH"}
    preflight = sender.ask("OPTIONS", "/uploads", **page, Access_Control_Request_Headers="upload-offset,tus-resumable")
    assert "tus-version" not in preflight.headers
    assert {"PATCH", "HEAD", "DELETE"} <= set(preflight.headers["Access-Control-Allow-Methods"].split(", "))
    assert preflight.headers["Access-Control-Allow-Headers"] == "upload-offset,tus-resumable"


def test_an_upload_grows_until_it_is_whole(sender: Sender, shared_database: Database) -> None:
    """Each answer tells how far it is; no cache keeps any."""
    before = now()
    said = f"filename {encoded('mast ދ.jpg')},filetype {encoded('image/jpeg')}"
    made = sender.begin(len(CONTENT), Upload_Metadata=f"{said},x")
    path = made.headers["Location"].removeprefix("/api/v1")
    assert (made.status_code, made.headers["Upload-Offset"]) == (201, "0")
    expires = parsedate_to_datetime(made.headers["Upload-Expires"]).timestamp() * 1000
    assert before - 1000 <= expires - uploads.KEPT <= now()
    for start, end in ((0, 1), (1, 1), (1, 700_000), (700_000, len(CONTENT))):
        sent = sender.send(path, start, CONTENT[start:end])
        assert (sent.status_code, sent.headers["Upload-Offset"], sent.content) == (204, str(end), b"")
        assert sent.headers["Upload-Expires"] == made.headers["Upload-Expires"]
        head = sender.ask("HEAD", path)
        assert (head.status_code, head.headers["Upload-Offset"]) == (200, str(end))
        assert head.headers["Upload-Length"] == str(len(CONTENT))
        assert head.headers["Cache-Control"] == "no-store"
        assert head.headers["Upload-Metadata"] == said
    shown = sender.api("GET", path).json()["data"]["upload"]
    assert (shown["received"], shown["length"], shown["name"]) == (len(CONTENT), len(CONTENT), "mast ދ.jpg")
    pieces = kept(shared_database, path)
    assert [start for start, _ in pieces] == [sum(size for _, size in pieces[:n]) for n in range(len(pieces))]
    assert sum(size for _, size in pieces) == len(CONTENT)


def test_the_first_bytes_may_come_with_the_beginning(sender: Sender, shared_database: Database) -> None:
    """All of them too; an upload of no byte is whole at once."""
    large = bytes(2 * LARGEST_PIECE + 5)
    for length, content in ((len(CONTENT), CONTENT[:70_000]), (len(large), large), (0, b"")):
        made = sender.begin(length, content)
        assert (made.status_code, made.headers["Upload-Offset"]) == (201, str(len(content)))
        pieces = kept(shared_database, made.headers["Location"])
        assert sum(size for _, size in pieces) == len(content)
        assert all(size <= LARGEST_PIECE for _, size in pieces)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_what_has_another_checksum_is_not_kept(sender: Sender, shared_database: Database, algorithm: str) -> None:
    """460, nothing of that request is there, and the same bytes may come again."""
    path = sender.begun(len(CONTENT))
    assert sender.send(path, 0, CONTENT[:1_000], **checksum(algorithm, CONTENT[:1_000])).status_code == 204
    with unchanged(shared_database):
        damaged = sender.send(path, 1_000, CONTENT[1_000:], **checksum(algorithm, CONTENT))
    assert (damaged.status_code, damaged.headers["Tus-Resumable"]) == (460, "1.0.0")
    assert "checksum" in damaged.json()["error"]
    assert sender.send(path, 1_000, CONTENT[1_000:], **checksum(algorithm, CONTENT[1_000:])).status_code == 204
    with unchanged(shared_database):
        assert sender.begin(5, b"12345", **checksum(algorithm, b"12346")).status_code == 460


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Tus_Resumable": "0.2.2"}, 412),
        ({"Upload_Length": None}, 400),
        ({"Upload_Length": "-1"}, 400),
        ({"Upload_Length": "1.5"}, 400),
        ({"Upload_Length": "9" * 30}, 400),
        ({"Upload_Length": None, "Upload_Defer_Length": "1"}, 400),
        ({"Upload_Length": str(25 * MIB + 1)}, 413),
        ({"Upload_Metadata": "filename ?"}, 400),
        ({"Upload_Metadata": f"filename {encoded('a')},filename {encoded('b')}"}, 400),
        ({"Upload_Metadata": ","}, 400),
        ({"Upload_Metadata": "filename /w=="}, 400),
        ({"Upload_Metadata": "filename YQBi"}, 400),
        ({"Upload_Metadata": f"filename {encoded('x' * 256)}"}, 400),
        ({"Upload_Checksum": "crc32 AAAA"}, 400),
        ({"Upload_Checksum": "sha1 ?"}, 400),
    ],
)
def test_what_is_no_beginning_is_refused(
    sender: Sender, shared_database: Database, headers: dict[str, str | None], status: int
) -> None:
    """With its own status, and nothing is made."""
    with unchanged(shared_database):
        answer = sender.begin(10, **headers)
    assert (answer.status_code, answer.headers["Tus-Resumable"]) == (status, "1.0.0")
    assert answer.headers.get("Tus-Version") == ("1.0.0" if status == 412 else None)


def test_bytes_of_another_kind_are_refused(sender: Sender) -> None:
    """415 for a media type that is not that of tus."""
    path = sender.begun(10)
    for kind in ("application/octet-stream", "image/jpeg", None):
        assert sender.send(path, 0, b"12345", Content_Type=kind).status_code == 415
        assert sender.begin(5, b"12345", Content_Type=kind).status_code == 415
    assert sender.offset(path) == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload_Offset": "1"}, 409),
        ({"Upload_Offset": "10"}, 409),
        ({"Upload_Offset": None}, 400),
        ({"Upload_Offset": "x"}, 400),
        ({"Tus_Resumable": "0.2.2"}, 412),
        ({"Upload_Checksum": "sha512 AAAA"}, 400),
    ],
)
def test_what_does_not_go_on_is_refused(
    sender: Sender, shared_database: Database, headers: dict[str, str | None], status: int
) -> None:
    path = sender.begun(10)
    with unchanged(shared_database):
        assert sender.send(path, 0, b"12345", **headers).status_code == status


def test_no_more_bytes_are_taken_than_were_announced(sender: Sender) -> None:
    """413, also where nothing is left."""
    path = sender.begun(10)
    assert sender.send(path, 0, b"x" * 11).status_code == 413
    assert sender.send(path, 0, b"x" * 11, **checksum("md5", b"x" * 11)).status_code == 413
    assert sender.begin(10, b"x" * 11).status_code == 413
    assert sender.send(path, sender.offset(path), b"x" * (10 - sender.offset(path))).status_code == 204
    assert sender.send(path, 10, b"x").status_code == 413
    assert sender.send(path, 10, b"").status_code == 204


def test_an_upload_is_its_users_alone(shared_api: ApiFor, shared_database: Database) -> None:
    """404 to everybody else, whatever they may do; 403 to who may add nothing to tickets, 401 to nobody."""
    owner, path = Sender(shared_api(CUSTOMER)), ""
    path = owner.begun(10)
    others = [Sender(shared_api(other)) for other in (ADMIN, STRANGER)]
    with unchanged(shared_database):
        for asking in others:
            for method in ("HEAD", "GET", "DELETE"):
                assert asking.ask(method, path).status_code == 404
            assert asking.send(path, 0, b"12345").status_code == 404
    shared_database.write(lambda tx: add_person(tx, READER))
    reader = bearer(cast.token(shared_database, READER))
    for headers, status in ((reader, 403), ({"Authorization": "Bearer x"}, 401)):
        assert owner.ask("POST", "/uploads", Upload_Length="1", **headers).status_code == status
        assert owner.ask("HEAD", path, **headers).status_code == status
    assert owner.send(path, 0, b"12345").status_code == 204


def test_an_upload_is_given_up(sender: Sender, shared_database: Database) -> None:
    """Then it is none; what has no id of one never was."""
    path = sender.begun(10)
    assert sender.send(path, 0, b"12345").status_code == 204
    assert sender.ask("DELETE", path, Tus_Resumable="0.2.2").status_code == 412
    assert sender.ask("DELETE", path).status_code == 204
    for unknown in (path, "/uploads/1", f"/uploads/{'g' * 32}"):
        for method in ("HEAD", "DELETE"):
            assert sender.ask(method, unknown).status_code == 404
        assert sender.send(unknown, 5, b"12345").status_code == 404
    assert kept(shared_database, path) == []


def test_an_upload_has_its_time(sender: Sender, shared_database: Database) -> None:
    """When it is over the upload is none, and a job clears it away; others stay."""
    over, other = sender.begun(10), sender.begun(10)
    assert sender.send(over, 0, b"12345").status_code == 204
    sql = "UPDATE uploads SET expires_at = :at WHERE id = :id"
    shared_database.write(lambda tx: tx.run(sql, at=now(), id=over[-32:]))
    assert sender.ask("HEAD", over).status_code == 404
    assert sender.send(over, 5, b"12345").status_code == 404
    assert shared_database.write(lambda tx: uploads.clear_expired(tx, now(), 10)) == 2
    assert (kept(shared_database, over), sender.offset(other)) == ([], 0)


def test_a_user_has_a_bounded_number_of_uploads(
    shared_api: ApiFor, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And of bytes in them; others have their own."""
    monkeypatch.setattr(uploads, "AT_ONCE", 2)
    monkeypatch.setattr(uploads, "BYTES_AT_ONCE", 100)
    first = sender.begun(60)
    assert sender.begin(41).status_code == 422
    sender.begun(40)
    assert sender.begin(0).status_code == 422
    Sender(shared_api(STRANGER)).begun(100)
    assert sender.ask("DELETE", first).status_code == 204
    sender.begun(1)


def test_an_upload_has_a_bounded_number_of_pieces(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_PIECES", 3)
    path = sender.begun(10)
    assert [sender.send(path, n, b"x").status_code for n in range(4)] == [204, 204, 204, 422]


def test_a_key_stands_for_no_upload(sender: Sender) -> None:
    """Its offset does: what is sent twice is refused the second time, with or without a key."""
    path = sender.begun(10)
    statuses = [sender.send(path, 0, b"12345", Idempotency_Key="one").status_code for _ in range(2)]
    assert statuses == [204, 409]


def test_a_page_of_another_origin_reads_what_is_told(sender: Sender) -> None:
    """Of a good answer and of an error."""
    path = sender.begun(10)
    for answer in (sender.ask("HEAD", path, Origin="https://page.example"), sender.send(path, 7, b"x")):
        exposed = ", ".join(answer.headers.get_list("Access-Control-Expose-Headers"))
        assert {"Upload-Offset", "Location", "Tus-Resumable", "Upload-Expires"} <= set(exposed.split(", "))
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
