"""`If-None-Match` and `If-Match`, as RFC 9110 has them."""

import pytest
from starlette.datastructures import Headers

from keesa.web.conditions import conditions_of, is_known, own_part
from keesa.web.http_errors import HttpError
from keesa.web.replies import Answered

ETAG = '"7f"'
SAME = ['"7f"', 'W/"7f"', '"1", "7f"', '"1","7f" , W/"2"', "*", ' "7f" ']
OTHER = ['"7"', '"7f', "7f", '""', "", 'W/"7"', '"7F"', '"1", "2"']


def conditions(name: str, value: str, *, reads: bool) -> None:
    conditions_of(Headers({name: value}), reads=reads).require(ETAG)


@pytest.mark.parametrize("value", SAME)
def test_a_read_of_what_the_client_has_is_answered_without_it(value: str) -> None:
    """304 with the tag, compared weakly."""
    with pytest.raises(Answered) as answered:
        conditions("If-None-Match", value, reads=True)
    reply = answered.value.reply
    assert (reply.status, reply.body, list(reply.headers)) == (304, b"", [(b"etag", ETAG.encode())])


@pytest.mark.parametrize("value", OTHER)
def test_a_read_of_something_else_goes_on(value: str) -> None:
    """Also where the header makes no sense."""
    conditions("If-None-Match", value, reads=True)


@pytest.mark.parametrize("value", [value for value in SAME if value != 'W/"7f"'])
def test_a_change_of_what_the_client_has_seen_goes_on(value: str) -> None:
    """The tag is one of those that it names."""
    conditions("If-Match", value, reads=False)


@pytest.mark.parametrize("value", [*OTHER, 'W/"7f"'])
def test_a_change_of_another_state_is_refused(value: str) -> None:
    """412 with the tag of the state that there is; a weak tag never matches."""
    with pytest.raises(HttpError) as refused:
        conditions("If-Match", value, reads=False)
    assert (refused.value.status, refused.value.headers) == (412, {"ETag": ETAG})


def test_the_other_condition_says_nothing() -> None:
    """`If-Match` of a read, `If-None-Match` of a change, and none at all."""
    conditions("If-Match", '"1"', reads=True)
    conditions("If-None-Match", ETAG, reads=False)
    conditions("Accept", "*/*", reads=True)


@pytest.mark.parametrize("lines", [['"1"', ETAG], [ETAG, '"1"']])
def test_a_list_in_several_lines_is_one_list(lines: list[str]) -> None:
    """As some clients and proxies send it."""
    with pytest.raises(Answered):
        conditions_of(of_lines(b"if-none-match", lines), reads=True).require(ETAG)
    conditions_of(of_lines(b"if-match", lines), reads=False).require(ETAG)


def of_lines(name: bytes, lines: list[str]) -> Headers:
    return Headers(raw=[(name, line.encode()) for line in lines])


@pytest.mark.parametrize(
    ("tags", "own"),
    [
        ('"3f.5d0c-1a.4"', '"1a.4"'),
        ('"3f.5d0c-1a.4.c"', '"1a.4.c"'),
        ('W/"3f-1a.4", "b-7.1"', 'W/"1a.4", "7.1"'),
        ('"3f.5d0c-1a.4-gzip"', '"1a.4-gzip"'),
        ('"1a.4"', '"1a.4"'),
        ('"1a2b3c4d"', '"1a2b3c4d"'),
        ('"1a2b3c4d-gzip"', '"1a2b3c4d-gzip"'),
        ('"1a2b3c4d-br"', '"1a2b3c4d-br"'),
        ("*", "*"),
    ],
)
def test_what_a_tag_tells_of_more_than_the_thing_is_for_readers(tags: str, own: str) -> None:
    """It stands before the thing's own part; a tag of one part is all the thing's, also where a proxy added to it."""
    assert own_part(tags) == own


def test_a_change_looks_at_the_thing_s_own_part_alone() -> None:
    """A read looks at all of it."""
    etag, renamed = '"3f.5d0c-1a.4"', '"40.5d0c-1a.4"'
    assert is_known(f'"1", {renamed}', etag)
    assert not is_known('"3f.5d0c-1b.5"', etag)
    conditions_of(Headers({"If-Match": renamed}), reads=False).require(etag)
    conditions_of(Headers({"If-None-Match": renamed}), reads=True).require(etag)
