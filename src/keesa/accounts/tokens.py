"""Access and refresh tokens: JWTs signed with HS256, in the form of the Ruby gem jwt_sessions 3.2."""

import time
from dataclasses import dataclass
from typing import Any, Final

import jwt

from keesa.accounts.actors import Actor
from keesa.accounts.sessions import Session
from keesa.cache import Cache
from keesa.errors import Unauthorized

Payload = dict[str, Any]
ALGORITHM: Final = "HS256"
MOST_CACHED: Final = 8192
"""The most tokens that a process caches."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A signed token and its expiry in milliseconds since 1970."""

    token: str
    expires_at: int


def access_payload(actor: Actor, session: Session, expires_at: int) -> Payload:
    """What an access token says, as the version that opened the session has it (contract, section 2)."""
    seconds = expires_at // 1000
    ids = {"uid": session.access_uid, "ruid": session.refresh_uid}
    if session.version == "2021":
        role = actor.roles[0] if actor.roles else actor.user_type
        return {"exp": seconds, "user_id": actor.id, "role": role, **ids}
    return {
        "exp": seconds,
        "user_id": actor.id,
        "email": actor.email,
        "full_name": actor.full_name,
        "nick_name": actor.nick_name,
        "roles": list(actor.roles),
        "user_type": actor.user_type,
        "permissions": actor.permissions,
        "sign_in_count": actor.sign_in_count,
        **ids,
    }


def cookie_payload(payload: Payload) -> Payload:
    """What the same token says where it travels in a cookie: browsers drop one of more than 4,096 bytes, and roles may
    give any number of permissions.
    """
    return {key: payload[key] for key in ("exp", "user_id", "uid", "ruid")}


@dataclass(frozen=True, slots=True)
class _Claims:
    uid: str
    expires_at: int
    """In seconds, as the token has it."""


class Signer:
    """Signs and checks tokens with the server's one secret. A token that was found good is cached: the check
    costs more than all the rest of a short request.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._good: Cache[str, _Claims] = Cache(MOST_CACHED)

    def access(self, actor: Actor, session: Session, expires_at: int) -> Issued:
        """A new access token of the session."""
        return self.sign(access_payload(actor, session, expires_at))

    def refresh(self, actor: Actor, session: Session) -> Issued:
        return self.sign({"exp": session.expires_at // 1000, "user_id": actor.id, "uid": session.refresh_uid})

    def uid(self, token: str, *, expired_too: bool = False) -> str:
        """The `uid` of a token that this server signed; raises `Unauthorized` for any other.

        It is good only if it also is that of a live session, which the database knows.
        """
        claims = self._good.get(token)
        if claims is None:
            claims = self._verified(token)
            self._good.put(token, claims)
        if not expired_too and claims.expires_at <= time.time():
            raise Unauthorized("Your token has expired")
        return claims.uid

    def _verified(self, token: str) -> "_Claims":
        """What the token says, whether it has expired or not."""
        try:
            payload: dict[str, Any] = jwt.decode(
                token,
                self._secret,
                algorithms=[ALGORITHM],
                options={"require": ["exp", "uid"], "verify_exp": False},
            )
            return _Claims(str(payload["uid"]), int(payload["exp"]))
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError) as error:
            raise Unauthorized("Your token is invalid") from error

    def sign(self, payload: Payload) -> Issued:
        """The token that says this, the same one each time."""
        # typ None takes PyJWT's "typ" away: the header is {"alg":"HS256"}, as the gem's
        token = jwt.encode(payload, self._secret, ALGORITHM, headers={"typ": None})
        return Issued(token, payload["exp"] * 1000)
