"""Ending what lets somebody in, a session or an API token: one, those of a user, or all."""

from collections.abc import Callable
from typing import Annotated, TypeVar

import typer

from keesa.accounts.audit.recording import Requester
from keesa.accounts.users import id_of
from keesa.cli.options import operator
from keesa.db import Tx, Work

K = TypeVar("K", str, int)

User = Annotated[str | None, typer.Option("--user", metavar="EMAIL", help="Those of this user.")]
Everybody = Annotated[bool, typer.Option("--all", help="Those of everybody.")]


def end_chosen(
    noun: str,
    key: K | None,
    user: str | None,
    everybody: bool,  # noqa: FBT001 - as the command was given it
    end_one: Callable[[Tx, Requester, K], object],
    end_those_of: Callable[[Tx, Requester, int | None], int],
) -> Work[str]:
    """What to do in a write: it returns what was done. Raises `BadParameter` unless just one of the three is given."""
    if [key is not None, user is not None, everybody].count(True) != 1:
        raise typer.BadParameter(f"give the id of a {noun}, --user or --all")

    def work(tx: Tx) -> str:
        if key is not None:
            end_one(tx, operator(), key)
            return f"ended {noun} {key}"
        count = end_those_of(tx, operator(), None if user is None else id_of(tx, user))
        return f"ended {count} {noun}{'' if count == 1 else 's'}"

    return work
