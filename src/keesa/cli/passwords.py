"""How commands are given a password: on the terminal, twice, or as a line of standard input."""

import sys
from typing import Final

import typer

from keesa.accounts.passwords import NewPassword, new_password
from keesa.errors import Invalid, Refused

LONGEST_LINE: Final = 8192
"""Bytes of a line that may hold a password: the longest one in its longest form, and some more."""
_NOT_UTF8: Final = {"password": ["must be UTF-8"]}


def read_password(*, from_stdin: bool) -> NewPassword:
    """Raises `Invalid` for what is no text, and `Refused` where there is nobody to ask."""
    if from_stdin:
        return new_password(_read_line())
    if not sys.stdin.isatty():
        raise Refused("There is no terminal to ask for the password on: pipe it in, with --password-stdin")
    try:
        return new_password(str(typer.prompt("Password", hide_input=True, confirmation_prompt=True)))
    except UnicodeDecodeError as error:
        raise Invalid(_NOT_UTF8) from error


def _read_line() -> str:
    """The first line of standard input, with the line end of either kind taken off."""
    line = sys.stdin.buffer.readline(LONGEST_LINE)
    try:
        return line.removesuffix(b"\n").removesuffix(b"\r").decode()
    except UnicodeDecodeError as error:
        raise Invalid(_NOT_UTF8) from error
