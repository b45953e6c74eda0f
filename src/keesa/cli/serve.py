"""`keesa serve`."""

import gc
from typing import Annotated

import typer

from keesa.cli.options import ConfigFile, Data, DatabaseUrl, configured


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.", show_default="8000")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that answer.", show_default="1")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
    demo: Annotated[
        bool | None, typer.Option("--demo", help="Fill an empty database with the documented world.")
    ] = None,
) -> None:
    """Serve the API. Options may come as KEESA_NAME in the environment, or from a file; stops cleanly on SIGTERM."""
    config = configured(data, database_url, host=host, port=port, workers=workers, demo=demo)
    gc.disable()  # all that is loaded stays: to look through it for what does not took a sixth of the time
    from keesa.cli.serving import serve_as  # noqa: PLC0415 - a third of the time in which every other command is done

    gc.enable()
    serve_as(config)
