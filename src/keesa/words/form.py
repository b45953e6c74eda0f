"""What an engine has of a ticket's row of words: its columns, and what is written into them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keesa.words.pieces import Head
from keesa.words.rows import NamedPiece

Values = Mapping[str, Any]
Said = Mapping[str, list[tuple[str, ...]]]
"""By `head`, `said`, `internal` and `name`: each run of words without a boundary in it, in alphabetical order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Expressions name a row of `ticket_words` `own`, and what is pending of it `more`; either may be missing."""

    columns: str
    """Of `ticket_words`, that have the words."""
    written: str
    """Their values, of the parameters that `row` gives."""
    current: str
    """Those of the row as it is now."""
    read: str
    """The columns of such a row for `said`."""
    pending: str
    """The columns of `pending_words` that have words."""
    put: str
    """Their values of a row that is anew."""
    headed: str
    """Those of a row that has another head, and nothing else new."""
    hidden: str
    """Those of a row that has another head, and all that customers could see among what they do not; of its columns as
    they are now.
    """
    current_head: str
    """The head of the row as it is now, as `appended` takes it."""
    appended: str
    """Their values of a piece: behind what there is; or behind the `head`, where the row is `anew`."""
    added: str
    """Sets them to what is pending with such values behind it."""
    set_name: str
    """Write the words of a name."""
    read_name: str

    head: Callable[[Head], Values]
    piece: Callable[[NamedPiece], Values]
    row: Callable[[Head, Sequence[NamedPiece]], Values]
    name: Callable[[Sequence[str]], Values]
    said: Callable[[Values], Said]
    """What the values of a row, or of a name, mean."""
