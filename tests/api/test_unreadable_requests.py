"""Bodies and queries that cannot be read, are too large, or come in the wrong wrapping: refused, and nothing done."""

import gzip
import json
from dataclasses import replace
from typing import Any, Final

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

import cast
from account_rows import rows
from asking import Api, ApiFor
from keesa.app import App, serve_from
from keesa.config import Config
from keesa.db import Database
from raw_asgi import ask_raw

ADD_NOTE: Final = "/api/v1/tickets/add_ticket_note"
GOOD: Final = json.dumps({"ticket_note": {"note": "Seen"}, "ticket_number": str(cast.ASSIGNED)}).encode()
LIMIT: Final = 2048


@pytest.fixture(scope="module")
def engineer(shared_api: ApiFor) -> Api:
    return shared_api(cast.ENGINEER)


def send(api: Api, body: bytes, content_type: str | None = "application/json", **headers: str) -> Response:
    """The answer to a new note with exactly this body."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()} | {"Authorization": api.token}
    if content_type is not None:
        sent["Content-Type"] = content_type
    return api.client.post(ADD_NOTE, content=body, headers=sent)


def note(text: str) -> bytes:
    """A body with this JSON text as its note."""
    return f'{{"ticket_note": {{"note": {text}}}, "ticket_number": "{cast.ASSIGNED}"}}'.encode()


def notes(database: Database) -> list[dict[str, Any]]:
    return rows(database, "SELECT * FROM ticket_notes ORDER BY id")


READABLE: Final[dict[str, tuple[bytes, str | None, dict[str, str]]]] = {
    "JSON": (GOOD, "application/json", {}),
    "JSON with a charset": (GOOD, "application/json; charset=utf-8", {}),
    "JSON with a charset in quotes": (GOOD, 'Application/JSON ; Charset="UTF-8"', {}),
    "a dialect of JSON": (GOOD, "application/vnd.desk+json", {}),
    "no type": (GOOD, None, {}),
    "not compressed": (GOOD, "application/json", {"Content_Encoding": "identity"}),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD, "application/json", {}),
    "white space around": (b" \r\n\t" + GOOD + b"\n", "application/json", {}),
    "escapes": (note(r'"\u0041 \ud83d\udef0 \u0623"'), "application/json", {}),
}


def test_json_in_utf_8_is_read(api: ApiFor) -> None:
    """However it is announced."""
    engineer = api(cast.ENGINEER)
    statuses = {
        name: send(engineer, body, content_type, **headers).status_code
        for name, (body, content_type, headers) in READABLE.items()
    }
    assert statuses == dict.fromkeys(READABLE, 201)


UNREADABLE: Final = {
    "cut off": b'{"ticket_note": {"note": "Se',
    "a comma too many": note('"Seen",'),
    "single quotes": note("'Seen'"),
    "a comment": note('"Seen" /* by me */'),
    "two objects": GOOD + GOOD,
    "nothing but a brace": b"{",
    "NaN": note("NaN"),
    "Infinity": note("-Infinity"),
    "a number beyond all bounds": note("1e999"),
    "a number of ten thousand digits": note("9" * 10_000),
    "a control character": note('"a\x01b"'),
    "a lone surrogate": note(r'"\ud800"'),
    "a lone low surrogate": note(r'"x\udc00x"'),
    "a surrogate of two high ones": note(r'"\ud800\ud800"'),
    "a surrogate as a key": b'{"\\ud800": 1}',
    "a key twice": note('"Seen", "note": "Unseen"'),
    "a key twice at the top": b'{"ticket_number": "1", "ticket_number": "2"}',
    "a key twice, once in escapes": note('"Seen", "n\\u006fte": "Unseen"'),
    "a key twice where nobody reads": b'{"other": [{"a": 1, "a": 1}]}',
    "Latin-1": note('"caf\u00e9"').decode().encode("latin-1"),
    "a surrogate in UTF-8": note('"Seen"').replace(b"Seen", b"\xed\xa0\x80"),
    "overlong UTF-8": note('"Seen"').replace(b"Seen", b"\xc0\xaf"),
    "UTF-16": GOOD.decode().encode("utf-16"),
    "deep lists": b'{"ticket_note": ' + b"[" * 200_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a form": b"ticket_note[note]=Seen&ticket_number=2025002",
    "compressed without saying so": gzip.compress(GOOD),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_400(shared_database: Database, engineer: Api, name: str) -> None:
    """Or could be read in two ways; and it adds no note."""
    before = notes(shared_database)
    answer = send(engineer, UNREADABLE[name])
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert len(answer.json()["error"]) < 200
    assert notes(shared_database) == before


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/html; charset=utf-8",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "text/json",
        "json",
        "image/svg+json",
        "*/*",
    ],
)
def test_another_content_type_is_400(shared_database: Database, engineer: Api, content_type: str) -> None:
    """And the sentence names the right one: pages of other sites can send forms and plain text unasked."""
    before = notes(shared_database)
    answer = send(engineer, GOOD, content_type)
    assert answer.status_code == 400
    assert "Content-Type: application/json" in answer.json()["error"]
    assert notes(shared_database) == before


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "GZIP", "gzip, identity", "aes128gcm"])
def test_a_compressed_body_is_415(engineer: Api, encoding: str) -> None:
    """And the answer says in its own header how bodies may come."""
    answer = send(engineer, gzip.compress(GOOD), Content_Encoding=encoding)
    assert (answer.status_code, answer.headers["Accept-Encoding"]) == (415, "identity")


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", "UTF-32", '"latin1"', "nonsense"])
def test_another_charset_is_415(engineer: Api, charset: str) -> None:
    """JSON is UTF-8 (RFC 8259)."""
    answer = send(engineer, GOOD, f"application/json; charset={charset}")
    assert (answer.status_code, answer.json()) == (415, {"error": "The body's charset must be UTF-8"})


@pytest.mark.parametrize("body", [b"[]", b'"Seen"', b"null", b"7", b"true", b'[{"ticket_note": {}}]'])
def test_json_that_is_no_object_is_422(engineer: Api, body: bytes) -> None:
    """It can be read, and is not what is asked for."""
    answer = send(engineer, body)
    assert (answer.status_code, answer.json()["errors"]) == (422, {"body": ["must be a JSON object"]})


@pytest.mark.parametrize("body", [b"", b"{}", b" \n", b'{"ticket_note": null, "ticket_number": null}'])
@pytest.mark.parametrize("content_type", ["application/json", None])
def test_an_empty_body_lacks_every_field(engineer: Api, body: bytes, content_type: str | None) -> None:
    """422 that names them; nothing at all is an empty object."""
    answer = send(engineer, body, content_type)
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"ticket_note": ["is missing"], "ticket_number": ["is missing"]}


@pytest.mark.parametrize(
    "wrong",
    [
        b'{"ticket_note": [], "ticket_number": {}}',
        b'{"ticket_note": "Seen", "ticket_number": true}',
        b'{"ticket_note": {"note": 7}, "ticket_number": 1.5}',
        b'{"ticket_note": {"note": "a\\u0000b"}, "ticket_number": "\\u0000"}',
        b'{"ticket_note": {"note": {"note": "Seen"}}, "ticket_number": ["2025002"]}',
    ],
)
def test_wrong_types_are_422(shared_database: Database, engineer: Api, wrong: bytes) -> None:
    """With both faults named, and no note added."""
    before = notes(shared_database)
    answer = send(engineer, wrong)
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 2
    assert notes(shared_database) == before


@pytest.mark.parametrize(
    "query",
    ["limit=%FF", "limit=%ED%A0%80", "%C0%AF=1", "&".join(f"field{number}=1" for number in range(101))],
)
def test_a_query_that_cannot_be_read_is_400(engineer: Api, query: str) -> None:
    """Bytes that are no UTF-8, and more fields than any list has."""
    assert engineer("GET", f"/tickets?{query}").status_code == 400


def test_a_query_in_bytes_beyond_ascii_is_400(engineer: Api) -> None:
    """They must be percent-encoded; some clients forget it."""
    answer = ask_raw(
        engineer.client.app, "GET", "/api/v1/tickets?limit=\u0661", [(b"Authorization", engineer.token.encode())]
    )
    assert answer.status == 400


@pytest.mark.parametrize("query", ["limit=%00", "limit=", "limit", "limit=1%00", "order=%E2%98%83"])
def test_a_query_with_a_bad_value_is_422(engineer: Api, query: str) -> None:
    """It can be read, and names no page."""
    assert engineer("GET", f"/tickets?{query}").status_code == 422


@pytest.fixture
def narrow(shared_database: Database, shared_config: Config) -> App:
    """The API with room for bodies of 2 KiB."""
    return serve_from(shared_database, replace(shared_config, body_limit=LIMIT))


def padded(length: int) -> bytes:
    """A body of that length that lacks its note, so that it is read and then refused."""
    return b'{"ticket_number": "2025002"}'.ljust(length)


def test_a_body_of_the_limit_is_read(narrow: App, engineer: Api) -> None:
    """And one byte more is not."""
    headers = [(b"Authorization", engineer.token.encode()), (b"Content-Type", b"application/json")]
    statuses = [ask_raw(narrow, "POST", ADD_NOTE, headers, [padded(size)]).status for size in (LIMIT, LIMIT + 1)]
    assert statuses == [422, 413]


@pytest.mark.parametrize("path", [ADD_NOTE, "/api/v1/auth", "/api/v1/auth/login", "/api/v1/tickets/tickets_by_type"])
def test_a_body_that_is_announced_too_large_is_not_waited_for(narrow: App, path: str) -> None:
    """413 before a byte of it has come, on every path that takes a body, with or without a token."""
    method = "GET" if path.endswith("by_type") else "POST"
    for length in (b"2049", b"99999999999999999999", b"9" * 4000):
        answer = ask_raw(narrow, method, path, [(b"Content-Length", length)])
        assert answer.status == 413
        assert json.loads(answer.body) == {"error": f"The body must have at most {LIMIT} bytes"}


def test_a_body_that_says_nothing_of_its_length_is_cut_off(narrow: App, engineer: Api) -> None:
    """As soon as it passes the limit: an endless one ends there. Without a token not even its beginning is read."""
    read = 0

    def endless() -> Any:  # noqa: ANN401 - a generator that is never exhausted
        nonlocal read
        for _ in range(1000):
            read += 1
            yield b" " * 1024

    chunked = (b"Transfer-Encoding", b"chunked")
    answer = ask_raw(narrow, "POST", ADD_NOTE, [chunked], endless())
    assert (answer.status, read) == (401, 0)
    answer = ask_raw(narrow, "POST", ADD_NOTE, [chunked, (b"Authorization", engineer.token.encode())], endless())
    assert answer.status == 413
    assert read <= 4


@pytest.mark.parametrize("length", [b"", b"-1", b"many", b"1e9", "\u0661".encode()])
def test_a_senseless_length_is_not_believed(narrow: App, engineer: Api, length: bytes) -> None:
    """What comes is counted."""
    headers = [(b"Authorization", engineer.token.encode()), (b"Content-Length", length)]
    assert ask_raw(narrow, "POST", ADD_NOTE, headers, [padded(100)]).status == 422
    assert ask_raw(narrow, "POST", ADD_NOTE, headers, [padded(3000)]).status == 413


def test_the_default_limit_is_a_mebibyte(shared_client: TestClient) -> None:
    """Where the operator chose none."""
    statuses = [
        ask_raw(shared_client.app, "POST", ADD_NOTE, [(b"Content-Length", str(length).encode())]).status
        for length in (1024 * 1024, 1024 * 1024 + 1)
    ]
    assert statuses == [401, 413]
