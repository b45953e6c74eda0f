"""What the worst of queries costs: so many statements, so many names, so long a question to the engine."""

from collections.abc import Callable, Sequence

import pytest

from keesa.db import Row, Tx
from keesa.search.language import MOST_BEGINNINGS, MOST_CHARACTERS, MOST_TERMS, MOST_WORDS, read_query
from keesa.search.matching import Match, match_of
from keesa.search.names import MOST_NAMES
from keesa.words.pieces import customer_mark
from laid_words import customer, laid, places_of, ticket

LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Counted:
    """How many names each statement has answered."""

    def __init__(self, tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
        self._soon = tx.soon
        self.answers: list[int] = []
        monkeypatch.setattr(tx, "soon", self._counting)

    def _counting(self, sql: str, /, **params: object) -> Callable[[], Sequence[Row]]:
        rows = self._soon(sql, **params)

        def counted() -> Sequence[Row]:
            answer = rows()
            self.answers.append(len(answer))
            return answer

        return counted


def matched(tx: Tx, text: str) -> Match:
    return match_of(tx, read_query(text), internal=False, customer_id=None)


def test_names_are_looked_at_by_the_fifty(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, and however many words ask for them: a statement a term, and one more where too many have
    it; of each at most one name more than counts.
    """
    terms = [f"{letter}{letter}" for letter in LETTERS[:MOST_TERMS]]
    common, rare = terms[:6], terms[6:]
    names = [customer(id_, " ".join(common)) for id_ in range(1, 121)]
    names += [customer(1000 + id_, " ".join(terms)) for id_ in range(MOST_NAMES)]
    laid(tx, [ticket(2024001, 1000), ticket(2024002, 1)], *names)
    counted = Counted(tx, monkeypatch)
    match = matched(tx, " ".join([f"{common[0]}*", *terms[1:]]))
    assert sorted(counted.answers) == [MOST_NAMES] * (len(rare) + len(common)) + [MOST_NAMES + 1] * len(common)
    assert sum(len(sought.marks) for sought in match.plain.terms) == MOST_TERMS * MOST_NAMES
    assert len(match.whole) < 20_000
    assert len(places_of(tx, match.whole)) == len(places_of(tx, match.head)) == 1


def test_names_of_too_many_words_are_too_many(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where rarer words name more than fifty that have a common one, it counts by none."""
    names = [customer(id_, f"ltd firm{id_ % 2}") for id_ in range(2 * MOST_NAMES)]
    laid(tx, [ticket(2024001, 1)], *names)
    counted = Counted(tx, monkeypatch)
    assert [len(sought.marks) for sought in matched(tx, "ltd firm0").plain.terms] == [MOST_NAMES, MOST_NAMES]
    assert [len(sought.marks) for sought in matched(tx, "ltd firm0 firm1").plain.terms] == [0, MOST_NAMES, MOST_NAMES]
    assert max(counted.answers) == MOST_NAMES + 1


@pytest.mark.parametrize(
    "text",
    [
        "x" * MOST_CHARACTERS,
        "\u5b57" * MOST_WORDS,
        "\u0e01" * MOST_WORDS,
        " ".join(f"w{number}" for number in range(10, 10 + MOST_TERMS)),
        "link " + " ".join(f"-ww{number}*" for number in range(MOST_BEGINNINGS)),
        " ".join(f'"{letter} {letter}{letter}*"' for letter in LETTERS[:MOST_BEGINNINGS]),
        "(" * 100 + "link" + ")" * 100,
        "link " + "'\\:|&!<->{}^+" * 10,
        "AND OR NOT NEAR",
        "link NEAR(link,2)",
        "\u0080\u009f\x01 link \x1f",
        "\ue000 \ue001c1 link",
    ],
)
def test_both_engines_take_the_longest_and_the_strangest(tx: Tx, text: str) -> None:
    """Nothing that is typed is an error of the database's; and no mark can be typed."""
    laid(tx, [ticket(2024001, 1, said=text)])
    match = match_of(tx, read_query(text), internal=False, customer_id=1, marks=[[customer_mark(1), customer_mark(2)]])
    assert len(places_of(tx, match.whole)) == (0 if " -w" in text else 1)
    assert len(match.whole) < 2_000
