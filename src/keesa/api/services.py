"""What the configuration says that endpoints need, and what a process keeps from one request to the next."""

from dataclasses import dataclass

from keesa.accounts.api_token_cache import ApiTokenCache
from keesa.accounts.last_use import LastUse
from keesa.accounts.login import Guard
from keesa.accounts.session_cache import SessionCache
from keesa.accounts.tokens import Signer
from keesa.api.feed_cursors import FeedCursors
from keesa.api.feed_watch import FeedWatch
from keesa.api.file_addresses import FileAddresses
from keesa.api.replays import Replays
from keesa.api.ticket_cache import TicketCache
from keesa.attachments.receiving import Receiving
from keesa.clock import Clock
from keesa.tickets.numbers import NumberForm
from keesa.tickets.waiting import Reopening
from keesa.uploads.receiving import Receiver


@dataclass(frozen=True, slots=True)
class Services:
    clock: Clock
    number_form: NumberForm
    reopening: Reopening
    signer: Signer
    logins: Guard
    sessions: SessionCache
    api_tokens: ApiTokenCache
    last_use: LastUse
    tickets: TicketCache
    replays: Replays
    file_addresses: FileAddresses
    feed_cursors: FeedCursors
    feed_watch: FeedWatch
    receiving: Receiving
    uploads: Receiver
    """Of pictures and files, and where they are kept."""
    public_url: str | None
    """Where clients find the server; None where only their requests tell."""
