"""The search that is measured beside other systems: what is asked is found, and who finds something else is refused."""

from dataclasses import replace
from http.client import RemoteDisconnected
from pathlib import Path

import pytest

from bench.asking import Answer, ask_well
from bench.peers.kept import forget, is_kept, keep, name_of
from bench.peers.searching import Hits, prove_search
from bench.peers.texts import QUESTIONS
from bench.search_desk import Place, SearchDesk, load, serving
from bench.wrk import Request
from places import Place as Empty

TICKETS = 1_000
"""The 997th is the one with rare words."""


def test_a_system_is_measured_that_finds_what_is_asked(empty_place: Empty) -> None:
    """Keesa finds each question's tickets, the newest first; a ticket less or more, another newest one, are refused."""
    load(empty_place.data, empty_place.url, TICKETS)
    with serving(Place(empty_place.data, empty_place.url, ()), 1) as desk:
        assert prove_search(desk, desk.search, TICKETS, 1) == [*QUESTIONS]
        for tickets in (TICKETS + 7, TICKETS - 7):
            with pytest.raises(RuntimeError, match=rf"finds 1000 tickets with cable, .* where {tickets} have it"):
                prove_search(desk, desk.search, tickets, 1)
        with pytest.raises(RuntimeError, match="the newest 999, where 1000 have it, and the newest is 1000"):
            _prove_without(desk, TICKETS)
        _prove_that_waits_end(desk)


def _prove_without(desk: SearchDesk, number: int) -> None:
    """As of a system that leaves that ticket out of its page, and still counts it."""

    def hits(answer: bytes) -> Hits:
        found = desk.search.hits(answer)
        return found._replace(numbers=[each for each in found.numbers if each != number])

    prove_search(desk, replace(desk.search, hits=hits), TICKETS, 1)


def _prove_that_waits_end(desk: SearchDesk) -> None:
    """What a system gives up after some seconds is told, and what it refuses at once is a fault."""

    def ask_but_cable(url: str, request: Request) -> Answer:
        if "cable" in request.path:
            raise RemoteDisconnected("gone")
        return ask_well(url, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.peers.measuring.ask_well", ask_but_cable)
        with pytest.raises(RemoteDisconnected):
            prove_search(desk, desk.search, TICKETS, 1)
        patch.setattr("bench.peers.measuring.SOON", 0)
        answered = prove_search(desk, desk.search, TICKETS, 1)
    assert [each.kind for each in answered] == ["middling word", "rare word", "two rare words", "rare phrase"]


def test_what_is_kept_is_known_by_all_that_it_is_of(tmp_path: Path) -> None:
    names = [name_of(*parts) for parts in ((10, ["a"]), (11, ["a"]), (10, ["b"]))]
    keep(tmp_path, names[0])
    assert [is_kept(tmp_path, name) for name in names] == [True, False, False]
    forget(tmp_path)
    assert not is_kept(tmp_path, names[0])
