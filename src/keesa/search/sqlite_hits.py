"""What a query finds on SQLite, whose index has its hits in the order of their places."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

import msgspec

from keesa.db import Tx
from keesa.search.asking import Asked
from keesa.search.plain import in_head, is_met
from keesa.search.spans import CHUNK, HITS, Hit, Met, Span
from keesa.words.places import MOST_ROWS, place_of

_IN_SPAN: Final = (
    "SELECT rowid FROM ticket_search WHERE ticket_search MATCH :match AND rowid >= :lower AND rowid < :upper"
)


def walk(tx: Tx, asked: Asked, span: Span, *, newest_first: bool) -> Iterator[Met]:
    """The hits of the span, from one end on."""
    direction = "DESC" if newest_first else "ASC"
    sql = f"{_IN_SPAN} ORDER BY rowid {direction} LIMIT {HITS}"
    found = (place for (place,) in tx.each(sql, match=asked.match.whole, **span._asdict()))
    looked = 0
    while True:
        places = list(islice(found, CHUNK))
        looked += len(places)
        ended = len(places) < CHUNK and looked < HITS
        heads = _heads(tx, asked, places) if asked.with_heads and places else frozenset()
        yield Met([Hit(place, place in heads) for place in places], None if ended else places[-1])
        if ended or looked == HITS:
            return


def _heads(tx: Tx, asked: Asked, places: Sequence[int]) -> frozenset[int]:
    """Those whose head has all of it."""
    span = Span(min(places), max(places) + 1)
    return frozenset(place for (place,) in tx.each(_IN_SPAN, match=asked.match.head, **span._asdict()))


def among(tx: Tx, asked: Asked, tickets: Sequence[int]) -> list[Hit]:
    """The hits of these tickets. Their rows are read: FTS5 would make the list of all hits anew for each of them."""
    rows = tx.each(
        "SELECT place, head, said, internal FROM json_each(:firsts) given CROSS JOIN ticket_words"
        f" ON place >= given.value AND place < given.value + {MOST_ROWS}",
        firsts=msgspec.json.encode([*map(place_of, tickets)]).decode(),
    )
    plain, shown = asked.match.plain, 3 if asked.internal else 2
    return [Hit(place, in_head(plain, texts[0])) for place, *texts in rows if is_met(plain, texts[:shown])]
