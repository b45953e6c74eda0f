"""How 2024 tells of errors: one sentence, and for 422 every fault by the field that has it."""

from keesa.api.failures import described, failure_of
from keesa.api.http import Failure, Route
from keesa.api.v2024.answers import Error, InvalidError
from keesa.api.v2024.requests import FAULT_PATHS
from keesa.errors import Invalid


def render_error(error: Exception, route: Route | None) -> Failure:
    status, sentence, headers = failure_of(error)
    if not isinstance(error, Invalid):
        return Failure(status, Error(sentence), headers)
    paths = FAULT_PATHS if route and route.body else {}  # a query has the domain's names
    faults = {paths.get(field, field): list(sentences) for field, sentences in error.faults.items()}
    return Failure(status, InvalidError(described(error, faults), faults), headers)
