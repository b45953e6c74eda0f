"""What is kept, held against what the clients were told: nothing lost, nothing doubled."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from deploy.trial.told import Told, ToldTicket


@dataclass(frozen=True)
class Kept:
    """A ticket as the database, or a node's answer, has it."""

    title: str
    notes: Sequence[str]
    statuses: Sequence[str]


@dataclass
class Verdict:
    """A sentence for each fault that was found."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.numbers)


def judge(told: Told, kept: Mapping[int, Kept]) -> Verdict:
    """`kept` may hold more than the clients wrote, by other titles."""
    verdict = Verdict()
    for number, count in Counter(ticket.number for ticket in told.tickets).items():
        if count > 1:
            verdict.numbers.append(f"{count} creates were told the number {number}")
    for ticket in told.tickets:
        _judge_ticket(ticket, kept, verdict)
    ours = {ticket.title for ticket in told.tickets} | set(told.unknown_titles)
    mine = [found for found in kept.values() if found.title in ours]
    verdict.doubled += _repeated("title", (found.title for found in mine))
    verdict.doubled += _repeated("note", (note for found in mine for note in found.notes))
    return verdict


def _judge_ticket(ticket: ToldTicket, kept: Mapping[int, Kept], verdict: Verdict) -> None:
    found = kept.get(ticket.number)
    if found is None:
        verdict.lost.append(f"ticket {ticket.number}")
        return
    if found.title != ticket.title:
        verdict.numbers.append(f"{ticket.number} is {found.title!r}, and {ticket.title!r} was told it")
        return
    verdict.lost += [f"note {note!r} of {ticket.number}" for note in ticket.notes if note not in found.notes]
    told, there = ticket.statuses, list(found.statuses)
    late = [] if ticket.unknown_status is None else [ticket.unknown_status]
    if there[: len(told)] != told:
        verdict.lost.append(f"status of {ticket.number}: {told} were told, {there} are there")
    elif there not in (told, told + late):
        verdict.doubled.append(f"status of {ticket.number}: {told} were told, {there} are there")


def _repeated(what: str, texts: Iterable[str]) -> list[str]:
    return [f"{what} {text!r} stands {count} times" for text, count in Counter(texts).items() if count > 1]
