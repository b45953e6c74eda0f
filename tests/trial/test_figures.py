"""Figures that a trial puts into its page."""

from typing import Final

import pytest

from deploy.trial.figures import END, begin, written

BEGIN: Final = begin("fleet")


def test_figures_are_written_between_their_marks() -> None:
    """And nothing else of the page changes; a page without marks is refused."""
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert written(page, "fleet", "new\n") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert written(written(page, "fleet", "newer\n"), "fleet", "new\n") == written(page, "fleet", "new\n")
    with pytest.raises(ValueError, match="page has no"):
        written("nothing", "fleet", "new")
