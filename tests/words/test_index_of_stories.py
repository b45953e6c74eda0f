"""After whatever has been done to tickets, the index has what a fresh one would have."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from acting import CLOCK, actor_of
from acting import by as requester
from cast import ADMIN, ASSIGNED, HARBOUR, LONE, SCHOOL, TYPED
from deterministic import deterministic
from indexed import difference_of, differences, empty, fold_all, require_sound
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.directory.customers import CustomerChanges, change_customer
from keesa.directory.ecos import EcoChanges, change_eco
from keesa.errors import Invalid
from keesa.notes.changing import edit_note, lock_note, withdraw_note
from keesa.notes.merging import merge, unmerge
from keesa.notes.notes import make_note
from keesa.rich_text.html import rich_text
from keesa.tickets.editing import TicketChanges, edit_ticket
from keesa.tickets.finding import lock_ticket
from keesa.tickets.raising import raise_ticket
from keesa.words import filling
from keesa.words.pending import fold
from new_tickets import DRAFT

Act = Callable[[Tx, list[int]], None]
"""Is done to one of the tickets, and may add one."""

WORDS: Final = ("link", "down", "ލިންކް", "7912345", "sw-12", "<b>mast</b>", "網路", "&amp;")
TEXTS: Final = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join),
    st.builds(lambda word, times: f"{word} " * times, st.sampled_from(WORDS), st.sampled_from([90, 150, 199, 450])),
    st.builds(lambda first: " ".join(f"w{first + each}" for each in range(700)), st.integers(0, 9)),
)
TICKETS: Final = st.integers(0, 9)
PARTS: Final[dict[str, st.SearchStrategy[Any]]] = {
    "title": st.sampled_from(["Fibre cut", "a a " * 60, "ނެޓް 7654321"]),
    "description": TEXTS.map(rich_text),
    "reference": st.sampled_from(["PO-17", None]),
    "contact_name": st.sampled_from(["Ali", "Shifa"]),
    "contact_number": st.sampled_from([7771234, "+960 777-1234"]),
    "priority": st.integers(1, 5),
    "eco_id": st.sampled_from([1, 2, None]),
}


def noting(ticket: int, text: str, internal: bool) -> Act:  # noqa: FBT001 - drawn
    def work(tx: Tx, numbers: list[int]) -> None:
        number = numbers[ticket % len(numbers)]
        make_note(tx, actor_of(tx, ADMIN), number, rich_text(text), now(), internal=internal)

    return work


def with_note(ticket: int, which: int, text: str | None) -> Act:
    """Edited to the text, or withdrawn."""

    def work(tx: Tx, numbers: list[int]) -> None:
        number, actor = numbers[ticket % len(numbers)], actor_of(tx, ADMIN)
        ids = note_ids(tx, number)
        if not ids:
            return
        locked = lock_note(tx, actor, number, ids[which % len(ids)], now())
        if text is None:
            withdraw_note(tx, actor, locked, now())
        else:
            edit_note(tx, actor, locked, rich_text(text), now())

    return work


def editing(ticket: int, given: dict[str, Any]) -> Act:
    def work(tx: Tx, numbers: list[int]) -> None:
        actor = actor_of(tx, ADMIN)
        edit_ticket(tx, actor, lock_ticket(tx, actor, numbers[ticket % len(numbers)]), TicketChanges(**given), now())

    return work


def transferring(ticket: int, customer_id: int, text: str) -> Act:
    return editing(ticket, {"title": "Anew", "description": rich_text(text), "customer_id": customer_id})


def relating(one: int, other: int, apart: bool) -> Act:  # noqa: FBT001 - drawn
    def work(tx: Tx, numbers: list[int]) -> None:
        first, second = numbers[one % len(numbers)], numbers[other % len(numbers)]
        if first == second:
            return
        if apart:
            unmerge(tx, actor_of(tx, ADMIN), first, second, now())
        else:
            merge(tx, actor_of(tx, ADMIN), first, second, now(), CLOCK)

    return work


def raising(tx: Tx, numbers: list[int]) -> None:
    numbers.append(raise_ticket(tx, actor_of(tx, ADMIN), DRAFT, now(), CLOCK, "yearly").id)


def naming(name: str, customer_id: int) -> Act:
    def work(tx: Tx, _: list[int]) -> None:
        by = requester(actor_of(tx, ADMIN))
        change_customer(tx, by, HARBOUR, CustomerChanges(name=name))
        change_eco(tx, by, 1, EcoChanges(name=name[::-1], customer_id=customer_id))

    return work


def emptying(tx: Tx, _: list[int]) -> None:
    """As on a desk that was just upgraded."""
    empty(tx)


def filling_in(tx: Tx, _: list[int]) -> None:
    if portion := filling.read_portion(tx):
        filling.keep_portion(tx, portion, filling.made_of(portion.tickets))


def folding(most: int) -> Act:
    def work(tx: Tx, _: list[int]) -> None:
        fold(tx, most)

    return work


ACTS: Final = st.one_of(
    st.builds(noting, TICKETS, TEXTS, st.booleans()),
    st.builds(noting, TICKETS, TEXTS, st.booleans()),
    st.builds(with_note, TICKETS, TICKETS, TEXTS | st.none()),
    st.builds(editing, TICKETS, st.fixed_dictionaries({}, optional=PARTS)),
    st.builds(transferring, TICKETS, st.sampled_from([HARBOUR, SCHOOL, LONE]), TEXTS),
    st.builds(relating, TICKETS, TICKETS, st.booleans()),
    st.builds(naming, st.sampled_from(["Reef Ltd", "ރީފް 7912345"]), st.sampled_from([HARBOUR, SCHOOL])),
    st.just(raising),
    st.builds(folding, st.integers(1, 3)),
)


@deterministic(25)
@given(acts=st.lists(ACTS, min_size=4, max_size=25))
def test_the_index_is_as_a_fresh_one(shared_database: Database, acts: Sequence[Act]) -> None:
    """After each act, of each ticket that the acts are about; and of all at the end."""
    numbers = [ASSIGNED, TYPED]
    for act in acts:
        done = take(shared_database, act, numbers)
        assert not done or shared_database.read(lambda tx: wrong(tx, numbers)) == []
    assert differences(shared_database) == []
    shared_database.write(fold_all)
    assert differences(shared_database) == []
    require_sound(shared_database)


@deterministic(15)
@given(acts=st.lists(ACTS | st.just(filling_in) | st.just(filling_in), min_size=4, max_size=20))
def test_so_it_is_once_it_is_filled_in(shared_database: Database, acts: Sequence[Act]) -> None:
    """Whatever was done to tickets before, between and after the portions of the filling."""
    numbers = [ASSIGNED, TYPED]
    for act in (emptying, *acts, *[filling_in] * 12):
        take(shared_database, act, numbers)
    assert shared_database.read(filling.is_whole)
    assert differences(shared_database) == []
    require_sound(shared_database)


def take(database: Database, act: Act, numbers: list[int]) -> bool:
    """Whether it was done: what the rules refuse is undone."""
    try:
        database.write(lambda tx: act(tx, numbers))
    except Invalid:
        return False
    return True


def wrong(tx: Tx, numbers: Sequence[int]) -> list[str]:
    return [found for number in numbers if (found := difference_of(tx, number))]


def note_ids(tx: Tx, number: int) -> list[int]:
    sql = "SELECT id FROM {table} WHERE ticket_id = :id ORDER BY id"
    tables = ("ticket_notes", "internal_notes")
    return [row["id"] for table in tables for row in tx.all(sql.format(table=table), id=number)]
