"""What a trial measured, as a table, and between its marks on the page that it belongs to."""

from collections.abc import Iterable, Sequence
from typing import Final

END: Final = "<!-- end of figures -->"


def begin(target: str) -> str:
    """The mark before what `make target` measures."""
    return f"<!-- figures: make {target} ARGS=--write -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def written(page: str, target: str, figures: str) -> str:
    """The page with these figures between its marks. Raises ValueError where it has none."""
    before, mark, rest = page.partition(begin(target))
    _, end, after = rest.partition(END)
    if not (mark and end):
        raise ValueError(f"The page has no {begin(target)} with {END} behind it")
    return f"{before}{mark}\n\n{figures}\n{END}{after}"
