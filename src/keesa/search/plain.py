"""Which of SQLite's rows have what a query asks for, by their words as they stand there, with a blank between.

The words of a row come as one text, those of its head first, with a blank before and behind them. A boundary stands
before each of its pieces, so no phrase reaches from one into another; marks stand in heads alone.
"""

from collections.abc import Iterable, Sequence

from keesa.search.matching import Plain, Sought

Texts = Iterable[tuple[int, str]]
"""Places, and the words there."""


def met_of(plain: Plain, texts: Texts) -> list[int]:
    """The places of those that meet the query, by all that the asker may see of their rows."""
    wanted = [[_word(mark) for mark in one_of] for one_of in plain.marks] + [*map(_parts_of, plain.terms)]
    refused = [part for sought in plain.without for part in _parts_of(sought)]
    found = _having(wanted, texts)
    return [place for place, text in found if not any(part in text for part in refused)]


def met_by_heads(plain: Plain, heads: Texts) -> list[int]:
    """The places of those whose heads have all of it; of rows that meet the query."""
    return [place for place, _ in _having([*map(_parts_of, plain.terms)], heads)]


def _having(wanted: Iterable[Sequence[str]], texts: Texts) -> Texts:
    """Those that have one of each."""
    for one_of in wanted:
        if len(one_of) == 1:
            part = one_of[0]
            texts = [each for each in texts if part in each[1]]
        else:
            texts = [each for each in texts if any(part in each[1] for part in one_of)]
    return texts


def _parts_of(sought: Sought) -> list[str]:
    """Of texts: each of which stands for the term."""
    words = " ".join(sought.term.words)
    return [f" {words}" if sought.term.prefix else _word(words), *map(_word, sought.marks)]


def _word(word: str) -> str:
    return f" {word} "
