"""Threads share one interpreter: how one that works for long leaves it to the others."""

import time
from typing import Final

PAUSE: Final = 0.00001
"""Seconds, and what the system adds (50 us)."""


def let_others_on() -> None:
    """Who waits for the interpreter needs some microseconds to wake: without them this thread has it back before, and
    the event loop half of the time.
    """
    time.sleep(PAUSE)
