"""What can be wrong with a request before any domain sees it; each carries its own status."""

from collections.abc import Mapping


class Problem(Exception):
    """One sentence for a person, with the status and the headers that the answer has."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = dict(headers or {})


def unreadable(sentence: str) -> Problem:
    return Problem(400, sentence)
