"""What the rows of tickets' words are asked for: a query with the names that its terms stand in, in the words of the
engine.
"""

from collections.abc import Sequence
from typing import NamedTuple

from keesa.db import Tx
from keesa.search.language import Query, Term
from keesa.search.names import customer_mark, marks_of
from keesa.search.syntax import Where, syntax_of


class Match(NamedTuple):
    """Each is the value of a parameter: what `ticket_search MATCH` takes, or as `tsquery` what `vector @@` takes."""

    whole: str
    """Finds the rows that the query means."""
    head: str
    """Those of them whose head has all of it: title, number, reference, contact, customer, ECO."""


def match_of(
    tx: Tx,
    query: Query,
    *,
    internal: bool,
    customer_id: int | None = None,
    marks: Sequence[Sequence[str]] = (),
) -> Match:
    """`internal`: whether internal notes are looked at. `customer_id`: of a customer's user, who finds nothing of
    others. `marks`: rows alone that have one of each of these lists, none of which is empty.
    """
    syntax = syntax_of(tx)
    names = marks_of(tx, query, customer_id)
    where = Where.ANYWHERE if internal else Where.SHOWN

    def found(term: Term, where: Where) -> str:
        return syntax.any_of([syntax.phrase(term, where), *map(syntax.mark, names.get(term, ()))])

    among = [[customer_mark(customer_id)]] if customer_id is not None else []
    bounds = [syntax.any_of(map(syntax.mark, one_of)) for one_of in (*among, *marks)]
    refused = syntax.any_of([found(term, where) for term in query.without]) if query.without else None

    def rows(where: Where) -> str:
        wanted = syntax.all_of([*bounds, *(found(term, where) for term in query.terms)])
        return syntax.but(wanted, refused) if refused is not None else wanted

    return Match(rows(where), rows(Where.HEAD))
