"""The list of customers: by id, a page after the other, by part of a name, and for who may see them."""

from collections.abc import Iterable
from typing import Any, Final

import pytest

from acting import actor_of
from cast import ADMIN, BOT, BY, CUSTOMER, ENGINEER, HARBOUR, LONE, OPERATOR, SCHOOL, Person
from keesa.db import Pace, Tx
from keesa.directory import pages
from keesa.directory.customers import (
    CustomerChanges,
    CustomerPage,
    change_customer,
    find_customer,
    list_customers,
    retire_customer,
)
from keesa.directory.pages import PageAfter
from keesa.errors import Invalid
from listed_customers import add, names, page_of

CAST: Final = ["Fulhadhoo Harbour", "Dhonfanu School", "Quiet Island"]


def ids(page: CustomerPage) -> list[int]:
    return [customer.id for customer in page.customers]


@pytest.mark.parametrize("person", [ADMIN, ENGINEER, BOT])
def test_customers_are_listed_by_id(tx: Tx, person: Person) -> None:
    """Each as it is found by itself, with nothing that follows."""
    page = page_of(tx, actor_of(tx, person), PageAfter(500))
    assert page == CustomerPage([find_customer(tx, OPERATOR, each) for each in (HARBOUR, SCHOOL, LONE)], None)


@pytest.mark.parametrize(
    ("limit", "after", "listed", "next_after"),
    [
        (2, None, [HARBOUR, SCHOOL], SCHOOL),
        (3, None, [HARBOUR, SCHOOL, LONE], None),
        (1, HARBOUR, [SCHOOL], SCHOOL),
        (2, SCHOOL, [LONE], None),
        (500, LONE, [], None),
        (500, 2**63 - 1, [], None),
        (500, 0, [HARBOUR, SCHOOL, LONE], None),
    ],
)
def test_a_page_begins_behind_an_id(
    tx: Tx, limit: int, after: int | None, listed: list[int], next_after: int | None
) -> None:
    """And says where the next one does, where anything follows."""
    page = page_of(tx, OPERATOR, PageAfter(limit, after))
    assert (ids(page), page.next_after) == (listed, next_after)


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_a_limit_out_of_its_bounds_is_refused(tx: Tx, limit: int) -> None:
    """1 to 500."""
    with pytest.raises(Invalid) as raised:
        page_of(tx, OPERATOR, PageAfter(limit))
    assert raised.value.faults == {"limit": ["must be 1 to 500"]}


def test_a_walk_shows_each_customer_once_while_others_come_and_go(tx: Tx) -> None:
    """All that were in use throughout, in order, and those that were added; none twice."""
    steady = [HARBOUR, SCHOOL, LONE, *(add(tx, f"Island {number}").id for number in range(5))]
    walked, page, added, going = [], PageAfter(2), list[int](), [add(tx, "Going").id for _ in range(2)]
    for turn in range(20):
        found = page_of(tx, OPERATOR, page)
        walked += ids(found)
        if found.next_after is None:
            break
        if turn < 3:
            added.append(add(tx, "Coming").id)
        if turn == 1:
            for customer_id in (walked[-1], *going):
                retire_customer(tx, BY, customer_id)
        page = PageAfter(2, found.next_after)
    assert walked == [*steady, *added]


def test_retired_customers_are_left_out_unless_they_are_asked_for(tx: Tx) -> None:
    """They take no place on a page, and come back with their use."""
    retire_customer(tx, BY, SCHOOL)
    assert names(tx, OPERATOR) == [CAST[0], CAST[2]]
    assert names(tx, OPERATOR, "school") == []
    both = page_of(tx, OPERATOR, PageAfter(2))
    assert (ids(both), both.next_after) == ([HARBOUR, LONE], None)
    shown = page_of(tx, OPERATOR, PageAfter(500), with_retired=True).customers
    assert [(each.name, each.retired) for each in shown] == [(CAST[0], False), (CAST[1], True), (CAST[2], False)]
    assert names(tx, OPERATOR, "school", with_retired=True) == [CAST[1]]
    change_customer(tx, BY, SCHOOL, CustomerChanges(retired=False))
    assert names(tx, OPERATOR) == CAST


@pytest.mark.parametrize(
    ("name", "searched"),
    [
        ("Fish Market of Thulusdhoo", "MARKET OF"),
        ("ފުޅަދޫ ބަނދަރު", "ބަނދަރު"),
        ("ފުޅަދޫ ބަނދަރު", "ޅަދޫ ބަ"),
        ("Große Straße 7", "GROSSE STRASSE"),
        ("GROSSE STRASSE 7", "straße"),
        ("İstanbul Büfe", "i̇STANBUL BÜ"),
        ("i̇stanbul", "İ"),
        ("Οδυσσεύς", "ΟΔΥΣΣΕΎΣ"),
        ("ΟΔΥΣΣΕΎΣ ΠΛΩ", "οδυσσεύς"),
        ("Гавань", "ГАВАНЬ"),
        ("مدرسة الميناء", "الميناء"),
        ("مُدرّسة", "\u0645\u064f\u062f\u0631\u0651"),
        ("東京港事務所", "京港"),
        ("ハーバー", "ーバ"),
        ("Café de la Mer", "CAFE\u0301"),
        ("Cafe\u0301 de la Mer", "café"),
        ("각 항구", "\u1100\u1161\u11a8"),
    ],
)
def test_a_name_is_found_by_a_part_of_it_in_any_case(tx: Tx, name: str, searched: str) -> None:
    """In every script, and however its accents were typed; the same on both engines."""
    add(tx, name)
    assert names(tx, OPERATOR, searched) == [name]


@pytest.mark.parametrize(
    ("name", "searched"),
    [
        ("\uff21\uff22\uff23 Market", "abc"),
        ("Pier ①", "1"),
        ("Café", "cafe"),
        ("ﻻ", "لا"),
        ("ｶﾞｰﾄﾞ", "ガ"),
        ("Isparta", "\u0131"),
        ("Großmarkt", "grosm"),
        ("ފުޅަދޫ", "ފުޅަދު"),
    ],
)
def test_what_only_looks_alike_is_not_found(tx: Tx, name: str, searched: str) -> None:
    """Forms of compatibility (NFKC would fold them), another letter, or one without its accent."""
    add(tx, name)
    assert names(tx, OPERATOR, searched) == []


@pytest.mark.parametrize("sign", ["%", "_", "\\", "*", "?", "[a-z]", "'", ":name", "$filter"])
def test_a_sign_means_itself(tx: Tx, sign: str) -> None:
    """None stands for any other."""
    assert names(tx, OPERATOR, sign) == []
    add(tx, f"100{sign} Fish")
    assert names(tx, OPERATOR, f"0{sign} f") == [f"100{sign} Fish"]
    assert names(tx, OPERATOR, f"1{sign}0") == []


def test_no_part_of_a_name_is_in_every_one(tx: Tx) -> None:
    """As an empty field of a form says it."""
    assert names(tx, OPERATOR, "") == CAST


def test_a_search_is_walked_too(tx: Tx) -> None:
    """The cursor is the same."""
    islands = [LONE, *(add(tx, f"{kind} island").id for kind in ("Big", "Small") for _ in range(2))]
    add(tx, "Reef")
    first = page_of(tx, OPERATOR, PageAfter(2), "ISLAND")
    second = page_of(tx, OPERATOR, PageAfter(3, first.next_after), "ISLAND")
    assert (ids(first), ids(second), second.next_after) == (islands[:2], islands[2:], None)


def test_a_customers_user_sees_their_own_alone(tx: Tx) -> None:
    """No page, search or flag shows them another, or that there is one."""
    actor = actor_of(tx, CUSTOMER)
    retire_customer(tx, BY, SCHOOL)
    for with_retired in (False, True):
        assert names(tx, actor, with_retired=with_retired) == CAST[:1]
        assert names(tx, actor, "o", with_retired=with_retired) == CAST[:1]
        assert names(tx, actor, "harbour", with_retired=with_retired) == CAST[:1]
        for other in ("school", "Quiet"):
            assert page_of(tx, actor, PageAfter(1), other, with_retired=with_retired) == CustomerPage([], None)
    assert page_of(tx, actor, PageAfter(1)).next_after is None
    assert page_of(tx, actor, PageAfter(500, HARBOUR)) == CustomerPage([], None)


def test_the_customers_that_are_looked_at_for_a_page_are_bounded(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it holds fewer than its limit, and says where the search goes on, which comes to an end."""
    monkeypatch.setattr(pages, "MOST_LOOKED_AT", 5)
    monkeypatch.setattr(pages, "_FIRST_PORTION", 2)
    monkeypatch.setattr(pages, "_PORTION", 2)
    added = [add(tx, "Reef" if number in (3, 10) else "Islet").id for number in range(12)]
    everybody = [HARBOUR, SCHOOL, LONE, *added]
    first = page_of(tx, OPERATOR, PageAfter(2), "reef")
    assert (ids(first), first.next_after) == ([], everybody[4])
    second = page_of(tx, OPERATOR, PageAfter(2, first.next_after), "reef")
    assert (ids(second), second.next_after) == ([added[3]], everybody[9])
    third = page_of(tx, OPERATOR, PageAfter(2, second.next_after), "reef")
    assert (ids(third), third.next_after) == ([added[10]], everybody[14])
    assert page_of(tx, OPERATOR, PageAfter(2, third.next_after), "reef") == CustomerPage([], None)


def test_retired_customers_count_among_those_that_are_looked_at(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, a page is as short to find."""
    monkeypatch.setattr(pages, "MOST_LOOKED_AT", 2)
    for customer_id in (HARBOUR, SCHOOL):
        retire_customer(tx, BY, customer_id)
    assert page_of(tx, OPERATOR, PageAfter(2)) == CustomerPage([], SCHOOL)
    assert ids(page_of(tx, OPERATOR, PageAfter(2, SCHOOL))) == [LONE]


def test_a_search_goes_in_steps(tx: Tx) -> None:
    """Two hundred customers at a time, between which others have their turn."""
    for number in range(450):
        add(tx, f"Island {number}")
    assert list(list_customers(tx, OPERATOR, PageAfter(500), "nowhere")) == [Pace.SHORT] * 2
    assert list(list_customers(tx, OPERATOR, PageAfter(500))) == [Pace.SHORT] * 2
    assert list(list_customers(tx, OPERATOR, PageAfter(199))) == []


def test_a_page_reads_little_more_than_it_shows(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a search one more customer; with one two hundred, and then two thousand with each statement."""
    sizes = []
    each = type(tx).each

    def told(tx: Tx, sql: str, /, **params: object) -> Iterable[tuple[Any, ...]]:
        sizes.append(params["size"])
        return each(tx, sql, **params)

    for number in range(210):
        add(tx, f"Island {number}")
    monkeypatch.setattr(type(tx), "each", told)
    page_of(tx, OPERATOR, PageAfter(20))
    page_of(tx, OPERATOR, PageAfter(20), "nowhere")
    assert sizes == [21, 200, 2000]
