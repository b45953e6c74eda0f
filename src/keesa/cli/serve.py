"""`keesa serve`."""

import os
from typing import Annotated

import typer

from keesa.cli.options import Data, DatabaseUrl
from keesa.config import load_config


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.", show_default="8000")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that answer.", show_default="1")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    demo: Annotated[
        bool | None, typer.Option("--demo", help="Fill an empty database with the documented world.")
    ] = None,
) -> None:
    """Serve the API. Each option may come as KEESA_NAME in the environment too; stops cleanly on SIGTERM."""
    config = load_config(
        os.environ, host=host, port=port, workers=workers, data=data, database_url=database_url, demo=demo
    )
    from keesa.cli.serving import serve_as  # noqa: PLC0415 - a third of the time in which every other command is done

    serve_as(config)
