"""From the bytes of a connection to requests: llhttp (through httptools) reads, and this knows what it has read."""

from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from keesa.server.heads import Address, RequestHead, refusal_scope
from keesa.server.limits import Limits
from keesa.server.methods import USUAL, with_known_method, without_upgrade

if TYPE_CHECKING:
    from starlette.types import Scope

_BROKEN: Final = "The request is not readable as HTTP/1.1"


class Requests(Protocol):
    """The connection, as far as its reader knows it: told of heads, pieces of bodies, and ends."""

    def head_read(
        self, scope: "Scope", *, keep_alive: bool, expects_continue: bool = False, announced: int | None = None
    ) -> None:
        """Of a request, or of the refusal of what is none; `announced` is the length of the body where it is told."""

    def body_read(self, piece: bytes) -> None: ...

    def request_read(self) -> None:
        """Head and body are complete."""

    def body_broken(self) -> None:
        """The rest of the body is not readable."""

    def ends_after_this(self) -> None:
        """Nothing that follows is read; a refusal that says why may be the next head."""


class RequestReader:
    """Reads until something cannot be understood; what follows that is thrown away."""

    __slots__ = (
        "_barren",
        "_client",
        "_completed",
        "_in_body",
        "_limits",
        "_method",
        "_parser",
        "_requests",
        "_server",
        "deaf",
        "head",
    )

    def __init__(self, requests: Requests, limits: Limits, client: Address | None, server: Address | None) -> None:
        self._requests = requests
        self._limits = limits
        self._client = client
        self._server = server
        self._parser = HttpRequestParser(self)
        self._method: str | None = None
        """That of the next request, where the parser does not know it."""
        self._in_body = False
        self._barren = 0
        """Bytes that have come in a body since the last piece of it: what stands around its chunks."""
        self._completed = False
        """Whether a request has ended in the bytes that are read now."""
        self.head: RequestHead | None = None
        """What has arrived of a head that is not complete."""
        self.deaf = False
        """Whether what arrives is thrown away."""

    def feed(self, data: bytes) -> None:
        if self.deaf:
            return
        in_body = self._in_body
        if not in_body:
            if self.head is None and not data.startswith(USUAL):
                data, self._method = with_known_method(data)
            data = without_upgrade(data)
        self._completed = False
        self._barren += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:  # to CONNECT: what follows would be another protocol, which is not spoken here
            self.deaf = True
            self._requests.ends_after_this()
        except HttpParserError:
            self._break()
        if self.deaf:
            return
        if self.head is not None and not in_body and not self._completed:  # else some of it belonged to another request
            self.head.arrived += len(data)
            if self.head.arrived > self._limits.head_bytes:
                self.refuse(*self.head.too_large(self._limits))
        elif in_body and self._in_body and self._barren > self._limits.head_bytes:
            self._break()

    def end(self) -> None:
        """Nothing more is read, and nobody is told."""
        self.deaf = True
        self._parser = self._requests = cast("Any", None)

    def refuse(self, status: int, sentence: str) -> None:
        """Have a head answered that is not complete and never will be."""
        head, self.head = self.head or RequestHead(), None
        self.deaf = True
        self._requests.ends_after_this()
        self._requests.head_read(
            refusal_scope(head.partial_scope(self._client, self._server), status, sentence), keep_alive=False
        )

    def _break(self) -> None:
        """What arrived is no HTTP: nothing behind it can be understood."""
        if self.deaf:
            return
        if self._in_body:
            self.deaf = True
            self._requests.ends_after_this()
            self._requests.body_broken()
        else:
            self.refuse(400, _BROKEN)

    # what the parser calls

    def on_message_begin(self) -> None:
        self.head = RequestHead()

    def on_url(self, part: bytes) -> None:
        if self.head is not None:
            self.head.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.head is not None:  # else it stands behind the chunks of a body, and is nobody's
            self.head.add(name.lower(), value, self._limits.headers)

    def on_headers_complete(self) -> None:
        head, self.head = self.head, None
        if head is None or self.deaf:
            return
        method = self._method or self._parser.get_method().decode("ascii")
        self._method = None
        self._in_body = True
        self._barren = 0
        scope = head.scope(method, self._parser.get_http_version(), self._client, self._server, self._limits)
        self._requests.head_read(
            scope,
            keep_alive="extensions" not in scope and self._parser.should_keep_alive(),
            expects_continue=head.expects_continue and scope["http_version"] != "1.0",
            announced=head.length,
        )

    def on_body(self, piece: bytes) -> None:
        self._barren = 0
        if not self.deaf:
            self._requests.body_read(piece)

    def on_message_complete(self) -> None:
        self._in_body, self._completed = False, True
        if not self.deaf:
            self._requests.request_read()
