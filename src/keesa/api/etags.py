"""What the states of things are called that answers show: their `ETag`s, each with its quotation marks.

That of a ticket is `"<names>.<form>.<addresses>-<revision>.<number>"`, and `.<epoch>` of a desk that began anew: what
stands behind the hyphen is the ticket's own, and all that counts where it is changed. Before it stands what else its
answer shows: the addresses of images are others each day.
"""

from array import array
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import Any, Final

import msgspec

from keesa import __version__
from keesa.accounts.permissions import sees_internal
from keesa.api.authentication import AuthenticatedCaller
from keesa.api.ticket_cache import TicketFormat
from keesa.clock import Clock
from keesa.tickets.views import VisibleTicket

DIGEST: Final = 12
"""Bytes."""


def revision_etag(caller: AuthenticatedCaller, revision: int) -> str:
    """Of a thing with this revision. One of before the desk began anew from an older state is another."""
    return f'"{revision:x}{_epoch(caller)}"'


def ticket_etag(caller: AuthenticatedCaller, form: str, ticket: VisibleTicket, number: int) -> str:
    """Of a ticket by itself; `number` is that of its last event, as the caller counts them. The form is with what its
    addresses are told apart by.
    """
    return f'"{_shown(caller, form)}-{ticket[1]:x}.{number:x}{_epoch(caller)}"'


def list_etag(caller: AuthenticatedCaller, form: str, tickets: Iterable[VisibleTicket], *more: object) -> str:
    """Of a list of tickets, before any of them is rendered: by what they are made from, and what `more` it shows."""
    digest = blake2b(array("q", chain.from_iterable(tickets)), digest_size=DIGEST)
    digest.update(f"{_shown(caller, form)}{_epoch(caller)}{more or ''}".encode())
    return f'"{digest.hexdigest()}"'


def content_etag(form: str, *content: object) -> str:
    """Of an answer by what it is made of: anything that msgspec can encode."""
    return f'"{blake2b(_encoder.encode((form, content)), digest_size=DIGEST).hexdigest()}"'


def body_etag(*body: bytes) -> str:
    """Of an answer by its bytes."""
    return f'"{blake2b(b"".join(body), digest_size=DIGEST).hexdigest()}"'


@lru_cache(maxsize=64)
def form_of(name: str | TicketFormat[Any], clock: Clock) -> str:
    """What an answer's form depends on beside what it shows: which answer it is, Keesa's release, and the zone."""
    if isinstance(name, TicketFormat):
        name = f"{name.render.__module__}.{name.render.__qualname__}"
    return blake2b(f"{name} {__version__} {clock.zone}".encode(), digest_size=4).hexdigest()


def _shown(caller: AuthenticatedCaller, form: str) -> str:
    """What tickets are rendered with beside what is kept of them: customers may be shown less."""
    of_desk = caller.actor is not None and sees_internal(caller.actor)
    return f"{caller.names_revision:x}.{form}{'' if of_desk else '.public'}"


def _epoch(caller: AuthenticatedCaller) -> str:
    return f".{caller.epoch:x}" if caller.epoch else ""


_encoder = msgspec.msgpack.Encoder()
