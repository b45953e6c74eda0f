"""The pages of docs/api with lines to copy: they run as they are printed, on the demo's world."""

from typing import Final

import pytest

from console_document import run_page
from live import LiveServer
from places import Place

PAGES: Final = (
    "administration",
    "bulk",
    "changes",
    "counts",
    "editing",
    "notes",
    "pictures",
    "relations",
    "reports",
    "resumable-uploads",
    "rows",
    "search",
    "sending-again",
    "waiting",
)


@pytest.mark.parametrize("page", [f"{page}.md" for page in PAGES])
def test_every_line_prints_what_the_page_shows(empty_place: Place, page: str) -> None:
    """Each command of the page, in its order, on a server of its own: they change the desk."""
    with LiveServer(empty_place.data, empty_place.url, "--demo") as server:
        ran = run_page(page, server.url)
    assert [(each.command.text, each.command.printed, each.out) for each in ran if not each.is_as_printed] == []
    assert len(ran) > 3
