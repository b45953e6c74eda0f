"""Values that are costly to read (rich text, say): made ready before the transaction that keeps them, and off the
event loop where it takes long.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from keesa.errors import Unavailable
from keesa.interpreter import let_others_on

MARK: Final = "conversion"
"""Of a body's field: `Meta(extra={MARK: Conversion(…)})`."""
AT_ONCE: Final = 1
"""Threads that convert. They hold the interpreter for most of the time: two would leave a third to the event loop."""
MOST_WAITING: Final = 64
"""Long values under way; each takes 60 ms at the most, so that none waits for longer than some seconds."""


@dataclass(slots=True, eq=False)
class Conversion:
    """`convert(text, pause)` makes the value, and calls `pause`, if there is one, now and then, so that other threads
    have the interpreter; where `is_quick(text)` it takes but a moment, and the event loop does it itself.
    """

    convert: Callable[[str, Callable[[], None] | None], Any]
    is_quick: Callable[[str], bool]


class Conversions:
    """The threads, and who waits for them."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, "keesa-conversion")
        self.under_way = 0
        """Long values that wait for it, the one in it among them."""

    def close(self) -> None:
        self._threads.shutdown()

    async def in_a_thread(self, conversion: Conversion, text: str) -> Any:  # noqa: ANN401 - what the conversion makes
        """Raises `Unavailable` where too many wait already."""
        if self.under_way >= MOST_WAITING:
            raise Unavailable("Too many long texts are sent at this moment, please try again later")
        self.under_way += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, conversion.convert, text, let_others_on)
        finally:
            self.under_way -= 1
