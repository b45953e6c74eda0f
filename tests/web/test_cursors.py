"""Cursors: handed back as they were given, or refused."""

import pytest

from keesa.errors import Invalid
from keesa.web.cursors import LONGEST, cursor_of, position_of


@pytest.mark.parametrize("position", [0, -1, 2**63 - 1])
def test_a_cursor_is_its_position(position: int) -> None:
    """Of a list by one column."""
    assert position_of(cursor_of(position, 0), int, 0) == position


@pytest.mark.parametrize("position", [2**63, -(2**63) - 1, 10**140])
def test_a_cursor_beyond_what_a_column_holds_is_refused(position: int) -> None:
    """Somebody has made it up: no engine could compare with it."""
    for kind, made in ((int, position), (tuple[int, str], (position, "x")), (tuple[int, str], (1, "a\0b"))):
        with pytest.raises(Invalid):
            position_of(cursor_of(made, 0), kind, 0)


def test_a_cursor_of_several_columns_is_their_values() -> None:
    """In letters that need no escape in a query."""
    position = (1_700_000_000_000, "ސްކޫލް/?&=", 7)
    cursor = cursor_of(position, 0)
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert position_of(cursor, tuple[int, str, int], 0) == position


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "é", "\0", "MTI=", "=", "bnVsbA", cursor_of("12", 0), cursor_of([1], 0), cursor_of(1.5, 0), "M" * 201],
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    """Whatever it is: as a fault of the query's field."""
    if cursor == "MTI=":
        assert position_of(cursor, int, 0) == 12  # some clients put back what was taken off
        return
    with pytest.raises(Invalid) as refused:
        position_of(cursor, int, 0)
    assert list(refused.value.faults) == ["after"]
    assert LONGEST == 200
