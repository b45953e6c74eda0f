"""What endpoints get: a request that was read and checked, who sent it, and the services of the process."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from keesa.accounts.actors import Actor
from keesa.accounts.audit.recording import Requester
from keesa.accounts.permissions import sees_internal
from keesa.accounts.sessions import Session
from keesa.api import PREFIX
from keesa.api.authentication import AuthenticatedCaller
from keesa.api.services import Services
from keesa.api.ticket_cache import TicketFormat
from keesa.db import Steps, Tx
from keesa.rich_text.html import RichText
from keesa.tickets.views import VisibleTicket
from keesa.web import calls
from keesa.web.calls import B, Q

S = TypeVar("S", bound=Struct)


@dataclass(slots=True, kw_only=True, eq=False)
class Call(calls.Call[Q, B]):
    services: Services
    caller: AuthenticatedCaller
    actor: Actor
    """Who acts; there is none where a route is for anyone."""
    session: Session

    @property
    def rich_text(self) -> RichText:
        """The one of the body, made safe before the transaction began."""
        [text] = self.converted.values()
        assert isinstance(text, RichText)  # noqa: S101 - nothing else is marked so
        return text

    @property
    def rich_text_if_given(self) -> RichText | UnsetType:
        """The same of a body that may leave it out."""
        return self.rich_text if self.converted else UNSET

    def tickets(self, tx: Tx, visible: Iterable[VisibleTicket], ticket_format: TicketFormat[S]) -> Steps[list[S]]:
        """Tickets in one of the version's formats."""
        return self.services.tickets.tickets(
            tx, self.caller.names_revision, visible, ticket_format, internal=sees_internal(self.actor)
        )

    @property
    def by(self) -> Requester:
        """Who asks for an act of administration."""
        return Requester(
            actor=self.actor,
            at=self.at,
            via="session" if self.actor.token_id is None else "token",
            address=self.client.address,
            request_id=self.request_id,
        )

    def etag(self, revision: int) -> str:
        """Of a thing with this revision. One of before the desk began anew from an older state is another."""
        epoch = self.caller.epoch
        return f'"{revision:x}.{epoch:x}"' if epoch else f'"{revision:x}"'

    def ticket_etag(self, ticket: VisibleTicket) -> str:
        """Of a ticket, which shows names too."""
        return f'"{self.caller.names_revision:x}-{self.etag(ticket[1])[1:]}'

    def etag_of(self, shown: Struct) -> str:
        """Of a thing without a revision: by all that is shown of it, with its kind."""
        digest = blake2b(msgspec.json.encode([type(shown).__name__, shown]), digest_size=12).hexdigest()
        return f'"{digest}"'

    def keep_done(self, tx: Tx, user: Actor) -> None:
        """Of an endpoint that makes its transactions itself, in the one that makes the change: that the user has made
        it under the call's key. Raises where it was made already.
        """
        self.services.answers.keep_done(tx, self, user)

    def keep_nobodys(self, tx: Tx, _user: Actor) -> None:
        """The same of what a secret was enough for, without a token."""
        self.services.answers.keep_done(tx, self, None)

    def location(self, path: str) -> tuple[str, str]:
        """The header that names what was made, at a path below the API's."""
        return "Location", self.client.prefix + PREFIX + path
