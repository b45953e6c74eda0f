"""What "slower" is: decided from the ratios of many turns, and compared with what the older commit does to itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import median
from typing import Final, Literal

BOUND: Final = 1.03
"""What an interval's low end may be at most. A few of a hundred are chance, not the work of a commit."""
FEWEST_TURNS: Final = 6
"""With fewer there is no interval of 95 %."""

Verdict = Literal["slower", "faster", "not slower", "open", "too noisy", "fails"]


@dataclass(frozen=True, slots=True)
class Interval:
    """Of ratios: the middle, and the ends of where it may lie."""

    middle: float
    low: float
    high: float

    @property
    def apart(self) -> bool:
        """Whether it tells the two apart by more than `BOUND`, either way."""
        return self.low > BOUND or self.high < 1 / BOUND

    def __str__(self) -> str:
        return f"{self.middle:.3f} ({self.low:.3f} to {self.high:.3f})"


def interval(ratios: Sequence[float]) -> Interval:
    """The median of the means of every two turns, by their logarithms, and its interval of 95 % (Hodges and Lehmann).

    The interval comes from Wilcoxon's signed ranks. It takes for granted that a ratio and its inverse are as likely
    where two servers are alike, and nothing of how far ratios spread: a turn that the machine spoilt hardly moves it.
    """
    logs, count = sorted(map(log, ratios)), len(ratios)
    if count < FEWEST_TURNS:
        raise ValueError(f"{count} turns have no interval")
    means = sorted((one + other) / 2 for place, one in enumerate(logs) for other in logs[place:])
    outside = _outside(count)
    return Interval(exp(median(means)), exp(means[outside]), exp(means[-1 - outside]))


def verdict(newer: Interval, itself: Interval) -> Verdict:
    """Of the newer commit to the older one, beside the older one to itself."""
    if itself.apart:
        return "too noisy"
    if newer.apart:
        return "slower" if newer.low > BOUND else "faster"
    return "not slower" if newer.high <= BOUND else "open"


def _outside(count: int) -> int:
    """How many of the means to leave out at either end, that together they hold the truth in at most 5 of 100 times."""
    ways = [1]  # by the sum of the ranks of those turns in which the one was slower
    for rank in range(1, count + 1):
        ways = [a + b for a, b in zip([*ways, *[0] * rank], [*[0] * rank, *ways], strict=True)]
    found, passed = -1, ways[0]
    while 2 * passed <= 0.05 * 2**count:
        found += 1
        passed += ways[found + 1]
    return found
