"""What is there after a restore, held against when each change was sent and acknowledged."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from deploy.trial.checks import Kept, judge
from deploy.trial.told import Told, Write, assignment_of, change_of, together


@dataclass
class Judgement:
    before: int = 0
    """Changes that were acknowledged by the moment."""
    under_way: int = 0
    """Sent by then, and not yet acknowledged."""
    under_way_there: int = 0
    after: int = 0
    """Sent later."""
    after_there: int = 0
    newest: float = 0
    """When the newest change that is there was acknowledged."""
    lost: list[str] = field(default_factory=list)
    """What was acknowledged by the moment, and is not there."""
    late: list[str] = field(default_factory=list)
    """What was sent later, and is there."""
    wrong: list[str] = field(default_factory=list)
    """A sentence for each number or text that stands twice, and each change that is there without the one before."""


def there(kept: Mapping[int, Kept], assigned: Collection[str]) -> set[str]:
    """The names of all changes that a database holds, as `Write` has them; `assigned` are titles."""
    found = {assignment_of(title) for title in assigned}
    for ticket in kept.values():
        found |= {ticket.title, *ticket.notes}
        found |= {change_of(ticket.title, step) for step in range(len(ticket.statuses) - 1)}
    return found


def hold(clients: Sequence[Told], moment: float, kept: Mapping[int, Kept], assigned: Collection[str]) -> Judgement:
    """`moment` is by the clock that the clients have."""
    held, found = there(kept, assigned), Judgement()
    for client in clients:
        for write in client.writes:
            _count(write, moment, held, found)
        found.wrong += _gaps(client.writes, held)
    verdict = judge(_known(together(clients), held), kept)
    found.wrong += [*verdict.lost, *verdict.doubled, *verdict.numbers]
    return found


def _count(write: Write, moment: float, held: set[str], found: Judgement) -> None:
    is_there = write.what in held
    if write.acknowledged is not None and write.acknowledged <= moment:
        found.before += 1
        if not is_there:
            found.lost.append(write.what)
    elif write.sent <= moment:
        found.under_way += 1
        found.under_way_there += is_there
    else:
        found.after += 1
        found.after_there += is_there
        if is_there:
            found.late.append(write.what)
    if is_there and write.acknowledged is not None:
        found.newest = max(found.newest, write.acknowledged)


def _gaps(writes: Sequence[Write], held: set[str]) -> Iterator[str]:
    """A client sends a change when it knows of the one before: what is there ends once, and does not begin again."""
    missing = None
    for write in writes:
        if write.what in held:
            if missing is not None:
                yield f"{write.what!r} is there, and {missing.what!r}, acknowledged before it was sent, is not"
        elif write.acknowledged is not None:
            missing = missing or write


def _known(told: Told, held: set[str]) -> Told:
    """Without what is not there: how much of it may be missing is told elsewhere."""
    tickets = []
    for ticket in told.tickets:
        if ticket.title in held:
            changed = [there for step, there in enumerate(ticket.statuses[1:]) if change_of(ticket.title, step) in held]
            notes = [note for note in ticket.notes if note in held]
            tickets.append(replace(ticket, notes=notes, statuses=[*ticket.statuses[:1], *changed]))
    return Told(tickets, told.unknown_titles)
