"""Why the body of a request cannot be had; an application that awaits `receive` hears of it."""


class BodyFailure(Exception):
    """One sentence for a person, and the status that the answer should have."""

    status = 400


class SlowBody(BodyFailure):
    """It came slower than the least rate."""

    status = 408


class BrokenBody(BodyFailure):
    """It is no HTTP: a chunk without a length, or the like."""

    status = 400


class BusyServer(BodyFailure):
    """The bodies of all requests together take all the memory that they may."""

    status = 503
