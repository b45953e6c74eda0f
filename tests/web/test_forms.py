"""Forms: multipart bodies whose files go into files of their own while they arrive; or a JSON object without any."""

import json
import os
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

import cast
from cast import Person, add_person
from further_routes import asking
from http_serving import run, until
from keesa.config import Config
from keesa.db import Database, Tx, Work
from keesa.web import form_bodies, forms, scratch
from keesa.web.forms import FIELD_BYTES, FIELDS, MIB
from logins import bearer
from sent_forms import BOUNDARY, KEEP, LARGE, PIECE, ROUTES, TAKEN, TYPE, file_part, form, in_pieces, part, send, sum_of
from unchanged import unchanged
from waiting import wait_until

READER: Final = Person(8, "files@keesa.example", "Ali Reader", "Ali", "staff", "reader")


@pytest.fixture(autouse=True)
def nothing_is_left(shared_config: Config) -> Iterator[None]:
    """Whatever became of a form, its files are closed, and so gone; by name none was ever there."""
    TAKEN.clear()
    yield
    wait_until(lambda: all(each.file.closed for form in TAKEN for each in form.files))
    folder = shared_config.data / scratch.NAME
    assert not folder.exists() or list(folder.iterdir()) == []


@pytest.mark.parametrize("size", [1, 61, 4_096, PIECE])
def test_a_form_arrives_whole(shared_database: Database, shared_config: Config, size: int) -> None:
    """Its files, each with its sum, and its texts, in whatever pieces it comes."""
    count = 2 if size > 61 else 0
    large = LARGE if count else LARGE[:3_000]
    body = form(
        file_part(large, "größe.png"),
        part('form-data; name="note"', "ދ".encode()),
        file_part(b"", "empty.txt", "Text/Plain; charset=x"),
    )

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            for content in (body, in_pieces(body, size)):
                answer = await send(client, content)
                assert answer.status_code == 201
                assert answer.json() == {
                    "files": [
                        {"field": "file", "name": "größe.png", "media_type": "image/png", "size": len(large)}
                        | dict.fromkeys(("sum", "read"), sum_of(large)),
                        {"field": "file", "name": "empty.txt", "media_type": "text/plain", "size": 0}
                        | dict.fromkeys(("sum", "read"), sum_of(b"")),
                    ],
                    "fields": {"note": ["ދ"]},
                }

    run(ask())


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ('filename="a.png"', "a.png"),
        ("filename=a.png", "a.png"),
        (r'filename="a\"b\\c.png"', r"a\"b\c.png".replace('\\"', '"')),
        (r'filename="C:\dir\a.png"', r"C:\dir\a.png"),
        ('filename="../../etc/passwd"', "../../etc/passwd"),
        ('filename="a;b=c.png"', "a;b=c.png"),
        ('filename="a\0b.png"', "a\0b.png"),
        ("filename*=UTF-8''na%C3%AFve%20file.png", "naïve file.png"),
        ("filename=\"plain.png\"; filename*=utf-8'en'%e2%82%ac.png", "€.png"),
        ("filename=\"plain.png\"; filename*=utf-8''%ff", "plain.png"),
        ("filename*=iso-8859-1''%e9.png", "é.png"),
        ('FILENAME="a.png"; x-more=1 ;', "a.png"),
    ],
)
def test_names_come_through_as_they_were_sent(
    shared_database: Database, shared_config: Config, said: str, name: str
) -> None:
    """Quoted, as RFC 8187 has them, and with what no name should hold."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            answer = await send(client, form(part(f'form-data; name="file"; {said}')))
            assert [each["name"] for each in answer.json()["files"]] == [name]

    run(ask())


def test_a_name_in_latin_1_is_read(shared_database: Database, shared_config: Config) -> None:
    """Where it is no UTF-8."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            answer = await send(client, form(file_part(name="NAME")).replace(b"NAME", b"\xe9.png"))
            assert answer.json()["files"][0]["name"] == "é.png"

    run(ask())


def test_a_file_that_nobody_has_chosen_is_none(shared_database: Database, shared_config: Config) -> None:
    """As browsers send an empty choice: a part without a name and without a byte."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            answer = await send(client, form(file_part(b"", ""), file_part(b"x", "")))
            assert [(each["name"], each["size"]) for each in answer.json()["files"]] == [("", 1)]

    run(ask())


def test_a_form_may_be_empty(shared_database: Database, shared_config: Config) -> None:
    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            assert (await send(client, form())).json() == {"files": [], "fields": {}}

    run(ask())


def test_json_is_a_form_without_files(shared_database: Database, shared_config: Config) -> None:
    """Its values as texts; what can be none is refused."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            sent = {"note": "ދ", "number": 3, "yes": True, "ids": ["a", "b"], "none": None}
            answer = await client.post(KEEP, json=sent)
            assert answer.json() == {
                "files": [],
                "fields": {"note": ["ދ"], "number": ["3"], "yes": ["true"], "ids": ["a", "b"]},
            }
            assert (await client.post(KEEP)).json() == {"files": [], "fields": {}}
            many, long = {"a": ["x"] * (FIELDS + 1)}, {"a": "x" * (FIELD_BYTES + 1)}
            bad: Any = {"a": {}}, {"a": [None]}, {"a": [[]]}, [], many, long
            statuses = [(await client.post(KEEP, content=json.dumps(body))).status_code for body in bad]
            assert statuses == [422, 422, 422, 422, 413, 413]

    run(ask())


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        (f"multipart/form-data; boundary={'x' * 71}", 400),
        ("multipart/form-data; boundary=a; boundary=b", 400),
        ('multipart/form-data; boundary="', 400),
        ("multipart/form-data; boundary=other", 400),
        (f'Multipart/Form-Data; charset=utf-8; Boundary="{BOUNDARY}"', 201),
        ("multipart/mixed; boundary=a", 415),
        ("application/x-www-form-urlencoded", 415),
        ("image/png", 415),
        ("application/json", 400),
        ("application/json; charset=utf-16", 415),
    ],
)
def test_the_header_says_what_the_body_is(
    shared_database: Database, shared_config: Config, content_type: str, status: int
) -> None:
    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            answer = await client.post(KEEP, content=form(file_part()), headers={"Content-Type": content_type})
            assert answer.status_code == status
            zipped = await send(client, form(file_part()), **{"Content-Encoding": "gzip"})
            assert zipped.status_code == 415

    run(ask())


NESTED: Final = b"--in\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--in--\r\n"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x" * 100,
        form(file_part())[: -len(BOUNDARY) - 6],
        form(file_part()).removesuffix(b"--\r\n"),
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=a\r\n".encode(),
        form(part("form-data")),
        form(part('attachment; name="a"')),
        form(part('form-data; name="a')),
        form(part('form-data; name="a"; name="b"')),
        form(part('form-data; name="a"; filename="b"; filename="c"')),
        form(part('form-data; name="a"; filename*=b')),
        form(part('form-data; name="a" junk')),
        form(part('form-data; name="a"', b"x", "Content-Disposition: form-data; name=b")),
        form(part('form-data; name="a"', b"eA==", "Content-Transfer-Encoding: base64")),
        form(part('form-data; name="a"', b"\xff")),
        form(part('form-data; name="a"', b"x", *[f"X-{n}: 1" for n in range(40)])),
        form(part('form-data; name="a"', b"x", f"X-A: {'x' * 20_000}")),
        form(part('form-data; name="a"', b"x", f"{'x' * 20_000}: a")),
        form(part('form-data; name="a"', b"x", "Not a header")),
        f"--{BOUNDARY}\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
    ],
)
def test_what_is_no_form_is_refused(shared_database: Database, shared_config: Config, body: bytes) -> None:
    """With 400, and nothing is done."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            for content in (body, in_pieces(body, 7) if len(body) < 1_000 else in_pieces(body)):
                answer = await send(client, content)
                assert (answer.status_code, TAKEN) == (400, [])
                assert answer.json()["error"]

    run(ask())


def test_a_form_within_a_form_is_a_text(shared_database: Database, shared_config: Config) -> None:
    """And what stands behind the end is nothing."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            nested = part('form-data; name="a"', NESTED, "Content-Type: multipart/mixed; boundary=in")
            answer = await send(client, form(nested) + form(file_part()))
            assert answer.json() == {"files": [], "fields": {"a": [NESTED.decode()]}}

    run(ask())


def test_what_looks_like_a_boundary_belongs_to_the_file(shared_database: Database, shared_config: Config) -> None:
    """In whatever pieces it comes."""
    content = f"\r\n--{BOUNDARY}x\r\n--{BOUNDARY[:-1]}\r\n--\r\n\r\n-{BOUNDARY}--\r".encode() * 3

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            for size in (1, 2, 3, 20, 1_000):
                answer = await send(client, in_pieces(form(file_part(content)), size))
                assert answer.json()["files"][0]["sum"] == sum_of(content)

    run(ask())


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([file_part()] * 4, "The form must have at most 3 files"),
        ([file_part(b"", "")] * 7, "The form has too many parts without a file"),
        ([file_part(bytes(MIB + 1))], "Each file must have at most 1 MiB"),
        ([part('form-data; name="a"')] * (FIELDS + 1), f"The form must have at most {FIELDS} text parts"),
        (
            [part('form-data; name="a"', b"x" * (FIELD_BYTES + 1))],
            f"Each text part of the form must have at most {FIELD_BYTES} bytes",
        ),
        ([file_part(bytes(MIB))] * 3, "The body must have at most 3000000 bytes"),
    ],
)
def test_a_form_that_is_too_large_is_refused(
    shared_database: Database, shared_config: Config, monkeypatch: pytest.MonkeyPatch, parts: list[bytes], sentence: str
) -> None:
    """413 for each of its measures, those of the operator too."""
    monkeypatch.setattr(forms.FormLimits, "form_bytes", 3_000_000)
    config = changed(shared_config, file_mib=1, files_per_call=3)

    async def ask() -> None:
        async with asking(shared_database, config, ROUTES) as client:
            for content in (form(*parts), in_pieces(form(*parts))):
                answer = await send(client, content)
                assert (answer.status_code, answer.json(), TAKEN) == (413, {"error": sentence}, [])

    run(ask())


def changed(config: Config, **values: Any) -> Config:  # noqa: ANN401 - any setting
    return replace(config, **values)


def test_who_may_not_send_a_form_is_told_so(shared_database: Database, shared_config: Config) -> None:
    """401 before the body is read, 403 for who lacks the permission; nothing is left of either."""
    shared_database.write(lambda tx: add_person(tx, READER))
    reader = bearer(cast.token(shared_database, READER))

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            with unchanged(shared_database):
                unknown = await send(client, form(file_part(LARGE)), Authorization="Bearer x")
                refused = await send(client, form(file_part(LARGE)), **reader)
        assert (unknown.status_code, refused.status_code, TAKEN) == (401, 403, [])

    run(ask())


def test_a_form_that_cannot_be_kept_changes_nothing(shared_database: Database, shared_config: Config) -> None:
    """And its files are gone likewise."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            with unchanged(shared_database):
                answer = await send(client, form(file_part(LARGE), part('form-data; name="bad"')))
            assert (answer.status_code, len(TAKEN)) == (500, 1)
            await until(lambda: TAKEN[0].files[0].file.closed)

    run(ask())


def test_what_is_read_again_is_read_from_its_beginning(
    shared_database: Database, shared_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a write that is run again, and behind what was prepared for it."""
    write = shared_database.awrite

    async def write_again(work: Work[Any]) -> Any:  # noqa: ANN401 - what the work gives
        def twice(tx: Tx) -> Any:  # noqa: ANN401 - likewise
            work(tx)
            return work(tx)

        return await write(twice)

    monkeypatch.setattr(shared_database, "awrite", write_again)

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            answer = await client.post("/api/v1/keep_prepared", content=form(file_part(LARGE)), headers=TYPE)
            assert answer.json()["files"][0]["read"] == sum_of(LARGE)

    run(ask())


def test_a_form_that_is_sent_again_is_the_same_under_another_boundary(
    shared_database: Database, shared_config: Config
) -> None:
    """A key of idempotency knows it by its parts: another file, name or text is another request."""
    other = f"multipart/form-data; boundary={BOUNDARY[::-1]}"
    first = form(file_part(b"one"), part('form-data; name="note"'))

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            key = {"Idempotency-Key": "form-1"}
            made = await send(client, first, **key)
            again = first.replace(BOUNDARY.encode(), BOUNDARY[::-1].encode())
            repeated = await client.post(KEEP, content=again, headers={"Content-Type": other} | key)
            assert (made.status_code, repeated.status_code) == (201, 201)
            assert (repeated.headers["Idempotency-Replayed"], repeated.json()) == ("true", made.json())
            assert len(TAKEN) == 1
            for differing in (
                form(file_part(b"two"), part('form-data; name="note"')),
                form(file_part(b"one", "b.png"), part('form-data; name="note"')),
                form(file_part(b"one", kind="image/gif"), part('form-data; name="note"')),
                form(file_part(b"one"), part('form-data; name="note"', b"y")),
                form(part('form-data; name="note"')),
            ):
                assert (await send(client, differing, **key)).status_code == 422
            await until(lambda: TAKEN[0].files[0].file.closed)

    run(ask())


def test_no_file_has_a_name(shared_database: Database, shared_config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """They lie beside the data, where only their owner comes, and a process that is killed leaves nothing."""
    folder = shared_config.data / scratch.NAME
    seen: list[Sequence[Path]] = []
    monkeypatch.setattr(form_bodies, "BATCH", 1)

    async def watched() -> AsyncIterator[bytes]:
        yield form(file_part(LARGE))[:-20]
        await until(lambda: any(str(folder) in target for target in open_files()))
        seen.append(list(folder.iterdir()))
        yield form(file_part(LARGE))[-20:]

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            assert (await send(client, watched())).status_code == 201
            await until(lambda: not any(str(folder) in target for target in open_files()))

    run(ask())
    assert (seen, stat.S_IMODE(folder.stat().st_mode)) == ([[]], 0o700)


def open_files() -> list[str]:
    found = []
    for each in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(each.readlink()))
        except FileNotFoundError:
            continue
    return found


def test_what_a_dead_process_has_left_is_removed_at_the_next_start(tmp_path: Path) -> None:
    """But not what others work with at this moment."""
    (tmp_path / "old").mkdir()
    for path in (tmp_path / "old" / "picture", tmp_path / "older", tmp_path / "new"):
        path.write_bytes(b"x")
    for name in ("old", "older"):
        os.utime(tmp_path / name, (1_000_000_000, 1_000_000_000))
    scratch.Scratch(tmp_path).sweep()
    scratch.Scratch(tmp_path / "missing").sweep()
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
