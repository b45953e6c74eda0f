"""What the fleet's trial finds by: each check shown a fault that was put before it."""

from dataclasses import replace

import pytest

from deploy.trial.checks import Kept, judge
from deploy.trial.told import Told, ToldTicket, longest_gap, together

SOUND = {
    2024001: Kept("a", ["a, note 0", "a, note 1"], ["open", "in_progress"]),
    2024002: Kept("b", [], ["open"]),
    2024009: Kept("somebody else's", ["a, note 0"], ["open", "closed"]),
}


def told() -> Told:
    """Of two tickets; and a create, a note and a status of which nobody knows."""
    first = ToldTicket(2024001, "a", ["a, note 0"], ["open", "in_progress"], ["a, note 1"], "on_hold")
    return Told([first, ToldTicket(2024002, "b")], unknown_titles=["c"])


def test_what_is_as_it_was_told_is_good() -> None:
    """Whether or not what nobody knows was done; and whatever somebody else wrote."""
    assert judge(told(), SOUND).good
    first = SOUND[2024001]
    late = SOUND | {2024001: replace(first, notes=["a, note 0"], statuses=[*first.statuses, "on_hold"])}
    assert judge(told(), late | {2024003: Kept("c", [], ["open"])}).good


@pytest.mark.parametrize(
    ("number", "kept", "sentence"),
    [
        (2024001, None, "ticket 2024001"),
        (2024001, Kept("a", ["a, note 1"], ["open", "in_progress"]), "note 'a, note 0' of 2024001"),
        (2024001, Kept("a", ["a, note 0"], ["open"]), "status of 2024001"),
        (2024001, Kept("a", ["a, note 0"], ["open", "on_hold"]), "status of 2024001"),
    ],
)
def test_a_lost_write_is_found(number: int, kept: Kept | None, sentence: str) -> None:
    """A create, a note or a status that was acknowledged, and is not there."""
    found = {ticket: each for ticket, each in (SOUND | {number: kept}).items() if each}
    verdict = judge(told(), found)
    assert [lost.startswith(sentence) for lost in verdict.lost] == [True]
    assert not verdict.doubled
    assert not verdict.numbers


@pytest.mark.parametrize(
    ("number", "kept", "sentence"),
    [
        (2024003, Kept("a", [], ["open"]), "title 'a' stands 2 times"),
        (2024001, Kept("a", ["a, note 0"] * 2, ["open", "in_progress"]), "note 'a, note 0' stands 2 times"),
        (2024001, Kept("a", ["a, note 0"], ["open", "in_progress", "on_hold", "on_hold"]), "status of 2024001"),
        (2024002, Kept("b", [], ["open", "closed"]), "status of 2024002"),
    ],
)
def test_a_doubled_write_is_found(number: int, kept: Kept, sentence: str) -> None:
    """One that stands twice; or a change that nobody asked for."""
    verdict = judge(told(), SOUND | {number: kept})
    assert [doubled.startswith(sentence) for doubled in verdict.doubled] == [True]
    assert not verdict.lost
    assert not verdict.numbers


def test_an_unknown_create_that_stands_twice_is_doubled() -> None:
    twice = {2024003: Kept("c", [], ["open"]), 2024004: Kept("c", [], ["open"])}
    assert judge(told(), SOUND | twice).doubled == ["title 'c' stands 2 times"]


def test_a_doubled_number_is_found() -> None:
    """Two creates that were told one number; and a number that was told for another ticket."""
    both = told()
    both.tickets.append(ToldTicket(2024002, "b"))
    assert judge(both, SOUND).numbers == ["2 creates were told the number 2024002"]
    given_again = SOUND | {2024002: Kept("d", [], ["open"])}
    assert judge(told(), given_again).numbers == ["2024002 is 'd', and 'b' was told it"]


@pytest.mark.parametrize(
    ("acknowledged", "end", "gap"),
    [
        ([1.0, 2.0, 2.5], 3.0, 1.0),
        ([7.0, 1.0, 2.0], 8.0, 5.0),
        ([1.0, 2.0], 32.0, 30.0),
        ([], 3.0, float("inf")),
    ],
)
def test_the_longest_gap_is_over_all_clients_and_up_to_the_end(
    acknowledged: list[float], end: float, gap: float
) -> None:
    """In whatever order they were told; writes that never came back count too, and none at all has no end."""
    assert longest_gap(acknowledged, end) == gap


def test_clients_are_counted_together() -> None:
    first, second = told(), Told(acknowledged=[4.0], reads=3, went_back=["x"])
    first.errors["write 503"] += 2
    second.errors["write 503"] += 1
    found = together([first, second])
    assert (found.tickets, found.unknown_titles) == (first.tickets, ["c"])
    assert (found.acknowledged, found.reads, found.went_back) == ([4.0], 3, ["x"])
    assert found.errors == {"write 503": 3}
