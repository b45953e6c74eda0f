"""The database of these tests, which count files."""

import pytest

from file_rows import forget_all
from places import Place


@pytest.fixture
def place(place: Place) -> Place:
    """The cast's, without files."""
    forget_all(place)
    return place
