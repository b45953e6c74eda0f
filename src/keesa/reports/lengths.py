"""How long something took, counted in buckets each of which is a tenth longer than the one before it: what is told of
them errs by 5 % at the most.
"""

import math
from collections.abc import Mapping
from typing import Final

BASE: Final = 1.1
_SECOND: Final = 1000


def bucket_of(milliseconds: int) -> int:
    """0 for less than a second."""
    if milliseconds < _SECOND:
        return 0
    return 1 + math.floor(math.log(milliseconds / _SECOND) / math.log(BASE))


def seconds_of(bucket: int) -> float:
    """Of what stands in it, within 5 %."""
    return 0.0 if bucket == 0 else BASE ** (bucket - 0.5)


def hundredth(counts: Mapping[int, int], number: int) -> int | None:
    """In seconds: so many of a hundred took no longer; None of nothing."""
    total = sum(counts.values())
    rank = math.ceil(total * number / 100)
    for bucket in sorted(counts):
        rank -= counts[bucket]
        if rank <= 0 and total:
            return round(seconds_of(bucket))
    return None
