"""How 2024 tells of errors: one sentence, and for 422 every fault by the field that has it."""

from typing import Annotated

from msgspec import Meta, Struct

from keesa.api.ticket_states import ChangedSince, MissedChange
from keesa.errors import Invalid
from keesa.web.http_errors import describe, sentence_of
from keesa.web.input.kinds import path_to, paths_of
from keesa.web.routes import ErrorReply, Route


class Error(Struct):
    error: str


class OutdatedError(Struct):
    error: str
    changed: Annotated[
        list[MissedChange],
        Meta(
            description="What became of the ticket since the state that you know, oldest first: the last 20 changes"
            " that you may know of. None where it cannot be told: your `ETag` is none that the ticket has had"
        ),
    ]
    more: Annotated[int, Meta(description="How many changes there were before these")]


class InvalidError(Struct):
    error: str
    errors: dict[str, list[str]]


def render_error(error: Exception, route: Route | None) -> ErrorReply:
    described = describe(error)
    if isinstance(error, ChangedSince):
        told = OutdatedError(described.sentence, error.changed, error.more)
        return ErrorReply(described.status, told, described.headers)
    if not isinstance(error, Invalid):
        return ErrorReply(described.status, Error(described.sentence), described.headers)
    body = route.signature.body_struct if route else None
    return ErrorReply(described.status, invalid_error(error, body), described.headers)


def invalid_error(error: Invalid, body: type[Struct] | None) -> InvalidError:
    """With the names that the body has; a query has the domain's."""
    paths = paths_of(body) if body else {}
    faults = {path_to(paths, field): list(sentences) for field, sentences in error.faults.items()}
    return InvalidError(sentence_of(error, faults), faults)
