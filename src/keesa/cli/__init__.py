"""The command line: one file a command, each calling the same functions as the API."""

import io
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Final

import typer

import keesa
from keesa.config import Misconfigured
from keesa.db import driver_errors
from keesa.errors import Invalid, KeesaError, Refused
from keesa.visible import visible

_COMMANDS: Final = ("serve", "migrate", "check", "vacuum", "backup", "restore")
"""Each is the function of that name in the file of that name."""
_GROUPS: Final = (
    "user",
    "role",
    "customer",
    "eco",
    "reference",
    "tag",
    "canned-answer",
    "maintenance",
    "desk",
    "secret",
    "audit",
    "token",
    "session",
    "job",
    "file",
    "search",
    "report",
)
"""Each is the `app` in the file of that name, with `_` for `-`."""
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""But for tab, line feed and carriage return, which JSON may have between its parts."""


def _print_version(asked: bool) -> None:  # noqa: FBT001 - so Typer calls it
    if asked:
        print(f"keesa {keesa.__version__}")
        raise typer.Exit


def _options(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Keesa, a support-ticket server with a JSON API."""


def app_for(arguments: Sequence[str]) -> typer.Typer:
    """What answers these arguments: the command that they name, and nothing of the others, which would take longer to
    load than most commands to run; or all of them, where they name none.
    """
    app = typer.Typer(
        help="Keesa, a support-ticket server with a JSON API.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(_options)
    all_of_them = (*_COMMANDS, *_GROUPS)
    for name in arguments[:1] if arguments and arguments[0] in all_of_them else all_of_them:
        module = import_module(f"keesa.cli.{name.replace('-', '_')}")
        if name in _GROUPS:
            app.add_typer(module.app, name=name)
        else:
            app.command()(getattr(module, name))
    return app


def run() -> None:
    """Run the command of `sys.argv`; an error is one sentence on standard error, and exit status 1."""
    try:
        _refuse_broken_text(sys.argv)
        _show_what_cannot_be_encoded()
        app_for(sys.argv[1:])()
    except Invalid as error:
        for field, sentences in error.faults.items():
            print(visible(f"keesa: {field} {'; '.join(sentences)}"), file=sys.stderr)
        sys.exit(1)
    except Misconfigured as error:
        for sentence in error.sentences:
            print(visible(f"keesa: {sentence}"), file=sys.stderr)
        sys.exit(1)
    except KeesaError as error:
        print(visible(f"keesa: {error}"), file=sys.stderr)
        sys.exit(1)
    except OSError as error:  # a full disk behind the output, say
        print(visible(f"keesa: {error.filename or 'The output'}: {error.strerror}"), file=sys.stderr)
        sys.exit(1)
    except driver_errors() as error:
        print(visible(f"keesa: The database refuses this: {str(error).splitlines()[0]}"), file=sys.stderr)
        sys.exit(1)


def _refuse_broken_text(arguments: list[str]) -> None:
    """Neither engine keeps what Python makes of bytes that are not UTF-8; and what drives a terminal would be printed
    again where an option is misspelt.
    """
    text = "".join(arguments)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Refused("The arguments must be UTF-8") from error
    if _CONTROLS.search(text):
        raise Refused("The arguments must have no control characters")


def _show_what_cannot_be_encoded() -> None:
    """A list is printed to its end on a terminal whose character set lacks some of its letters."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
