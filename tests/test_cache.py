"""The bounded cache: what it gives back, what it forgets, and that it never holds more than its limit."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from keesa.cache import Cache

Value = tuple[int, int]
"""A value's number, of which no two are alike, and its weight."""
Step = tuple[str, int, int]
"""What is done, with which key, and with a value of which weight."""

steps: Final = st.lists(
    st.tuples(st.sampled_from(("put", "get")), st.integers(0, 6), st.integers(0, 12)), min_size=1, max_size=60
)
THREADS: Final = 4


def weight_of(value: Value) -> int:
    return value[1]


def test_what_was_put_is_got() -> None:
    """Under its own key, as often as it is asked for; an unknown key has nothing."""
    cache: Cache[str, str] = Cache(10)
    cache.put("a", "one")
    cache.put("b", "two")
    assert [cache.get("a"), cache.get("a"), cache.get("b"), cache.get("c")] == ["one", "one", "two", None]


@given(limit=st.integers(0, 40), history=steps)
@deterministic(400)
def test_the_limit_holds_whatever_is_done(limit: int, history: list[Step]) -> None:
    """After each step of any history: the weight is within the limit, what is got was put last under that key, and
    what was asked for is there until half a limit has been put after it.
    """
    cache: Cache[int, Value] = Cache(limit, weight_of)
    half = limit // 2
    last: dict[int, Value] = {}
    recent: dict[int, int] = {}
    """What was asked for lately: the weight that was put or moved after it."""
    for number, (verb, key, weight) in enumerate(history):
        if verb == "put":
            last[key] = (number, weight)
            cache.put(key, last[key])
            found = weight <= half
        else:
            got = cache.get(key)
            assert got == last[key] if key in recent else got in (None, last.get(key))
            found = got is not None
        recent.pop(key, None)
        if found:
            recent = {other: after + last[key][1] for other, after in recent.items() if after + last[key][1] <= half}
            recent[key] = 0
        assert 0 <= cache.weight <= limit


@given(limit=st.integers(0, 40), history=steps, keys=st.lists(st.integers(0, 8), max_size=20))
@deterministic(200)
def test_getting_many_finds_what_getting_each_finds(limit: int, history: list[Step], keys: list[int]) -> None:
    """At the least, in the order of the keys, also where a key is unknown or stands twice; and the limit holds."""
    together, apart = (Cache[int, Value](limit, weight_of) for _ in range(2))
    last: dict[int, Value] = {}
    for number, (verb, key, weight) in enumerate(history):
        if verb == "put":
            last[key] = (number, weight)
        for cache in (together, apart):
            cache.put(key, last[key]) if verb == "put" else cache.get(key)
    for key, got, alone in zip(keys, together.get_all(keys), [apart.get(key) for key in keys], strict=True):
        assert got == last.get(key) if alone is not None else got in (None, last.get(key))
        assert alone in (None, got)
    assert together.weight <= limit


def test_what_is_asked_for_outlives_what_is_not() -> None:
    """However much comes after it, as long as it is asked for now and then."""
    cache: Cache[int, int] = Cache(10)
    cache.put(0, 0)
    cache.put(-1, -1)
    for number in range(1, 200):
        cache.put(number, number)
        if number % 4 == 0:
            assert cache.get(0) == 0
    assert cache.get(-1) is None


def fill(cache: Cache[str, Value]) -> None:
    """So that what was in the young generation before is in the old one."""
    for number in range(10):
        cache.put(f"filling {number}", (number, 5))


PLACES: Final[dict[str, Callable[[Cache[str, Value]], None]]] = {
    "young": lambda _cache: None,
    "old": fill,
}


@pytest.mark.parametrize("place", PLACES)
def test_what_is_too_heavy_is_not_kept(place: str) -> None:
    """Nor is what it was to replace, wherever that is: it is no longer the last."""
    cache: Cache[str, Value] = Cache(101, weight_of)
    cache.put("whale", (1, 51))
    assert (cache.get("whale"), cache.weight) == (None, 0)
    cache.put("whale", (2, 50))
    assert (cache.get("whale"), cache.weight) == ((2, 50), 50)
    PLACES[place](cache)
    cache.put("whale", (3, 51))
    assert cache.get("whale") is None
    assert cache.weight <= 101


def test_replacing_weighs_the_new_value_alone() -> None:
    """Heavier, lighter, and of no weight."""
    cache: Cache[str, Value] = Cache(100, weight_of)
    cache.put("beside", (0, 7))
    for number, weight in enumerate((10, 30, 2, 0, 43)):
        cache.put("changing", (number, weight))
        assert (cache.get("changing"), cache.weight) == ((number, weight), 7 + weight)


def test_without_room_nothing_is_kept() -> None:
    """A limit of 0 or 1 is a cache that never has anything."""
    for limit in (0, 1):
        cache: Cache[str, str] = Cache(limit)
        cache.put("a", "one")
        assert (cache.get("a"), cache.get_all(["a"]), cache.weight) == (None, [None], 0)


def slow_weight_of(value: Value) -> int:
    """Others have their turn while this thread weighs."""
    time.sleep(0)
    return value[1]


def all_at_once(job: Callable[[Random], None]) -> None:
    """In each of some threads, begun together; each has its own dice."""
    begin = Barrier(THREADS)

    def run(seed: int) -> None:
        begin.wait(30)
        job(Random(seed))  # noqa: S311 - dice, no secret

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(run, range(THREADS)))


def test_threads_keep_the_count() -> None:
    """What several put at once under the same keys is weighed once: the weight is that of what is there."""
    cache: Cache[int, Value] = Cache(1000, slow_weight_of)

    def put_often(dice: Random) -> None:
        for number in range(300):
            cache.put(dice.randrange(8), (number, dice.randrange(20)))

    all_at_once(put_often)
    assert cache.weight == sum(value[1] for key in range(8) if (value := cache.get(key)))


def test_threads_keep_the_limit() -> None:
    """At every moment, while each finds under a key only what was put under it."""
    cache: Cache[int, Value] = Cache(60, slow_weight_of)

    def put_and_get(dice: Random) -> None:
        for _ in range(300):
            key, asked = dice.randrange(40), dice.randrange(40)
            cache.put(key, (key, key % 10))
            assert cache.get(asked) in (None, (asked, asked % 10))
            assert cache.weight <= 60

    all_at_once(put_and_get)
