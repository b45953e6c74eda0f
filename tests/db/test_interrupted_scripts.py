"""Ctrl-C, or a signal that counts as one, in the middle of a migration's script on PostgreSQL."""

import sys
from itertools import count
from types import FrameType
from typing import Any, Final

import pytest

from keesa.db import Tx, postgres_connection, postgres_migrating, postgres_threads
from keesa.db.postgres import PostgresDatabase
from lines import adding, read_lines

_TRACED: Final = {postgres_connection.__file__, postgres_threads.__file__}


class Interrupting:
    """Where the script is run: at the line of this number, of those of the connection that are run for it."""

    def __init__(self, number: int) -> None:
        self._left = number
        self.came = False

    def work(self, tx: Tx) -> None:
        adding("never")(tx)
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            tx.script("SELECT 1")
        finally:
            sys.settrace(before)

    def _trace(self, frame: FrameType, event: str, _: object) -> Any:  # noqa: ANN401 - a function like this one, or None
        if self.came or frame.f_code.co_filename not in _TRACED:
            return None
        if event == "line":
            self._left -= 1
            if self._left < 0:
                self.came = True
                raise KeyboardInterrupt
        return self._trace


def test_it_stays_what_it_was_wherever_it_comes(few: PostgresDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """No error of the connection, which it has left in the middle of something, takes its place; nothing is kept."""
    monkeypatch.setattr(postgres_migrating, "_LOOK", 0.005)
    for number in count():
        interrupting = Interrupting(number)
        try:
            few.migrating(interrupting.work)
        except KeyboardInterrupt:
            assert interrupting.came
        else:
            break
        assert few.read(read_lines) == [], number
    assert not interrupting.came
    assert number > 50
    assert few.read(read_lines) == ["never"]
