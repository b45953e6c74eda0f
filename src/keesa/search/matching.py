"""What the rows of tickets' words are asked for: a query with the names that its terms stand in, as such and in the
words of the engine.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from keesa.db import Tx
from keesa.search.language import Query, Term
from keesa.search.names import marks_of
from keesa.search.syntax import Syntax, Where, syntax_of
from keesa.words.pieces import customer_mark


class Sought(NamedTuple):
    """A term, or in its place one of the marks of those in whose names it stands."""

    term: Term
    marks: tuple[str, ...]


class Plain(NamedTuple):
    """What a row must have all of, in one part of it or another, and what it must have none of."""

    terms: tuple[Sought, ...]
    without: tuple[Sought, ...]
    marks: tuple[tuple[str, ...], ...]
    """Of each one, in its head."""


class Match(NamedTuple):
    """The first three are values of parameters: of `ticket_search MATCH`, or as a `tsquery` of `vector @@`."""

    whole: str
    """Finds the rows that the query means."""
    head: str
    """Those of them whose head has all of it: title, number, reference, contact, customer, ECO."""
    loose: str
    """Finds all of them, and rows that have the words of a phrase anywhere. Equal to `whole` where there is no phrase.
    An engine looks for a phrase in every row that has all of its words, and nothing ends that before it finds one.
    """
    plain: Plain
    """What `whole` says."""

    @property
    def has_phrases(self) -> bool:
        """Whether `loose` finds more than `whole`."""
        return self.loose != self.whole


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
    names = marks_of(tx, query, customer_id)
    own = [(customer_mark(customer_id),)] if customer_id is not None else []
    plain = Plain(_sought(query.terms, names), _sought(query.without, names), (*own, *map(tuple, marks)))
    syntax = syntax_of(tx)
    shown = Where.ANYWHERE if internal else Where.SHOWN
    return Match(
        _written(syntax, plain, shown, shown),
        _written(syntax, plain, Where.HEAD, shown),
        _written(syntax, _loosened(plain), shown, shown),
        plain,
    )


def _sought(terms: Iterable[Term], names: Mapping[Term, Sequence[str]]) -> tuple[Sought, ...]:
    return tuple(Sought(term, tuple(names.get(term, ()))) for term in terms)


def _loosened(plain: Plain) -> Plain:
    """Each word of a phrase on its own; no phrase is refused."""
    terms = [Sought(one, sought.marks) for sought in plain.terms for one in _apart(sought.term)]
    without = [sought for sought in plain.without if len(sought.term.words) == 1]
    return plain._replace(terms=tuple(dict.fromkeys(terms)), without=tuple(without))


def _apart(term: Term) -> Iterable[Term]:
    *first, last = term.words
    return [*(Term((word,), prefix=False) for word in first), Term((last,), term.prefix)]


def _written(syntax: Syntax, plain: Plain, where: Where, shown: Where) -> str:
    """`where` all must be found; nothing that is `shown` may have what must not be."""
    bounds = [syntax.any_of(map(syntax.mark, one_of)) for one_of in plain.marks]
    wanted = syntax.all_of([*bounds, *(_one_written(syntax, sought, where) for sought in plain.terms)])
    if not plain.without:
        return wanted
    return syntax.but(wanted, syntax.any_of(_one_written(syntax, sought, shown) for sought in plain.without))


def _one_written(syntax: Syntax, sought: Sought, where: Where) -> str:
    return syntax.any_of([syntax.phrase(sought.term, where), *map(syntax.mark, sought.marks)])
