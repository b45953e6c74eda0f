"""How fast a client fetches what was written for it."""


class Fetching:
    """Looked at from time to time: between two looks a client may do as it likes."""

    __slots__ = ("_since", "written")

    def __init__(self) -> None:
        self.written = 0
        """Bytes, all that were ever given to the transport."""
        self._since: tuple[float, int] | None = None
        """Since when there was always something left to fetch, and how much had been fetched then."""

    def is_slow(self, now: float, left: int, grace: float, rate: float) -> bool:
        """Whether, after the `grace` in seconds, less than `rate` bytes a second have been fetched of what lies ready,
        of which `left` bytes are left.
        """
        if not left:
            self._since = None
            return False
        fetched = self.written - left
        if self._since is None:
            self._since = now, fetched
        since, before = self._since
        return fetched - before < (now - since - grace) * rate
