"""No answer is older than the last change while both nodes change things, many at once, and others read meanwhile."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from threading import Event
from typing import Any, Final

import pytest

from cast import ADMIN, ASSIGNED, ENGINEER, RAISED, TYPED, Person
from keesa.accounts.sessions import Version
from keesa.db import Database
from nodes import LONG_JITTER_MS
from places import Place
from plain_answers import Question
from stories import (
    CHANGES,
    Step,
    add_note,
    change_assignee,
    change_status,
    check,
    go_offline,
    let_everybody_back,
    questions_about,
    raise_ticket,
)
from two_workers_desk import PEOPLE, Desk, two_workers

ROUNDS: Final = 8
READERS: Final = 4
SEVERAL: Final = (raise_ticket, add_note, add_note, change_status, change_assignee)
"""Of each round, as field staff do them at once."""
FURTHER: Final = 4
"""Changes of a round of other kinds, each of its own: two that insert the same row would refuse each other."""
WRITERS: Final = 6
NOTES: Final = 25
"""Of each writer."""


@pytest.fixture
def desk(place: Place, database: Database) -> Iterator[Desk]:
    """Two workers on the cast's database; everybody is logged in."""
    with two_workers(place, database) as opened:
        yield opened


@pytest.fixture
def slow_desk(place: Place, database: Database) -> Iterator[Desk]:
    """The same, with a network that takes longer than all else."""
    with two_workers(place, database, LONG_JITTER_MS) as opened:
        yield opened


class StepAtOnce(Step):
    """A change that others may come before: done, or refused for what they did."""

    def act(
        self,
        person: Person,
        path: str,
        body: object,
        *,
        method: str = "POST",
        version: Version = "2024",
        only_staff: bool = False,
    ) -> None:
        del only_staff
        got = self.desk.act(self.random.randrange(2), person, path, body, method=method, version=version)
        assert got[0] < 500, f"{self.desk.changes[-1]}\nwas answered {got}"


@contextmanager
def readers(desk: Desk, questions: Sequence[Question]) -> Iterator[None]:
    """Ask both workers these questions without a pause, so that much is being remembered while it changes."""
    over = Event()

    def read(seed: int) -> None:
        random = Random(seed)  # noqa: S311 - as below
        with desk.another() as own:
            while not over.is_set():
                status, body = own.get(random.choice(own.workers), random.choice(questions))
                assert status < 500, body

    with ThreadPoolExecutor(READERS) as threads:
        reading = [threads.submit(read, seed) for seed in range(READERS)]
        try:
            yield
        finally:
            over.set()
    for each in reading:
        each.result()


def changes_of(random: Random) -> list[Callable[[Step], None]]:
    others = [change for change in CHANGES if change not in (*SEVERAL, go_offline)]
    return [*SEVERAL, *random.sample(others, FURTHER)]


@pytest.mark.parametrize("seed", [1, 2])
def test_every_answer_is_that_of_the_rows_after_changes_at_once(desk: Desk, seed: int) -> None:
    """Changes of every kind come at once through both workers, while both are asked for what they change."""
    random = Random(seed)  # noqa: S311 - the same story at each run as far as the order allows, not a secret
    for number in range(ROUNDS):
        world = desk.world()
        few = random.sample(list(world.tickets), 3)
        step = StepAtOnce(random, desk, world, random.choice(PEOPLE[1:]), few[0])
        questions = [*questions_about(step), *questions_about(replace(step, ticket=few[1]))]
        check(desk, world, questions, f"seed {seed}, round {number}, before", times=1)
        with readers(desk, questions):
            change_at_once(step, few)
        world = desk.world()
        check(desk, world, questions, f"seed {seed}, round {number}, after", times=2)
        let_everybody_back(desk, world)


def change_at_once(step: Step, tickets: Sequence[int]) -> None:
    """One of these tickets or anybody with each change."""
    random = step.random
    changes = changes_of(random)
    steps = [
        replace(
            step,
            random=Random(random.random()),  # noqa: S311 - as above
            ticket=random.choice(tickets),
            person=random.choice(PEOPLE[1:]),
        )
        for _ in changes
    ]
    with ThreadPoolExecutor(len(changes)) as threads:
        list(threads.map(change_apart, changes, steps))


def change_apart(change: Callable[[Step], None], step: Step) -> None:
    with step.desk.another() as own:
        change(replace(step, desk=own))


@dataclass
class Spoken:
    """What was said of each ticket and acknowledged, and the longest list of notes that anybody was shown."""

    acknowledged: Mapping[int, list[str]] = field(default_factory=lambda: {RAISED: [], ASSIGNED: [], TYPED: []})
    shown: dict[int, int] = field(default_factory=dict)


def test_nobody_is_shown_less_than_was_acknowledged_or_shown_before(slow_desk: Desk) -> None:
    """Six people speak of three tickets through both workers, and each look, through either, shows every note that was
    acknowledged before it, and all that any other look had shown.
    """
    desk, spoken, over = slow_desk, Spoken(), Event()
    with ThreadPoolExecutor(WRITERS + READERS) as threads:
        looking = [threads.submit(look, desk, spoken, over, seed) for seed in range(READERS)]
        speaking = [threads.submit(speak, desk, spoken, number) for number in range(WRITERS)]
        try:
            for each in speaking:
                each.result()
        finally:
            over.set()
    for each in looking:
        each.result()
    for ticket, texts in spoken.acknowledged.items():
        rows = [note["body"] for note in desk.world().notes if note["ticket_id"] == ticket and "said" in note["body"]]
        assert sorted(rows) == sorted(texts)


def speak(desk: Desk, spoken: Spoken, number: int) -> None:
    with desk.another() as own:
        for position in range(NOTES):
            ticket = (RAISED, ASSIGNED, TYPED)[position % 3]
            text = f"{number} said {position}"
            body = {"ticket_number": ticket, "ticket_note": {"note": text}}
            status, answered = own.act(position % 2, ADMIN, "/tickets/add_ticket_note", body)
            assert status == 201, answered
            spoken.acknowledged[ticket].append(text)


def look(desk: Desk, spoken: Spoken, over: Event, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - as above
    with desk.another() as own:
        while not over.is_set():
            ticket = random.choice((RAISED, ASSIGNED, TYPED))
            question = Question(ENGINEER, "2024", "/tickets/get_ticket_notes", query={"ticket_number": ticket})
            if random.random() < 1 / 2:
                question = Question(ENGINEER, "2024", "/tickets/{ticket}", ticket)
            due, seen = list(spoken.acknowledged[ticket]), spoken.shown.get(ticket, 0)
            status, body = own.get(random.choice(own.workers), question)
            assert status == 200, body
            texts = notes_in(body["data"])
            assert set(due) <= set(texts)
            assert len(texts) >= seen
            spoken.shown[ticket] = max(spoken.shown.get(ticket, 0), len(texts))


def notes_in(data: Mapping[str, Any]) -> list[str]:
    """Of the ticket itself, or of its list of notes."""
    if "ticket" in data:
        return [note["comment"] for note in data["ticket"]["ticket_notes"]]
    return [note["note"] for note in data["notes"]]
