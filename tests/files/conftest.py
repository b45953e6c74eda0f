"""Where files are kept in these tests: a folder, and a bucket of one S3 service for all of them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from file_places import settings
from file_rows import forget_all
from places import Place
from s3_service import s3_service


@pytest.fixture(scope="session")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    with s3_service(tmp_path_factory.mktemp("s3")) as found:
        yield found


@pytest.fixture
def place(place: Place) -> Place:
    """The cast's database, without files."""
    forget_all(place)
    return place


@pytest.fixture(params=["folder", "bucket"])
def configured(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """What an operator would write: each place on its own."""
    if request.param == "folder":
        yield str(tmp_path / "kept")
        return
    with settings(request.getfixturevalue("variables")):
        yield f"s3://files/{uuid4().hex}"
