"""Answers that are given again while nothing in the database has changed (docs/decisions/0057-few-bytes.md).

Who calls and what they may do is found each time. What is kept is the answer as it was sent, for one caller and one
request, with the state of the database that it was made from: it is given again where the request's own transaction
sees that state.
"""

from typing import Final, NamedTuple

from keesa.cache import Cache
from keesa.db import State
from keesa.web.application import Caller
from keesa.web.compression import Accepted, compressed
from keesa.web.conditions import Conditions
from keesa.web.replies import EncodedReply
from keesa.web.requests import PreparedRequest
from keesa.web.routes import Route

LARGEST: Final = 256 * 1024
"""Bytes of an answer that is kept."""
_ENTRY: Final = 1000
"""Bytes that an entry takes beside its texts."""

Key = tuple[object, ...]


class Place(NamedTuple):
    """Where an answer may be kept, and the state that it is made from."""

    key: Key
    state: State


class _Kept(NamedTuple):
    state: State
    etag: str | None
    """That of the answer before it was compressed."""
    reply: EncodedReply | None
    """None where it is known only that a client has it."""
    weight: int


def _weight(kept: _Kept) -> int:
    return kept.weight


class AnswerCache:
    """What one process keeps, at most `limit` bytes of it."""

    def __init__(self, limit: int) -> None:
        self._kept: Cache[Key, _Kept] = Cache(limit, _weight)
        self.hits = 0
        """Answers that were given again."""
        self.misses = 0
        """Those that could have been, and had to be made."""

    @property
    def weight(self) -> int:
        """Bytes that are kept."""
        return self._kept.weight

    @property
    def entries(self) -> int:
        return self._kept.entries

    def find(self, place: Place, conditions: Conditions) -> EncodedReply | None:
        """What is kept; 304 where the client has it already."""
        kept = self._kept.get(place.key)
        if kept is not None and kept.state == place.state:
            unchanged = None if kept.etag is None else conditions.unchanged(kept.etag)
            found = kept.reply if unchanged is None else unchanged
            if found is not None:
                self.hits += 1
                return found
        self.misses += 1
        return None

    def keep(self, place: Place, reply: EncodedReply, wanted: Accepted) -> EncodedReply:
        """The answer as it is sent, kept where it is short enough. A strong `ETag` tells that it was compressed before,
        from another state of which it shows nothing else.
        """
        etag = _etag_of(reply)
        kept = self._kept.get(place.key)
        if kept is not None and kept.reply is not None and etag is not None and kept.etag == etag:
            sent, weight = kept.reply, kept.weight
        else:
            sent = compressed(reply, wanted)
            if reply.status != 200 or not isinstance(sent.body, bytes) or len(sent.body) > LARGEST:
                return sent
            weight = len(sent.body) + _weight_of(place)
        self._kept.put(place.key, _Kept(place.state, etag, sent, weight))
        return sent

    def still(self, place: Place, reply: EncodedReply) -> None:
        """The client has been told that it has the newest one (304), which goes for this state; what is kept of it
        stays.
        """
        kept, etag = self._kept.get(place.key), _etag_of(reply)
        if kept is None or kept.etag != etag:
            kept = _Kept(place.state, etag, None, _weight_of(place))
        self._kept.put(place.key, kept._replace(state=place.state))


def place_of(
    route: Route, caller: Caller, request: PreparedRequest, wanted: Accepted, circumstances: str, state: State
) -> Place:
    """By all that such a route's answer hangs on beside the database: who calls is a user, or an API token of theirs.
    Each connection has answers of its own, as states are compared on one alone.
    """
    scope = request.http.scope
    key = (
        state.connection,
        id(route),
        caller.user_id,
        caller.token_id,
        wanted,
        request.trace.client.prefix,
        circumstances,
        scope["path"],
        scope["query_string"],
        request.content,
        request.handling,
    )
    return Place(key, state)


def _weight_of(place: Place) -> int:
    """Bytes that an entry takes beside its answer."""
    return _ENTRY + sum(len(part) for part in place.key if isinstance(part, bytes | str))


def _etag_of(reply: EncodedReply) -> str | None:
    return next((value.decode("latin-1") for name, value in reply.headers if name == b"etag"), None)
