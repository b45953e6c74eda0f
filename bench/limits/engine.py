"""What the bare function asks of a driver."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from bench.limits.statements import Statements

Parameters = Mapping[str, object]
Rows = Sequence[Sequence[Any]]


class Run(Protocol):
    """Runs one statement of an open transaction; the rows of its answer, none where it has none."""

    async def __call__(self, sql: str, parameters: Parameters) -> Rows: ...


class Engine(Protocol):
    """A plain driver: one statement by itself, or a transaction that is durable when its block is left."""

    statements: Statements

    async def open(self) -> None: ...

    async def read(self, sql: str, parameters: Parameters) -> Rows: ...

    def transaction(self) -> AbstractAsyncContextManager[Run]: ...

    async def close(self) -> None: ...
