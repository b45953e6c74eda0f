"""How 2021 tells of errors: one sentence, which for 422 names every fault."""

from collections.abc import Mapping

from keesa.api.ticket_states import ChangedSince, MissedChange
from keesa.api.v2021.answers import Error
from keesa.api.v2021.requests import FAULT_PATHS
from keesa.errors import Invalid
from keesa.web.http_errors import describe, sentence_of
from keesa.web.input.kinds import WirePath
from keesa.web.routes import ErrorReply, Route


def render_error(error: Exception, route: Route | None) -> ErrorReply:
    described = describe(error)
    sentence = described.sentence
    if isinstance(error, Invalid):
        paths = FAULT_PATHS if route and route.signature.body_struct else {}  # a query has the domain's names
        faults = {_path(paths, field): texts for field, texts in error.faults.items()}
        sentence = sentence_of(error, faults)
    elif isinstance(error, ChangedSince):
        sentence = _with_changes(sentence, error)
    return ErrorReply(described.status, Error(sentence), described.headers)


def _path(paths: Mapping[str, str], field: str) -> str:
    return field if isinstance(field, WirePath) else paths.get(field, field)


def _with_changes(sentence: str, error: ChangedSince) -> str:
    """Names what has changed: a sentence is all that an error has here."""
    told = [_told(change) for change in error.changed]
    if error.more:
        told.insert(0, f"{error.more} earlier changes")
    return f"{sentence} ({'; '.join(told)})" if told else sentence


def _told(change: MissedChange) -> str:
    return f"{' '.join([change.kind, ', '.join(change.fields)]).strip()} by {change.by} at {change.at}"
