"""Waiting for what comes by itself, with a deadline."""

import time
from collections.abc import Callable
from typing import Final

PATIENCE: Final = 30.0
_POLL: Final = 0.002


def wait_until(holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Raises AssertionError for what does not come."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "what was waited for does not hold"
        time.sleep(_POLL)
