"""The options that commands share, and the database that they name."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from keesa.config import Config, load_config
from keesa.db import Database, open_database
from keesa.db.migrate import check_schema

Data = Annotated[
    Path | None, typer.Option(help="Folder of the data file and the secret key.", show_default="keesa-data")
]
DatabaseUrl = Annotated[
    str | None, typer.Option(help="postgresql://… instead of the data file.", show_default="SQLite in the folder")
]


def configured(data: Path | None, database_url: str | None) -> Config:
    return load_config(os.environ, data=data, database_url=database_url)


@contextmanager
def ready_database(data: Path | None, database_url: str | None) -> Iterator[Database]:
    """The database, for a command that needs its schema; raises `Refused` where that is not there."""
    config = configured(data, database_url)
    database = open_database(config.data, config.database_url)
    try:
        database.read(check_schema)
        yield database
    finally:
        database.close()
