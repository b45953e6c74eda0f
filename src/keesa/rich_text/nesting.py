"""Writing allowed tags so that each ends where a browser ends it.

A browser closes, moves and opens again what is not nested as HTML wants it; and where formatting is left open it
does so in each block that follows: 500 of `<b>` and 500 of `<p>` become 250,000 elements. Here every element gets its
end tag before HTML would close it by itself, so that a reader has nothing to mend.
"""

from collections.abc import Set as AbstractSet
from typing import Final

from keesa.rich_text.elements import (
    AROUND_CELLS,
    BLOCKS,
    CELLS,
    ENDS_PARAGRAPH,
    FORMATTING,
    HEADINGS,
    SECTIONS,
    TABLE_PARTS,
)

DEEPEST: Final = 100
"""Elements in each other; what is deeper loses its tags, but for the three parts of a table that
its text needs around it.
"""
MOST_FORMATTING: Final = 8_192
"""Characters of the start tags of the formatting that is open at one place; what comes beyond loses its tags."""

SPACE: Final = "\t\n\f\r "
"""What HTML calls white space."""
_EDGES: Final = CELLS | {"table"}
"""What stands in a cell does not end outside of it."""
_PARAGRAPH: Final = frozenset({"p"})
_ITEM_EDGES: Final = {
    "li": (frozenset({"li"}), BLOCKS - {"div", "p"}),
    "dd": (frozenset({"dd", "dt"}), BLOCKS - {"div", "p"}),
    "dt": (frozenset({"dd", "dt"}), BLOCKS - {"div", "p"}),
}
"""Which elements an item ends, and beyond which it ends none."""


class _Open:
    """An element that is open."""

    __slots__ = ("name", "over", "tag")

    def __init__(self, name: str, tag: str) -> None:
        self.name = name
        self.tag = tag
        self.over = False
        """Whether its end tag has come, inside a block that is still open: it ends with that block."""


class Nesting:
    """Takes texts and tags one after the other; `parts` is what is written.

    Tags that are opened again take at most `again` characters.
    """

    def __init__(self, again: int) -> None:
        self.parts: list[str] = []
        self._open: list[_Open] = []
        self._left: list[_Open] = []
        """Formatting that a block has closed with itself: it goes on with the next text."""
        self._outside: list[list[_Open]] = []
        """What was left before each cell that is open."""
        self._again = again
        self._formatting = 0

    def text(self, text: str) -> None:
        if (self._left or (self._open and self._open[-1].name in AROUND_CELLS)) and text.strip(SPACE):
            self._begin_text()
        self.parts.append(text)

    def start(self, name: str, tag: str) -> None:
        """A start tag, as it is to be written."""
        if name in TABLE_PARTS:
            self._start_table_part(name, tag)
            return
        if name == "table" and self._between_cells():
            self._close(self._last("table"))
        if name in ENDS_PARAGRAPH:
            if self._between_cells():
                self._begin_cell()
            self._end_before(name)
        elif name == "a" and not self._end_link():
            return
        elif self._left or self._between_cells():
            self._begin_text()
        if name in ("br", "hr"):
            self.parts.append(tag)
        else:
            self._push(name, tag)

    def end(self, name: str) -> None:
        if self._open and self._open[-1].name == name:  # as mostly
            self._close(len(self._open) - 1)
        elif name == "br":
            self.start("br", "<br>")
        elif name == "table" or name in TABLE_PARTS:
            self._end_table_part(name)
        elif name in HEADINGS:
            self._close(self._within(HEADINGS, _EDGES))
        elif name == "li":
            self._close(self._within({"li"}, _EDGES | {"ol", "ul"}))
        elif name in BLOCKS:
            self._close(self._within({name}, _EDGES))
        elif name in FORMATTING:
            self._end_formatting(name)
        else:
            self._close(self._within({name}, BLOCKS))

    def finish(self) -> None:
        self._close(0)

    def _push(self, name: str, tag: str) -> None:
        if len(self._open) >= DEEPEST:
            return
        if name in FORMATTING:
            if self._formatting + len(tag) > MOST_FORMATTING:
                return
            self._formatting += len(tag)
        self._open.append(_Open(name, tag))
        self.parts.append(tag)

    def _close(self, position: int | None) -> None:
        """Close the element at the position and all that is in it, whose formatting goes on behind it."""
        if position is None:
            return
        left: list[_Open] = []
        while len(self._open) > position or (self._open and self._open[-1].over):
            element = self._open.pop()
            self.parts.append(f"</{element.name}>")
            if element.name in FORMATTING:
                self._formatting -= len(element.tag)
                if len(self._open) > position and not element.over:
                    left.append(element)
            elif element.name in CELLS:
                left.clear()
                self._left = self._outside.pop()
        self._left += reversed(left)

    def _begin_text(self) -> None:
        """Whatever is needed before something to read can stand here."""
        if self._between_cells():
            self._begin_cell()
        left, self._left = self._left, []
        for element in left:
            self._again -= 2 * len(element.tag)
            if self._again >= 0:
                self._push(element.name, element.tag)

    def _end_before(self, name: str) -> None:
        """End what HTML ends where this block begins."""
        if name in _ITEM_EDGES:
            self._close(self._within(*_ITEM_EDGES[name]))
        self._close(self._within(_PARAGRAPH, _EDGES))
        if name in HEADINGS and self._open and self._open[-1].name in HEADINGS:
            self._close(len(self._open) - 1)

    def _end_link(self) -> bool:
        """Links are not nested: a new one ends the last. False where a block stands between them."""
        self._left = [element for element in self._left if element.name != "a"]
        outer = self._within({"a"}, CELLS)
        if outer is not None and self._within({"a"}, BLOCKS) is None:
            return False
        self._close(outer)
        self._begin_text()
        return True

    def _end_formatting(self, name: str) -> None:
        position = self._within({name}, BLOCKS)
        if position is not None:
            self._close(position)
            return
        for place in reversed(range(len(self._left))):
            if self._left[place].name == name:
                del self._left[place]
                return
        if (position := self._within({name}, _EDGES, over=False)) is not None:
            self._open[position].over = True

    def _between_cells(self) -> bool:
        return bool(self._open) and self._open[-1].name in AROUND_CELLS

    def _begin_cell(self) -> None:
        self._start_table_part("td", "<td>")

    def _start_table_part(self, name: str, tag: str) -> None:
        """With the parts around it that are missing; outside of a table it is none."""
        table = self._last("table")
        if table is None:
            return
        depth = table + 1
        if name not in SECTIONS:
            depth = self._enter_part(depth, SECTIONS, "tbody")
            if name in CELLS:
                depth = self._enter_part(depth, {"tr"}, "tr")
        self._close(depth)
        self._open.append(_Open(name, tag))
        self.parts.append(tag)
        if name in CELLS:
            self._outside.append(self._left)
            self._left = []

    def _enter_part(self, depth: int, names: AbstractSet[str], missing: str) -> int:
        if len(self._open) <= depth or self._open[depth].name not in names:
            self._close(depth)
            self._open.append(_Open(missing, f"<{missing}>"))
            self.parts.append(f"<{missing}>")
        return depth + 1

    def _end_table_part(self, name: str) -> None:
        table = self._last("table")
        if table is not None:
            parts = range(table, min(table + 4, len(self._open)))
            self._close(next((place for place in parts if self._open[place].name == name), None))

    def _last(self, name: str) -> int | None:
        return self._within({name}, frozenset())

    def _within(self, names: AbstractSet[str], edges: AbstractSet[str], *, over: bool = True) -> int | None:
        """The position of the innermost of these that is open; None where an element that bounds them comes first."""
        for position in range(len(self._open) - 1, -1, -1):
            element = self._open[position]
            if element.name in names and (over or not element.over):
                return position
            if element.name in edges:
                return None
        return None
