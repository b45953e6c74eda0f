"""`keesa migrate`."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer

from keesa.accounts.audit.desk_acts import record_migrations
from keesa.cli.full_backup import make_before_an_upgrade
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, configured, operator, require_data_file
from keesa.cli.progress import shown
from keesa.db import Database, open_database
from keesa.db.migrate import applying, latest
from keesa.db.migration_files import Waiting, version_of
from keesa.db.migration_plan import Plan, Planned, plan
from keesa.db.releases import oldest_for
from keesa.errors import Refused
from keesa.visible import visible

_MEANWHILE: Final[dict[Waiting, str]] = {
    "nobody": "nobody waits",
    "writers": "writes wait meanwhile",
    "readers": "reads and writes of what it changes wait meanwhile",
}


def migrate(
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
    only_plan: Annotated[bool, typer.Option("--plan", help="Say what would be done, and do nothing.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask, where readers would wait or older programs must stop.")
    ] = False,
    no_backup: Annotated[bool, typer.Option("--no-backup", help="Make no back-up before it.")] = False,
) -> None:
    """Bring the database to this version's schema; `serve` does it too. Safe to run from several places at once, to be
    stopped at any time, and to be run again.
    """
    config = configured(data, database_url)
    if only_plan:
        require_data_file(config)
    database = open_database(config.data, config.database_url)
    try:
        planned = plan(database)
        if only_plan or (planned.state.version and planned.migrations):
            _show(database, planned)
        if not only_plan:
            _ask(planned, yes=yes)
            if planned.state.version and planned.migrations and not no_backup:
                with shown() as steps:
                    print(visible(make_before_an_upgrade(database, config, steps)), flush=True)
            _bring_up(database)
    finally:
        database.close()


def _bring_up(database: Database) -> None:
    applied: list[int] = []
    with _stoppable():
        for name in applying(database, lambda sentence: print(visible(sentence), flush=True)):
            applied.append(version_of(name))
            print(f"applied {name}", flush=True)
    if applied:
        database.write(lambda tx: record_migrations(tx, operator(), applied))
    print(visible(f"{database.describe()}: schema {latest()}"))


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM and Ctrl-C undo the migration that is under way, and raise `Refused`."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    except KeyboardInterrupt:
        raise Refused(
            "Stopped: what was applied is kept, and what was under way is undone; run `keesa migrate` again to go on"
        ) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show(database: Database, planned: Plan) -> None:
    place = f"{database.describe()}: schema {planned.state.version}"
    if not planned.migrations:
        print(visible(f"{place}, nothing to do"))
        return
    print(
        visible(f"{place}, {planned.tickets:,} tickets; to schema {latest()} it takes {_duration(planned.seconds)}"),
        flush=True,
    )
    for migration in planned.migrations:
        print(visible(_line(planned, migration)), flush=True)


def _line(planned: Plan, migration: Planned) -> str:
    meanwhile = _MEANWHILE[migration.waiting] + (", in batches" if migration.in_batches else "")
    if migration.compatible <= planned.state.version:
        beside = "the programs of now go on"
    else:
        beside = f"older programs must stop, but {oldest_for(migration.compatible)}, go on"
    return f"{migration.name}: {migration.what}. Takes {_duration(migration.seconds)}; {meanwhile}; {beside}."


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "a moment"
    return f"some {seconds:.0f} s" if seconds < 120 else f"some {seconds / 60:.0f} min"


def _ask(planned: Plan, *, yes: bool) -> None:
    """On a terminal, where somebody may have to do something first. Without one it goes on, as `serve` does: it is told
    what to do by who has read the plan.
    """
    reasons = []
    if planned.readers_wait:
        reasons.append(f"readers would wait for {_duration(planned.readers_wait)}")
    if planned.ends_older:
        reasons.append("older programs can not go on beside it")
    if not reasons or yes or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    sentence = " and ".join(reasons)
    if not typer.confirm(f"{sentence[0].upper()}{sentence[1:]}. Begin?"):
        raise Refused("Nothing was changed")
