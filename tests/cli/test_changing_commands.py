"""`keesa eco`, `canned-answer`, `reference`, `tag` and `customer contact` change what there is: run in this process,
which starts none.
"""

from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from account_rows import rows
from command import options
from keesa.cli import app_for
from keesa.db import Database
from keesa.errors import KeesaError
from places import Place
from unchanged import unchanged

Run = Callable[..., str]


def ran(place: Place, *arguments: str) -> str:
    """What the command prints; raises what it raises."""
    done = CliRunner().invoke(app_for(arguments), [*arguments, *options(place)])
    if done.exception is not None:
        raise done.exception
    return done.stdout


@pytest.fixture
def run(desk: Place) -> Run:
    return lambda *arguments: ran(desk, *arguments)


def cells(out: str) -> list[list[str]]:
    """The rows of a list as it is printed into a pipe."""
    return [line.split("\t") for line in out.splitlines()]


def test_an_eco_changes_moves_and_retires(run: Run, desk_database: Database) -> None:
    """And comes back; each is told by its name, and the list leaves out what is retired."""
    assert run("eco", "change", "2", "--name", "Mast") == "changed ECO 2: Mast\n"
    assert run("eco", "move", "2", "--customer", "3") == "moved ECO 2: Mast, of customer 3\n"
    assert run("eco", "retire", "2") == "retired ECO 2: Mast\n"
    assert ["2", "Mast", "3"] not in cells(run("eco", "list", "--customer", "3"))
    assert run("eco", "list", "--name", "MAST", "--retired") == "2\tMast\t3\tretired\n"
    assert run("eco", "show", "2") == "2\tMast\t3\tretired\n"
    assert run("eco", "reinstate", "2") == "reinstated ECO 2: Mast\n"
    found = rows(desk_database, "SELECT action, via FROM audit WHERE thing = 'eco' AND thing_id = '2' ORDER BY id")
    acts = [
        ("eco.change", "command"),
        ("eco.change", "command"),
        ("eco.retire", "command"),
        ("eco.reinstate", "command"),
    ]
    assert [(act["action"], act["via"]) for act in found[1:]] == acts


def test_a_canned_answer_is_added_changed_and_retired(run: Run) -> None:
    """Its text is shown by itself; the list leaves out what is retired."""
    added = run("canned-answer", "add", "Mended", "<p onclick=x>{{title}} is mended</p>")
    number = added.removeprefix("added canned answer ").partition(":")[0]
    assert added == f"added canned answer {number}: Mended\n"
    assert run("canned-answer", "show", number) == f"{number}\tMended\t<p>{{{{title}}}} is mended</p>\t\n"
    changed = run("canned-answer", "change", number, "--name", "Repaired", "--text", "Dear {{contact_name}}")
    assert changed == f"changed canned answer {number}: Repaired\n"
    assert [number, "Repaired"] in cells(run("canned-answer", "list"))
    assert run("canned-answer", "retire", number) == f"retired canned answer {number}: Repaired\n"
    assert [number, "Repaired"] not in cells(run("canned-answer", "list"))
    assert [number, "Repaired", "retired"] in cells(run("canned-answer", "list", "--retired"))
    assert run("canned-answer", "reinstate", number) == f"reinstated canned answer {number}: Repaired\n"


def test_an_entry_of_a_list_is_renamed_moved_and_retired(run: Run) -> None:
    """A product by its id, the others by their keys."""
    assert run("reference", "rename", "product", "13", "Poll") == "renamed product 13: Poll\n"
    assert run("reference", "move", "category", "software", "1") == "moved to 1 category software: Software\n"
    assert run("reference", "retire", "ticket_type", "roc_support") == "retired ticket_type roc_support: ROC Support\n"
    listed = cells(run("reference", "list"))
    assert next(row[1] for row in listed if row[0] == "category") == "software"
    assert "roc_support" not in [row[1] for row in listed]
    assert ["product", "13", "Poll"] in listed
    assert ["ticket_type", "roc_support", "ROC Support", "retired"] in cells(run("reference", "list", "--retired"))
    back = run("reference", "reinstate", "ticket_type", "roc_support")
    assert back == "reinstated ticket_type roc_support: ROC Support\n"


def test_a_tag_is_added_renamed_and_retired(run: Run) -> None:
    """By its name, in whatever case."""
    added = run("tag", "add", "Cable cut")
    number = added.removeprefix("added tag ").partition(":")[0]
    assert added == f"added tag {number}: Cable cut\n"
    assert run("tag", "rename", "CABLE CUT", "Cable") == f"renamed tag {number}: Cable\n"
    assert [number, "Cable"] in cells(run("tag", "list"))
    assert run("tag", "retire", "cable") == f"retired tag {number}: Cable\n"
    assert "Cable" not in [row[1] for row in cells(run("tag", "list"))]
    assert [number, "Cable", "retired"] in cells(run("tag", "list", "--retired"))
    assert run("tag", "reinstate", "cable") == f"reinstated tag {number}: Cable\n"


def test_a_product_gets_its_words(run: Run) -> None:
    """And loses them; without any they are printed."""
    given = run("reference", "defaults", "4", "--ticket-type", "eco_support", "--category", "fault")
    assert given == "product 4 (WIFI): ticket type eco_support, category fault\n"
    taken = run("reference", "defaults", "4", "--no-ticket-type")
    assert taken == run("reference", "defaults", "4") == "product 4 (WIFI): ticket type none, category fault\n"


def test_a_customer_gets_further_contacts(run: Run) -> None:
    """Each behind the last one; who is removed is counted as in the list."""
    for name, more in (("Ali", ("--email", "ali@keesa.example")), ("Moosa", ())):
        added = run("customer", "contact", "add", "2", name, "--number", "+960 777-1", *more)
        assert added == f"added {name} to customer 2\n"
    assert cells(run("customer", "contact", "list", "2")) == [
        ["1", "Ali", "9607771", "+960 777-1", "ali@keesa.example"],
        ["2", "Moosa", "9607771", "+960 777-1", ""],
    ]
    assert run("customer", "contact", "remove", "2", "1") == "removed contact 1 of customer 2\n"
    assert [row[1] for row in cells(run("customer", "contact", "list", "2"))] == ["Moosa"]


REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "no ECO": (("eco", "move", "99", "--customer", "1"), "ECO not found"),
    "nobody's ECO": (("eco", "move", "1", "--customer", "77"), "customer_id there is no customer 77"),
    "no canned answer": (("canned-answer", "retire", "999"), "Canned answer not found"),
    "no placeholder": (("canned-answer", "add", "Tea", "{{tea}}"), "text must not contain {{tea}}: there are"),
    "nothing to change": (("canned-answer", "change", "1"), "Give --name or --text, or both"),
    "no product": (("reference", "retire", "product", "Router"), "Product not found"),
    "no possible product": (("reference", "retire", "product", "9" * 30), "Product not found"),
    "no tag": (("tag", "retire", "Tea"), "There is no tag Tea"),
    "a tag's name": (("tag", "add", "FLOOD"), "name is taken by another tag"),
    "no type": (("reference", "rename", "ticket_type", "tea", "Tea"), "Ticket type not found"),
    "no place": (("reference", "move", "category", "fault", "9"), "position must be from 1 to 6"),
    "no default": (("reference", "defaults", "3", "--category", "tea"), "default_category is unknown, must be one of"),
    "no contact": (("customer", "contact", "remove", "1", "1"), "place is none of the customer's 0 further contacts"),
    "no number": (
        ("customer", "contact", "add", "1", "Ali", "--number", "x"),
        "contacts.0.contact_number must be a telephone number",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_is_told_and_changes_nothing(embedded_desk: Place, embedded_database: Database, case: str) -> None:
    """As the domain refuses it."""
    arguments, sentence = REFUSED[case]
    with unchanged(embedded_database), pytest.raises(KeesaError) as raised:
        ran(embedded_desk, *arguments)
    assert str(raised.value).startswith(sentence)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("reference", "retire", "status", "open"), "Invalid value for 'LIST'"),
        (("reference", "defaults", "3", "--category", "fault", "--no-category"), "give --category or --no-category"),
        (("eco", "change", "1"), "Missing option '--name'"),
    ],
)
def test_a_misuse_is_explained(embedded_desk: Place, arguments: tuple[str, ...], sentence: str) -> None:
    """Exit status 2, and the usage."""
    done = CliRunner().invoke(app_for(arguments), [*arguments, *options(embedded_desk)])
    assert done.exit_code == 2
    assert sentence in done.stderr
