"""Filling the index of a desk that had its tickets before there was one, while it runs: names first, then tickets, the
largest numbers first, as far as they have no rows yet.

Texts are read, then split with no transaction open, then kept where the ticket is still as it was: a portion that
another process has kept meanwhile is kept by one of the two.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from keesa.db import Tx
from keesa.words.index import write_rows
from keesa.words.names import keep_names
from keesa.words.pieces import Head
from keesa.words.places import place_of
from keesa.words.rows import Row, rows_of
from keesa.words.texts import TicketTexts, texts_of

TICKETS: Final = 50
"""Of a portion, at the most."""
BYTES: Final = 512 * 1024
"""Of their texts, unless a single one has more."""
LARGEST: Final = 2**63 - 1
_NAME: Final = "search index"


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far it is."""

    whole: bool = False
    names: Literal["customers", "ecos", "done"] = "customers"
    after: int = -1
    """The last one whose name is there."""
    below: int = LARGEST
    """Tickets with smaller numbers may be missing."""


@dataclass(frozen=True, slots=True)
class Portion:
    state: State
    """That it was read in."""
    tickets: Sequence[TicketTexts]
    below: int | None
    """Where the next one begins; None where nothing is left."""


@dataclass(frozen=True, slots=True)
class Made:
    """The rows of one ticket."""

    head: Head
    revision: int
    rows: Sequence[Row]


def is_whole(tx: Tx) -> bool:
    """Whether every ticket can be found."""
    return whole_soon(tx)()


def whole_soon(tx: Tx) -> Callable[[], bool]:
    """The same, for when it is asked for: until then it travels with other statements."""
    state = _state_soon(tx)
    return lambda: state().whole


def state_of(tx: Tx) -> State:
    return _state_soon(tx)()


def _state_soon(tx: Tx) -> Callable[[], State]:
    kept = tx.soon("SELECT value FROM settings WHERE name = :name", name=_NAME)
    return lambda: next((msgspec.json.decode(row["value"], type=State) for row in kept()), State())


def read_portion(tx: Tx) -> Portion | None:
    """What is to be done next; None where the index is whole."""
    state = state_of(tx)
    if state.whole:
        return None
    if state.names != "done":
        return Portion(state, (), state.below)
    wanted, below = next_tickets(tx, state.below)
    places = {place_of(ticket_id): ticket_id for ticket_id in wanted}
    there = tx.each(_THERE, ids=msgspec.json.encode([*places]).decode())
    missing = {*wanted} - {places[place] for (place,) in there}
    return Portion(state, [*texts_of(tx, missing).values()] if missing else (), below)


def next_tickets(tx: Tx, below: int) -> tuple[list[int], int | None]:
    """The next ones, and below which one to go on; None at the end."""
    ids, size = list[int](), 0
    for ticket_id, of_texts in tx.each(_NEXT, below=below, most=TICKETS):
        if ids and size + of_texts > BYTES:
            break
        ids.append(ticket_id)
        size += of_texts
    return ids, ids[-1] if ids else None


def made_of(tickets: Sequence[TicketTexts], pause: Callable[[], None] = lambda: None) -> list[Made]:
    """Their rows, which takes as long as their texts are; `pause` is called between two tickets."""
    found = []
    for texts in tickets:
        found.append(Made(texts.head, texts.revision, rows_of(texts.pieces())))
        pause()
    return found


def keep_portion(tx: Tx, portion: Portion, made: Sequence[Made]) -> bool:
    """Whether there is more to do."""
    state = portion.state
    if state.names != "done":
        _advance(tx, state, _with_names(tx, state))
        return True
    changed = keep_made(tx, made)
    if changed:
        _advance(tx, state, replace(state, below=max(changed) + 1))
    elif portion.below is not None:
        _advance(tx, state, replace(state, below=portion.below))
    else:
        _advance(tx, state, State(whole=True))
        return False
    return True


def keep_made(tx: Tx, made: Sequence[Made]) -> set[int]:
    """Write the rows, in place of those that there may be; the tickets that have changed since their texts were read,
    whose rows are as they were.
    """
    revisions = _locked(tx, [each.head.id for each in made]) if made else {}
    changed = {each.head.id for each in made if revisions[each.head.id] != each.revision}
    for each in made:
        if each.head.id not in changed:
            write_rows(tx, each.head, each.rows)
    return changed


def begin_anew(tx: Tx) -> None:
    """As if nothing was there."""
    _set(tx, State())


def set_whole(tx: Tx) -> None:
    _set(tx, State(whole=True))


def _locked(tx: Tx, ids: Collection[int]) -> Mapping[int, int]:
    """Their revisions; in the order in which whoever holds many tickets holds them."""
    return dict(
        tx.each(
            "SELECT id, revision FROM tickets WHERE id IN $json_ids ORDER BY duplicate_of_id IS NULL, id $for_update",
            ids=msgspec.json.encode([*ids]).decode(),
        )
    )


def _with_names(tx: Tx, state: State) -> State:
    """As it is with the next names, which are kept."""
    assert state.names != "done"  # noqa: S101 - who asks has looked
    last = keep_names(tx, state.names, state.after)
    if last is not None:
        return replace(state, after=last)
    return replace(state, names="ecos" if state.names == "customers" else "done", after=-1)


def _advance(tx: Tx, was: State, state: State) -> None:
    """Where another process has gone on meanwhile, its word counts."""
    if state_of(tx) == was:
        _set(tx, state)


def _set(tx: Tx, state: State) -> None:
    tx.run(
        "INSERT INTO settings (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value",
        name=_NAME,
        value=msgspec.json.encode(state).decode(),
    )


_NEXT: Final = """
    SELECT id, description_size + notes_size + internal_notes_size FROM tickets WHERE id < :below
    ORDER BY id DESC LIMIT :most
"""
_THERE: Final = (
    "SELECT place FROM ticket_words WHERE place IN $json_ids"
    " UNION SELECT place FROM pending_words WHERE place IN $json_ids"
)
