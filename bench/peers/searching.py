"""What a system is searched by, and the proof that it finds rightly."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from bench.asking import ask_well
from bench.peers.measuring import SOON, Server, Unanswered, ask_patiently
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
    """A page of each kind of QUESTIONS that can be asked, the newest tickets first."""
    hits: Callable[[bytes], Hits]
    """Raises Unanswered where an answer tells, whatever its status, that the system has failed."""

    @property
    def questions(self) -> Sequence[Question]:
        return [question for question in QUESTIONS if question.kind in self.requests]


def prove_search(server: Server, search: Search, tickets: int, workers: int) -> Sequence[Question]:
    """Raise RuntimeError unless each question finds as many tickets as have it, the newest of them on its page.

    Returns those that were answered: not what took a minute, nor what the system gave up after some seconds. Each is
    asked alone, and if that was soon, twice as often at once as there are workers, so that all of them have run what
    they run for it.
    """
    return [question for question in search.questions if _is_answered(server, search, question, tickets, 2 * workers)]


def _is_answered(server: Server, search: Search, question: Question, tickets: int, at_once: int) -> bool:
    request = search.requests[question.kind]
    try:
        answer, seconds = ask_patiently(server, request)
        found = search.hits(answer.body)
    except Unanswered:
        return False
    _prove(server.url, question, found, tickets)
    if seconds < SOON:
        with ThreadPoolExecutor(at_once) as pool:
            for another in pool.map(ask_well, [server.url] * at_once, [request] * at_once):
                _prove(server.url, question, search.hits(another.body), tickets)
    return True


def _prove(url: str, question: Question, found: Hits, tickets: int) -> None:
    wanted = question.hits(tickets)
    right = found.total == wanted if found.is_exact else 0 < found.total < wanted
    newest = wanted * question.every
    if not right or (wanted and max(found.numbers, default=0) != newest):
        raise RuntimeError(
            f"{url} finds {found.total} tickets with {question.text}, the newest {max(found.numbers, default=0)},"
            f" where {wanted} have it, and the newest is {newest}"
        )
