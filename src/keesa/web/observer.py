"""Who is told of each request, to count it: `web` itself knows of no way to show what is counted."""

from typing import Protocol

from keesa.web.trace import Trace


class Observer(Protocol):
    """Called on the event loop, where it must take no time and raise nothing."""

    in_flight: int
    """Requests that are under way, kept by the middleware: a call for it would cost as much as all the rest."""

    def ended(self, trace: Trace, method: str, status: int, seconds: float) -> None:
        """Once for each request; with status 0 where the client was gone before an answer began. The method is as the
        client wrote it: anything.
        """

    def cut_off(self) -> None:
        """Its answer did not come to its end, or did not begin."""


class Unobserved:
    """Counts nothing."""

    def __init__(self) -> None:
        self.in_flight = 0

    def ended(self, trace: Trace, method: str, status: int, seconds: float) -> None:
        pass

    def cut_off(self) -> None:
        pass
