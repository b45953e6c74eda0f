"""How 2024 tells of errors: one sentence, and for 422 every fault by the field that has it."""

from msgspec import Struct

from keesa.errors import Invalid
from keesa.web.http_errors import describe, sentence_of
from keesa.web.input.kinds import path_to, paths_of
from keesa.web.routes import ErrorReply, Route


class Error(Struct):
    error: str


class InvalidError(Struct):
    error: str
    errors: dict[str, list[str]]


def render_error(error: Exception, route: Route | None) -> ErrorReply:
    described = describe(error)
    if not isinstance(error, Invalid):
        return ErrorReply(described.status, Error(described.sentence), described.headers)
    body = route.signature.body_struct if route else None
    return ErrorReply(described.status, invalid_error(error, body), described.headers)


def invalid_error(error: Invalid, body: type[Struct] | None) -> InvalidError:
    """With the names that the body has; a query has the domain's."""
    paths = paths_of(body) if body else {}
    faults = {path_to(paths, field): list(sentences) for field, sentences in error.faults.items()}
    return InvalidError(sentence_of(error, faults), faults)
