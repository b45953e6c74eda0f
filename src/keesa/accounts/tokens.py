"""Access and refresh tokens: JWTs signed with HS256, in the form of the Ruby gem jwt_sessions 3.2."""

import time
from dataclasses import dataclass
from typing import Any, Final

import jwt

from keesa.accounts.actors import Actor
from keesa.accounts.keys import FixedKeys, KeyRing, Keys
from keesa.accounts.sessions import Session
from keesa.cache import Cache
from keesa.errors import Unauthorized

Payload = dict[str, Any]
ALGORITHM: Final = "HS256"
_INVALID: Final = "Your token is invalid"
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
class Claims:
    """What a good token says."""

    uid: str
    expires_at: int
    """In seconds, as the token has it."""
    user_id: int | None


@dataclass(frozen=True, slots=True)
class _Known:
    """A ring, and the tokens that its keys have signed: with another ring they are checked anew."""

    ring: KeyRing
    good: Cache[str, Claims]


class Signer:
    """Signs tokens with the newest key, and checks them with all that are kept. A token that was found good is cached:
    the check costs more than all the rest of a short request.
    """

    def __init__(self, keys: Keys | bytes) -> None:
        self._keys = FixedKeys(KeyRing(keys)) if isinstance(keys, bytes) else keys
        self._last = _Known(self._keys.ring(), Cache(MOST_CACHED))

    def access(self, actor: Actor, session: Session, expires_at: int) -> Issued:
        """A new access token of the session."""
        return self.sign(access_payload(actor, session, expires_at))

    def refresh(self, actor: Actor, session: Session) -> Issued:
        return self.sign({"exp": session.expires_at // 1000, "user_id": actor.id, "uid": session.refresh_uid})

    def uid(self, token: str, *, expired_too: bool = False) -> str:
        """As `claims`."""
        return self.claims(token, expired_too=expired_too).uid

    def claims(self, token: str, *, expired_too: bool = False) -> Claims:
        """Of a token that this server signed; raises `Unauthorized` for any other.

        It is good only if it also is that of a live session, which the database knows.
        """
        known = self._known(self._keys.ring())
        claims = known.good.get(token)
        if claims is None:
            known = self._known(self._keys.newest())  # it may be of a key that another process has just made
            claims = _claims(token, known.ring)
            known.good.put(token, claims)
        if not expired_too and claims.expires_at <= time.time():
            raise Unauthorized("Your token has expired")
        return claims

    def _known(self, ring: KeyRing) -> _Known:
        known = self._last
        if known.ring is not ring:
            known = self._last = _Known(ring, Cache(MOST_CACHED))
        return known

    def sign(self, payload: Payload) -> Issued:
        """The token that says this, the same one each time until there is another key."""
        # typ None takes PyJWT's "typ" away: the header is {"alg":"HS256"}, as the gem's
        token = jwt.encode(payload, self._keys.newest().signing, ALGORITHM, headers={"typ": None})
        return Issued(token, payload["exp"] * 1000)


def _claims(token: str, ring: KeyRing) -> Claims:
    """What the token says, whether it has expired or not; raises `Unauthorized` where no key has signed it."""
    for key in ring.verifying:
        try:
            payload: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                options={"require": ["exp", "uid"], "verify_exp": False},
            )
            user_id = payload.get("user_id")
            return Claims(str(payload["uid"]), int(payload["exp"]), user_id if isinstance(user_id, int) else None)
        except jwt.InvalidSignatureError:
            continue  # with the next key
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError) as error:
            raise Unauthorized(_INVALID) from error
    raise Unauthorized(_INVALID)
