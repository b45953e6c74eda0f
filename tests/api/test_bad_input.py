"""Bad bodies of every kind to every endpoint that takes one: refused with a sentence, and nothing is changed.

Each request is good but for one thing in it.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest
from httpx2 import Response
from starlette.testclient import TestClient

import cast
from asking import ApiFor
from bad_values import RAW_NUMBERS, bad_values, is_object, is_text, struct_of, takes_null
from good_requests import Good, good_requests
from keesa.accounts.sessions import Version
from keesa.api.session_calls import Login
from keesa.config import Config
from keesa.db import Database
from new_tickets import BODIES, changed
from refusing import GONE, refusal, replaced, sender
from unchanged import TRAIL, unchanged

VERSIONS: Final[tuple[Version, ...]] = ("2021", "2024")
WITH_BODY: Final = [good for good in good_requests() if good.body is not None]
BODY_LIMIT: Final = 1024 * 1024

UNREADABLE: Final = {
    "cut off": b'{"ticket": {"title": "x"',
    "two objects": b"{}{}",
    "comma at the end": b'{"ticket": {},}',
    "single quotes": b"{'ticket': {}}",
    "bare word": b"ticket",
    "not a number": b'{"ticket": NaN}',
    "lone surrogate": rb'{"ticket": "\ud800"}',
    "surrogates the wrong way round": rb'{"ticket": "\udc00\ud800"}',
    "surrogate as bytes": b'{"ticket": "\xed\xa0\x80"}',
    "Latin-1": b'{"ticket": "\xe9"}',
    "UTF-16": "{}".encode("utf-16"),
    "UTF-16 unmarked": "{}".encode("utf-16-le"),
    "UTF-32": "{}".encode("utf-32"),
    "overlong UTF-8": b'{"ticket": "\xc0\xaf"}',
    "control character": b'{"ticket": "\x01"}',
    "NUL bytes": b"\0\0\0",
    "bad escape": rb'{"ticket": "\x41"}',
    "key twice": b'{"ticket": 1, "ticket": 2}',
    "unknown key twice": b'{"other": {"a": 1, "a": 1}}',
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "deep and cut off": b'{"ticket":' + b"[" * 100_000,
    "many values": b'{"other": [' + b"{}," * 3_000 + b"{}]}",
    "many keys": b"{" + b",".join(b'"%d":1' % key for key in range(1_500)) + b"}",
    "many strings": b'"a"' * 3_000,
}
NO_OBJECT: Final = (b"null", b"true", b"1", b"1.5", b'"text"', b"[]", b"[{}]")


def test_each_request_is_good_before_it_is_made_bad(client: TestClient, database: Database, config: Config) -> None:
    """Then one thing alone is wrong with it in the tests here."""
    cast.lay_files(database, config)
    answers = {str(good): sender(client, database, good)() for good in good_requests()}
    assert {name: answer.text for name, answer in answers.items() if not answer.is_success} == {}


@pytest.mark.parametrize("good", WITH_BODY, ids=str)
def test_a_field_with_a_bad_value(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """Of another type, out of all bounds, or no text: 422 names the field."""
    send = sender(shared_client, shared_database, good)
    with unchanged(shared_database):
        for path, field in fields(good):
            for value in bad_values(field.type):
                require_named(send(body=replaced(good.body, path, value)), good, path)


@pytest.mark.parametrize("good", WITH_BODY, ids=str)
def test_a_field_that_is_missing_or_null(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """What is required must be there, and be something: 422 names it."""
    send = sender(shared_client, shared_database, good)
    with unchanged(shared_database):
        for path, field in fields(good):
            if field.required:
                require_named(send(body=replaced(good.body, path, GONE)), good, path)
                if not takes_null(field.type):
                    require_named(send(body=replaced(good.body, path, None)), good, path)


@pytest.mark.parametrize("good", WITH_BODY, ids=str)
def test_a_field_with_a_number_past_every_bound(
    shared_client: TestClient, shared_database: Database, good: Good
) -> None:
    """400 where JSON readers cannot hold it, else as any other bad value."""
    send = sender(shared_client, shared_database, good)
    with unchanged(shared_database):
        for path, _ in fields(good):
            for number in RAW_NUMBERS:
                content = json.dumps(replaced(good.body, path, "@")).encode().replace(b'"@"', number)
                refusal(send(content=content), 400, 404 if path == "ticket_number" else 422, 422)


@pytest.mark.parametrize("good", WITH_BODY, ids=str)
def test_a_body_that_cannot_be_read(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """No JSON, JSON that says two things, or JSON too deep: 400; 413 where it is more than a login may have."""
    send = sender(shared_client, shared_database, good)
    with unchanged(shared_database):
        for name, content in UNREADABLE.items():
            too_large = good.route.body_limit is not None and len(content) > good.route.body_limit
            assert refusal(send(content=content), 413 if too_large else 400), name


@pytest.mark.parametrize("good", WITH_BODY, ids=str)
def test_a_key_that_stands_twice(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """In any object of the body: which of the two is meant is not guessed, 400."""
    send = sender(shared_client, shared_database, good)
    with unchanged(shared_database):
        for path, field in fields(good):
            once = replaced(good.body, path, "@")
            twice = json.dumps(once).replace('"@"', f'1, "{field.encode_name}": 2')
            assert "twice" in refusal(send(content=twice.encode()), 400)["error"]


@pytest.mark.parametrize("good", WITH_BODY, ids=str)
def test_a_body_that_is_no_object(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """Or is an empty one, or none at all, where something is required: 422."""
    send = sender(shared_client, shared_database, good)
    needed = any(field.required for _, field in fields(good))
    with unchanged(shared_database):
        for content in NO_OBJECT:
            assert "object" in refusal(send(content=content), 422)["error"]
        for content in () if not needed else (b"{}", b"", b" \n", b'{"unknown": {}}'):
            require_named(send(content=content), good, next(fields(good))[0])


def test_a_field_that_is_deep(shared_client: TestClient, shared_database: Database) -> None:
    """However deep it is, on both sides of where a reader gives up: 400 or 422."""
    senders = [sender(shared_client, shared_database, good) for good in WITH_BODY]
    with unchanged(shared_database):
        for send in senders:
            content = json.dumps(replaced(send.good.body, next(fields(send.good))[0], "@")).encode()
            for depth in (10, 500, 900, 990, 1_000, 1_010, 1_100, 5_000):
                refusal(send(content=content.replace(b'"@"', b"[" * depth + b"]" * depth)), 400, 422)


@pytest.mark.parametrize("good", WITH_BODY, ids=str)
def test_a_body_that_is_too_large(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """413, whether its size is announced or only found out."""
    send = sender(shared_client, shared_database, good)
    large = b" " * BODY_LIMIT + json.dumps(good.body).encode()
    with unchanged(shared_database):
        refusal(send(content=large), 413)
        refusal(send(content=large, headers={"Transfer-Encoding": "chunked"}), 413)
        refusal(send(content=b"{}", headers={"Content-Length": "9" * 5_000}), 413)


@pytest.mark.parametrize("good", WITH_BODY, ids=str)
def test_texts_that_are_too_long(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """Longer than any field takes, within what a body may have; no ticket has such a number, nobody such a name."""
    send = sender(shared_client, shared_database, good)
    statuses = {"ticket_number": 404, "user": 401, "password": 401}
    with unchanged(shared_database, but=("login_failures", *TRAIL)):
        for path, field in fields(good):
            if is_text(field.type):
                length = 15_000 if good.route.body_limit else 70_000
                refusal(send(body=replaced(good.body, path, "x" * length)), statuses.get(path, 422))


def test_an_entity_of_thousands_of_digits_is_text(api: ApiFor) -> None:
    """Python refuses to read such a number; as a character of a note or a description it is a strange one."""
    many = "9" * 5_000
    for version in VERSIONS:
        admin, done = api(cast.ADMIN, version), 200 if version == "2021" else 201
        for text in (f"&#{many};", f"&#{'0' * 5_000}65;", f"<b>&#{many}</b>"):
            note = {"ticket_note": {"note": text}, "ticket_number": str(cast.ASSIGNED)}
            assert admin("POST", "/tickets/add_ticket_note", note).status_code == done
            assert admin("POST", "/tickets", changed(BODIES[version], {"description": text})).status_code == done


def fields(good: Good) -> Iterator[tuple[str, msgspec.structs.FieldInfo]]:
    """Every field that the body may have, by its dotted path; objects before what is in them."""
    return _fields(good.route.signature.body_struct or Login, "")


def _fields(model: Any, above: str) -> Iterator[tuple[str, msgspec.structs.FieldInfo]]:  # noqa: ANN401 - a Struct type
    for field in msgspec.structs.fields(model):
        yield f"{above}{field.encode_name}", field
        if is_object(field.type):
            yield from _fields(struct_of(field.type), f"{above}{field.encode_name}.")


def require_named(answer: Response, good: Good, path: str) -> None:
    """A 422 that names what is at the path, or in it. 2021 tells of the customer's id where its document has it."""
    error = refusal(answer, 422)
    path = "ticket.customer_id" if (good.version, path) == ("2021", "customer_id") else path
    named = error["errors"] if good.version == "2024" else error["error"].split()
    assert any(name == path or name.startswith(f"{path}.") for name in named), (path, error)
