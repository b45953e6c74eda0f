"""What rows of words a search finds: on both engines just those that the plain meaning says."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from keesa.db import Database, Tx
from keesa.search import names
from keesa.search.language import read_query
from keesa.search.matching import match_of
from laid_words import customer, laid, lay, matched, places_of, ticket
from plain_search import Asked, PlainDesk, Reader
from searched_texts import MOST_NAMES, desk, question
from undone import undone


@given(st.randoms(use_true_random=True))
@deterministic(25)
def test_both_engines_find_what_the_plain_meaning_says(shared_database: Database, random: Random) -> None:
    """Texts in many scripts, names among them that too many have; asked by the desk and by customers' users."""
    plain = desk(random, tickets=20)
    with pytest.MonkeyPatch.context() as patched, undone(shared_database) as tx:
        patched.setattr(names, "MOST_NAMES", MOST_NAMES)
        if not tx.writes_alone:
            tx.run("SET LOCAL enable_seqscan = off")  # by its index, as it does among many rows
        lay(tx, plain)
        for _ in range(25):
            _require_the_same(tx, plain, *question(random, plain))


def _require_the_same(tx: Tx, plain: PlainDesk, asked: Sequence[Asked], reader: Reader) -> None:
    match = matched(tx, asked, reader)
    expected = plain.find(asked, reader)
    assert places_of(tx, match.whole) == expected, (asked, reader)
    assert {*places_of(tx, match.loose)} >= {*expected}, (asked, reader)
    assert match.loose == match.whole or any(len(one.words) > 1 for one in asked)
    assert places_of(tx, match.head) == plain.find(asked, reader, in_head=True), (asked, reader)


def test_phrases_are_loosened_to_their_words(tx: Tx) -> None:
    """Whoever looks at each row then asks for rows that may have them: no more is refused than surely must be."""
    laid(
        tx,
        [
            ticket(2024001, 1, said="no link"),
            ticket(2024002, 1, said="link: no"),
            ticket(2024003, 1, said="linked, no"),
        ],
        customer(2, "no link at all"),
    )

    def found(text: str) -> list[int]:
        match = match_of(tx, read_query(text), internal=True)
        return [len(places_of(tx, match.whole)), len(places_of(tx, match.loose))]

    assert found('"no link"') == [1, 2]
    assert found('"no link*"') == [1, 3]
    assert found('no -"link no"') == [2, 3]
    assert found('no -"link no" -linked') == [1, 2]
    laid(tx, [ticket(2024001, 2, said="down")], customer(2, "no link at all"))
    assert found('"no link"') == [1, 1]
    assert found('"link no"') == [0, 0]
