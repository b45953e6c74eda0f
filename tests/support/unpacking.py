"""What a compressed answer holds."""

import gzip

from backports import zstd


def unpacked(body: bytes, coding: str | None) -> bytes:
    """`coding` as `Content-Encoding` names it, None where it does not. Raises where the body is cut off."""
    match coding:
        case "gzip":
            return gzip.decompress(body)
        case "zstd":
            return zstd.decompress(body)
    return body
