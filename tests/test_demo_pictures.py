"""The pictures of the demo's tickets, as somebody sees them who begins with it."""

from collections.abc import Iterator
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from PIL import Image
from starlette.testclient import TestClient

from asking import Api
from cast import SECRET, Person, token
from keesa.app import serve_from
from keesa.config import DEFAULT_ZONE, Config
from keesa.db import Database, open_database
from keesa.db.migrate import migrate
from keesa.demo.world import fill_if_empty
from keesa.files.claims import claim, owner
from keesa.files.opening import open_place
from places import Place

JOHN_DOE = Person(4, "user@example.com", "John Doe", "John", "admin", "admin")


@pytest.fixture
def filled(empty_place: Place) -> Iterator[Database]:
    database = open_database(empty_place.data, empty_place.url)
    migrate(database)
    files = open_place(None, empty_place.data, database.read(owner))
    claim(database, files)
    assert fill_if_empty(database, DEFAULT_ZONE, files)
    yield database
    database.close()


def test_the_ticket_of_the_sample_has_the_image_of_the_sample(filled: Database, empty_place: Place) -> None:
    """One, under its name, and it loads without a token; what a customer's tickets share is stored once."""
    config = Config(data=empty_place.data, secret=SECRET, log_format="json")
    with TestClient(serve_from(filled, config), raise_server_exceptions=False) as client:
        ask = Api(client, token(filled, JOHN_DOE))
        [address] = ask("GET", "/tickets/2024001").json()["data"]["ticket"]["image_urls"]
        answer = client.get(urlsplit(address).path)
        assert answer.status_code == 200
        assert 'filename="image1.jpg"' in answer.headers["Content-Disposition"]
        assert Image.open(BytesIO(answer.content)).size == (800, 600)
        counted = "SELECT count(*) AS hung, count(DISTINCT file_id) AS stored FROM attachments"
        [row] = filled.read(lambda tx: tx.all(counted))
        assert row["hung"] > 2 * row["stored"] > 0
