"""What a download is called (RFC 6266, with RFC 8187 for all names that are not ASCII)."""

import re
from typing import Final
from urllib.parse import quote

_ENDINGS: Final = {
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/png": ("png",),
    "image/webp": ("webp",),
    "image/gif": ("gif",),
    "image/avif": ("avif",),
    "image/heic": ("heic", "heif"),
    "image/heif": ("heif", "heic"),
}
"""Of pictures, which may be served in another format than they were sent in; the first is given."""
_NOT_PLAIN: Final = re.compile(r"[^ !#$&\'()+,.0-9;=@A-Z\[\]^_`a-z{}~-]")
_SAFE: Final = "!#$&+-.^_`|~"
"""Characters that RFC 8187 leaves as they are, beside letters and digits."""


def disposition(name: str, media_type: str, *, inline: bool) -> str:
    """The value of `Content-Disposition`; `inline` for what a browser may show in its place."""
    name = _with_ending(name, media_type)
    kind = "inline" if inline else "attachment"
    plain = _NOT_PLAIN.sub("_", name)
    if plain == name:
        return f'{kind}; filename="{plain}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, _SAFE, errors='replace')}"


def _with_ending(name: str, media_type: str) -> str:
    """The name with the ending of what is sent, so that who saves it can open it."""
    endings = _ENDINGS.get(media_type)
    if endings is None:
        return name
    stem, dot, ending = name.rpartition(".")
    if dot and ending.lower() in endings:
        return name
    known = any(ending.lower() in each for each in _ENDINGS.values())
    return f"{stem if dot and known else name}.{endings[0]}"
