"""What endpoints get: a request that was read and checked, who sent it, and the services of the process."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from keesa.accounts.actors import Actor
from keesa.accounts.audit.recording import Requester
from keesa.accounts.permissions import sees_internal
from keesa.accounts.sessions import Session, Version
from keesa.api import PREFIX, etags
from keesa.api.authentication import AuthenticatedCaller
from keesa.api.file_addresses import Addresses, base_of
from keesa.api.services import Services
from keesa.api.ticket_cache import TicketFormat
from keesa.api.ticket_states import Condition
from keesa.db import Steps, Tx
from keesa.rich_text.html import RichText
from keesa.tickets.finding import LockedTicket, as_held
from keesa.tickets.missed import number_held
from keesa.tickets.views import TicketView, VisibleTicket
from keesa.web import calls
from keesa.web.calls import B, Q
from keesa.web.replies import Headers, Reply

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

    @property
    def addresses(self) -> Addresses:
        """Those of files, for who asks where they ask."""
        base = base_of(self.services.public_url, self.client, self.headers)
        return self.services.file_addresses.at(self.at, base)

    def tickets(self, tx: Tx, visible: Iterable[VisibleTicket], ticket_format: TicketFormat[S]) -> Steps[list[S]]:
        """Tickets in one of the version's formats."""
        return self.services.tickets.tickets(
            tx,
            self.caller.names_revision,
            visible,
            ticket_format,
            self.addresses,
            internal=sees_internal(self.actor),
        )

    def ticket(self, shown: TicketView, ticket_format: TicketFormat[S]) -> S:
        """One ticket that is read already."""
        clock = self.services.clock
        return ticket_format.of(shown, clock, self.addresses, internal=sees_internal(self.actor))

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
        """Of a thing with this revision."""
        return etags.revision_etag(self.caller, revision)

    def ticket_etag(self, ticket: VisibleTicket, number: int, version: Version = "2024") -> str:
        """Of a ticket by itself, of which `number` is the number of the last event."""
        form = f"{etags.form_of(version, self.services.clock)}.{self.addresses.digest}"
        return etags.ticket_etag(self.caller, form, ticket, number)

    def etag_held(self, ticket: LockedTicket, version: Version = "2024") -> str:
        """The same of a ticket that is held, as it was then."""
        return self.ticket_etag(as_held(self.actor, ticket), number_held(self.actor, ticket), version)

    def condition(self, tx: Tx, version: Version = "2024") -> Condition[Any]:
        """From which state a ticket is to be changed."""
        return Condition(tx, self, version)

    def etag_of(self, shown: Struct) -> str:
        """Of a thing without a revision: by all that is shown of it, with its kind."""
        return etags.body_etag(msgspec.json.encode([type(shown).__name__, shown]))

    def etag_of_tickets(self, tickets: Iterable[VisibleTicket], form: str | TicketFormat[Any], *more: object) -> str:
        """Of what is rendered from tickets alone, in this form, and from what `more` is named. Raises `Answered` where
        the client has it already.
        """
        said = etags.form_of(form, self.services.clock)
        if isinstance(form, TicketFormat) and form.has_images:
            said = f"{said}.{self.addresses.digest}"
        etag = etags.list_etag(self.caller, said, tickets, *more)
        self.conditions.require(etag)
        return etag

    def etag_of_content(self, form: str, *content: object) -> str:
        """Of what is made of this content, which is told apart by the form. Raises `Answered` likewise."""
        etag = etags.content_etag(etags.form_of(form, self.services.clock), *content)
        self.conditions.require(etag)
        return etag

    def whole(self, answer: S, headers: Headers = ()) -> Reply[S]:
        """An answer whose tag is made of its bytes. Raises `Answered` likewise."""
        if self.is_part:
            return Reply(answer, headers)
        body = msgspec.json.encode(answer)
        etag = etags.body_etag(body, *(value.encode() for _, value in headers))
        self.conditions.require(etag)
        return Reply(body, headers, etag=etag)

    def keep_done(self, tx: Tx, user: Actor) -> None:
        """Of an endpoint that makes its transactions itself, in the one that makes the change: that the user has made
        it under the call's key. Raises where it was made already.
        """
        self.services.replays.keep_done(tx, self, user)

    def keep_nobodys(self, tx: Tx, _user: Actor) -> None:
        """The same of what a secret was enough for, without a token."""
        self.services.replays.keep_done(tx, self, None)

    def location(self, path: str) -> tuple[str, str]:
        """The header that names what was made, at a path below the API's."""
        return "Location", self.client.prefix + PREFIX + path
