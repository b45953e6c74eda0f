"""`keesa canned-answer add|list|show|change|retire|reinstate`."""

from collections.abc import Sequence
from typing import Annotated, Final

import typer
from msgspec import UNSET

from keesa.cli.listing import AsJson, Value, print_list
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, operator, possible_id, ready_database
from keesa.db import Tx
from keesa.db.steps import run_to_the_end
from keesa.directory.canned_answers import (
    CannedAnswer,
    CannedAnswerChanges,
    NamedAnswer,
    change_answer,
    create_answer,
    find_answer,
    list_answers,
)
from keesa.directory.pages import LONGEST_PAGE, PageAfter
from keesa.errors import Refused
from keesa.rich_text.placeholders import PLACEHOLDERS, text_with_placeholders
from keesa.visible import visible

app = typer.Typer(help="Texts that the desk writes once, and fills in for each ticket.", no_args_is_help=True)

Id = Annotated[int, typer.Argument(help="Id of the canned answer.", callback=possible_id)]
_TEXT_HELP: Final = f"May hold simple HTML, and {' '.join(f'{{{{{name}}}}}' for name in PLACEHOLDERS)}."
_HEADINGS: Final = ("id", "name")


@app.command()
def add(
    name: str,
    text: Annotated[str, typer.Argument(help=_TEXT_HELP)],
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Add a canned answer."""
    by, kept = operator(), text_with_placeholders(text)
    with ready_database(data, database_url) as database:
        answer = database.write(lambda tx: create_answer(tx, by, name, kept))
    _tell("added", answer)


@app.command("list")
def list_all(
    retired: Annotated[bool, typer.Option("--retired", help="Those that are retired too, marked so.")] = False,
    as_json: AsJson = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """List the canned answers that are in use, without their text."""
    with ready_database(data, database_url) as database:
        answers = database.read(lambda tx: _every(tx, with_retired=retired))
    _print(answers, (*_HEADINGS, "retired") if retired else _HEADINGS, as_json=as_json)


@app.command()
def show(
    answer_id: Id,
    as_json: AsJson = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Show one canned answer with its text, retired or not."""
    with ready_database(data, database_url) as database:
        answer = database.read(lambda tx: find_answer(tx, answer_id))
    _print([answer], (*_HEADINGS, "text", "retired"), as_json=as_json)


@app.command()
def change(
    answer_id: Id,
    name: Annotated[str | None, typer.Option(help="The new name.")] = None,
    text: Annotated[str | None, typer.Option(help=f"The new text. {_TEXT_HELP}")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Give a canned answer another name, another text, or both."""
    if name is None and text is None:
        raise Refused("Give --name or --text, or both")
    changes = CannedAnswerChanges(
        name=UNSET if name is None else name, text=UNSET if text is None else text_with_placeholders(text)
    )
    _change("changed", answer_id, changes, data, database_url)


@app.command()
def retire(answer_id: Id, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Leave the canned answer out of lists from now on."""
    _change("retired", answer_id, CannedAnswerChanges(retired=True), data, database_url)


@app.command()
def reinstate(answer_id: Id, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Take a retired canned answer into use again."""
    _change("reinstated", answer_id, CannedAnswerChanges(retired=False), data, database_url)


def _change(done: str, answer_id: int, changes: CannedAnswerChanges, data: Data, database_url: DatabaseUrl) -> None:
    by = operator()
    with ready_database(data, database_url) as database:
        answer = database.write(lambda tx: change_answer(tx, by, answer_id, changes))
    _tell(done, answer)


def _tell(done: str, answer: CannedAnswer) -> None:
    print(visible(f"{done} canned answer {answer.id}: {answer.name}"))


def _every(tx: Tx, *, with_retired: bool) -> list[NamedAnswer]:
    """Those of all pages."""
    answers: list[NamedAnswer] = []
    after: int | None = None
    while True:
        found = run_to_the_end(list_answers(tx, PageAfter(LONGEST_PAGE, after), with_retired=with_retired))
        answers += found.answers
        if found.next_after is None:
            return answers
        after = found.next_after


def _print(answers: Sequence[CannedAnswer | NamedAnswer], headings: Sequence[str], *, as_json: bool) -> None:
    rows: list[dict[str, Value]] = [{name: getattr(answer, name) for name in headings} for answer in answers]
    print_list(headings, rows, as_json=as_json)
