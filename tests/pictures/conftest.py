"""One child process for the tests of a module, which look at what it makes."""

from collections.abc import Iterator

import pytest

from pictures import Preparing, preparing


@pytest.fixture(scope="module")
def prepare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Preparing]:
    with preparing(tmp_path_factory.mktemp("pictures")) as made:
        yield made
