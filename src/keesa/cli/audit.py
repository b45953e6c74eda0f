"""`keesa audit` and `keesa audit prune`."""

import time
from datetime import datetime
from typing import Annotated, Final

import typer

from keesa.accounts.audit import pruning
from keesa.accounts.audit.reading import LONGEST_PAGE, Act, ActFilter, Position, list_acts
from keesa.cli.listing import AsJson, Value, print_list
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, configured, existing_database, operator, possible_id
from keesa.clock import Clock, milliseconds
from keesa.config import Config
from keesa.db import Database
from keesa.db.steps import run_to_the_end

app = typer.Typer(
    help="What administrators did, who logged in, and who failed to; the newest first.", invoke_without_command=True
)

DEFAULT: Final = 100
"""Acts that are listed unless more are asked for."""
MOST: Final = 100_000
PAUSE: Final = 0.02
"""Seconds between two batches of what is left out, in which others have their turn to write."""
_HEADINGS: Final = (
    "id",
    "at",
    "action",
    "thing_id",
    "person_id",
    "via",
    "actor",
    "operator",
    "address",
    "changes",
)
_ALL_HEADINGS: Final = (*_HEADINGS, "thing", "actor_id", "token_id", "request_id", "erased")


@app.callback()
def audit(
    context: typer.Context,
    person: Annotated[
        int | None, typer.Option(help="A user's id: acts of theirs, and about them.", callback=possible_id)
    ] = None,
    thing: Annotated[str | None, typer.Option(help="The kind of what it was done to, such as user.")] = None,
    thing_id: Annotated[str | None, typer.Option(help="Its id or its key.")] = None,
    action: Annotated[str | None, typer.Option(help="A thing and a verb, such as user.change.")] = None,
    since: Annotated[datetime | None, typer.Option("--from", help="From this time on, in the desk's zone.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", help="Before this time.")] = None,
    request_id: Annotated[str | None, typer.Option(help="X-Request-Id of the request that did it.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many at the most.")] = DEFAULT,
    as_json: AsJson = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """What administrators did, who logged in, and who failed to; the newest first."""
    if context.invoked_subcommand is not None:
        return
    config = configured(data, database_url)
    asked = ActFilter(
        person=person,
        thing=thing,
        thing_id=thing_id,
        action=action,
        since=_milliseconds(since, config),
        until=_milliseconds(until, config),
        request_id=request_id,
    )
    with existing_database(config) as database:
        acts = _newest(database, asked, limit)
    clock, headings = Clock(config.zone), _ALL_HEADINGS if as_json else _HEADINGS
    print_list(headings, [{name: _value(act, name, clock) for name in headings} for act in acts], as_json=as_json)


@app.command()
def prune(
    older_than: Annotated[str, typer.Option(help="2y, 18m or 90d; at least 30d.")],
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Leave out what is older. That it was left out, and how much, stands in the trail."""
    age = pruning.read_age(older_than)
    config = configured(data, database_url)
    clock, by = Clock(config.zone), operator()
    before = by.at - age
    with existing_database(config) as database:
        found = database.read(lambda tx: pruning.find_older(tx, before))
        if found is None:
            print(f"there is nothing of before {clock.iso(before)}")
            return
        database.write(lambda tx: pruning.begin(tx, by, found, before, clock))
        while database.write(lambda tx: pruning.leave_out(tx, found.through)):
            time.sleep(PAUSE)
    print(f"left out {found.rows:,} acts of before {clock.iso(before)}")


def _newest(database: Database, asked: ActFilter, limit: int) -> list[Act]:
    """Page by page, so that no writer waits for a long list."""
    acts: list[Act] = []
    after: Position | None = None
    while len(acts) < limit:
        size = min(LONGEST_PAGE, limit - len(acts))
        page = database.read(lambda tx, size=size, after=after: run_to_the_end(list_acts(tx, size, after, asked)))  # type: ignore[misc]  # defaults in a lambda
        acts += page.acts
        after = page.next_after
        if after is None:
            break
    return acts


def _milliseconds(given: datetime | None, config: Config) -> int | None:
    return None if given is None else milliseconds(given.replace(tzinfo=config.zone))


def _value(act: Act, name: str, clock: Clock) -> Value:
    match name:
        case "at":
            return clock.iso(act.at)
        case "changes":
            return {field: list(pair) for field, pair in act.changes.items()}
    found: Value = getattr(act, name)
    return found
