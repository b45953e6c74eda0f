"""The numbers of all workers of a server, in memory that they share with their parent.

It has no name and no file: the parent makes it before the first worker, and the system takes it back with the last of
them. What a worker has counted is there for the others at once, and stays when it is killed; who takes its place counts
on. A cell is written by one process alone, in one step of the processor.
"""

import mmap
import os
from dataclasses import dataclass
from typing import Final, TypeAlias

Numbers: TypeAlias = "memoryview[float]"

CELLS: Final = 32 * 1024
"""Numbers of a worker at the most, of eight bytes each; what is not used takes no memory until it is looked at."""
PID, ENDS, CUT_OFF = range(3)
"""The first cells: the process (0: none), how many have died, answers that did not come to their end."""
SAMPLES: Final = 16
"""The first of the cells that `samples.py` writes."""
MOST_SAMPLES: Final = 256
REQUESTS: Final = SAMPLES + MOST_SAMPLES
"""The first of those of `requests.py`."""


class Cells:
    """Those of `workers`, which have numbers from 0 on."""

    def __init__(self, workers: int) -> None:
        self._numbers: Numbers = memoryview(mmap.mmap(-1, workers * CELLS * 8)).cast("d")
        self.workers = workers

    def of(self, worker: int) -> Numbers:
        return self._numbers[worker * CELLS : (worker + 1) * CELLS]

    def end(self, worker: int) -> None:
        """The process is gone: what it has counted stays, what it was at is over. For its parent."""
        numbers = self.of(worker)
        numbers[PID] = 0
        numbers[ENDS] += 1

    def living(self) -> list[int]:
        """The workers that are there now."""
        return [worker for worker in range(self.workers) if self.of(worker)[PID]]


@dataclass(frozen=True, slots=True)
class Slot:
    """One worker's own cells, among those of all."""

    cells: Cells
    worker: int

    @property
    def numbers(self) -> Numbers:
        return self.cells.of(self.worker)

    def begin(self) -> None:
        """From now on they are those of the process that calls this."""
        self.numbers[PID] = os.getpid()


def only_slot() -> Slot:
    """Of a process that has no others beside it."""
    return Slot(Cells(1), 0)
