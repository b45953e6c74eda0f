"""The rows of the target table: what Keesa shall reach, as ratios to what is measured beside it in the same run."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Final

import jwt

from bench import limits
from bench.contending import Contender, Figure, Ratio, alternate, measure, ratio
from bench.desks import Desk, get, serving
from bench.endpoints import new_notes, new_ticket, reads, status_changes, writes
from bench.limits import Asker
from bench.wrk import Request, run

CLIENTS: Final = 8
MANY: Final = 32
UNGROUPED: Final = (sys.executable, "-m", "bench.ungrouped")
ASKERS: Final[Mapping[str, tuple[str, Asker]]] = {
    "list, admin": ("admin", "admin"),
    "list, engineer": ("engineer", "engineer"),
    "list, customer": ("customers_user", "customer"),
}
"""The lists of 20: who of the world asks for each, and as what the bare function knows them."""


@dataclass(frozen=True, slots=True)
class Reached:
    """One figure of one row. `bound` is the most that it may be, or the least where `at_least`."""

    row: str
    case: str
    reached: Ratio
    bound: float | None
    at_least: bool = False
    unit: str = ""
    """Empty for a ratio."""

    @property
    def good(self) -> bool | None:
        """None for what is shown for comparison only."""
        if self.bound is None:
            return None
        return self.reached.middle >= self.bound if self.at_least else self.reached.middle <= self.bound


@dataclass(frozen=True, slots=True)
class Effort:
    """How long each comparison is watched."""

    seconds: float
    rounds: int


def cpu(figure: Figure) -> float:
    return figure.cpu


def p50(figure: Figure) -> float:
    return figure.p50


def p99(figure: Figure) -> float:
    return figure.p99


def per_second(figure: Figure) -> float:
    return figure.per_second


def lists_to_bare(desk: Desk, effort: Effort) -> Iterator[Reached]:
    """CPU of a list against one plain SQL statement in a bare ASGI function."""
    who = {"list, admin": None, "list, engineer": user_id(desk, "engineer"), "list, customer": desk.world.customer_id}
    asked = {name: [limits.bare_list(asker, who[name])] for name, (_, asker) in ASKERS.items()}
    yield from _to_bare(desk, effort, asked, "CPU of a list of 20 to bare SQL", 0.3)


def _to_bare(
    desk: Desk, effort: Effort, asked: Mapping[str, Sequence[Request]], row: str, bound: float
) -> Iterator[Reached]:
    """Against the bare function that checks a token's signature, as any API must; and, for comparison, without."""
    with limits.serving_bare(desk.place.data, desk.place.database_url, 1) as bare:
        for name, requests in asked.items():
            processes = _with_database(desk, bare.pid)
            contenders = [
                Contender("keesa", desk.url, {**reads(desk), **writes(desk)}[name], desk.processes),
                Contender("bare", bare.url, [_with_token(desk, request) for request in requests], processes),
                Contender("without token", bare.url, requests, processes),
            ]
            found = alternate(contenders, CLIENTS, effort.seconds, effort.rounds)
            yield Reached(row, name, ratio(found["keesa"], found["bare"], cpu), bound)
            without = ratio(found["keesa"], found["without token"], cpu)
            yield Reached(f"{row} that checks no token", name, without, None)


def _with_token(desk: Desk, request: Request) -> Request:
    return replace(request, headers={**request.headers, "Authorization": f"Bearer {desk.tokens['admin']}"})


def reads_to_memory(desk: Desk, effort: Effort) -> Iterator[Reached]:
    """CPU of a list and of one ticket against the same bytes from memory, with and without the session's look-up."""
    for name, (person, _) in {**ASKERS, "one ticket": ("admin", "admin")}.items():
        requests, token, place = reads(desk)[name][:50], desk.tokens[person], desk.place
        answers = {str(number): get(desk.url, asked.path, token) for number, asked in enumerate(requests)}
        with ExitStack() as stack:
            contenders = [Contender("keesa", desk.url, requests, desk.processes)]
            for kind in _MEMORY:
                memory = stack.enter_context(
                    limits.serving_memory(place.data, place.database_url, 1, answers, sessions=kind == "memory")
                )
                asked = limits.memory_read(answers, token)
                contenders.append(Contender(kind, memory.url, asked, _with_database(desk, memory.pid)))
            found = alternate(contenders, CLIENTS, effort.seconds, effort.rounds)
        for kind, row in _MEMORY.items():
            yield Reached(row, name, ratio(found["keesa"], found[kind], cpu), 2 if name == "one ticket" else 3)


_MEMORY: Final = {
    "memory": "CPU to an authenticated request from memory",
    "token only": "CPU to a request from memory that looks up no session",
}


def work_to_bare(desk: Desk, effort: Effort) -> Iterator[Reached]:
    """CPU of one ticket, of notes and of writes against a bare function that does the same durable work."""
    admin, engineer = user_id(desk, "admin"), user_id(desk, "engineer")
    asked: dict[str, Sequence[Request]] = {
        "notes": limits.bare_notes(desk.world.ids),
        "create": limits.bare_create(admin, [new_ticket(desk)]),
        "add note": limits.bare_note(engineer, new_notes(desk)),
        "status change": limits.bare_status(engineer, status_changes(desk)),
    }
    row = "CPU to the bare function's same work"
    yield from _to_bare(desk, effort, {"one ticket": limits.bare_one(desk.world.ids)}, row, 1)
    yield from _to_bare(desk, effort, asked, row, 1.5)


def large_to_small(found: Mapping[str, Mapping[str, Sequence[Figure]]], sizes: Sequence[int]) -> Iterator[Reached]:
    """Of what `every_size` measured: the largest data set against the smallest."""
    small, large = str(min(sizes)), str(max(sizes))
    for endpoint, figures in found.items():
        for value in (cpu, p50):
            name = "CPU" if value is cpu else "p50"
            row = f"{name} at {max(sizes):,} tickets to {min(sizes):,}"
            yield Reached(row, endpoint, ratio(figures[large], figures[small], value), 1.3)


def every_size(desks: Mapping[int, Desk], effort: Effort) -> dict[str, Mapping[str, Sequence[Figure]]]:
    """By endpoint and number of tickets."""
    found: dict[str, Mapping[str, Sequence[Figure]]] = {}
    for kind in (reads, writes):
        for endpoint in kind(next(iter(desks.values()))):
            contenders = [
                Contender(str(tickets), desk.url, kind(desk)[endpoint], desk.processes)
                for tickets, desk in desks.items()
            ]
            found[endpoint] = alternate(contenders, CLIENTS, effort.seconds, effort.rounds)
    return found


def durable_creates(desk: Desk, effort: Effort) -> Iterator[Reached]:
    """The tail of the latencies of 32 clients' creates; on SQLite, which commits in groups, also their number against a
    commit for each.
    """
    for workers in (1, 2):
        with ExitStack() as stack:
            servers = {"keesa": stack.enter_context(serving(desk.place, desk.world, workers))}
            if desk.place.database_url is None:
                single = serving(desk.place, desk.world, workers, keesa=UNGROUPED)
                servers["single"] = stack.enter_context(single)
            contenders = [
                Contender(name, server.url, writes(server)["create"], server.processes)
                for name, server in servers.items()
            ]
            found = alternate(contenders, MANY, effort.seconds, effort.rounds)
        case, row = f"{workers} worker{'s' * (workers > 1)}", f"durable creates, {MANY} clients"
        if "single" in found:
            grouped = ratio(found["keesa"], found["single"], per_second)
            yield Reached(f"{row}: to one commit each", case, grouped, 2, at_least=True)
        tails = sorted(figure.p99 / figure.p50 for figure in found["keesa"])
        yield Reached(f"{row}: p99 to p50", case, Ratio(tails[len(tails) // 2], tails[0], tails[-1]), 10)


def beside_long_lists(desk: Desk, effort: Effort) -> Iterator[Reached]:
    """p99 of one ticket while another client asks for lists of 500 without pause, against a quiet server."""
    one = Contender("one ticket", desk.url, reads(desk)["one ticket"], desk.processes)
    run(desk.url, one.requests, 1, 1)
    for endpoint, bound in {"by type, 500": 3, "list of 500": None}.items():
        run(desk.url, reads(desk)[endpoint], 1, 1)
        quiet, beside = [], []
        with ThreadPoolExecutor(1) as other:
            for _ in range(effort.rounds):
                quiet.append(measure(one, 1, effort.seconds))
                lists = other.submit(run, desk.url, reads(desk)[endpoint], 1, effort.seconds + 1)
                beside.append(measure(one, 1, effort.seconds))
                lists.result()
        yield Reached("p99 of one ticket beside lists of 500", endpoint, ratio(beside, quiet, p99), bound)


def two_workers(desk: Desk, effort: Effort, bound: float | None) -> Iterator[Reached]:
    """Requests a second of two workers against one."""
    with serving(desk.place, desk.world, 2) as two:
        for endpoint in ("list, engineer", "one ticket", "by type"):
            contenders = [
                Contender(name, server.url, reads(server)[endpoint], server.processes)
                for name, server in {"one": desk, "two": two}.items()
            ]
            found = alternate(contenders, MANY, effort.seconds, effort.rounds)
            yield Reached(
                "two workers to one, reads",
                endpoint,
                ratio(found["two"], found["one"], per_second),
                bound,
                at_least=True,
            )


def memory_and_start(desk: Desk) -> Iterator[Reached]:
    """After all that was asked of it; and a start of its own."""
    memory = desk.worker_mib()
    yield Reached("memory a worker", f"{desk.world.tickets:,} tickets", Ratio(memory, memory, memory), 150, unit="MB")
    starts = []
    for _ in range(3):
        with serving(desk.place, desk.world, 1) as started:
            starts.append(started.started_in)
    starts.sort()
    found = Ratio(starts[1], starts[0], starts[2])
    yield Reached("start to first answer", f"{desk.world.tickets:,} tickets", found, 1.5, unit="s")


def user_id(desk: Desk, person: str) -> int:
    """As the token tells it."""
    found: int = jwt.decode(desk.tokens[person], options={"verify_signature": False})["user_id"]
    return found


def _with_database(desk: Desk, pid: int) -> Sequence[int]:
    return (pid,) if desk.place.postmaster is None else (pid, desk.place.postmaster)


ROWS: Final[Mapping[str, Callable[[Desk, Effort], Iterator[Reached]]]] = {
    "bare": lists_to_bare,
    "memory": reads_to_memory,
    "work": work_to_bare,
    "beside": beside_long_lists,
    "creates": durable_creates,
}
"""The rows that one server on the largest data set is enough for, by the names that the option --rows takes."""
