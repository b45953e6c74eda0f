"""The statements that keep the rows of words.

What becomes of a row stands in `pending_words` until it is in the index: pieces that come behind the row's own, another
head, or all of it anew. The row as it is now is the two together; one that is anew, without words, and not the ticket's
first is none any more. So a write touches no index, and no row but what it adds.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

from keesa.words.form import Form
from keesa.words.pieces import MOST_OF_ONE, MOST_WORDS
from keesa.words.places import MOST_ROWS

_EMPTIED: Final = f"(more.anew = 1 AND more.words = 0 AND (more.place & {MOST_ROWS - 1}) <> 0)"
_IS_ROW: Final = f"CASE WHEN more.place IS NULL THEN own.place IS NOT NULL ELSE NOT {_EMPTIED} END"
_BOTH: Final = """
    LEFT JOIN ticket_words own ON own.place = given.place LEFT JOIN pending_words more ON more.place = given.place
"""

OF_TICKET: Final = f"""
    SELECT own.place FROM ticket_words own LEFT JOIN pending_words more ON more.place = own.place
    WHERE own.place >= :first AND own.place <= :last AND {_IS_ROW}
    UNION SELECT more.place FROM pending_words more
    WHERE more.place >= :first AND more.place <= :last AND NOT {_EMPTIED}
"""
"""The places of a ticket's rows, as they are now."""
_EMPTIED_TOO: Final = """
    SELECT place FROM ticket_words WHERE place >= :first AND place <= :last
    UNION SELECT place FROM pending_words WHERE place >= :first AND place <= :last
"""
"""Likewise, with those that are none any more: something may be written to them yet."""
GIVEN: Final = "SELECT value AS place FROM $json_ids given_ids"
"""Those of `ids`."""
_LAST: Final = """
    SELECT max(place) AS place FROM (
        SELECT max(place) AS place FROM ticket_words WHERE place >= :first AND place <= :last
        UNION ALL SELECT max(place) AS place FROM pending_words WHERE place >= :first AND place <= :last
    ) rows
"""
_WORDS: Final = "CASE WHEN more.anew = 1 THEN more.words ELSE own.words + coalesce(more.words, 0) END"
_MOST: Final = "CASE WHEN more.anew = 1 THEN more.most ELSE own.most + coalesce(more.most, 0) END"
_FITS: Final = f"words + :size <= {MOST_WORDS} AND most + :most <= {MOST_OF_ONE}"
"""Whether a piece does, in a row that is there (`Row.fits`)."""


def _behind(pieces: str, more: str) -> str:
    """One list of pieces behind the other."""
    joined = f"substr({pieces}, 1, length({pieces}) - 1) || ',' || substr({more}, 2)"
    return f"CASE WHEN {pieces} = '[]' THEN {more} WHEN {more} = '[]' THEN {pieces} ELSE {joined} END"


_PIECES: Final = f"""
    CASE WHEN more.anew = 1 THEN more.pieces WHEN more.place IS NULL THEN own.pieces
        ELSE {_behind("own.pieces", "more.pieces")} END
"""


@dataclass(frozen=True, slots=True)
class Statements:
    write: str
    """A whole row into the index, in place of one that may be there."""
    put: str
    """A whole row, pending."""
    set_head: str
    """Of all rows of a ticket."""
    hide: str
    """Make all internal that customers could see of a ticket, and set the head."""
    fold: str
    """The rows of `ids` into the index, as they are now."""
    take_out: str
    """Those of `ids` from the index that are none any more."""


@cache
def statements_of(form: Form) -> Statements:
    kept = _set(f"{form.columns}, pieces, words, most")
    return Statements(
        write=f"""
            INSERT INTO ticket_words (place, {form.columns}, pieces, words, most)
            VALUES (:place, {form.written}, :pieces, :words, :most) ON CONFLICT (place) DO UPDATE SET {kept}
        """,
        put=f"""{_into(form)} VALUES (:place, 1, {form.put}, :pieces, :words, :most) {_instead(form)}""",
        set_head=f"""
            {_into(form)} SELECT rows.place, CASE WHEN {_EMPTIED} THEN 1 ELSE 0 END, {form.headed}, '[]', 0, 0
            FROM ({_EMPTIED_TOO}) rows LEFT JOIN pending_words more ON more.place = rows.place WHERE 1 = 1
            ON CONFLICT (place) DO UPDATE SET head = excluded.head
        """,
        hide=f"""
            {_into(form)} SELECT place, 1, {form.hidden}, replace(pieces, '["n",', '["i",'), words, most
            FROM ({_joined(form, _EMPTIED_TOO)}) rows WHERE 1 = 1 {_instead(form)}
        """,
        fold=f"""
            INSERT INTO ticket_words (place, {form.columns}, pieces, words, most)
            SELECT place, {form.columns}, pieces, words, most FROM ({current(form, GIVEN)}) rows WHERE 1 = 1
            ON CONFLICT (place) DO UPDATE SET {kept}
        """,
        take_out=f"""
            DELETE FROM ticket_words WHERE place IN (
                SELECT more.place FROM pending_words more WHERE more.place IN $json_ids AND {_EMPTIED}
            )
        """,
    )


def current(form: Form, places: str) -> str:
    """A query of rows as they are now: place, words, pieces and sizes. `places` is one of places."""
    return f"{_joined(form, places)} WHERE {_IS_ROW}"


def _joined(form: Form, places: str) -> str:
    return f"""
        SELECT given.place, {form.current}, {_PIECES} AS pieces, {_WORDS} AS words, {_MOST} AS most
        FROM ({places}) given {_BOTH}
    """


@cache
def appending(form: Form, name: str) -> str:
    """The statement that adds a piece to a ticket's last row, or to a new one behind it; to none where the ticket has
    no rows, or no place is left. `name` is an expression for the piece's. What goes to a row without words stands by
    itself, as another head of one does: that row may be taken out of the index meanwhile.
    """
    sizes = f"{_WORDS} AS words, {_MOST} AS most"
    last = f"SELECT given.place, {form.current_head} AS head, {sizes} FROM ({_LAST}) given {_BOTH}"
    return f"""
        {_into(form)}
        SELECT place, anew, {form.appended}, '[' || {name} || ']', CAST(:size AS INTEGER), CAST(:most AS INTEGER)
        FROM (
            SELECT CASE WHEN {_FITS} THEN place ELSE place + 1 END AS place,
                CASE WHEN {_FITS} AND words > 0 THEN 0 ELSE 1 END AS anew, head
            FROM ({last}) last_row WHERE place IS NOT NULL
        ) added WHERE place <= :last
        ON CONFLICT (place) DO UPDATE SET {form.added},
            anew = CASE WHEN excluded.anew = 1 THEN 1 ELSE pending_words.anew END,
            pieces = {_behind("pending_words.pieces", "excluded.pieces")},
            words = pending_words.words + excluded.words, most = pending_words.most + excluded.most
    """


def _into(form: Form) -> str:
    return f"INSERT INTO pending_words (place, anew, {form.pending}, pieces, words, most)"


def _instead(form: Form) -> str:
    return f"ON CONFLICT (place) DO UPDATE SET {_set(f'anew, {form.pending}, pieces, words, most')}"


def _set(columns: str) -> str:
    return ", ".join(f"{column} = excluded.{column}" for column in columns.split(", "))
