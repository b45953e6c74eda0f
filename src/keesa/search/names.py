"""The names of customers and ECOs, by which their tickets are found, too. No ticket's row has them: a term that stands
in a name counts as found where the row has the mark of whose name it is. So a new name counts at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from keesa.db import Tx
from keesa.search.language import Query, Term
from keesa.search.syntax import Syntax, Where, syntax_of
from keesa.words.names import mark_at
from keesa.words.pieces import customer_mark

MOST_NAMES: Final = 50
"""That a term counts by. Where more have it (`ltd`), it counts by those alone that a rarer term of the query names,
too, if these are no more.
"""
_BY_WORDS: Final = "SELECT rowid AS place FROM name_search WHERE name_search MATCH :wanted LIMIT :most"
_BY_VECTOR: Final = "SELECT place FROM name_words WHERE vector @@ CAST(:wanted AS tsquery) LIMIT :most"


def marks_of(tx: Tx, query: Query, customer_id: int | None) -> Mapping[Term, Sequence[str]]:
    """Of each term the marks of the names that it counts by; of a customer's user among their own alone."""
    syntax = syntax_of(tx)
    own = [syntax.mark(customer_mark(customer_id))] if customer_id is not None else []
    asked = {term: syntax.phrase(term, Where.ANYWHERE) for term in (*query.terms, *query.without)}
    found = _named(tx, syntax, {term: [phrase, *own] for term, phrase in asked.items()})
    naming = [asked[term] for term in query.terms if 0 < len(found[term]) <= MOST_NAMES]
    common = [term for term, places in found.items() if len(places) > MOST_NAMES]
    if naming:
        found |= _named(tx, syntax, {term: [asked[term], syntax.any_of(naming), *own] for term in common})
    return {term: [mark_at(place) for place in places] for term, places in found.items() if len(places) <= MOST_NAMES}


def _named(tx: Tx, syntax: Syntax, wanted: Mapping[Term, Iterable[str]]) -> dict[Term, Sequence[int]]:
    """The places of names that have all of it, as far as they are few; on PostgreSQL all are asked for at once."""
    sql = _BY_WORDS if tx.writes_alone else _BY_VECTOR
    asked = {term: tx.soon(sql, wanted=syntax.all_of(parts), most=MOST_NAMES + 1) for term, parts in wanted.items()}
    return {term: [row["place"] for row in rows()] for term, rows in asked.items()}
