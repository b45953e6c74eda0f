"""The server's clock, stopped at a time of the test's choice."""

import pytest

from cast import at
from keesa.web import dispatcher


def stop_clock(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """From here on requests are answered at that time, such as `2025-03-10T09:00` in the Maldives."""
    stopped = at(text)
    monkeypatch.setattr(dispatcher, "now", lambda: stopped)
