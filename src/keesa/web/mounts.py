"""Which application answers at which path."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from keesa.web.http_errors import NOTHING, HttpError
from keesa.web.trace import TRACE


@dataclass(frozen=True, slots=True)
class Mount:
    """An ASGI application at a path (without a slash at its end), and below it unless it is for that path alone."""

    path: str
    app: ASGIApp
    alone: bool = False


class Mounts:
    """Tells each application its path in `root_path`, a proxy's prefix before it where the proxy has left that on.

    Raises `HttpError`, for the middleware to answer.
    """

    def __init__(self, mounts: Sequence[Mount]) -> None:
        self._mounts = [(mount, mount.path, None if mount.alone else f"{mount.path}/") for mount in mounts]
        """Each with its path, and what the paths below it begin with."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        trace = scope[TRACE]
        mount, scope["root_path"] = self._find(scope["path"], unquote(trace.client.prefix))
        trace.mount = mount.path or "/"
        await mount.app(scope, receive, send)

    def _find(self, path: str, prefix: str) -> tuple[Mount, str]:
        """The mount, and the path at which it was found: a proxy may have taken the prefix off, or left it."""
        for before in (prefix, "") if prefix and path.startswith(prefix) else ("",):
            rest = path[len(before) :]
            bare = rest.rstrip("/")
            for mount, at, below in self._mounts:
                if bare == at or (below is not None and rest.startswith(below)):
                    return mount, before + at
        raise HttpError(404, NOTHING)
