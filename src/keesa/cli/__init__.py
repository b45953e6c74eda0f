"""The command line: one file a command, each calling the same functions as the API."""

import sys

import typer

from keesa.cli import check, customer, eco, maintenance, migrate, reference, role, serve, user
from keesa.errors import Invalid, KeesaError, Refused

app = typer.Typer(
    help="Keesa, a support-ticket server with a JSON API.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (serve.serve, migrate.migrate, check.check):
    app.command()(command)
for group, name in (
    (user.app, "user"),
    (role.app, "role"),
    (customer.app, "customer"),
    (eco.app, "eco"),
    (reference.app, "reference"),
    (maintenance.app, "maintenance"),
):
    app.add_typer(group, name=name)


def run() -> None:
    """Run the command of `sys.argv`; an error is one sentence on standard error, and exit status 1."""
    try:
        _refuse_broken_text(sys.argv)
        app()
    except Invalid as error:
        for field, sentences in error.faults.items():
            print(f"keesa: {field} {'; '.join(sentences)}", file=sys.stderr)
        sys.exit(1)
    except KeesaError as error:
        print(f"keesa: {error}", file=sys.stderr)
        sys.exit(1)


def _refuse_broken_text(arguments: list[str]) -> None:
    """Neither engine keeps what Python makes of bytes that are not UTF-8."""
    try:
        "".join(arguments).encode()
    except UnicodeEncodeError as error:
        raise Refused("The arguments must be UTF-8") from error
