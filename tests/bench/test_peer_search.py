"""The search that is measured beside other systems: what is asked is found, and who finds something else is refused."""

from dataclasses import replace

import pytest

from bench.peers.searching import Hits, prove_search
from bench.search_desk import SearchDesk, load, serving
from places import Place

TICKETS = 1_000
"""The 997th is the one with rare words."""


def test_a_system_is_measured_that_finds_what_is_asked(empty_place: Place) -> None:
    """Keesa finds each question's tickets, the newest first; a ticket less or more, another newest one, are refused."""
    load(empty_place.data, empty_place.url, TICKETS)
    with serving(empty_place.data, empty_place.url, 1) as desk:
        prove_search(desk.url, desk.search, TICKETS, 1)
        for tickets in (TICKETS + 7, TICKETS - 7):
            with pytest.raises(RuntimeError, match=rf"finds 1000 tickets with cable, .* where {tickets} have it"):
                prove_search(desk.url, desk.search, tickets, 1)
        with pytest.raises(RuntimeError, match="the newest 999, where 1000 have it, and the newest is 1000"):
            _prove_without(desk, TICKETS)


def _prove_without(desk: SearchDesk, number: int) -> None:
    """As of a system that leaves that ticket out of its page, and still counts it."""

    def hits(answer: bytes) -> Hits:
        found = desk.search.hits(answer)
        return found._replace(numbers=[each for each in found.numbers if each != number])

    prove_search(desk.url, replace(desk.search, hits=hits), TICKETS, 1)
