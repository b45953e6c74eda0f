"""Searching with any filters, in any order, page by page: what plain Python finds, each ticket once."""

from collections.abc import Iterator, Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from furnished_tickets import FILTERS, Furnished, furnished, joined
from keesa.accounts.actors import Actor
from keesa.db import Database, Row, Tx
from keesa.db.steps import run_to_the_end
from keesa.search import finding, postgres_hits, spans, sqlite_hits, walking
from keesa.search.asking import Asked as AskedRows
from keesa.search.asking import Heads
from keesa.search.finding import SORTS, FoundTickets, SearchPage, search
from keesa.search.language import read_query
from keesa.search.matching import match_of
from keesa.search.walking import walk
from keesa.tickets.row_filters import RowsWanted
from keesa.words.index import set_head
from keesa.words.places import MOST_ROWS, place_of, ticket_at
from keesa.words.texts import head_of
from laid_words import lay, ticket
from many_tickets import ACTORS, actors
from plain_search import Asked, PlainDesk
from searched_tickets import QUESTIONS, found_plainly, furnish_texts, plain_desk
from undone import undone

NOTHING: Final = RowsWanted()


@pytest.fixture(scope="module")
def full(shared_database: Database) -> Database:
    shared_database.write(furnish_texts)
    return shared_database


@pytest.fixture(scope="module")
def tickets(full: Database) -> list[Furnished]:
    return full.read(furnished)


@pytest.fixture(scope="module")
def desk(full: Database) -> PlainDesk:
    return full.read(plain_desk)


WAYS: Final = ("as served", "hits", "few hits at a time", "rows in turn", "hits sorted")


@pytest.fixture(params=WAYS)
def looked_at(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the bounds of the server the filters lead to all of the few tickets that there are; with smaller ones hits
    are walked along, in each of the ways that PostgreSQL has.
    """
    if request.param != "as served":
        walk_along(monkeypatch, request.param)


def walk_along(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Hits, in one of the ways; in most of them a few at a time."""
    monkeypatch.setattr(finding, "FEW", 0)
    if way == "hits":
        return
    monkeypatch.setattr(finding, "MOST", 19)
    monkeypatch.setattr(finding, "ROUND", 16 * MOST_ROWS)
    for module in (spans, sqlite_hits, postgres_hits):
        monkeypatch.setattr(module, "HITS", 40)
        monkeypatch.setattr(module, "CHUNK", 7)
    monkeypatch.setattr(sqlite_hits, "LOOSE", 5)
    monkeypatch.setattr(walking, "PENDING", 30)
    for name, bound in (("FIRST", 10), ("ROWS", 45), ("PHRASES", 30), ("SORTED", 10_000)):
        monkeypatch.setattr(postgres_hits, name, bound)
    expected = {"rows in turn": 0, "hits sorted": 10_000_000}.get(way, postgres_hits.EXPECTED)
    monkeypatch.setattr(postgres_hits, "EXPECTED", expected)


def typed(asked: Sequence[Asked]) -> str:
    return " ".join(one.typed for one in asked)


def pages(tx: Tx, actor: Actor, asked: Sequence[Asked], wanted: RowsWanted, page: SearchPage) -> Iterator[FoundTickets]:
    """Each, to the end."""
    query = read_query(typed(asked))
    for _ in range(3000):
        found = run_to_the_end(search(tx, actor, query, wanted, page))
        assert len(found.places) <= page.limit
        yield found
        if found.next_after is None:
            return
        assert found.next_after != page.after
        page = SearchPage(page.limit, page.sort, page.descending, found.next_after)
    raise AssertionError("no end")


def all_pages(
    full: Database, actor: Actor, asked: Sequence[Asked], wanted: RowsWanted, page: SearchPage
) -> list[FoundTickets]:
    return full.read(lambda tx: list(pages(tx, actor, asked, wanted, page)))


def numbers(found: Sequence[FoundTickets]) -> list[int]:
    return [ticket_at(place) for page in found for place in page.places]


def check(
    full: Database,
    desk: PlainDesk,
    tickets: list[Furnished],
    actor: Actor,
    asked: Sequence[Asked],
    wanted: RowsWanted,
    page: SearchPage,
) -> None:
    """The pages have what there is to find, each once, and count it. What is one block is in order; so are numbers."""
    expected = found_plainly(desk, tickets, actor, wanted, asked, page.sort, descending=page.descending)
    found = all_pages(full, actor, asked, wanted, page)
    begin_blocks = [each.next_after for each in found if each.next_after and each.next_after.lower is None]
    if page.sort == "raised" or not begin_blocks:
        assert numbers(found) == expected
    assert sorted(numbers(found)) == sorted(expected)
    first, *further = found
    assert first.count is not None
    assert first.count == len(expected) if first.count_is_exact else first.count <= len(expected)
    assert all(later.count is None for later in further)


@pytest.mark.usefixtures("looked_at")
@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_joins_with_a_search(full: Database, desk: PlainDesk, tickets: list[Furnished], name: str) -> None:
    """In each order, whoever asks: the pages together have each ticket once."""
    place = list(FILTERS).index(name)
    for number, asked in enumerate(QUESTIONS):
        if (number + place) % 2:  # the others join with the next filter
            continue
        actor = list(ACTORS.values())[(number + place) % 5]
        sort = SORTS[(number + place) % 4]
        page = SearchPage((17, 50)[number % 2], sort, bool(number % 3) or sort == "best")
        check(full, desk, tickets, actor, asked, FILTERS[name], page)


@pytest.mark.usefixtures("looked_at")
@given(
    actor=actors(),
    asked=st.sampled_from(QUESTIONS),
    names=st.lists(st.sampled_from(list(FILTERS)), max_size=2),
    page=st.builds(SearchPage, st.sampled_from((1, 7, 50)), st.sampled_from(SORTS), st.just(True)),  # noqa: FBT003
)
@deterministic(15)
def test_any_filters_find_what_plain_python_finds(
    full: Database,
    desk: PlainDesk,
    tickets: list[Furnished],
    actor: Actor,
    asked: Sequence[Asked],
    names: list[str],
    page: SearchPage,
) -> None:
    """Of whom whatever, in whatever order."""
    wanted = NOTHING
    for name in names:
        wanted = joined(wanted, FILTERS[name])
    check(full, desk, tickets, actor, asked, wanted, page)


@pytest.mark.parametrize("who", ["staff with a type", "customer"])
def test_no_cursor_names_a_ticket_out_of_sight(full: Database, monkeypatch: pytest.MonkeyPatch, who: str) -> None:
    """Though it is behind hits that who asks does not see."""
    rare = FILTERS["reference" if who == "customer" else "mentioned"]
    for way in WAYS[2:]:
        walk_along(monkeypatch, way)
        for number, asked in enumerate(QUESTIONS[:4]):
            page = SearchPage(7, "raised", number % 2 == 0)
            found = all_pages(full, ACTORS[who], asked, rare, page)
            seen = {place_of(shown) for shown in numbers(found)}
            ends = {each.next_after.upper for each in found if each.next_after}
            assert {end for end in ends if end % finding.ROUND and not {end, end - MOST_ROWS} & seen} == set()


def test_heads_count_as_they_are_now(full: Database) -> None:
    """A title that is new, and not in the index yet, makes a hit one of the best; one that has gone makes it none."""

    def best(tx: Tx, asked: Sequence[Asked]) -> list[int]:
        page = SearchPage(50)
        found = list(pages(tx, ACTORS["admin"], asked, NOTHING, page))
        assert found[0].count_is_exact
        return numbers(found)

    asked = [Asked("hidden")]
    with undone(full) as tx:
        first, *others, last = best(tx, asked)
        assert others == sorted(others, reverse=True)
        set_head(tx, head_of(tx, last)._replace(title="Hidden"))
        assert best(tx, asked) == [last, first, *others]
        set_head(tx, head_of(tx, last))
        assert best(tx, asked) == [first, *others, last]


@pytest.mark.parametrize(("expected", "times"), [(0, 4), (1_000, 2)])
def test_few_hits_are_sorted_at_once(
    full: Database, monkeypatch: pytest.MonkeyPatch, expected: int, times: int
) -> None:
    """Though each row is one: PostgreSQL looks at rows in turn only where more hits are expected than it would sort."""
    for name, value in {"FIRST": 10, "CHUNK": 10, "EXPECTED": expected, "_ALL_ROWS": "40"}.items():
        monkeypatch.setattr(postgres_hits, name, value)
    with undone(full) as tx:
        lay(tx, PlainDesk([ticket(number, 1) for number in range(2024001, 2024036)], [], 50))
        match = match_of(tx, read_query("link"), internal=True)
        asked = AskedRows(match, internal=True, own_alone=False, by_heads=False, heads=Heads(set(), set()))
        statements: list[str] = []
        ask = tx.all

        def asking(sql: str, /, **params: object) -> Sequence[Row]:
            statements.append(sql)
            return ask(sql, **params)

        monkeypatch.setattr(tx, "all", asking)
        hits = [hit for met in walk(tx, asked, spans.Span(), newest_first=True) for hit in met.hits]
        assert hits == [place_of(number) for number in range(2024035, 2024000, -1)]
        asked_for = [sql for sql in statements if " FROM ticket_words" in sql]
        assert len(asked_for) == (0 if tx.writes_alone else times)
