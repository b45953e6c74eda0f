"""How often the suite tries what may be tried without end, and how often `make soak` does, which takes its time."""

import os
from typing import Final

SOAKS: Final = bool(os.environ.get("KEESA_TEST_SOAK"))


def times(in_the_suite: int, in_a_soak: int) -> int:
    return in_a_soak if SOAKS else in_the_suite
