"""What a system is searched by, and the proof that it finds rightly."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from bench.asking import ask_well
from bench.peers.texts import QUESTIONS, Question
from bench.wrk import Request


class Hits(NamedTuple):
    """What one answer tells: the numbers of the loaded tickets on its page, and how many there are in all."""

    numbers: list[int]
    total: int
    is_exact: bool = True
    """Whether there are no more than `total`."""


@dataclass(frozen=True, slots=True)
class Search:
    requests: Mapping[str, Request]
    """A page of each kind of QUESTIONS, the newest tickets first."""
    hits: Callable[[bytes], Hits]


def prove_search(url: str, search: Search, tickets: int, workers: int) -> None:
    """Raise RuntimeError unless each question finds as many tickets as have it, the newest of them on its page.

    Each is asked twice as often at once as there are workers, so that all of them have run what they run for it.
    """
    with ThreadPoolExecutor(2 * workers) as pool:
        for question in QUESTIONS:
            asked = [search.requests[question.kind]] * (2 * workers)
            for answer in pool.map(lambda request: ask_well(url, request), asked):
                _prove(url, question, search.hits(answer.body), tickets)


def _prove(url: str, question: Question, found: Hits, tickets: int) -> None:
    wanted = question.hits(tickets)
    right = found.total == wanted if found.is_exact else 0 < found.total < wanted
    newest = wanted * question.every
    if not right or (wanted and max(found.numbers, default=0) != newest):
        raise RuntimeError(
            f"{url} finds {found.total} tickets with {question.text}, the newest {max(found.numbers, default=0)},"
            f" where {wanted} have it, and the newest is {newest}"
        )
