"""What Keesa does by itself, from time to time: the kinds of jobs that recur. Each transaction is short, and leaves
what is more than that to the next one.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import time
from typing import Final, cast

import msgspec

from keesa.accounts import api_token_changes, attempts, idempotency, password_links, sessions
from keesa.accounts.audit import unknown_logins
from keesa.clock import Clock, now
from keesa.db import Tx
from keesa.files import sweeping
from keesa.files.places import Place
from keesa.files.sweeping import Done, Portion, Progress
from keesa.interpreter import let_others_on
from keesa.jobs.clearing import clear_given_up
from keesa.jobs.kinds import HOUR, Job, Kind, Outside, Payload, Within
from keesa.jobs.schedules import Daily, Every
from keesa.reports.recounting import fold
from keesa.tickets.returning import bring_back
from keesa.uploads import uploads
from keesa.words import filling, pending

NAMES: Final = (
    "return_tickets",
    "clear_sessions",
    "clear_password_links",
    "clear_logins",
    "clear_login_networks",
    "clear_tokens",
    "clear_idempotency_keys",
    "clear_uploads",
    "clear_request_rates",
    "clear_jobs",
    "sweep_files",
    "fill_search",
    "fold_reports",
    "fold_search",
)
"""Of the kinds, for who needs no more of them."""

ROWS: Final = 200
"""That one transaction clears, at the most."""
USERS: Final = 50
"""Of whom one transaction clears something, at the most."""
RATES_KEPT: Final = HOUR
"""Milliseconds for which it is kept how often somebody has asked."""
_MIDNIGHT: Final = time(0, 0)

Clear = Callable[[Tx, int, int], int]
"""Clears up to so many rows that are of the past at a time; how many it were."""
ClearUsers = Callable[[Tx, int, int, int], int | None]
"""Clears what is of the past of so many users behind one; the last of them, None at the end."""


def kinds_of(clock: Clock, place: Callable[[Tx], Place]) -> Sequence[Kind]:
    """All of them concern the desk alone: they go on in a restored copy too. `place` finds where its files are kept."""

    def return_tickets(tx: Tx, job: Job) -> Payload | None:
        return job.payload if bring_back(tx, now(), clock) else None

    def fold_reports(tx: Tx, job: Job) -> Payload | None:
        return job.payload if fold(tx, clock) else None

    def fold_search(tx: Tx, job: Job) -> Payload | None:
        return job.payload if pending.fold(tx) else None

    nightly, hourly = Daily(time(3, 0)), Every(60)
    return (
        Kind(name="return_tickets", way=Within(return_tickets), schedule=Daily(_MIDNIGHT)),
        Kind(name="clear_sessions", way=_rows(sessions.clear_expired), schedule=hourly),
        Kind(name="clear_password_links", way=_rows(password_links.clear_expired), schedule=hourly),
        Kind(name="clear_logins", way=_rows(_clear_logins), schedule=hourly),
        Kind(name="clear_login_networks", way=_users(attempts.clear_networks), schedule=nightly),
        Kind(name="clear_tokens", way=_users(api_token_changes.clear_past), schedule=nightly),
        Kind(name="clear_idempotency_keys", way=_rows(idempotency.clear_past), schedule=Every(10)),
        Kind(name="clear_uploads", way=_rows(uploads.clear_expired), schedule=hourly),
        Kind(name="clear_request_rates", way=_rows(_clear_rates), schedule=Every(10)),
        Kind(name="clear_jobs", way=_rows(clear_given_up), schedule=nightly),
        Kind(name="sweep_files", way=_sweep(place), schedule=Every(360)),
        Kind(name="fill_search", way=_fill(), schedule=Every(10)),
        Kind(name="fold_reports", way=Within(fold_reports), schedule=Every(1)),
        Kind(name="fold_search", way=Within(fold_search), schedule=Every(seconds=5), needed=pending.IS_ANY),
    )


def _sweep(place: Callable[[Tx], Place]) -> Outside:
    """The payload is how far it is."""

    def prepare(tx: Tx, job: Job) -> Portion:
        return sweeping.look(tx, place, msgspec.convert(job.payload, Progress))

    async def act(portion: Portion, _: Job) -> Done:
        return await sweeping.act(portion)

    def ended(tx: Tx, job: Job, done: Done) -> Payload | None:
        progress = sweeping.keep(tx, msgspec.convert(job.payload, Progress), done)
        return None if progress is None else cast("Payload", msgspec.to_builtins(progress))

    return Outside(prepare, act, ended, seconds=sweeping.SECONDS, sends=False)


def _fill() -> Outside:
    """The settings have how far it is: who rebuilds the index goes on from there too."""

    def prepare(tx: Tx, _: Job) -> filling.Portion | None:
        return filling.read_portion(tx)

    async def act(portion: filling.Portion, _: Job) -> tuple[filling.Portion, Sequence[filling.Made]]:
        return portion, await asyncio.to_thread(filling.made_of, portion.tickets, let_others_on)

    def ended(tx: Tx, job: Job, done: tuple[filling.Portion, Sequence[filling.Made]]) -> Payload | None:
        return job.payload if filling.keep_portion(tx, *done) else None

    return Outside(prepare, act, ended, sends=False)


def _rows(clear: Clear) -> Within:
    return Within(lambda tx, job: job.payload if clear(tx, now(), ROWS) >= ROWS else None)


def _users(clear: ClearUsers) -> Within:
    """The payload is where to go on."""

    def do(tx: Tx, job: Job) -> Payload | None:
        last = clear(tx, now(), job.payload.get("after", -1), USERS)
        return None if last is None else {"after": last}

    return Within(do)


def _clear_logins(tx: Tx, at: int, most: int) -> int:
    return max(attempts.clear_past(tx, at, most), unknown_logins.clear_past(tx, at, most))


def _clear_rates(tx: Tx, at: int, most: int) -> int:
    """All rows are looked at: there is one for each who has asked of late."""
    return tx.changed(_CLEAR_RATES, past=at - RATES_KEPT, most=most)


_CLEAR_RATES: Final = """
    DELETE FROM request_rates WHERE subject IN (
        SELECT subject FROM request_rates WHERE since < :past LIMIT :most $if_free
    )
"""
