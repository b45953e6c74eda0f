"""What was sent to PostgreSQL and is not answered yet."""

from collections import OrderedDict

from psycopg.pq.abc import PGresult

from keesa.db.postgres_statements import Statement, Types

Key = tuple[Statement, Types]
"""Of a prepared statement."""


class Pending:
    """A statement that was sent; its result comes with an exchange."""

    __slots__ = ("result", "statement")

    result: PGresult | None
    """None where it has failed, too."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.result = None

    def take_back(self, prepared: OrderedDict[Key, bytes]) -> None:
        """It has failed, or was passed over: what it should have done to those that are prepared was not done."""


class Preparing(Pending):
    """That a statement be prepared."""

    __slots__ = ("_key",)

    def __init__(self, key: Key) -> None:
        super().__init__(key[0])
        self._key = key

    def take_back(self, prepared: OrderedDict[Key, bytes]) -> None:
        prepared.pop(self._key, None)


class Dropping(Pending):
    """That one be prepared no more."""

    __slots__ = ("_key", "_name")

    def __init__(self, key: Key, name: bytes) -> None:
        super().__init__(key[0])
        self._key = key
        self._name = name

    def take_back(self, prepared: OrderedDict[Key, bytes]) -> None:
        if prepared.setdefault(self._key, self._name) is self._name:
            prepared.move_to_end(self._key, last=False)
