"""The server's clock, stopped at a time of the test's choice."""

import pytest

from cast import at
from keesa.web import dispatcher, requests


def stop_clock(monkeypatch: pytest.MonkeyPatch, when: str | int) -> None:
    """From here on requests are answered at that time, such as `2025-03-10T09:00` in the Maldives, or in milliseconds
    since 1970.
    """
    stopped = at(when) if isinstance(when, str) else when
    for module in (dispatcher, requests):
        monkeypatch.setattr(module, "now", lambda: stopped)
