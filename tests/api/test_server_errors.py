"""When the server itself fails: a 500 that shows nothing, a log line without secrets, and nothing half done."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from dataclasses import replace
from io import BytesIO, TextIOWrapper
from typing import Any, Final, NoReturn

import pytest
import structlog
from starlette.testclient import TestClient

import cast
from account_rows import rows
from by_keesa import disable_user
from keesa import app, logs
from keesa.accounts.sessions import Version
from keesa.api.calls import Call
from keesa.api.credentials import read_credentials
from keesa.api.v2021 import VERSION_2021
from keesa.api.v2024 import VERSION_2024
from keesa.api.v2024.fields import Message
from keesa.config import Config
from keesa.db import Database, Tx
from keesa.errors import KeesaError, Unavailable
from keesa.web import middleware
from keesa.web.bodies import RawBody
from keesa.web.replies import Reply
from keesa.web.routes import Access, Route
from logins import LOGIN, bearer, log_in, refresh_header
from unchanged import unchanged

pytestmark = pytest.mark.usefixtures("logged")

SENTENCE: Final = "We had a problem with our server. Try again later."
INSIDE: Final = "the flux capacitor at 10.1.2.3 is out of plutonium"


class Unheard(KeesaError):
    """A domain error that no version has a status for."""


def fail_reading(_tx: Tx, _call: Call[None, None]) -> NoReturn:
    raise RuntimeError(INSIDE)


def fail_writing(tx: Tx, _call: Call[None, None]) -> NoReturn:
    disable_user(tx, cast.STRANGER.email, 1)
    raise RuntimeError(INSIDE)


def anything(value: Any) -> Any:  # noqa: ANN401 - what no type checker lets an endpoint answer
    return value


def answer_what_is_no_json(tx: Tx, _call: Call[None, None]) -> Message:
    disable_user(tx, cast.STRANGER.email, 1)
    return Message(anything(object()))


def answer_nothing_yet(tx: Tx, _call: Call[None, None]) -> Reply[Message]:
    disable_user(tx, cast.STRANGER.email, 1)
    return Reply(anything(number for number in range(0)))


def answer_with_a_bad_header(tx: Tx, _call: Call[None, None]) -> Reply[Message]:
    disable_user(tx, cast.STRANGER.email, 1)
    return Reply(Message("done"), [("X-A", "\u2028")])


def fail_logging_in(_database: Database, call: Call[None, RawBody]) -> NoReturn:
    password = read_credentials(call.raw_query, call.body.content, call.headers)["password"]
    raise RuntimeError(f"{INSIDE}, {len(password)} characters")


def fail_in_a_domain(_tx: Tx, _call: Call[None, None]) -> NoReturn:
    raise Unheard(INSIDE)


def be_unavailable(_tx: Tx, _call: Call[None, None]) -> NoReturn:
    raise Unavailable("The database does not answer now, please try again later")


def failing(method: str, path: str, endpoint: Callable[..., Any], **more: Any) -> Route:  # noqa: ANN401
    return Route(method=method, path=path, endpoint=endpoint, summary="Fail", documented=True, **more)


ROUTES: Final = (
    failing("GET", "/fail/reading", fail_reading),
    failing("POST", "/fail/writing", fail_writing),
    failing("POST", "/fail/encoding", answer_what_is_no_json),
    failing("POST", "/fail/body", answer_nothing_yet),
    failing("POST", "/fail/header", answer_with_a_bad_header),
    failing("POST", "/fail/in", fail_logging_in, access=Access.ANYONE),
    failing("GET", "/fail/domain", fail_in_a_domain),
    failing("GET", "/fail/database", be_unavailable),
)
FAILURES: Final = [("GET", "/fail/reading"), ("POST", "/fail/writing"), ("POST", "/fail/in"), ("GET", "/fail/domain")]


@pytest.fixture(scope="module")
def broken(shared_database: Database, shared_config: Config) -> TestClient:
    """The API with some further routes, none of which works."""
    version = replace(VERSION_2024, routes=(*VERSION_2024.routes, *ROUTES))
    served = app.serve_from(shared_database, shared_config, (version, VERSION_2021))
    return TestClient(served, raise_server_exceptions=False)


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """What the server has logged of requests since the last look, as `keesa serve` logs it."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = BytesIO()
    with redirect_stderr(TextIOWrapper(written, write_through=True)):
        logs.set_up_logs("json")
        monkeypatch.setattr(middleware, "_log", structlog.get_logger("keesa.request").bind())

    def look() -> str:
        lines = written.getvalue().decode().splitlines()
        written.seek(0)
        written.truncate()
        return "\n".join(line for line in lines if '"logger":"keesa.request"' in line)

    yield look
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


def line_of(logged: Callable[[], str]) -> dict[str, Any]:
    """The one line that was logged."""
    [line] = logged().splitlines()
    read: dict[str, Any] = json.loads(line)
    return read


@pytest.mark.parametrize("version", ["2021", "2024"])
@pytest.mark.parametrize(("method", "path"), FAILURES)
def test_a_500_shows_nothing_of_the_inside(broken: TestClient, method: str, path: str, version: Version) -> None:
    """The document's sentence, in JSON, with an id to ask the operator about; however the endpoint is run."""
    who = {"user": cast.ENGINEER.email, "password": cast.PASSWORD}
    headers = bearer(log_in(broken, cast.ENGINEER, version)["access"])
    answer = broken.request(method, f"/api/v1{path}", params=who, headers=headers)
    assert (answer.status_code, answer.json()) == (500, {"error": SENTENCE})
    assert answer.headers["X-Request-Id"]
    assert answer.headers["Keesa-Version"] == "2024"
    shown = f"{answer.text} {answer.headers}"
    for inside in (INSIDE, "RuntimeError", "Unheard", "Traceback", "test_server_errors"):
        assert inside not in shown


def test_a_500_is_logged_with_its_request_id(broken: TestClient, logged: Callable[[], str]) -> None:
    """With who asked for what, and the exception with the place where it was raised."""
    access = log_in(broken, cast.ENGINEER)["access"]
    logged()
    answer = broken.get("/api/v1/fail/reading", headers=bearer(access))
    line = line_of(logged)
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert (line["level"], line["method"], line["path"], line["status"]) == (
        "error",
        "GET",
        "/api/v1/fail/reading",
        500,
    )
    assert line["user_id"] == cast.ENGINEER.id
    [exception] = line["exception"]
    assert (exception["exc_type"], exception["exc_value"]) == ("RuntimeError", INSIDE)
    assert exception["frames"][-1]["name"] == "fail_reading"


def test_the_log_of_a_500_holds_no_secret(broken: TestClient, logged: Callable[[], str]) -> None:
    """Neither the query's nor the body's password, nor a token of any header, though they were there to be seen."""
    tokens = log_in(broken, cast.ENGINEER, "2021")
    headers = (
        bearer(tokens["access"]) | refresh_header(tokens["refresh"]) | {"Cookie": f"jwt_access={tokens['access']}"}
    )
    logged()
    for where in (
        {"params": {"user": "a@b", "password": cast.PASSWORD}},
        {"json": {"user": "a@b", "password": cast.PASSWORD}},
    ):
        assert broken.post("/api/v1/fail/in", headers=headers, **where).status_code == 500  # type: ignore[arg-type]
    text = logged()
    assert text.count(f"{INSIDE}, 11 characters") == 2
    for secret in (cast.PASSWORD, tokens["access"], tokens["refresh"], tokens["csrf"]):
        assert secret not in text


@pytest.mark.parametrize(("wrong", "status"), [({}, 200), ({"password": "Password124"}, 401)])
def test_the_log_of_a_login_holds_no_secret(
    shared_client: TestClient, logged: Callable[[], str], wrong: dict[str, str], status: int
) -> None:
    """One line that says that it was, and nothing of the query."""
    given = {"user": cast.ENGINEER.email, "password": cast.PASSWORD} | wrong
    answer = shared_client.post(LOGIN["2021"], params=given)
    line = line_of(logged)
    assert (line["level"], line["path"], line["status"]) == ("info", LOGIN["2021"], status)
    assert line["request_id"] == answer.headers["X-Request-Id"]
    for secret in (*given.values(), *answer.json().values()):
        assert secret not in json.dumps(line)


def test_a_failed_write_leaves_nothing_behind(broken: TestClient, shared_database: Database) -> None:
    """What it had changed before it failed is undone."""
    access = log_in(broken, cast.ENGINEER)["access"]
    assert broken.post("/api/v1/fail/writing", headers=bearer(access)).status_code == 500
    [row] = rows(shared_database, "SELECT disabled_at FROM users WHERE id = :id", id=cast.STRANGER.id)
    assert row["disabled_at"] is None


def test_the_server_goes_on(broken: TestClient) -> None:
    """One failed request is nobody else's trouble."""
    headers = bearer(log_in(broken, cast.ENGINEER)["access"])
    for method, path in FAILURES * 3:
        broken.request(method, f"/api/v1{path}", headers=headers)
        assert broken.get("/api/v1/tickets", headers=headers).status_code == 200


def test_a_database_that_does_not_answer_is_503(broken: TestClient, logged: Callable[[], str]) -> None:
    """With the seconds to wait, and logged as the server's own failure."""
    headers = bearer(log_in(broken, cast.ENGINEER)["access"])
    logged()
    answer = broken.get("/api/v1/fail/database", headers=headers)
    assert answer.status_code == 503
    assert answer.json() == {"error": "The database does not answer now, please try again later"}
    assert int(answer.headers["Retry-After"]) > 0
    line = line_of(logged)
    assert (line["level"], line["status"]) == ("error", 503)


def test_even_a_failure_to_tell_of_a_failure_is_answered(
    shared_database: Database, shared_config: Config, logged: Callable[[], str]
) -> None:
    """The outermost ring has a sentence of its own, and a log line."""

    def fail_to_render(_error: Exception, _route: Route | None) -> NoReturn:
        raise RuntimeError(INSIDE)

    versions = (replace(VERSION_2024, render_error=fail_to_render), VERSION_2021)
    client = TestClient(app.serve_from(shared_database, shared_config, versions), raise_server_exceptions=False)
    answer = client.get("/api/v1/nothing")
    assert (answer.status_code, answer.json()) == (500, {"error": SENTENCE})
    assert line_of(logged)["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("path", ["/fail/writing", "/fail/encoding", "/fail/body", "/fail/header"])
def test_a_write_that_cannot_be_answered_is_undone(broken: TestClient, shared_database: Database, path: str) -> None:
    """Its caller hears that it failed, and so it has."""
    access = log_in(broken, cast.ENGINEER)["access"]
    for _ in range(2):  # as a caller who is seen first, and as one who is remembered
        with unchanged(shared_database, but="sessions"):
            assert broken.post(f"/api/v1{path}", headers=bearer(access)).status_code == 500
