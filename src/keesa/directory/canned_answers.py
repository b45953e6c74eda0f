"""Canned answers: texts that the desk writes once, and fills in for each ticket."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

from msgspec import UNSET, UnsetType

from keesa.accounts.audit.recording import Requester, record
from keesa.accounts.retiring import RETIRED_AT, act_of
from keesa.db import Steps, Tx
from keesa.db.rules import Rule, hold
from keesa.directory.pages import PageAfter, read_page
from keesa.errors import Invalid, NotFound
from keesa.names import name_fault
from keesa.rich_text.html import LONGEST, RichText
from keesa.rich_text.placeholders import filled

NOT_FOUND: Final = "Canned answer not found"
MOST_IN_USE: Final = 1_000


@dataclass(frozen=True, slots=True)
class CannedAnswer:
    id: int
    name: str
    text: str
    """As it was written, with its placeholders."""
    retired: bool = False


@dataclass(frozen=True, slots=True)
class NamedAnswer:
    """As lists have it: texts are long."""

    id: int
    name: str
    retired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CannedAnswerChanges:
    """What an answer is to be; a field that is UNSET stays as it is."""

    name: str | UnsetType = UNSET
    text: RichText | UnsetType = UNSET
    """Of `text_with_placeholders`."""
    retired: bool | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class CannedAnswerPage:
    answers: Sequence[NamedAnswer]
    next_after: int | None
    """The `after` of the next page; None where nothing follows."""


def create_answer(tx: Tx, by: Requester, name: str, text: RichText) -> CannedAnswer:
    """`text` is what `text_with_placeholders` makes; raises `Invalid` with every fault."""
    hold(tx, Rule.CANNED_ANSWERS)
    faults = _faults(tx, name, text, None)
    if "name" not in faults and (fault := _full_fault(tx)):
        faults["name"] = [fault]
    if faults:
        raise Invalid(faults)
    created = CannedAnswer(
        tx.value(
            "INSERT INTO canned_answers (name, body) VALUES (:name, :body) RETURNING id AS value",
            name=name,
            body=text.kept,
        ),
        name,
        text.kept,
    )
    record(tx, by, "canned_answer.create", created.id, after=_told(created))
    return created


def find_answer(tx: Tx, answer_id: int | None) -> CannedAnswer:
    """Raises `NotFound`."""
    return find_answer_soon(tx, answer_id)()


def find_answer_soon(tx: Tx, answer_id: int | None) -> Callable[[], CannedAnswer]:
    """The same for when it is asked for, as the question travels with the next one."""
    rows = tx.soon("SELECT id, name, body, retired_at FROM canned_answers WHERE id = :id", id=answer_id)

    def found() -> CannedAnswer:
        for row in rows():
            return CannedAnswer(row["id"], row["name"], row["body"], row["retired_at"] is not None)
        raise NotFound(NOT_FOUND)

    return found


def filled_in(answer: CannedAnswer, values: Mapping[str, str]) -> CannedAnswer:
    """With the values in place of the placeholders, to be a note. Raises `Invalid` where it is too long for one."""
    text = filled(answer.text, values)
    if len(text) > LONGEST:
        raise Invalid({"ticket": [f"makes the text longer than a note may be: {LONGEST} characters"]})
    return replace(answer, text=text)


def lock_answer(tx: Tx, answer_id: int | None) -> CannedAnswer:
    """The same, for changing it: nobody changes any answer before the transaction ends."""
    hold(tx, Rule.CANNED_ANSWERS)
    return find_answer(tx, answer_id)


def list_answers(tx: Tx, page: PageAfter, *, with_retired: bool = False) -> Steps[CannedAnswerPage]:
    """The page of them by id; raises as `read_page`."""

    def read(after: int, size: int) -> Iterable[tuple[Any, ...]]:
        return tx.each(
            "SELECT id, name, retired_at FROM canned_answers WHERE id > :after ORDER BY id LIMIT :size",
            after=after,
            size=size,
        )

    found = yield from read_page(page, read, lambda row: with_retired or row[2] is None, searching=not with_retired)
    answers = [NamedAnswer(number, name, retired_at is not None) for number, name, retired_at in found.rows]
    return CannedAnswerPage(answers, found.next_after)


def change_answer(tx: Tx, by: Requester, answer_id: int | None, changes: CannedAnswerChanges) -> CannedAnswer:
    """The answer as it is afterwards. Raises `NotFound`, and `Invalid` with every fault."""
    answer = lock_answer(tx, answer_id)
    changed = replace(
        answer,
        name=answer.name if isinstance(changes.name, UnsetType) else changes.name,
        text=answer.text if isinstance(changes.text, UnsetType) else changes.text.kept,
        retired=answer.retired if isinstance(changes.retired, UnsetType) else changes.retired,
    )
    faults = _faults(tx, changed.name, changes.text, answer)
    if answer.retired and not changed.retired and (fault := _full_fault(tx)):
        faults["retired"] = [fault]
    if faults:
        raise Invalid(faults)
    if changed == answer:
        return answer
    tx.run(
        f"UPDATE canned_answers SET name = :name, body = :body, retired_at = {RETIRED_AT} WHERE id = :id",
        id=answer.id,
        name=changed.name,
        body=changed.text,
        retired=int(changed.retired),
        at=by.at,
    )
    action = f"canned_answer.{act_of(answer.retired, changed.retired)}"
    record(tx, by, action, answer.id, _told(answer), _told(changed))
    return changed


def retire_answer(tx: Tx, by: Requester, answer_id: int | None) -> CannedAnswer:
    """Lists leave it out from now on; who retires it again changes nothing. Raises `NotFound`."""
    return change_answer(tx, by, answer_id, CannedAnswerChanges(retired=True))


def _faults(tx: Tx, name: str, text: RichText | UnsetType, was: CannedAnswer | None) -> dict[str, list[str]]:
    """The rule is held."""
    faults = {}
    if was is None or name != was.name:
        taken = "SELECT id FROM canned_answers WHERE name = :name"
        fault = name_fault(name) or ("is taken by another canned answer" if tx.one(taken, name=name) else None)
        if fault:
            faults["name"] = [fault]
    if not isinstance(text, UnsetType) and text.fault:
        faults["text"] = [text.fault]
    return faults


def _full_fault(tx: Tx) -> str | None:
    in_use = tx.value("SELECT count(*) AS value FROM canned_answers WHERE retired_at IS NULL")
    return f"would be one too many: at most {MOST_IN_USE} are in use" if in_use >= MOST_IN_USE else None


def _told(answer: CannedAnswer) -> dict[str, Any]:
    """As the audit trail has it, which tells whether the text changed, and does not keep it for ever."""
    text = sha256(answer.text.encode()).hexdigest()
    return {"name": answer.name, "text_sha256": text, "retired": answer.retired}
