"""The options that commands share, and the database that they name."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from keesa.accounts.actors import SYSTEM
from keesa.accounts.audit.recording import Requester
from keesa.clock import now
from keesa.config import Config, Loaded, load
from keesa.db import Database, open_database
from keesa.db.migrate import check_schema
from keesa.db.opening import SQLITE_FILE, has_data_file
from keesa.errors import Refused
from keesa.visible import visible

Data = Annotated[
    Path | None,
    typer.Option(help="Folder of the data file and the secret key.", show_default="keesa-data", readable=False),
]
DatabaseUrl = Annotated[
    str | None, typer.Option(help="postgresql://… instead of the data file.", show_default="SQLite in the folder")
]


def _name_config(path: Path | None) -> Path | None:
    """The option is its variable, in which the commands that a server begins find it too."""
    if path is not None:
        os.environ["KEESA_CONFIG"] = str(path)
    return path


ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="The configuration file.",
        show_default="keesa.toml in the folder of the data",
        readable=False,
        callback=_name_config,
    ),
]


def possible_id(given: int | None) -> int | None:
    """The id as it was given, if either engine can keep it as a key."""
    if given is not None and given > 2**63 - 1:
        raise typer.BadParameter("there is no such id")
    return given


def configured(data: Path | None, database_url: str | None, **options: object) -> Config:
    return loaded(data, database_url, **options).config


def loaded(data: Path | None, database_url: str | None, **options: object) -> Loaded:
    """With where each setting comes from."""
    return load(os.environ, data=data, database_url=database_url, **options)


def operator() -> Requester:
    """Who runs the command, for the audit trail: Keesa acts, as it is told by an account of the machine."""
    return Requester(actor=SYSTEM, at=now(), via="command", operator=_account())


def _account() -> str:
    """Its name; its number where it has none, as in a container."""
    with suppress(KeyError, OSError):
        return visible(getpass.getuser())
    return str(os.getuid())


@contextmanager
def ready_database(data: Path | None, database_url: str | None) -> Iterator[Database]:
    """The database, for a command that needs its schema; raises `Refused` where that is not there."""
    with existing_database(configured(data, database_url)) as database:
        yield database


@contextmanager
def existing_database(config: Config) -> Iterator[Database]:
    """The same of a configuration."""
    with open_existing(config) as database:
        database.read(check_schema)
        yield database


@contextmanager
def open_existing(config: Config) -> Iterator[Database]:
    """Whatever its schema is. What is not there is not made: the folder's name may have a slip in it."""
    require_data_file(config)
    database = open_database(config.data, config.database_url)
    try:
        yield database
    finally:
        database.close()


def require_data_file(config: Config) -> None:
    """Raise `Refused` where a command would make one: the folder's name may have a slip in it."""
    if not config.database_url and not has_data_file(config.data):
        raise Refused(f"There is no {config.data / SQLITE_FILE}: run `keesa migrate`, or `keesa serve`")
