"""What Keesa's OpenAPI documents say of its tokens, headers and errors; `wording.py` has the words for all else."""

from typing import Final

import keesa
from keesa.accounts.actors import USER_TYPES
from keesa.accounts.api_token_form import PATTERN
from keesa.accounts.permissions import Permission, lacking
from keesa.api import PREFIX, tus
from keesa.api.authentication import ACCESS_COOKIE, CSRF_HEADER, MAINTENANCE, REFRESH_COOKIE
from keesa.api.session_calls import COOKIES_HEADER
from keesa.api.wording import FIELDS, STATUSES, TAGS, introduction
from keesa.web.http_errors import INTERNAL, HttpError
from keesa.web.idempotency import REPLAYED
from keesa.web.openapi.wording import Wording
from keesa.web.rates import TOO_MANY
from keesa.web.requests import VERSION_HEADER
from keesa.web.routes import Access, ApiVersion
from keesa.web.trace import REQUEST_ID

_WITH_CSRF: Final = f"For browsers: every method but GET and HEAD needs {CSRF_HEADER} too, as the last answer gave it"
_BY_ACCESS: Final[list[dict[str, list[str]]]] = [{"access": []}, {"accessCookie": []}]
_TEXT: Final[dict[str, object]] = {"type": "string"}
_BYTES: Final[dict[str, object]] = {"type": "integer", "minimum": 0}
_OF_UPLOADS: Final[dict[str, tuple[str, dict[str, object]]]] = {
    "Tus-Resumable": ("The version of tus", {"const": tus.VERSION}),
    "Tus-Version": ("The versions of tus that are known", _TEXT),
    "Tus-Extension": ("Its extensions that are known", _TEXT),
    "Tus-Max-Size": ("Bytes that an upload may have", _BYTES | {"minimum": 1}),
    "Tus-Checksum-Algorithm": ("Those of `Upload-Checksum` that are known", _TEXT),
    "Upload-Offset": ("Bytes of the upload that are there for good", _BYTES),
    "Upload-Length": ("Bytes that the upload will have", _BYTES),
    "Upload-Expires": ("When the upload's time is over", _TEXT),
    "Upload-Metadata": ("What its sender has said of the upload", _TEXT),
}
"""What each header says, and its schema."""


def _info(version: ApiVersion) -> dict[str, str]:
    return {
        "title": "Keesa",
        "version": f"{version.name}, Keesa {keesa.__version__}",
        "description": introduction(version.name, with_faults=version.invalid is not version.error),
    }


WORDING: Final = Wording(
    info=_info,
    prefix=PREFIX,
    fields=FIELDS,
    tags=TAGS,
    statuses=STATUSES,
    user_types=USER_TYPES,
    lacking=lambda *permissions: lacking(*(Permission(each.resource, each.action) for each in permissions)),
    security={
        Access.ANYONE: [],
        Access.ACCESS_TOKEN: _BY_ACCESS,
        Access.EXPIRED_ACCESS_TOKEN: _BY_ACCESS,
        Access.REFRESH_TOKEN: [{"refresh": []}, {"refreshCookie": []}],
        Access.SIGNED_ADDRESS: [],
    },
    schemes={
        "access": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": f"An access token; or an API token, `{PATTERN}`, but where a session is logged out",
        },
        "refresh": {"type": "apiKey", "in": "header", "name": "X-Refresh-Token"},
        "accessCookie": {"type": "apiKey", "in": "cookie", "name": ACCESS_COOKIE, "description": _WITH_CSRF},
        "refreshCookie": {"type": "apiKey", "in": "cookie", "name": REFRESH_COOKIE, "description": _WITH_CSRF},
    },
    access={
        Access.ANYONE: "Anybody may call it, without a token",
        Access.ACCESS_TOKEN: "It needs an access token",
        Access.EXPIRED_ACCESS_TOKEN: "It needs an access token, which may have expired",
        Access.REFRESH_TOKEN: "It needs a refresh token in `X-Refresh-Token`",
        Access.SIGNED_ADDRESS: "Whoever has the address may call it, without a token",
    },
    headers={
        REQUEST_ID: {
            "description": "Names this answer in the server's log",
            "schema": {"type": "string"},
            "required": True,
        },
        VERSION_HEADER: {
            "description": "The version that answers",
            "schema": {"type": "string", "enum": ["2024", "2021"]},
            "required": True,
        },
        "WWW-Authenticate": {
            "description": "How to show who you are",
            "schema": {"const": "Bearer"},
            "required": True,
        },
        "Retry-After": {
            "description": "Seconds to wait before the same call may succeed",
            "schema": {"type": "integer", "minimum": 1},
            "required": True,
        },
        "RateLimit-Policy": {
            "description": 'How many requests may be made: `"user";q=6000;w=60` are 6000 in 60 seconds over all'
            " sessions of the user; missing where any number may",
            "schema": {"type": "string"},
        },
        "RateLimit": {
            "description": 'What is left of them: `"user";r=5999;t=42` are 5999 requests within 42 seconds',
            "schema": {"type": "string"},
        },
        **{name: {"description": said, "schema": schema} for name, (said, schema) in _OF_UPLOADS.items()},
        "Accept-Encoding": {"description": "How a body may be encoded", "schema": {"const": "identity"}},
        CSRF_HEADER: {
            "description": "For pages with their tokens in cookies: what their next request that changes something"
            " shows",
            "schema": {"type": "string"},
        },
        "Set-Cookie": {
            "description": f"`{ACCESS_COOKIE}`, `{REFRESH_COOKIE}`: for pages that asked for cookies"
            f" (`{COOKIES_HEADER}`)",
            "schema": {"type": "string"},
        },
        REPLAYED: {
            "description": "`true` of an answer that was given before, to the same request under the same key",
            "schema": {"const": "true"},
        },
        "ETag": {
            "description": "The state that is shown, for `If-None-Match` and `If-Match`",
            "schema": {"type": "string"},
        },
        "Link": {
            "description": 'The next page: `<path>; rel="next"`',
            "schema": {"type": "string"},
        },
        "Preference-Applied": {
            "description": "How fields were handled that the call does not know, where `Prefer` has asked for that",
            "schema": {"type": "string", "enum": ["handling=strict", "handling=lenient"]},
        },
        "Accept-Ranges": {"description": "That a part may be asked for (`Range`)", "schema": {"const": "bytes"}},
        "Content-Range": {
            "description": "Which part it is: `bytes 0-1023/4711`; of a range that there is not, `bytes */4711`",
            "schema": {"type": "string"},
        },
        "Content-Disposition": {
            "description": "What it is called (RFC 6266), and whether a browser may show it in its place",
            "schema": {"type": "string"},
        },
        "Location": {"description": "The path of what was made", "schema": {"type": "string"}},
    },
    headers_with_token=[CSRF_HEADER],
    errors={429: HttpError(429, TOO_MANY), 500: HttpError(500, INTERNAL), 503: HttpError(503, MAINTENANCE)},
)
