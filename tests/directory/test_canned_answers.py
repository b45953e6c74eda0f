"""Canned answers as the domain keeps them: named once, so many in use, changed and retired with a row in the trail."""

import json
from typing import Any

import pytest

from acting import CLOCK, actor_of, rows
from cast import ADMIN, ASSIGNED, BY, CANNED_ANSWER, CUSTOMER, ENGINEER, HIDDEN, RAISED, STRANGERS
from keesa.db import Tx
from keesa.db.steps import run_to_the_end
from keesa.directory import canned_answers
from keesa.directory.canned_answers import (
    CannedAnswer,
    CannedAnswerChanges,
    change_answer,
    create_answer,
    filled_in,
    find_answer,
    list_answers,
    retire_answer,
)
from keesa.directory.pages import PageAfter
from keesa.errors import Invalid, NotFound
from keesa.names import LONGEST
from keesa.rich_text.html import LONGEST as LONGEST_TEXT
from keesa.rich_text.placeholders import PLACEHOLDERS, text_with_placeholders
from keesa.tickets.placeholders import placeholder_values

TEXT = text_with_placeholders("<p>Dear {{contact_name}}</p>")
BAD = text_with_placeholders("{{tea}}")


def names(tx: Tx, page: PageAfter | None = None, *, with_retired: bool = False) -> tuple[list[str], int | None]:
    found = run_to_the_end(list_answers(tx, page or PageAfter(), with_retired=with_retired))
    return [answer.name for answer in found.answers], found.next_after


def trail(tx: Tx) -> list[tuple[str, dict[str, Any]]]:
    found = rows(tx, "SELECT action, changes FROM audit WHERE thing = 'canned_answer' ORDER BY id")
    return [(row["action"], json.loads(row["changes"])) for row in found]


def test_an_answer_is_made_changed_and_retired(tx: Tx) -> None:
    """Each act is in the trail, which tells that the text is another one, and holds none."""
    made = create_answer(tx, BY, "Mended", TEXT)
    assert find_answer(tx, made.id) == made == CannedAnswer(made.id, "Mended", "<p>Dear {{contact_name}}</p>")
    text = text_with_placeholders("Dear {{my_name}}")
    changed = change_answer(tx, BY, made.id, CannedAnswerChanges(name="Repaired", text=text))
    assert find_answer(tx, made.id) == changed == CannedAnswer(made.id, "Repaired", "Dear {{my_name}}")
    assert retire_answer(tx, BY, made.id).retired
    assert change_answer(tx, BY, made.id, CannedAnswerChanges(retired=False)) == changed
    acts = trail(tx)
    assert [action.partition(".")[2] for action, _ in acts] == ["create", "change", "retire", "reinstate"]
    assert [list(changes) for _, changes in acts] == [
        ["name", "text_sha256", "retired"],
        ["name", "text_sha256"],
        ["retired"],
        ["retired"],
    ]
    assert "Dear" not in repr(acts)


def test_what_is_so_already_is_no_change(tx: Tx) -> None:
    """Nor an act."""
    answer = find_answer(tx, CANNED_ANSWER)
    same = CannedAnswerChanges(name=answer.name, text=text_with_placeholders(answer.text), retired=False)
    assert change_answer(tx, BY, CANNED_ANSWER, same) == change_answer(tx, BY, CANNED_ANSWER, CannedAnswerChanges())
    assert retire_answer(tx, BY, CANNED_ANSWER) == retire_answer(tx, BY, CANNED_ANSWER)
    assert [action for action, _ in trail(tx)] == ["canned_answer.retire"]


@pytest.mark.parametrize("name", ["On my way", "", " x", "x" * (LONGEST + 1), "a\nb"])
def test_a_name_is_one_answers_and_a_name(tx: Tx, name: str) -> None:
    """Also where the other one is retired; every fault is told at once."""
    other = create_answer(tx, BY, "Other", TEXT).id
    retire_answer(tx, BY, CANNED_ANSWER)
    with pytest.raises(Invalid) as made:
        create_answer(tx, BY, name, BAD)
    with pytest.raises(Invalid) as changed:
        change_answer(tx, BY, other, CannedAnswerChanges(name=name, text=BAD))
    assert made.value.faults == changed.value.faults
    assert made.value.faults.keys() == {"name", "text"}
    assert find_answer(tx, other) == CannedAnswer(other, "Other", TEXT.kept)


@pytest.mark.parametrize("number", [99, None])
def test_one_that_is_not_there_is_not_found(tx: Tx, number: int | None) -> None:
    """Nor retired."""
    with pytest.raises(NotFound, match=r"^Canned answer not found$"):
        find_answer(tx, number)
    with pytest.raises(NotFound, match=r"^Canned answer not found$"):
        retire_answer(tx, BY, number)


def test_so_many_are_in_use(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is retired does not count, and comes back where there is room."""
    monkeypatch.setattr(canned_answers, "MOST_IN_USE", 2)
    second = create_answer(tx, BY, "Second", TEXT).id
    sentence = "would be one too many: at most 2 are in use"
    with pytest.raises(Invalid, match=f"name {sentence}"):
        create_answer(tx, BY, "Third", TEXT)
    retire_answer(tx, BY, second)
    create_answer(tx, BY, "Third", TEXT)
    with pytest.raises(Invalid, match=f"retired {sentence}"):
        change_answer(tx, BY, second, CannedAnswerChanges(retired=False))
    assert find_answer(tx, second).retired


def test_what_is_filled_in_is_no_longer_than_a_note(tx: Tx) -> None:
    """One that could not be sent is told of here."""
    fits = create_answer(tx, BY, "Long", text_with_placeholders("x" * (LONGEST_TEXT - 16) + "{{title}}"))
    assert len(filled_in(fits, {"title": "y" * 16}).text) == LONGEST_TEXT
    with pytest.raises(Invalid) as raised:
        filled_in(fits, {"title": "y" * 17})
    assert raised.value.faults == {"ticket": ["makes the text longer than a note may be: 65536 characters"]}


def test_the_list_is_walked_by_id(tx: Tx) -> None:
    """Without those that are retired, unless they are asked for."""
    for name in ("A", "B", "C"):
        create_answer(tx, BY, name, TEXT)
    last = create_answer(tx, BY, "D", TEXT).id
    retire_answer(tx, BY, last - 2)
    assert names(tx) == (["On my way", "A", "C", "D"], None)
    assert names(tx, PageAfter(3)) == (["On my way", "A", "C"], last - 1)
    assert names(tx, PageAfter(3, last - 1)) == (["D"], None)
    assert names(tx, PageAfter(3), with_retired=True) == (["On my way", "A", "B"], last - 2)
    with pytest.raises(Invalid):
        names(tx, PageAfter(501))


def test_a_ticket_has_a_value_for_each_placeholder(tx: Tx) -> None:
    """Of its own, and of who asks; nothing for what it has not."""
    tx.run("UPDATE tickets SET reference = 'PO 17', held_until = '2025-04-01' WHERE id = :id", id=STRANGERS)
    admin = actor_of(tx, ADMIN)
    assert placeholder_values(tx, admin, STRANGERS, CLOCK) == {
        "ticket_number": "2025004",
        "title": "Trouble 2025004",
        "status": "on hold",
        "reference": "PO 17",
        "customer": "Fulhadhoo Harbour",
        "contact_name": "Ibrahim",
        "product": "Router",
        "raised_by": "Aishath Rasheed",
        "raised_on": "2025-03-04",
        "held_until": "2025-04-01",
        "assigned_to": "Ibrahim Latheef",
        "my_name": "Aishath Rasheed",
    }
    empty = placeholder_values(tx, actor_of(tx, ENGINEER), RAISED, CLOCK)
    assert empty.keys() == set(PLACEHOLDERS)
    assert [name for name, value in empty.items() if not value] == ["reference", "held_until", "assigned_to"]
    assert empty["my_name"] == "Hassan Waheed"


def test_a_ticket_out_of_sight_fills_in_nothing(tx: Tx) -> None:
    """As one that is missing."""
    for person, number in ((ENGINEER, HIDDEN), (CUSTOMER, HIDDEN), (ADMIN, 2025999), (ADMIN, None)):
        with pytest.raises(NotFound, match=r"^Ticket not found$"):
            placeholder_values(tx, actor_of(tx, person), number, CLOCK)
    assert placeholder_values(tx, actor_of(tx, CUSTOMER), ASSIGNED, CLOCK)["title"] == "Trouble 2025002"
