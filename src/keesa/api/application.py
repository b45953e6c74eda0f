"""Keesa's API, as far as the dispatcher knows it: who calls, and what their endpoints get."""

from typing import Any

from keesa.api.authentication import AuthenticatedCaller, Authentication
from keesa.api.calls import Call
from keesa.api.services import Services


class Api(Authentication):
    def __init__(self, services: Services) -> None:
        super().__init__(services.signer, services.sessions)
        self._services = services

    def call(self, caller: AuthenticatedCaller, **request: Any) -> Call[Any, Any]:  # noqa: ANN401 - the fields of `Call`
        return Call(services=self._services, caller=caller, **request)
