"""Keesa's API, as far as the dispatcher knows it: who calls, and what their endpoints get."""

from typing import Any

from starlette.datastructures import Headers

from keesa.accounts.permissions import Permission, require
from keesa.api.authentication import AuthenticatedCaller, Authentication
from keesa.api.calls import Call
from keesa.api.file_addresses import base_of
from keesa.api.services import Services
from keesa.web.calls import Client


class Api(Authentication):
    def __init__(self, services: Services) -> None:
        super().__init__(
            services.signer, services.sessions, services.api_tokens, services.last_use, services.file_addresses
        )
        self._services = services
        self.replays = services.replays

    def call(self, caller: AuthenticatedCaller, **request: Any) -> Call[Any, Any]:  # noqa: ANN401 - the fields of `Call`
        """Only a route for anyone has no actor, and its endpoint asks for none."""
        who: dict[str, Any] = {"actor": caller.actor, "session": caller.session}
        return Call(services=self._services, caller=caller, **who, **request)

    def written(self) -> None:
        self._services.feed_watch.written()

    def circumstances(self, client: Client, headers: Headers, at: int) -> str:
        """What the addresses of files hang on, which are others each day, and the desk's day."""
        base = base_of(self._services.public_url, client, headers)
        return f"{self._services.file_addresses.at(at, base).mark} {self._services.clock.local(at).date()}"

    def require(self, caller: AuthenticatedCaller, *permissions: Permission) -> None:
        """A route with a permission is for nobody without a token, so that somebody acts."""
        assert caller.actor is not None  # noqa: S101 - as the docstring says
        require(caller.actor, *permissions)
