"""Answers that are kept under an `Idempotency-Key`, and given again to who may still have them
(docs/decisions/0053-idempotency.md).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from keesa.accounts import idempotency
from keesa.accounts.actors import SYSTEM, Actor
from keesa.accounts.idempotency import Done, seen_as
from keesa.accounts.request_hashes import RequestHashes
from keesa.db import Tx
from keesa.errors import Invalid, NotFound, StillRunning
from keesa.tickets.finding import NOT_FOUND, count_seen
from keesa.web.idempotency import HEADER, OTHER, KeyedCall, SentKey, not_kept, replayed
from keesa.web.replies import EncodedReply, Reply

if TYPE_CHECKING:
    from keesa.api.calls import Call

AnyCall: TypeAlias = "Call[Any, Any]"


class Replays:
    def __init__(self, hashes: RequestHashes) -> None:
        self._hashes = hashes

    def look_soon(self, tx: Tx, user_id: int, sent: SentKey, at: int) -> Callable[[AnyCall], EncodedReply | None]:
        """What stands under a user's key, for when the call is given that they may make now."""
        found = idempotency.look_soon(tx, user_id, sent.key, at)

        def again(call: AnyCall) -> EncodedReply | None:
            done = found()
            return None if done is None else self._again(tx, call, done, call.actor)

        return again

    def look(self, tx: Tx, call: AnyCall) -> EncodedReply | None:
        """The same of a call that is at hand, also of one that nobody's token came with."""
        found = idempotency.look_soon(tx, *self._whose(call, call.actor), call.at)()
        return None if found is None else self._again(tx, call, found, call.actor)

    def keep(self, tx: Tx, call: AnyCall, answer: object, reply: EncodedReply) -> None:
        """Of an answer with a secret, or with a body that is made while it is sent, no more than that it was given."""
        keyed = _keyed(call)
        body = None if keyed.route.secret or not isinstance(reply.body, bytes) else reply.body.decode()
        shown = answer.body if isinstance(answer, Reply) else answer
        headers = () if body is None else reply.headers
        done = Done(
            request=self._hashes.of(keyed.identity),
            seen_as=seen_as(call.actor),
            tickets=_tickets(keyed, shown),
            status=reply.status,
            headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers],
            body=body,
        )
        idempotency.keep(tx, call.actor.id, keyed.sent.key, done, call.at)

    def keep_done(self, tx: Tx, call: AnyCall, user: Actor | None) -> None:
        """In the one write of an endpoint that makes its transactions itself: that the call is done, by the user, or by
        nobody whose token came with it. Raises where it was done already, which undoes the write.
        """
        if call.keyed is None:
            return
        owner, key = self._whose(call, user)
        found = idempotency.look_soon(tx, owner, key, call.at)()
        if found is not None:
            self._again(tx, call, found, user)
            raise StillRunning("This has been done meanwhile")
        route = call.keyed.route
        body = None if route.secret else ""
        done = Done(self._hashes.of(call.keyed.identity), seen_as(user or SYSTEM), (), route.status, (), body)
        idempotency.keep(tx, owner, key, done, call.at)

    def _again(self, tx: Tx, call: AnyCall, done: Done, user: Actor | None) -> EncodedReply:
        """Raises as the protocol says."""
        keyed, who = _keyed(call), user or SYSTEM
        if not self._hashes.fits(keyed.identity, done.request):
            raise Invalid({HEADER: [OTHER]})
        seen = count_seen(tx, who, done.tickets) if done.tickets else 0
        if done.tickets and not seen:
            raise NotFound(NOT_FOUND)
        if done.body is None or seen < len(done.tickets) or done.seen_as != seen_as(who):
            raise not_kept()
        return replayed(done.status, done.body, done.headers)

    def _whose(self, call: AnyCall, user: Actor | None) -> tuple[int, str]:
        """Whose key it is. What no token came with is known by the request itself, whose secret stands for one."""
        keyed = _keyed(call)
        if user is not None:
            return user.id, keyed.sent.key
        return SYSTEM.id, f"{self._hashes.of(keyed.identity)} {keyed.sent.key}"


def _keyed(call: AnyCall) -> KeyedCall:
    assert call.keyed is not None  # noqa: S101 - whoever calls this has looked
    return call.keyed


def _tickets(keyed: KeyedCall, shown: object) -> list[int]:
    """Those that the answer shows: that of the path, and what the route says of the answer."""
    found = [keyed.path["ticket"]] if "ticket" in keyed.path else []
    return [*dict.fromkeys([*found, *keyed.route.shows(shown)])]
