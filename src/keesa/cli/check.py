"""`keesa check`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Final

import typer

from keesa.backup import records
from keesa.backup.records import Record
from keesa.cli.listing import print_json
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, existing_database, loaded
from keesa.cli.settings import passed_over, settings_for_people, settings_for_programs
from keesa.clock import Clock, now
from keesa.config import Config, Loaded
from keesa.config.sample import sample
from keesa.db.migrate import State, missing
from keesa.db.releases import oldest_for
from keesa.db.size_warnings import in_bytes, warnings
from keesa.db.sizes import PERIOD_DAYS, Sizes, measure
from keesa.db.table_sizes import TableSize
from keesa.files.claims import owner, require_fit
from keesa.files.opening import open_place
from keesa.readiness import prove_writing
from keesa.reports.recounting import other_zone
from keesa.secret_key import check_secret
from keesa.visible import visible
from keesa.words.filling import is_whole

_TABLES_SHOWN: Final = 5
"""The largest; JSON has all."""
_FILLING: Final = "the server is filling the search index: tickets that it has not come to are not found yet"
_FAR_AWAY: Final = 3650
"""Days from which on their number says nothing."""

AsJson = Annotated[bool, typer.Option("--json", help="Print a JSON object, for a program that watches.")]
OnlySettings = Annotated[
    bool, typer.Option("--settings", help="Print every setting and where it comes from; look at no database.")
]
Sample = Annotated[bool, typer.Option("--sample", help="Print a configuration file with every setting as a comment.")]


def check(
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
    as_json: AsJson = False,
    only_settings: OnlySettings = False,
    as_sample: Sample = False,
) -> None:
    """Say whether the configuration and the database are fit to run, a write among it that is undone, how large they
    are, and how fast they grow. Changes nothing; exit status 1 where they are not fit.
    """
    if as_sample:
        print(sample(), end="")
        return
    found = loaded(data, database_url)
    if only_settings and as_json:
        print_json({"config_file": _path(found), "settings": settings_for_programs(found)})
        return
    if not as_json and (only_settings or found.file):
        _print(settings_for_people(found))
    if not only_settings:
        _check_database(found, as_json)


def _check_database(found: Loaded, as_json: bool) -> None:  # noqa: FBT001 - as it was asked
    config = found.config
    with existing_database(config) as database:
        database.require_writable()
        database.write(prove_writing)
        place, (state, _) = database.describe(), missing(database)
        key = check_secret(config.data, config.secret, config.secret_previous, Clock(config.zone))
        sizes = measure(database, now())
        record, snapshot = database.read(records.last), database.read(records.last_snapshot)
        whole = database.read(is_whole)
        refused = database.read(lambda tx: other_zone(tx, Clock(config.zone)))
        files = require_fit(database, open_place(config.files, config.data, database.read(owner)))
    sentences = [*warnings(sizes), *records.warnings(record, now(), config.backup_every)]
    sentences += records.snapshot_warnings(snapshot, now(), config.snapshot_every)
    if not whole:
        sentences.append(_FILLING)
    if refused:
        sentences.append(refused)
    if as_json:
        made = {"back_up": record, "snapshot": snapshot}
        settings = {"config_file": _path(found), "settings": settings_for_programs(found)}
        fit = {**_fit(place, state, key, config), "files": files, **settings}
        print_json({**fit, **sizes_for_programs(sizes), **made, "warnings": sentences})
        return
    _print(
        (
            *(f"ok: {sentence}" for sentence in passed_over(found)),
            f"ok: {place}, schema {state.version}; beside it may run {oldest_for(state.compatible)}",
            f"ok: secret key {key}",
            f"ok: pictures and files in {files}",
            f"ok: times in {config.zone}, {config.number_form} ticket numbers",
            *sizes_for_people(sizes),
            *_back_ups("back-up", record, Clock(config.zone)),
            *_back_ups("snapshot", snapshot, Clock(config.zone)),
            *(f"warning: {sentence}" for sentence in sentences),
        )
    )


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(visible(line))


def _path(found: Loaded) -> str | None:
    return None if found.file is None else str(found.file)


def _fit(place: str, state: State, key: str, config: Config) -> Mapping[str, Any]:
    return {
        "database": place,
        "schema": state.version,
        "oldest_schema_beside": state.compatible,
        "secret_key": key,
        "zone": str(config.zone),
        "number_form": config.number_form,
    }


def _back_ups(what: str, record: Record | None, clock: Clock) -> Iterator[str]:
    if record is not None:
        yield (
            f"{what}: {record.name} of {clock.iso(record.at)}, {in_bytes(record.size)}, in {record.place};"
            f" {record.kept} of this desk are there, the oldest of {clock.iso(record.oldest_at)}"
        )


def sizes_for_people(sizes: Sizes) -> Iterator[str]:
    file, growth = sizes.file, sizes.growth
    if file is None:
        yield f"size: {in_bytes(sizes.bytes)} in the database"
    else:
        free = f"{in_bytes(file.free_bytes)} of it free pages"
        yield f"size: {in_bytes(file.bytes)} in the data file, {free}; {in_bytes(file.log_bytes)} in the log"
    yield from _tables_for_people(sizes.tables[:_TABLES_SHOWN])
    yield (
        f"growth: {growth.tickets:,} tickets and {growth.notes:,} notes in the last {PERIOD_DAYS} days, some"
        f" {in_bytes(growth.bytes)}; {growth.sessions:,} open sessions and {growth.login_failures:,} counters of failed"
        " logins are kept"
    )
    if file is not None:
        yield f"disk: {in_bytes(file.disk_free_bytes)} of {in_bytes(file.disk_bytes)} free{_until_full(sizes)}"


def _until_full(sizes: Sizes) -> str:
    days = sizes.days_until_full
    if days is None:
        return ""
    told = f"some {days:,} days" if days < _FAR_AWAY else "more than ten years"
    return f", full in {told} if the desk goes on like this"


def _tables_for_people(tables: Sequence[TableSize]) -> Iterator[str]:
    """The largest first, in columns."""
    cells = [
        (
            table.name,
            f"{'some ' if table.estimated else ''}{table.rows:,} rows",
            "" if table.bytes is None else in_bytes(table.bytes),
        )
        for table in tables
    ]
    names, rows, sizes = (max(map(len, column), default=0) for column in zip(*cells, strict=True))
    for name, row, size in cells:
        yield f"size: {name:{names}}  {row:>{rows}}  {size:>{sizes}}"


def sizes_for_programs(sizes: Sizes) -> Mapping[str, Any]:
    """Bytes where a key says so; on the other engine its keys are null."""
    return {
        "bytes": sizes.bytes,
        "file": None if sizes.file is None else asdict(sizes.file),
        "server": None if sizes.server is None else asdict(sizes.server),
        "tables": [_table_for_programs(table, sizes) for table in sizes.tables],
        "growth": {"period_ms": PERIOD_DAYS * 24 * 3600 * 1000, **asdict(sizes.growth)},
        "full_in_ms": None if (days := sizes.days_until_full) is None else days * 24 * 3600 * 1000,
    }


def _table_for_programs(table: TableSize, sizes: Sizes) -> Mapping[str, Any]:
    told = asdict(table)
    return told if sizes.server is not None else {name: told[name] for name in ("name", "rows", "estimated", "bytes")}
