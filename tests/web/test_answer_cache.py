"""What a process keeps of its answers: within a bound, and each for the state that it was made from."""

from collections.abc import AsyncGenerator
from random import Random
from typing import Any

import pytest
from starlette.datastructures import Headers

from keesa.db import Database, State
from keesa.web.answer_cache import LARGEST, AnswerCache, Place
from keesa.web.compression import NOTHING_ELSE, accepted
from keesa.web.conditions import NO_CONDITIONS, Conditions
from keesa.web.replies import JSON, EncodedReply, Stream

GZIP = accepted(Headers({"accept-encoding": "gzip"}))


def place(key: str = "a", seen: int = 1) -> Place:
    return Place((key,), State("a connection", seen))


def reply(body: Any = b"x" * 2000, status: int = 200, etag: bytes | None = None) -> EncodedReply:  # noqa: ANN401 - of any kind
    return EncodedReply(status, body, JSON, [(b"etag", etag)] if etag else [])


def test_what_is_kept_is_found_in_its_state_alone() -> None:
    """Neither in a later nor in an earlier one, nor under another key, nor on another connection."""
    answers = AnswerCache(1_000_000)
    assert answers.find(place(), NO_CONDITIONS) is None
    answers.keep(place(), reply(), NOTHING_ELSE)
    assert answers.find(place(), NO_CONDITIONS) == reply()
    for other in (place(seen=2), place("b"), Place(("a",), State("another one", 1))):
        assert answers.find(other, NO_CONDITIONS) is None
    assert (answers.hits, answers.misses, answers.entries) == (1, 4, 1)


def test_what_is_kept_stays_within_its_bound() -> None:
    """However much is asked for; with a bound of nothing, nothing is kept."""
    dice = Random(5)  # noqa: S311 - dice, no secret
    for limit in (0, 10_000, 1_000_000):
        answers = AnswerCache(limit)
        for _ in range(500):
            asked = place(str(dice.randrange(100)) * dice.randrange(1, 50))
            answers.keep(asked, reply(b"x" * dice.randrange(1, 40_000)), NOTHING_ELSE)
            assert answers.weight <= limit
        assert bool(answers.weight) == bool(limit)


@pytest.mark.parametrize("given", [reply(b"x" * (LARGEST + 1)), reply(status=404), reply(b"x" * 2000, 418)])
def test_what_is_no_short_good_answer_is_not_kept(given: EncodedReply) -> None:
    """It is sent all the same."""
    answers = AnswerCache(10_000_000)
    assert answers.keep(place(), given, NOTHING_ELSE) == given
    assert answers.find(place(), NO_CONDITIONS) is None


def test_a_stream_is_not_kept() -> None:
    """It is made while it is sent."""

    async def pieces(_: Database) -> AsyncGenerator[bytes, None]:
        yield b"x"

    answers = AnswerCache(10_000_000)
    answers.keep(place(), reply(Stream(pieces)), GZIP)
    assert answers.find(place(), NO_CONDITIONS) is None


def test_the_same_tag_spares_the_compressing() -> None:
    """What is compressed stays so as long as the tag tells that nothing of it has changed."""
    answers = AnswerCache(1_000_000)
    first = answers.keep(place(), reply(etag=b'"7f"'), GZIP)
    assert (b"etag", b'"7f-gzip"') in first.headers
    second = answers.keep(place(seen=2), reply(etag=b'"7f"'), GZIP)
    assert second is first
    assert answers.find(place(seen=2), NO_CONDITIONS) is first
    third = answers.keep(place(seen=3), reply(b"y" * 2000, etag=b'"80"'), GZIP)
    assert third.body != first.body
    assert answers.find(place(seen=3), NO_CONDITIONS) is third


def test_without_a_tag_it_is_compressed_anew() -> None:
    """Nothing tells that it is the same."""
    answers = AnswerCache(1_000_000)
    answers.keep(place(), reply(), GZIP)
    assert answers.keep(place(seen=2), reply(b"y" * 2000), GZIP).body != answers.keep(place(seen=3), reply(), GZIP).body


def test_what_the_client_has_is_told_as_the_endpoint_would() -> None:
    """304 with the tag of the state."""
    answers = AnswerCache(1_000_000)
    answers.keep(place(), reply(etag=b'"7f"'), GZIP)
    for known in ('"7f"', '"7f-gzip"', '"7f-zstd"', "*"):
        told = answers.find(place(), Conditions(none_match=known))
        assert told is not None
        assert (told.status, list(told.headers)) == (304, [(b"etag", b'"7f"')])
    assert answers.find(place(), Conditions(none_match='"80"')) is not None


def test_a_304_tells_that_what_is_kept_is_of_a_later_state_too() -> None:
    """Where it has the same tag. Where it has another one, or nothing is kept, the next 304 is known and no more."""
    answers = AnswerCache(1_000_000)
    answers.keep(place(), reply(etag=b'"7f"'), NOTHING_ELSE)
    answers.still(place(seen=2), reply(b"", 304, b'"7f"'))
    assert answers.find(place(seen=2), NO_CONDITIONS) is not None
    answers.still(place(seen=3), reply(b"", 304, b'"80"'))
    assert answers.find(place(seen=3), NO_CONDITIONS) is None
    answers.still(place("b"), reply(b"", 304, b'"7f"'))
    for asked, tag in ((place(seen=3), '"80"'), (place("b"), '"7f"')):
        assert answers.find(asked, NO_CONDITIONS) is None
        assert answers.find(asked, Conditions(none_match='"1"')) is None
        told = answers.find(asked, Conditions(none_match=tag))
        assert told is not None
        assert told.status == 304
        whole = answers.keep(asked, reply(etag=tag.encode()), NOTHING_ELSE)
        assert answers.find(asked, NO_CONDITIONS) is whole
