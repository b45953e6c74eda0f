"""What both engines offer: a database that runs a plain function in a transaction."""

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import Enum, auto
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from keesa.db.load import Load

T = TypeVar("T")


class State(NamedTuple):
    """Two transactions of a process with equal states see the same, in every row of every table. What sees the same may
    yet have another one: on another connection, say.
    """

    connection: object
    """What stands for it, and for no other one of the process, before or after it."""
    seen: int | str
    """By the engine's own account, which compares nothing but what one connection has seen."""


class Row(Protocol):
    """One row of an answer, its values by column name."""

    def __getitem__(self, key: str, /) -> Any: ...  # noqa: ANN401 - a column may hold anything


class Tx(ABC):
    """One open transaction. SQL is plain, with `:named` parameters and the `$words` that engines differ in."""

    merges_lazily: ClassVar[bool]
    """Whether the engine reads the parts of an ordered UNION only as far as its LIMIT needs, each through an index."""
    writes_alone: ClassVar[bool]
    """Whether no other transaction writes meanwhile."""
    may_be_undone: bool
    """Whether what it shows may never come to be, so that nothing of it may be kept: true where it writes."""
    kept_calls: Sequence[Callable[[], None]] = ()
    """What is called once it is kept."""

    @abstractmethod
    def all(self, sql: str, /, **params: object) -> Sequence[Row]:
        """Every row of the answer."""

    @abstractmethod
    def each(self, sql: str, /, **params: object) -> Iterable[tuple[Any, ...]]:
        """The rows of the answer as plain tuples, read as they are asked for: the cheapest way to many of them."""

    @abstractmethod
    def soon(self, sql: str, /, **params: object) -> Callable[[], Sequence[Row]]:
        """The rows of the answer, for when they are asked for: until then the statement may wait for the next one, to
        travel with it.
        """

    @abstractmethod
    def run(self, sql: str, /, **params: object) -> None:
        """Done before the next statement; what it raises may be raised by that one, or at the end."""

    @abstractmethod
    def changed(self, sql: str, /, **params: object) -> int:
        """The number of rows that the statement changed."""

    def one(self, sql: str, /, **params: object) -> Row | None:
        """The first row of the answer, or None."""
        rows = self.all(sql, **params)
        return rows[0] if rows else None

    def value(self, sql: str, /, **params: object) -> Any:  # noqa: ANN401 - a column may hold anything
        """The column named `value` of the first row; the statement is known to answer one."""
        return self.all(sql, **params)[0]["value"]

    @abstractmethod
    def part(self) -> AbstractContextManager[None]:
        """What is done inside is undone where it ends with an exception, which goes on; what was done before stays. One
        part may stand in another. An error of the database that comes after the part (`run`) undoes all.
        """

    def once_kept(self, call: Callable[[], None]) -> None:
        """Have it called, in any thread, once the transaction is durable, and at most once; a process that dies then
        does not call it. It is short, and raises nothing.
        """
        if call not in self.kept_calls:
            self.kept_calls = (*self.kept_calls, call)

    @abstractmethod
    def state(self, seen: str | None) -> State | None:
        """Which state of all data it sees, given what `$seen` was in one of its statements. None where that cannot be
        told: where it writes, and where another program chooses the connection.
        """

    @abstractmethod
    def script(self, sql: str, /) -> None:
        """Run several statements that take no parameters (a migration)."""

    @abstractmethod
    def follow_given_ids(self, table: str) -> None:
        """Rows of `table` were inserted with ids of the caller's choice: the next made id comes after them."""


Work = Callable[[Tx], T]
"""A function that does its work in a transaction, and may be run again where the engine asks for it."""


class Pace(Enum):
    """What a step of a longer work says of the next one."""

    SHORT = auto()
    """It is done within a millisecond or so."""
    LONG = auto()
    """It may take long."""


Steps = Generator[Pace, None, T]
"""A work in steps, between which others have their turn, so that short ones never wait for a long one."""


Tell = Callable[[str], None]
"""Gets sentences for whoever waits for a work."""


def tell_nobody(sentence: str) -> None:
    """Where nobody waits."""


class Database(ABC):
    """Both engines. `read` and `write` block and may be called from any thread; `aread` and `awrite` are
    theirs for an event loop. A write has been made durable when it returns; an exception undoes it whole.
    Each raises `errors.Unavailable` when the engine does not answer.
    """

    @abstractmethod
    def read(self, work: Work[T]) -> T:
        """Run `work` on one snapshot; it cannot write."""

    @abstractmethod
    def write(self, work: Work[T]) -> T: ...

    @abstractmethod
    async def aread(self, work: Work[T]) -> T: ...

    @abstractmethod
    async def aread_in_steps(self, work: Work[Steps[T]], *, long: bool = False) -> T:
        """As `aread`, with turns for others between the steps; all of them see the one snapshot. A read that is known
        to be `long` waits for its place before it begins.
        """

    @abstractmethod
    async def awrite(self, work: Work[T]) -> T: ...

    @abstractmethod
    def migrating(self, work: Work[T], tell: Tell = tell_nobody) -> T:
        """Like `write`, while no other process migrates, with the schema's own statements allowed, and an hour for it.
        It may be run again and again, until it has its locks; `tell` gets a sentence on who has them. A
        KeyboardInterrupt undoes it.
        """

    @abstractmethod
    def require_writable(self) -> None:
        """Raise `Unavailable` where something is known to stand against writing that a write undone may not meet."""

    @abstractmethod
    def load(self) -> Load:
        """What it is at, in this process."""

    @abstractmethod
    def describe(self) -> str:
        """Engine, version and place, for people; without a password."""

    @abstractmethod
    def close(self) -> None:
        """Finish what is queued, then let go of every connection. May be called twice."""

    async def aclose(self) -> None:
        """The same for an event loop, which goes on meanwhile with what it has under way."""
        await asyncio.to_thread(self.close)


_WORD = re.compile(r"\$([a-z_]+)")


class Dialect:
    """One engine's words."""

    def __init__(self, words: Mapping[str, str]) -> None:
        def filled(sql: str) -> str:
            """`sql` with its `$words` filled in and nothing else touched. Raises `KeyError` for one that is unknown."""
            return _WORD.sub(lambda match: words[match[1]], sql)

        self.words = lru_cache(maxsize=1024)(filled)
