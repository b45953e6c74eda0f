"""Bad headers, cookies and forms of every kind: refused with a sentence or not minded, and nothing is changed."""

from base64 import urlsafe_b64encode
from typing import Final

import pytest
from starlette.testclient import TestClient

import cast
from good_requests import Good, good_requests
from keesa.db import Database
from keesa.web.bodies import RawBody
from keesa.web.routes import Access
from logins import LOGIN, log_in
from refusing import refusal, sender
from unchanged import unchanged

REQUESTS: Final = good_requests()
WITH_BODY: Final = [good for good in REQUESTS if good.body is not None]
WITHOUT_TOKEN: Final = (Access.ANYONE, Access.SIGNED_ADDRESS)
WITH_TOKEN: Final = [good for good in REQUESTS if good.route.access not in WITHOUT_TOKEN]
LOGINS: Final = [good for good in REQUESTS if good.route.signature.body is RawBody]


def token(header: str, payload: str = "{}") -> bytes:
    """A token of these parts, with a signature of nothing."""
    return b".".join(urlsafe_b64encode(part.encode()).rstrip(b"=") for part in (header, payload, "x"))


NO_TOKENS: Final = {
    "empty": b"",
    "spaces": b"   ",
    "no token": b"Bearer",
    "not base64": b"Bearer a.b.c",
    "points": b"Bearer ...",
    "Latin-1": b"Bearer \xff\xfe",
    "UTF-8": "Bearer ދިވެހި".encode(),
    "long": b"Bearer " + b"a" * 100_000,
    "many words": b"Bearer " * 1_000,
    "header without JSON": b"Bearer " + token("x"),
    "header that is a list": b"Bearer " + token("[]"),
    "deep header": b"Bearer " + token("[" * 20_000),
    "deep object in the header": b"Bearer " + token('{"alg":' + '{"a":' * 20_000),
    "number of thousands of digits": b"Bearer " + token('{"alg":' + "9" * 5_000 + "}"),
    "surrogate": b"Bearer " + token(r'{"alg":"\ud800"}'),
    "no algorithm": b"Bearer " + token('{"alg":"none"}'),
    "algorithm that is a list": b"Bearer " + token('{"alg":["HS256"]}'),
    "algorithm that is null": b"Bearer " + token('{"alg":null}'),
    "critical": b"Bearer " + token('{"alg":"HS256","crit":["x"]}'),
    "detached": b"Bearer " + token('{"alg":"HS256","b64":false,"crit":["b64"]}'),
    "key id that is a number": b"Bearer " + token('{"alg":"HS256","kid":1}'),
    "payload that is a list": b"Bearer " + token('{"alg":"HS256"}', "[]"),
    "other scheme": b"Basic dXNlckBleGFtcGxlLmNvbTpQYXNzd29yZDEyMw==",
}
NO_COOKIES: Final = (
    *(b"", b";", b"=", b"=;=", b";" * 10_000, b"jwt_access", b"jwt_access=", b"jwt_refresh=", b"\xff=\xff"),
    *(b"jwt_access=\xff; jwt_refresh=\xff", b'jwt_access="\\777\\000"; jwt_refresh="\\777\\000"'),
    *(b"jwt_access=a.b.c; jwt_refresh=a.b.c", b"jwt_access=" + b"a." * 5_000, b"a=b; " * 5_000),
)
NO_CSRF: Final = (b"", b"x", b"\xff" * 88, b"A" * 88, b"A" * 87 + b"=", b"=" * 88, b"A" * 100_000, "އ".encode() * 88)
NO_JSON: Final = {
    b"text/plain": 400,
    b"text/json": 400,
    b"application/x-www-form-urlencoded": 400,
    b"multipart/form-data; boundary=x": 400,
    b"application/xml": 400,
    b"application": 400,
    b"/": 400,
    b"application/json/json": 400,
    b"*/*": 400,
    b"\xff": 400,
    b"application/" + b"x" * 10_000: 400,
    b"application/json; charset=latin-1": 415,
    b'application/json; charset="UTF-16"': 415,
    b"application/json; charset=\xff": 415,
}
NO_FORMS: Final = {
    "no boundary": (b"multipart/form-data", b"--x\r\n"),
    "empty boundary": (b"multipart/form-data; boundary=", b"--\r\n"),
    "long boundary": (b"multipart/form-data; boundary=" + b"x" * 10_000, b"--x\r\n"),
    "boundary of bytes": (b"multipart/form-data; boundary=\xff\xfe", b"--\xff\xfe\r\n"),
    "quote that does not end": (b'multipart/form-data; boundary="x', b"--x\r\n"),
    "parameters without names": (b"multipart/form-data; =; ;;=x; boundary*=utf-8''x", b"--x\r\n"),
    "no parts": (b"multipart/form-data; boundary=x", b"--x--\r\n"),
    "no end": (b"multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="user"\r\n\r\na'),
    "no name": (b"multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n"),
    "no headers": (b"multipart/form-data; boundary=x", b"--x\r\n\r\na\r\n--x--\r\n"),
    "bad headers": (b"multipart/form-data; boundary=x", b"--x\r\n\xff\0: \xff\r\n\r\na\r\n--x--\r\n"),
    "file": (
        b"multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="user"; filename="../../x"\r\n\r\na\r\n--x--\r\n',
    ),
    "unknown encoding": (
        b"multipart/form-data; boundary=x",
        b"--x\r\nContent-Transfer-Encoding: x\r\n\r\na\r\n--x--\r\n",
    ),
    "bad base64": (
        b"multipart/form-data; boundary=x",
        b"--x\r\nContent-Transfer-Encoding: base64\r\n\r\n!\r\n--x--\r\n",
    ),
    "many parts": (
        b"multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 250 + b"--x--\r\n",
    ),
    "no text": (
        b"multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="user"\r\n\r\n\xff\xfe\0\r\n--x--\r\n',
    ),
    "bytes in a form": (b"application/x-www-form-urlencoded", b"user=\xff&password=\xfe"),
    "broken UTF-8 in a form": (b"application/x-www-form-urlencoded", b"user=%FF&password=%FF"),
    "NUL in a form": (b"application/x-www-form-urlencoded", b"user=%00&password=%00"),
    "many fields in a form": (b"application/x-www-form-urlencoded", b"&".join(b"a=%d" % n for n in range(2_000))),
    "ampersands": (b"application/x-www-form-urlencoded", b"&" * 16_000),
    "JSON as a form": (b"application/x-www-form-urlencoded", b'{"user": "a", "password": "b"}'),
}


@pytest.mark.parametrize("good", WITH_TOKEN, ids=str)
def test_a_header_that_holds_no_token(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """401, before anything else of the request is looked at."""
    name = "X-Refresh-Token" if good.route.access is Access.REFRESH_TOKEN else "Authorization"
    with unchanged(shared_database):
        for bad in NO_TOKENS.values():
            answer = shared_client.request(good.route.method, f"/api/v1{good.path}", headers=[(name.encode(), bad)])
            refusal(answer, 401)
            assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("good", WITH_TOKEN, ids=str)
def test_cookies_that_hold_no_token(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """401 too."""
    with unchanged(shared_database):
        for cookies in NO_COOKIES:
            answer = shared_client.request(good.route.method, f"/api/v1{good.path}", headers=[(b"Cookie", cookies)])
            refusal(answer, 401)


def test_a_header_that_holds_no_csrf_token(shared_client: TestClient, shared_database: Database) -> None:
    """With a good token in a cookie it is 401 all the same, for whatever would change something."""
    tokens = log_in(shared_client, cast.ADMIN)
    cookie = f"jwt_access={tokens['access']}; jwt_refresh={tokens['refresh']}".encode()
    with unchanged(shared_database):
        for good in WITH_TOKEN:
            if good.version == "2024" and good.route.method != "GET":
                for bad in NO_CSRF:
                    headers = [(b"Cookie", cookie), (b"X-CSRF-Token", bad)]
                    path = f"/api/v1{good.path}"
                    refusal(shared_client.request(good.route.method, path, json=good.body, headers=headers), 401)


@pytest.mark.parametrize("good", REQUESTS, ids=str)
def test_a_version_that_is_none(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """400 wherever it is asked for."""
    with unchanged(shared_database):
        for bad in (b"", b"2022", b"2021,2024", b"\xff", b"9" * 10_000, "٢٠٢٤".encode()):
            headers = [(b"Keesa-Version", bad)]
            answer = shared_client.request(good.route.method, f"/api/v1{good.path}", json=good.body, headers=headers)
            assert "2021 or 2024" in refusal(answer, 400)["error"]


@pytest.mark.parametrize("name", ["X-Request-Id", "Accept", "Accept-Language", "Origin", "X-Forwarded-For", "Cookie"])
def test_headers_that_are_not_minded(shared_client: TestClient, name: str) -> None:
    """Rubbish in them spoils no answer, and does not come back in its request id."""
    for rubbish in (b"", b"\xff\xfe", b"x" * 10_000, b'"', b"a, b;c=d", "ދިވެހި".encode(), b"%00", b"{}"):
        answer = shared_client.get("/api/v1/openapi.json", headers=[(name.encode(), rubbish)])
        assert answer.status_code == 200
        assert answer.headers["X-Request-Id"].isalnum()


@pytest.mark.parametrize("good", [good for good in WITH_BODY if good not in LOGINS], ids=str)
def test_a_content_type_that_is_not_json(shared_client: TestClient, shared_database: Database, good: Good) -> None:
    """400 for another type, 415 for another charset or a compressed body."""
    send = sender(shared_client, shared_database, good)
    with unchanged(shared_database):
        for bad, status in NO_JSON.items():
            refusal(send(content=b"{}", headers={"Content-Type": bad}), status)
        for coding in ("gzip", "br", "x" * 1_000, "identity, gzip"):
            refusal(send(content=b"{}", headers={"Content-Encoding": coding}), 415)


@pytest.mark.parametrize("good", LOGINS, ids=str)
@pytest.mark.parametrize("form", NO_FORMS.values(), ids=NO_FORMS)
def test_a_form_that_is_none(
    shared_client: TestClient, shared_database: Database, good: Good, form: tuple[bytes, bytes]
) -> None:
    """It holds no credentials: 422, or 401 where it seems to."""
    content_type, content = form
    with unchanged(shared_database, but="login_failures"):
        answer = shared_client.post(LOGIN[good.version], content=content, headers=[(b"Content-Type", content_type)])
        refusal(answer, 401, 422)
