"""A work in steps on one of the loop's connections: between the steps the loop has its turn.

What a step waits for the server does not hold the loop, however long it is.
"""

from typing import Final, TypeVar

from keesa.db.admission import Admission
from keesa.db.engine import Pace, Steps
from keesa.db.postgres_loop_connection import LoopConnection
from keesa.db.steps import LONGEST, TURN, next_step
from keesa.errors import Unavailable

T = TypeVar("T")

BEGINNING: Final = 0.001
"""Seconds that a work may keep the loop before it counts as long."""
NO_PLACE: Final = object()
"""Instead of what the work gives: it was ended, since there was no place for a long one to go on."""


def run_steps(steps: Steps[T], connection: LoopConnection, places: Admission | None) -> T | object:
    """What the work gives; one that takes long goes on with one of `places`, or is ended where none is free. None of
    them where it has its place already.
    """
    entered = False
    try:
        pace, done = next_step(steps)
        while done is None:
            if places is not None and not entered and (pace is Pace.LONG or connection.work_seconds > BEGINNING):
                entered = places.enter_now()
                if not entered:
                    return NO_PLACE
            _let_others_on(connection)
            pace, done = next_step(steps)
        return done[0]
    finally:
        try:
            steps.close()
        finally:
            if entered and places is not None:
                places.leave()


def _let_others_on(connection: LoopConnection) -> None:
    """Where it has had its turn. Raises `Unavailable` where it takes too long, or nobody waits any more."""
    if connection.turn_seconds > TURN:
        connection.pause()
    if not connection.is_wanted or connection.total_seconds > LONGEST:
        raise Unavailable("This takes too long now, please try again later or ask for less")
