"""A bounded cache in two generations: nearly what least-recently-used would keep, for the price of a dictionary."""

from collections.abc import Callable, Hashable, Sequence
from threading import Lock
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def _one(_: object) -> int:
    return 1


class Cache(Generic[K, V]):
    """What is asked for moves to the young generation; when that is full it becomes the old one, and the old one goes.

    `limit` bounds the sum of `weigh(value)` over both. May be used by several threads at once.
    """

    def __init__(self, limit: int, weigh: Callable[[V], int] = _one) -> None:
        self._generation: Final = limit // 2
        self._weigh = weigh
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}
        self._weights = [0, 0]
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        value = self._young.get(key)
        if value is None and (value := self._old.get(key)) is not None:
            self.put(key, value)
        return value

    def get_all(self, keys: Sequence[K]) -> list[V | None]:
        """In one call, in the order of the keys: what `get` would find for each, and perhaps more, since what is young
        is looked for before anything moves.
        """
        found = list(map(self._young.get, keys))
        if None in found:
            found = [self.get(key) if value is None else value for key, value in zip(keys, found, strict=True)]
        return found

    def put(self, key: K, value: V) -> None:
        """A value that is heavier than a generation may be is not kept at all."""
        weight = self._weigh(value)
        with self._lock:
            for number, generation in enumerate((self._young, self._old)):
                if (known := generation.pop(key, None)) is not None:
                    self._weights[number] -= self._weigh(known)
            if weight > self._generation:
                return
            if self._weights[0] + weight > self._generation:
                self._old, self._young = self._young, {}
                self._weights = [0, self._weights[0]]
            self._young[key] = value
            self._weights[0] += weight

    @property
    def entries(self) -> int:
        """What both generations hold together; one that has just moved may count twice."""
        return len(self._young) + len(self._old)

    @property
    def weight(self) -> int:
        """What both generations hold together."""
        return sum(self._weights)
