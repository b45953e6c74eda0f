"""`keesa job list|show|retry|drop|pause|resume`."""

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Final

import typer

from keesa.accounts.audit.recording import Requester
from keesa.cli.listing import AsJson, Value, print_json, print_list
from keesa.cli.options import (
    ConfigFile,
    Data,
    DatabaseUrl,
    configured,
    existing_database,
    operator,
    possible_id,
    ready_database,
)
from keesa.clock import Clock, now
from keesa.db import Tx
from keesa.errors import Refused
from keesa.housekeeping import NAMES
from keesa.jobs.dropping import drop as drop_one
from keesa.jobs.dropping import drop_all
from keesa.jobs.reading import MOST, KeptJob, Wanted, find_job, kinds_kept, list_jobs
from keesa.jobs.retrying import AT_ONCE, retry_all
from keesa.jobs.retrying import retry as retry_one
from keesa.jobs.switching import ALL, paused
from keesa.jobs.switching import pause as pause_kind
from keesa.jobs.switching import resume as resume_kind
from keesa.visible import visible

app = typer.Typer(help="What waits to be done, what recurs, and what was given up.", no_args_is_help=True)

DEFAULT: Final = 100
"""Jobs that are listed unless more are asked for."""
_HEADINGS: Final = ("id", "kind", "key", "state", "attempts", "run_at", "queued_at", "given_up_at", "error")


class Chosen(Enum):
    """The states of `keesa.jobs.reading`."""

    WAITING = "waiting"
    LEASED = "leased"
    GIVEN_UP = "given_up"


AJob = Annotated[int | None, typer.Argument(metavar="[ID]", help="Id of the job.", callback=possible_id)]
AKind = Annotated[str | None, typer.Option("--kind", help="Those of this kind.")]
Everything = Annotated[bool, typer.Option("--all", help="All kinds.")]


@app.command("list")
def list_all(
    state: Annotated[Chosen | None, typer.Option(help="Those in this state.")] = None,
    kind: AKind = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many at the most.")] = DEFAULT,
    as_json: AsJson = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """List jobs, the oldest first: those that wait, that a worker has leased, and that were given up."""
    config = configured(data, database_url)
    with existing_database(config) as database:
        wanted = Wanted(None if state is None else state.value, kind, limit)
        jobs = database.read(lambda tx: list_jobs(tx, wanted, now()))
        rest = database.read(paused)
    clock = Clock(config.zone)
    rows = [_row(job, clock) for job in jobs]
    print_list(_HEADINGS, [{name: row[name] for name in _HEADINGS} for row in rows], as_json=as_json)
    if rest and not as_json:
        typer.echo(f"paused: {visible(', '.join(rest))} (`keesa job resume`)", err=True)


@app.command()
def show(
    job_id: Annotated[int, typer.Argument(metavar="ID", help="Id of the job.", callback=possible_id)],
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """All that is kept of a job, as JSON: what it was queued with too."""
    config = configured(data, database_url)
    with existing_database(config) as database:
        job = database.read(lambda tx: find_job(tx, job_id, now()))
    print_json(_row(job, Clock(config.zone)))


@app.command()
def retry(
    job_id: AJob = None,
    kind: AKind = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Have a job tried now, or all of a kind that were given up: as often as if they were new."""
    _require_job_or_kind(job_id, kind)
    with ready_database(data, database_url) as database:
        print(visible(database.write(lambda tx: _done(tx, job_id, kind, retry_one, retry_all, "tried again"))))


@app.command()
def drop(
    job_id: AJob = None,
    kind: AKind = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Have a job never done, or all of a kind that wait or were given up, such as what a restored desk would send."""
    _require_job_or_kind(job_id, kind)
    with ready_database(data, database_url) as database:
        print(visible(database.write(lambda tx: _done(tx, job_id, kind, drop_one, drop_all, "dropped"))))


def _done(
    tx: Tx,
    job_id: int | None,
    kind: str | None,
    one: Callable[[Tx, Requester, int], None],
    every: Callable[[Tx, Requester, str], int],
    what: str,
) -> str:
    """What was done to the job, or to all of the kind, in words."""
    if job_id is not None:
        one(tx, operator(), job_id)
        return f"job {job_id} is {what}"
    count = every(tx, operator(), str(_known(tx, kind)))
    more = "; there may be more: say it again" if count == AT_ONCE else ""
    return f"{count} job{' is' if count == 1 else 's are'} {what}{more}"


def _require_job_or_kind(job_id: int | None, kind: str | None) -> None:
    if (job_id is None) == (kind is None):
        raise typer.BadParameter("give the id of a job, or --kind")


@app.command()
def pause(
    kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help="The kind.")] = None,
    everything: Everything = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Have no job of a kind begun, or none at all, on any node. What is under way ends; what is queued waits."""
    _require_one(kind, everything)
    with ready_database(data, database_url) as database:
        database.write(lambda tx: pause_kind(tx, operator(), _known(tx, kind)))
    print(f"{visible(kind or ALL)} paused until you say `keesa job resume {visible(kind or '--all')}`")


@app.command()
def resume(
    kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help="The kind.")] = None,
    everything: Everything = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Go on with a kind; or with all, whichever were paused."""
    _require_one(kind, everything)
    with ready_database(data, database_url) as database:
        database.write(lambda tx: resume_kind(tx, operator(), _known(tx, kind)))
        rest = database.read(paused)
    print(f"{visible(kind or ALL)} resumed" + (f"; still paused: {visible(', '.join(rest))}" if rest else ""))


def _require_one(kind: str | None, everything: bool) -> None:  # noqa: FBT001 - as the command was given it
    if (kind is None) != everything:
        raise typer.BadParameter("give a kind, or --all")


def _known(tx: Tx, kind: str | None) -> str | None:
    """Raises `Refused` for a name with a slip in it."""
    if kind is None or kind in NAMES or kind in kinds_kept(tx) or kind in paused(tx):
        return kind
    raise Refused(f"There is no kind {kind!r}: there are {', '.join(sorted({*NAMES, *kinds_kept(tx)}))}")


def _row(job: KeptJob, clock: Clock) -> dict[str, Value]:
    row: dict[str, Value] = {name: getattr(job, name) for name in KeptJob.__dataclass_fields__}
    times = {name: clock.iso(at) for name, at in row.items() if name.endswith("_at") and isinstance(at, int)}
    return row | times
