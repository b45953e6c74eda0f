"""JSON Web Tokens read and made by hand: the server's own library would forgive its own mistakes."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final

import cast

HS256: Final = {"alg": "HS256"}
_DIGESTS: Final = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def header_of(token: str) -> str:
    """The header as it is written."""
    return _unpacked(token.split(".", maxsplit=1)[0]).decode()


def payload_of(token: str) -> dict[str, Any]:
    """The payload, its keys in the order in which they are written, whoever signed it."""
    payload: dict[str, Any] = json.loads(_unpacked(token.split(".")[1]))
    return payload


def is_signed(token: str, secret: str = cast.SECRET) -> bool:
    """Whether it is signed with HS256 and this secret."""
    content, _, signature = token.rpartition(".")
    return _unpacked(signature) == hmac.digest(secret.encode(), content.encode(), hashlib.sha256)


def signed(payload: Mapping[str, object], *, header: Mapping[str, object] = HS256, secret: str = cast.SECRET) -> str:
    """A token with the signature that its header promises; an empty one for an algorithm that is none."""
    content = f"{_packed(header)}.{_packed(payload)}"
    digest = _DIGESTS.get(str(header["alg"]))
    signature = hmac.digest(secret.encode(), content.encode(), digest) if digest else b""
    return f"{content}.{_text(signature)}"


def _packed(part: Mapping[str, object]) -> str:
    return _text(json.dumps(part).encode())


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unpacked(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
