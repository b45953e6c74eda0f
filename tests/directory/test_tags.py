"""The desk's list of tags: added, renamed, retired and taken back, each name once in whatever case."""

import pytest

from acting import rows
from cast import BY, TAG
from keesa.db import Tx
from keesa.directory import tags
from keesa.directory.tags import (
    Tag,
    TagChanges,
    add_tag,
    change_tag,
    find_tag,
    find_tag_named,
    list_tags,
    retire_tag,
)
from keesa.errors import Invalid, NotFound


def acts(tx: Tx) -> list[str]:
    """Those on tags that the trail has."""
    return [row["action"] for row in rows(tx, "SELECT action FROM audit WHERE thing = 'tag' ORDER BY id")]


def test_a_tag_is_added_renamed_retired_and_taken_back(tx: Tx) -> None:
    """Each is an act in the trail; what is so already is none."""
    tag = add_tag(tx, BY, "Storm")
    assert find_tag(tx, tag.id) == find_tag_named(tx, "STORM") == tag
    for _ in range(2):
        assert change_tag(tx, BY, tag.id, TagChanges(name="storm damage")).name == "storm damage"
        assert retire_tag(tx, BY, tag.id) == Tag(tag.id, "storm damage", retired=True)
    assert find_tag(tx, tag.id).retired
    for _ in range(2):
        assert not change_tag(tx, BY, tag.id, TagChanges(retired=False)).retired
    assert acts(tx)[-4:] == ["tag.create", "tag.change", "tag.retire", "tag.reinstate"]


def test_a_name_is_one_tag_s_in_whatever_case(tx: Tx) -> None:
    """That of one that has retired too; a tag may change the case of its own."""
    tag, other = add_tag(tx, BY, "Straße"), add_tag(tx, BY, "Storm")
    retire_tag(tx, BY, tag.id)
    for name in ("Straße", "STRASSE"):
        with pytest.raises(Invalid, match="name is taken by another tag"):
            add_tag(tx, BY, name)
        with pytest.raises(Invalid, match="name is taken by another tag"):
            change_tag(tx, BY, other.id, TagChanges(name=name))
    assert change_tag(tx, BY, other.id, TagChanges(name="STORM")).name == "STORM"


@pytest.mark.parametrize("name", ["", " Storm", "a" * 256, "\n"])
def test_a_name_is_readable(tx: Tx, name: str) -> None:
    """As every name is."""
    with pytest.raises(Invalid):
        add_tag(tx, BY, name)
    tag = add_tag(tx, BY, "Storm")
    with pytest.raises(Invalid) as caught:
        change_tag(tx, BY, tag.id, TagChanges(name=name))
    assert caught.value.faults.keys() == {"name"}


def test_so_many_are_in_use(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused, whether it is new or comes back."""
    monkeypatch.setattr(tags, "MOST_IN_USE", 3)  # with that of the cast
    one, _ = add_tag(tx, BY, "One"), add_tag(tx, BY, "Two")
    with pytest.raises(Invalid, match="one too many"):
        add_tag(tx, BY, "Three")
    retire_tag(tx, BY, one.id)
    add_tag(tx, BY, "Three")
    with pytest.raises(Invalid, match="retired would be one too many"):
        change_tag(tx, BY, one.id, TagChanges(retired=False))


def test_the_list_is_read_page_by_page(tx: Tx) -> None:
    """In the order in which they were made; the retired ones where they are asked for."""
    made = [add_tag(tx, BY, name) for name in "cba"]
    retire_tag(tx, BY, made[1].id)
    page = list_tags(tx, 2)
    assert (page.tags, page.next_after) == ([find_tag(tx, TAG), made[0]], made[0].id)
    page = list_tags(tx, 1, page.next_after)
    assert (page.tags, page.next_after) == (made[2:], None)
    assert [tag.name for tag in list_tags(tx, 4, with_retired=True).tags] == ["Flood", "c", "b", "a"]
    for limit in (0, 501):
        with pytest.raises(Invalid):
            list_tags(tx, limit)


def test_a_tag_that_is_not_there_is_not_found(tx: Tx) -> None:
    """By its id, or by its name."""
    for missing in (99, None):
        with pytest.raises(NotFound, match="Tag not found"):
            find_tag(tx, missing)
        with pytest.raises(NotFound, match="Tag not found"):
            change_tag(tx, BY, missing, TagChanges(name="Storm"))
    with pytest.raises(NotFound, match="There is no tag Storm"):
        find_tag_named(tx, "Storm")
