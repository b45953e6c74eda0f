"""Making a body's rich text safe: before the transaction that keeps it, and off the event loop where it takes long."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from keesa.api.http import Route
from keesa.errors import Unavailable
from keesa.interpreter import let_others_on
from keesa.tickets.html import RichText, is_quick, rich_text

AT_ONCE: Final = 1
"""Threads that clean. They hold the interpreter for most of the time: two would leave the event loop a third of it."""
MOST_WAITING: Final = 64
"""Long texts under way; each takes 60 ms at the most, so that none waits for longer than some seconds."""


def written_text(route: Route, values: Mapping[str, Any]) -> str | None:
    """The rich text among what was read of a body; None where the route has none, or where it is missing or no text."""
    if route.rich_text is None:
        return None
    place: Any = values
    for name in route.rich_text.split("."):
        place = place.get(name)
        if place is None:
            return None
    return place if isinstance(place, str) else None


def put_text(route: Route, values: dict[str, Any], text: RichText) -> None:
    """In place of what `written_text` found."""
    *parents, last = (route.rich_text or "").split(".")
    for name in parents:
        values = values[name]
    values[last] = text


class Cleaning:
    """The threads, and who waits for them."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, "keesa-text")
        self._under_way = 0

    def close(self) -> None:
        self._threads.shutdown()

    def at_once(self, written: str) -> RichText | None:
        """The text made safe, where that is a matter of a moment, as it mostly is."""
        return rich_text(written) if is_quick(written) else None

    async def in_a_thread(self, written: str) -> RichText:
        """Raises `Unavailable` where too many wait already."""
        if self._under_way >= MOST_WAITING:
            raise Unavailable("Too many long texts are sent at this moment, please try again later")
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, rich_text, written, let_others_on)
        finally:
            self._under_way -= 1
