"""How far a long command is: a bar on a terminal, a line a step elsewhere; on standard error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from keesa.backup.archive import Progress as Told
from keesa.backup.archive import silent
from keesa.backup.making import Steps


@contextmanager
def shown() -> Iterator[Steps]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _line
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        yield lambda what: _bar(bars, what)


def _line(what: str) -> Told:
    print(f"{what} …", file=sys.stderr, flush=True)
    return silent


def _bar(bars: Progress, what: str) -> Told:
    for task in bars.tasks:
        bars.update(task.id, total=task.total or 1, completed=task.total or 1)
    task_id = bars.add_task(what, total=None)

    def told(done: int, whole: int) -> None:
        bars.update(task_id, completed=done, total=max(whole, 1))

    return told
