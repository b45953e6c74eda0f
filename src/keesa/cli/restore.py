"""`keesa restore`."""

from typing import Annotated, Final

import typer

from keesa.backup.opening import fetched
from keesa.backup.renewing import Renewal
from keesa.backup.restoring import Restored, check
from keesa.backup.restoring import restore as bring_back
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, configured, operator
from keesa.cli.passphrases import passphrase_of
from keesa.cli.progress import shown
from keesa.clock import Clock
from keesa.config import Config
from keesa.db.size_warnings import in_bytes
from keesa.visible import visible


def restore(
    back_up: Annotated[str, typer.Argument(help="File, or s3://bucket/path/file.")],
    same_desk: Annotated[
        bool, typer.Option("--as-the-same-desk", help="It takes the place of the desk, which is lost: it goes on.")
    ] = False,
    leave_out: Annotated[
        int | None,
        typer.Option(help="Ticket numbers left out, which the desk may have given since.", show_default="10,000 a day"),
    ] = None,
    with_key: Annotated[bool, typer.Option("--with-key", help="Bring the secret key back too.")] = False,
    only_check: Annotated[
        bool, typer.Option("--check", help="Read all of it, tell what it holds; bring back nothing.")
    ] = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Bring a desk back from a back-up, to a place where there is none: an empty folder, or an empty database.

    It is a desk of its own, as the first one may go on: sessions are ended, ticket numbers go on far behind the last
    one, nothing is sent, and what clients keep of the first one is void.
    """
    config = configured(data, database_url)
    renewal = Renewal(Clock(config.zone), config.number_form, leave_out, same_desk=same_desk)
    passphrase = passphrase_of(config, twice=False) if with_key else None
    with fetched(back_up, config.data) as path, shown() as steps:
        if only_check:
            restored = Restored(check(path, steps)[0], ())
        else:
            restored = bring_back(
                path, config.data, config.database_url, renewal, operator(), passphrase, steps, config.files
            )
    _tell(restored, config)
    if not only_check:
        print(_SAME if same_desk else _OWN)


_OWN: Final = (
    "It is a desk of its own: all sessions have ended, ticket numbers go on further behind, and nothing is sent until"
    " you say `keesa desk sending on`."
)
_SAME: Final = "It goes on as the same desk: sessions too. Ticket numbers go on further behind."


def _tell(restored: Restored, config: Config) -> None:
    manifest = restored.manifest
    made = Clock(config.zone).iso(manifest.made_at)
    by = f"Keesa {manifest.keesa} on {manifest.engine}, schema {manifest.schema}"
    print(visible(f"a back-up of {made}, made by {by}"))
    if manifest.changes is not None:
        print(visible(f"  what has changed since {manifest.changes.base}: {manifest.changes.blocks:,} blocks"))
    if manifest.tables:
        print("  " + ", ".join(f"{manifest.tables.get(table, 0):,} {table}" for table in _TOLD))
    if manifest.files is not None:
        print(f"  {manifest.files.count:,} pictures and files, {in_bytes(manifest.files.bytes)}")
        if manifest.files.missing:
            print(f"warning: {manifest.files.missing:,} more were not there when it was made")
    elif not manifest.changes:
        print("  no pictures and files: it was made before an upgrade, or before there were any")
    if restored.kept:
        print(visible(f"its pictures and files are in {restored.kept}"))
    if restored.files.missing:
        print(f"warning: {restored.files.missing:,} of the desk's pictures and files are missing: `keesa file check`")
    for table in restored.left_out:
        print(visible(f"left out: the table {table}, which is none of Keesa's"))
    if (manifest.zone, manifest.number_form) != (config.zone.key, config.number_form):
        print(
            visible(
                f"warning: the desk had times in {manifest.zone} and {manifest.number_form} ticket numbers; set"
                " KEESA_ZONE and KEESA_NUMBER_FORM so"
            )
        )


_TOLD: Final = ("customers", "users", "tickets", "ticket_notes")
