"""How 2021 tells of errors: one sentence, which for 422 names every fault."""

from keesa.api.failures import described, failure_of
from keesa.api.http import Failure, Route
from keesa.api.v2021.answers import Error
from keesa.api.v2021.requests import FAULT_PATHS
from keesa.errors import Invalid


def render_error(error: Exception, route: Route | None) -> Failure:
    status, sentence, headers = failure_of(error)
    if isinstance(error, Invalid):
        paths = FAULT_PATHS if route and route.body else {}  # a query has the domain's names
        sentence = described(error, {paths.get(field, field): texts for field, texts in error.faults.items()})
    return Failure(status, Error(sentence), headers)
