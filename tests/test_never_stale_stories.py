"""No answer is older than the last change, in any order of them: stories from a seed, each answer against plain SQL.

Each question is asked before a change, so that whatever a worker remembers of it is there to be wrong, and again right
after it.
"""

from collections.abc import Iterator
from random import Random

import pytest

from acting import CLOCK
from keesa.clock import now
from keesa.db import Database
from places import Place
from plain_answers import ANSWERS, World
from route_tables import endpoints
from soaking import times
from stories import CHANGES, Step, check, let_everybody_back, questions_about, raise_ticket
from two_workers_desk import PEOPLE, Desk, two_workers


@pytest.fixture
def desk(place: Place, database: Database) -> Iterator[Desk]:
    """Two workers on the cast's database; everybody is logged in."""
    with two_workers(place, database) as opened:
        yield opened


def test_every_list_and_ticket_is_asked_for() -> None:
    """A new path that tells of tickets needs its plain answer here, and so does what tells what one may do; but for
    those of which nothing is kept.
    """
    asked = {path for method, path in endpoints() if method == "GET" and path.startswith("/tickets")}
    of_ticket = ("history", "rows", "counts", "search", "notes", "{note}", "relations", "watchers", "tags")
    kept_nowhere = (*of_ticket, "images", "{image}", "files", "{file}")
    asked -= {path for path in asked if path.split("/")[-1] in kept_nowhere}
    assert asked | {"/me"} == ANSWERS.keys()


@pytest.mark.parametrize("seed", range(1, times(2, 6)))
def test_every_answer_is_that_of_the_rows_there_are_now(desk: Desk, seed: int) -> None:
    """Whatever was changed before it, by whom, and whether or not a worker was told."""
    random = Random(seed)  # noqa: S311 - the same story at each run, not a secret
    story = [change for change, times in CHANGES.items() for _ in range(times)]
    random.shuffle(story)
    for number, change in enumerate(story):
        world = desk.world()
        ticket = next_number(world) if change is raise_ticket else random.choice(list(world.tickets))
        step = Step(random, desk, world, random.choice(PEOPLE[1:]), ticket)
        questions, where = questions_about(step), f"seed {seed}, step {number}"
        check(desk, world, questions, f"{where}, before {change.__name__}", times=2)
        change(step)
        world = desk.world()
        check(desk, world, questions, f"{where}, after {change.__name__}", times=1)
        let_everybody_back(desk, world)


def next_number(world: World) -> int:
    """Of the ticket that is raised next: it is asked for while there is none."""
    year = CLOCK.local(now()).year
    return max((number for number in world.tickets if number // 1000 == year), default=year * 1000) + 1
