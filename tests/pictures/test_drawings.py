"""The demo's drawings: small, the same each time, and as a picture is that anybody sends."""

import pytest

from keesa.demo.drawings import NAMES, drawing
from pictures import Preparing


@pytest.mark.parametrize("name", NAMES)
def test_each_drawing(prepare: Preparing, name: str) -> None:
    """It can be sent, has a thumbnail, and is kept once however often it is drawn."""
    content = drawing(name)
    assert content == drawing(name)
    assert len(content) < 60_000
    forms = prepare(content).forms
    assert (forms["original"].width, forms["original"].height) == (800, 600)
    assert "thumbnail" in forms
