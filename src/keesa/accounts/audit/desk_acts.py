"""Acts on the desk as a whole, by commands of operators: each that has changed something stands in the trail."""

from collections.abc import Sequence

from keesa import desk, maintenance
from keesa.accounts.audit.recording import Requester, record
from keesa.clock import Clock
from keesa.db import Tx


def switch_maintenance(tx: Tx, by: Requester, *, on: bool) -> None:
    """While it is on, everybody is answered 503."""
    was = maintenance.is_on(tx)
    (maintenance.switch_on if on else maintenance.switch_off)(tx)
    if was is not on:
        record(tx, by, "desk.maintenance", None, {"maintenance": was}, {"maintenance": on})


def switch_sending(tx: Tx, by: Requester, *, on: bool) -> None:
    """Whether anything is sent to the world outside."""
    was = desk.find(tx).sending_paused_at is None
    (desk.send if on else desk.pause_sending)(tx)
    if was is not on:
        record(tx, by, "desk.sending", None, {"sending": was}, {"sending": on})


def record_renewal(tx: Tx, by: Requester, since: int, clock: Clock) -> None:
    """It goes on from an older state of its own, of that time in milliseconds since 1970."""
    record(tx, by, "desk.renew", None, {}, {"state_of": clock.iso(since)})


def record_restore(tx: Tx, by: Requester, since: int, clock: Clock, *, same_desk: bool) -> None:
    """It was brought back from a back-up of that time."""
    record(tx, by, "desk.restore", None, {}, {"state_of": clock.iso(since), "same_desk": same_desk})


def record_migrations(tx: Tx, by: Requester, applied: Sequence[int]) -> None:
    """By their versions, in order; those of one command are one act."""
    if applied:
        record(tx, by, "desk.migrate", None, {"schema": applied[0] - 1}, {"schema": applied[-1]})


def record_adoption(tx: Tx, by: Requester, place: str) -> None:
    """Pictures and files are kept there from now on."""
    record(tx, by, "desk.adopt_files", None, {}, {"files": place})


def record_rotation(tx: Tx, by: Requester, *, leaked: bool) -> None:
    """Another secret signs; where the former one had leaked, all sessions have ended."""
    record(tx, by, "secret.rotate", None, {}, {"leaked": leaked})
