"""Medians and hundredths from buckets: within 5 % of a length that is among them."""

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from keesa.reports.lengths import bucket_of, hundredth, seconds_of

YEARS = 20 * 366 * 24 * 3600 * 1000


@deterministic(300)
@given(st.integers(-1000, YEARS))
def test_a_bucket_tells_a_length_within_5_percent(milliseconds: int) -> None:
    """And what is shorter than a second as none."""
    told = seconds_of(bucket_of(milliseconds)) * 1000
    assert told == 0 if milliseconds < 1000 else abs(told - milliseconds) <= milliseconds * 0.05


@deterministic(300)
@given(st.lists(st.integers(0, YEARS), min_size=1, max_size=60), st.sampled_from((50, 90, 99)))
def test_so_many_of_a_hundred_took_no_longer(lengths: list[int], number: int) -> None:
    """The length at that place among all, within 5 % and what rounding to seconds adds."""
    exact = sorted(lengths)[math.ceil(len(lengths) * number / 100) - 1] / 1000
    told = hundredth(Counter(map(bucket_of, lengths)), number)
    assert told is not None
    assert abs(told - exact) <= exact * 0.05 + 1


def test_of_nothing_there_is_none() -> None:
    """No number stands for that."""
    assert hundredth({}, 50) is None
