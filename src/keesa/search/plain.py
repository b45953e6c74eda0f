"""Whether a row of SQLite's has what a query asks for, by its words as they stand there, with a blank between."""

from collections.abc import Sequence

from keesa.search.language import Term
from keesa.search.matching import Plain, Sought


def is_met(plain: Plain, texts: Sequence[str]) -> bool:
    """The texts are those of the row that the asker may see, the head first."""
    framed = [*map(_framed, texts)]
    head = framed[0]
    return (
        all(any(_has(head, mark) for mark in marks) for marks in plain.marks)
        and all(_is_found(sought, head, framed) for sought in plain.terms)
        and not any(_is_found(sought, head, framed) for sought in plain.without)
    )


def in_head(plain: Plain, head: str) -> bool:
    """Whether the head has all of it; of a row that meets the query."""
    own = _framed(head)
    return all(_is_found(sought, own, [own]) for sought in plain.terms)


def _is_found(sought: Sought, head: str, texts: Sequence[str]) -> bool:
    asked = _phrase(sought.term)
    return any(asked in text for text in texts) or any(_has(head, mark) for mark in sought.marks)


def _phrase(term: Term) -> str:
    return f" {' '.join(term.words)}" + ("" if term.prefix else " ")


def _has(head: str, mark: str) -> bool:
    return f" {mark} " in head


def _framed(words: str) -> str:
    return f" {words} "
