"""What a login's body may be: at most 16 kB, read beside the event loop, and answered as before."""

import threading
from typing import Any, Final
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.testclient import TestClient

import cast
from deterministic import deterministic
from keesa.accounts.sessions import Version
from keesa.api.credentials import read_credentials
from keesa.api.session_calls import LOGIN_LIMIT
from keesa.web.http_errors import HttpError
from keesa.web.input.queries import read_query
from logins import LOGIN, bearer, log_in

VERSIONS: Final[tuple[Version, ...]] = ("2021", "2024")
WHO: Final = {"user": cast.ENGINEER.email, "password": cast.PASSWORD}
MULTIPART: Final = {"Content-Type": "multipart/form-data; boundary=x"}
URLENCODED: Final = {"Content-Type": "application/x-www-form-urlencoded"}
PART: Final = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'

LARGE: Final[dict[str, tuple[dict[str, str], bytes]]] = {
    "multipart": (MULTIPART, PART * (LOGIN_LIMIT // len(PART) + 1)),
    "percent signs": (URLENCODED, b"user=" + b"%41" * 6_000),
    "brackets": ({}, b"[" + b"[]," * 6_000 + b"[]]"),
    "JSON": ({}, b'{"user": "' + b"x" * LOGIN_LIMIT + b'"}'),
    "nothing": ({}, b" " * (LOGIN_LIMIT + 1)),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", LARGE)
def test_a_large_login_is_413(shared_client: TestClient, version: Version, kind: str) -> None:
    """Whatever it holds, and beside credentials that are good too."""
    headers, body = LARGE[kind]
    for params in ({}, WHO):
        answer = shared_client.post(LOGIN[version], params=params, headers=headers, content=body)
        sentence = {"error": f"The body must have at most {LOGIN_LIMIT} bytes"}
        assert (answer.status_code, answer.json()) == (413, sentence)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_login_of_16_kb_is_read(shared_client: TestClient, version: Version) -> None:
    """To the last byte."""
    head = b'{"user": "engineer@keesa.example", "password": "Password123"'
    body = head + b" " * (LOGIN_LIMIT - len(head) - 1) + b"}"
    assert shared_client.post(LOGIN[version], content=body).status_code == 200


def test_other_bodies_keep_their_limit(client: TestClient) -> None:
    """A note may be longer than a login."""
    access = log_in(client, cast.ENGINEER)["access"]
    note = {"ticket_note": {"note": "long " * 5_000}, "ticket_number": str(cast.ASSIGNED)}
    assert client.post("/api/v1/tickets/add_ticket_note", json=note, headers=bearer(access)).status_code == 201


@pytest.mark.parametrize(
    ("sent", "status"),
    [({"json": WHO}, 200), ({"content": b"{"}, 400), ({"headers": MULTIPART, "content": PART * 300}, 422)],
)
def test_a_login_is_read_beside_the_event_loop(
    shared_client: TestClient, monkeypatch: pytest.MonkeyPatch, sent: dict[str, Any], status: int
) -> None:
    """In one of the threads that check passwords."""
    threads = []
    read = read_credentials

    def noting(*parts: Any) -> dict[str, Any]:  # noqa: ANN401 - as it comes
        threads.append(threading.current_thread().name)
        return read(*parts)

    monkeypatch.setattr("keesa.api.session_calls.read_credentials", noting)
    assert shared_client.post(LOGIN["2024"], **sent).status_code == status
    assert [name.startswith("keesa-thread") for name in threads] == [True]


_QUERIES: Final = st.lists(
    st.sampled_from(
        ["a", "user", "=", "&", "+", "%", "%4", "%41", "%c3%A9", "%zz", "%25", "[", "]", "@", ";", "%26", "%3d"]
    )
).map("".join)


@deterministic(300)
@example("%aa")
@given(_QUERIES)
def test_queries_are_read_as_the_standard_library_reads_them(query: str) -> None:
    """Name by name, the last of each; what is no UTF-8 for it is refused."""
    try:
        expected = dict(parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=100))
    except UnicodeDecodeError:
        with pytest.raises(HttpError):
            read_query(query.encode())
        return
    assert read_query(query.encode()) == expected


@pytest.mark.parametrize("query", [b"user=%ff", b"a=%c3&b=%a9", b"%ed%a0%80=x", b"a=\xc3\xa9", b"&" * 100])
def test_queries_that_are_no_text_are_refused(query: bytes) -> None:
    """Bytes that are no UTF-8, halves of a character, and more fields than are read."""
    with pytest.raises(HttpError) as refused:
        read_query(query)
    assert refused.value.status == 400
