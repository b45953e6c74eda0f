"""docs/api/tickets.md: its lines run as they are printed, on the demo's world."""

from console_document import run_page
from live import LiveServer
from places import Place


def test_every_line_prints_what_the_page_shows(empty_place: Place) -> None:
    """Each command of the page, in its order, on a server of its own: they change the desk's tickets."""
    with LiveServer(empty_place.data, empty_place.url, "--demo") as server:
        ran = run_page("tickets.md", server.url)
    assert [(each.command.text, each.command.printed, each.out) for each in ran if not each.is_as_printed] == []
    assert len(ran) > 3
