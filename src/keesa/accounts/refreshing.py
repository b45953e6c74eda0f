"""A new access token for a session, on which all of a client's tabs and threads settle."""

from dataclasses import replace
from typing import Final
from uuid import uuid4

import msgspec

from keesa.accounts.actors import Actor
from keesa.accounts.sessions import ACCESS_LIFETIME, ENDED, OVERLAP, Session
from keesa.accounts.tokens import Payload, access_payload
from keesa.db import Tx
from keesa.errors import Unauthorized

_RENEW: Final = """
    UPDATE sessions
    SET previous_uid = access_uid, access_uid = :access_uid, renewed_at = :at, access_claims = :claims
    WHERE refresh_uid = :refresh_uid
"""
_UNLESS_JUST_DONE: Final = "AND (renewed_at IS NULL OR renewed_at <= :before OR renewed_at >= :ahead)"


def refresh(tx: Tx, actor: Actor, session: Session, at: int) -> Payload:
    """What the session's access token says: a new one, which replaces the one before; within `OVERLAP` of the last
    refresh that one's, to the letter. Raises `Unauthorized` where the session has ended.
    """
    new = replace(session, access_uid=str(uuid4()))
    payload = access_payload(actor, new, at + ACCESS_LIFETIME)
    row = {
        "refresh_uid": new.refresh_uid,
        "access_uid": new.access_uid,
        "at": at,
        "claims": msgspec.json.encode(payload).decode(),
    }
    if tx.changed(_RENEW + _UNLESS_JUST_DONE, **row, before=at - OVERLAP, ahead=at + OVERLAP):
        return payload
    if (last := _last(tx, session.refresh_uid)) is not None:
        return last
    tx.run(_RENEW, **row)
    return payload


def _last(tx: Tx, refresh_uid: str) -> Payload | None:
    """What the token of the last refresh says; None where an older Keesa beside this one has replaced it since, and
    then nobody else replaces it before the transaction ends.
    """
    find = "SELECT access_uid, access_claims FROM sessions WHERE refresh_uid = :uid $for_update"
    row = tx.one(find, uid=refresh_uid)
    if row is None:
        raise Unauthorized(ENDED)
    payload: Payload = msgspec.json.decode(row["access_claims"])
    return payload if payload["uid"] == row["access_uid"] else None
