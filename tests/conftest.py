"""What tests stand on: both engines, a database with the cast, the API in this process, and real servers."""

import gc
import shutil
import signal
from collections.abc import Generator, Iterator, Mapping
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest
import structlog
from starlette.testclient import TestClient
from structlog.processors import TimeStamper
from structlog.typing import EventDict, WrappedLogger

import cast
from asking import Api, ApiFor
from file_places import settings
from in_process import WholeAnswers
from keesa.accounts.sessions import Version
from keesa.app import serve_from
from keesa.config import Config
from keesa.db import Database, Tx, open_database
from keesa.db.migrate import migrate
from keesa.db.opening import SQLITE_FILE
from live import LiveServer, fork_servers
from long_files import longest_first
from memory import folder_in_memory, folder_within
from places import NewPlace, Place
from postgres_server import PostgresServer
from quick_hashes import hash_quickly
from s3_service import s3_service
from undone import undone

_numbers = count()


def pytest_configure() -> None:
    """A SIGTERM (to `make test`, say) ends the tests as Ctrl-C does: with the servers that they have started. A shell
    starts what runs in the background with SIGINT ignored, by which pytest's workers are ended.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    log_plainly()
    hash_quickly()
    fork_servers()


def log_plainly() -> None:
    """An application in this process logs as structlog does by itself, but without colours, times and columns, which
    take longer than many an answer, and without every local variable in a traceback, which takes a second for each.
    """
    others = [each for each in structlog.get_config()["processors"][:-1] if not isinstance(each, TimeStamper)]
    with_traceback = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)

    def renderer(logger: WrappedLogger, name: str, event: EventDict) -> str:
        return with_traceback(logger, name, event) if "exc_info" in event else str(event)

    structlog.configure(processors=[*others, renderer])


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Tens of thousands of tests and all modules stay to the end: nobody looks through them for what can be freed,
    neither while they are collected nor later.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """For several workers, each of which takes the next file: in one process an engine's tests stay together."""
    if hasattr(config, "workerinput"):
        items[:] = longest_first(items, Path(__file__).parent)


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    """Every test that touches a database runs on both."""
    return str(request.param)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where data folders are: a test that needs a disk takes `tmp_path`."""
    with folder_in_memory(tmp_path_factory.mktemp("data")) as folder:
        yield folder


@pytest.fixture
def new_place(engine: str, memory: Path, request: pytest.FixtureRequest) -> Iterator[NewPlace]:
    """Makes empty places on the engine, or copies of a template; they are gone after the test."""
    made: list[str] = []

    def make(template: str | None = None) -> Place:
        name = f"t{next(_numbers)}"
        data = folder / name
        data.mkdir(mode=0o700)
        if engine == "sqlite":
            if template:
                shutil.copy(template, data / SQLITE_FILE)
            return Place(data, None)
        server: PostgresServer = request.getfixturevalue("postgres")
        server.create_database(name, template)
        made.append(name)
        return Place(data, server.url(name))

    with folder_within(memory) as folder:
        yield make
    for name in made:
        request.getfixturevalue("postgres").drop_database(name)


@pytest.fixture(scope="session")
def cast_templates() -> dict[str, str]:
    """Those that were made, by their engine. What depends on an engine ends where a test of another one comes, twice a
    file; these are made once.
    """
    return {}


@pytest.fixture(scope="session")
def cast_template(
    engine: str,
    cast_templates: dict[str, str],
    memory: Path,
    request: pytest.FixtureRequest,
) -> str:
    """A migrated database with the cast in it, to copy for each test: a file, or a database's name."""
    if engine not in cast_templates:
        name = f"cast{next(_numbers)}"
        data, url = memory / name, None
        data.mkdir(mode=0o700)
        if engine == "postgres":
            server: PostgresServer = request.getfixturevalue("postgres")
            server.create_database(name)
            url = server.url(name)
        database = open_database(data, url)
        migrate(database)
        cast.fill(database)
        database.close()
        cast_templates[engine] = name if url else str(data / SQLITE_FILE)
    return cast_templates[engine]


@pytest.fixture
def empty_place(new_place: NewPlace) -> Place:
    """No schema yet."""
    return new_place(None)


@pytest.fixture
def place(new_place: NewPlace, cast_template: str) -> Place:
    """A database with the cast in it."""
    return new_place(cast_template)


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    opened = open_database(place.data, place.url)
    yield opened
    opened.close()


@pytest.fixture
def config(place: Place) -> Config:
    """Nothing is done by itself: what tests find is theirs."""
    return Config(data=place.data, database_url=place.url, secret=cast.SECRET, log_format="json", jobs=False)


@pytest.fixture
def client(database: Database, config: Config) -> Iterator[TestClient]:
    """The API in this process, without a token."""
    with WholeAnswers(serve_from(database, config)) as opened:
        yield opened


@pytest.fixture
def api(client: TestClient, database: Database) -> ApiFor:
    """`api(person, version="2024")`: the API with a new session of that person's."""

    def of(person: cast.Person, version: Version = "2024") -> Api:
        return Api(client, cast.token(database, person, version))

    return of


@pytest.fixture(scope="module")
def module_place(engine: str, cast_template: str, memory: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """The cast again, in one database for a whole file: for tests that do not mind what the others there leave."""
    with folder_within(memory) as data:
        if engine == "sqlite":
            shutil.copy(cast_template, data / SQLITE_FILE)
            yield Place(data, None)
            return
        server: PostgresServer = request.getfixturevalue("postgres")
        name = f"shared{next(_numbers)}"
        server.create_database(name, cast_template)
        yield Place(data, server.url(name))
        server.drop_database(name)


@pytest.fixture(scope="module")
def shared_database(module_place: Place) -> Iterator[Database]:
    """The same, open."""
    opened = open_database(module_place.data, module_place.url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared_config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Failed logins and requests are not limited: those of other tests would count too."""
    many = 1_000_000_000
    return Config(
        data=tmp_path_factory.mktemp("unused"),
        secret=cast.SECRET,
        log_format="json",
        jobs=False,
        login_failures_per_user_and_address=many,
        login_failures_per_user=many,
        login_failures_per_address=many,
        requests_per_user=many,
        requests_per_token=many,
        requests_per_address=many,
    )


@pytest.fixture(scope="module")
def shared_client(shared_database: Database, shared_config: Config) -> Iterator[TestClient]:
    """The API on the shared database, without a token."""
    cast.lay_files(shared_database, shared_config)
    with WholeAnswers(serve_from(shared_database, shared_config)) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_api(shared_client: TestClient, shared_database: Database) -> ApiFor:
    """As `api`, on the shared database."""

    def of(person: cast.Person, version: Version = "2024") -> Api:
        return Api(shared_client, cast.token(shared_database, person, version))

    return of


@pytest.fixture
def tx(shared_database: Database) -> Iterator[Tx]:
    """An open transaction on the shared database, undone after the test."""
    with undone(shared_database) as opened:
        yield opened


@pytest.fixture(scope="session")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """With which one S3 service is found, for all tests of the process; each has a bucket, or a path in one, of its
    own.
    """
    with s3_service(tmp_path_factory.mktemp("s3")) as found:
        yield found


@pytest.fixture(params=["folder", "bucket"])
def configured(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """What an operator writes of where files are kept: each place on its own."""
    if request.param == "folder":
        yield str(tmp_path / "kept")
        return
    with settings(request.getfixturevalue("variables")):
        yield f"s3://files/{uuid4().hex}"


@pytest.fixture(scope="session")
def demo_server(
    engine: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[LiveServer]:
    """`keesa serve --demo` as an operator starts it, on both engines."""
    url = None
    if engine == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        name = f"demo{next(_numbers)}"
        server.create_database(name)
        url = server.url(name)
    with LiveServer(tmp_path_factory.mktemp("demo"), url, "--demo") as live:
        yield live
