"""Readers of the feed: each keeps a copy of the tickets that it sees, as the documentation of `/changes` says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

Ask = Callable[[str], tuple[int, Any]]
"""Status and body of the answer to a GET of that path, below `/api/v1`."""
BEGIN_AGAIN: Final = 410


@dataclass
class FeedReader:
    """One page at a time. `cursor` is None before the first copy has begun."""

    ask: Ask
    cursor: str | None = None
    rows: dict[int, list[Any]] = field(default_factory=dict)
    """The copy, by the tickets' ids."""
    told: list[dict[str, Any]] = field(default_factory=list)
    """All changes since the first copy."""
    more: bool = True
    """Whether something may follow already."""
    begun: int = 0
    """How often."""
    _rest: str | None = None
    """Where the first copy goes on."""

    @property
    def is_copying(self) -> bool:
        return self.cursor is None or self._rest is not None

    def begin(self, limit: int) -> None:
        """With the first page of a first copy."""
        data = self._data(f"/changes/start?limit={limit}")
        assert data["cursor"] is not None
        self.cursor, self.rows, self.told, self.more = data["cursor"], {}, [], True
        self.begun += 1
        self._copy(data)

    def read(self, limit: int, wait: int = 0) -> dict[str, Any] | None:
        """The next page of the first copy, or else of the feed, which is given; None too where it is to begin again,
        which it then does with its next page. `wait`: seconds, where there is nothing to tell.
        """
        if self.cursor is None:
            self.begin(limit)
            return None
        path = f"/changes?limit={limit}&wait={wait}&after={self.cursor}"
        if self._rest is not None:
            path = f"/changes/start?limit={limit}&after={self._rest}"
        status, body = self.ask(path)
        if status == BEGIN_AGAIN:
            self.cursor = self._rest = None
            return None
        assert status == 200, (path, body)
        data: dict[str, Any] = body["data"]
        if self._rest is not None:
            self._copy(data)
            return None
        self.told += data["changes"]
        self.rows.update({row[0]: row for row in data["rows"]})
        for ticket_id in data["gone"]:
            self.rows.pop(ticket_id, None)
        self.cursor, self.more = data["next"], data["more"]
        return data

    def listed(self, limit: int) -> dict[int, list[Any]]:
        """What `/tickets/rows` lists now."""
        return {row[0]: row for page in self._pages(limit) for row in page}

    def _pages(self, limit: int) -> Iterator[list[list[Any]]]:
        after = ""
        while after is not None:
            data = self._data(f"/tickets/rows?limit={limit}{after}")
            yield data["rows"]
            after = data["next"] and f"&after={data['next']}"

    def _copy(self, data: dict[str, Any]) -> None:
        self.rows.update({row[0]: row for row in data["rows"]})
        self._rest = data["next"]

    def _data(self, path: str) -> Any:  # noqa: ANN401 - an answer's
        status, body = self.ask(path)
        assert status == 200, (path, body)
        return body["data"]
