"""The names of statuses, and their positions, by which lists may be filtered."""

import pytest

from keesa.errors import Invalid
from keesa.tickets.statuses import ACTIVE, CLOSED, OPEN, STATUSES, status_filter, status_named

NAMES = "open, in_progress, on_hold, closed"


def test_the_groups_hold_each_status_once() -> None:
    """What lists show in three groups is all there is."""
    assert OPEN + ACTIVE + CLOSED == STATUSES


@pytest.mark.parametrize("name", STATUSES)
def test_a_status_is_found_by_its_name(name: str) -> None:
    """To change a ticket's status, its name is needed."""
    assert status_named(name) == name


@pytest.mark.parametrize("name", ["", "Open", "OPEN", " open", "open\n", "in progress", "0", "resolved"])
def test_an_unknown_name_is_refused_with_the_valid_ones(name: str) -> None:
    """A caller learns what to say instead."""
    with pytest.raises(Invalid) as raised:
        status_named(name)
    assert raised.value.faults == {"status": [f"is unknown, must be one of {NAMES}"]}


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("open", "open"),
        ("closed", "closed"),
        (0, "open"),
        (1, "in_progress"),
        (2, "on_hold"),
        (3, "closed"),
        ("0", "open"),
        ("3", "closed"),
    ],
)
def test_a_filter_takes_a_name_or_a_position(value: str | int, status: str) -> None:
    """Positions count from 0, and may come as a numeric string."""
    assert status_filter(value) == status


@pytest.mark.parametrize("value", [4, -1, 2**70, "4", "-1", "00", "²", "٣", "", "done"])
def test_a_filter_refuses_what_is_neither(value: str | int) -> None:
    """It names the valid ones."""
    with pytest.raises(Invalid, match=NAMES):
        status_filter(value)
