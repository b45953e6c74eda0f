"""The rows of a comparison, by the words that the option --rows takes: `list, admin` is `list-admin`."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.beside.measuring import requests_of
from bench.dataset import World
from bench.desks import PEOPLE, Desk, Place
from keesa.errors import Refused

_NO_WORLD: Final = World(
    tickets=0,
    admin="",
    engineer="",
    customers_user="",
    bot="",
    customer_id=0,
    ticket_type="",
    category="",
    ids=(),
    engineers_ids=(),
    customers_ids=(),
    unclosed_ids=(),
)
_NO_TOKENS: Final = dict.fromkeys(PEOPLE, "")
_NO_DESK: Final = Desk("", 0, Place(Path(), None, None), _NO_WORLD, _NO_TOKENS, _NO_TOKENS, 0)


def every_row() -> Sequence[str]:
    return list(requests_of(_NO_DESK))


def chosen_rows(words: Sequence[str] | None) -> Sequence[str]:
    """In the order of all; all of them for None. Raises `Refused` for a word that is no row's."""
    by_word = {word(row): row for row in every_row()}
    if unknown := [each for each in words or () if each not in by_word]:
        raise Refused(f"{unknown[0]!r} is no row beside an older commit: these are {', '.join(by_word)}")
    return [row for each, row in by_word.items() if words is None or each in words]


def word(row: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", row.lower())
