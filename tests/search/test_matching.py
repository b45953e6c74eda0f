"""What rows of words a search finds: on both engines just those that the plain meaning says."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from keesa.db import Tx
from keesa.search import names
from laid_words import lay, matched, places_of
from searched_texts import MOST_NAMES, desk, question


@given(st.randoms(use_true_random=True))
@deterministic(25)
def test_both_engines_find_what_the_plain_meaning_says(tx: Tx, random: Random) -> None:
    """Texts in many scripts, names among them that too many have; asked by the desk and by customers' users."""
    plain = desk(random, tickets=30)
    if not tx.writes_alone:
        tx.run("SET LOCAL enable_seqscan = off")  # by its index, as it does among many rows
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(names, "MOST_NAMES", MOST_NAMES)
        lay(tx, plain)
        for _ in range(25):
            asked, reader = question(random, plain)
            match = matched(tx, asked, reader)
            assert places_of(tx, match.whole) == plain.find(asked, reader), (asked, reader)
            assert places_of(tx, match.head) == plain.find(asked, reader, in_head=True), (asked, reader)
