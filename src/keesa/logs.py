"""Structured logs on standard error: JSON for machines, text on a terminal. Never a token, a password or a query.

A line is a line, and drives no terminal: whatever somebody else wrote is escaped, in either form.
"""

import json
import logging
import os
import select
import stat
import sys
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TextIO

import msgspec
import structlog
from structlog.tracebacks import ExceptionDictTransformer

from keesa.visible import visible, visible_json

if TYPE_CHECKING:
    from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger


PIECE: Final = 4096
"""Bytes that a pipe with space takes without a wait."""
PATIENCE: Final = 200
"""Milliseconds to wait for who reads the log, unless nobody has read since the last wait."""


class _Writer:
    """A line a call, past all buffers. One that standard error does not take is dropped: neither a full disk nor a pipe
    that nobody reads stops the server.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._stream = getattr(sys.stderr.buffer, "raw", sys.stderr.buffer)
        self._pipe = _pipe_of(self._stream)
        self._patience = PATIENCE

    def msg(self, line: bytes | str) -> None:
        whole = line if isinstance(line, bytes) else line.encode(sys.stderr.encoding, "backslashreplace")
        rest = memoryview(whole + b"\n")
        try:
            while rest and (self._pipe is None or self._has_space(self._pipe)):
                rest = rest[self._stream.write(rest if self._pipe is None else rest[:PIECE]) or len(rest) :]
        except (OSError, ValueError):  # the latter of a stream that was closed
            pass

    def _has_space(self, pipe: "select.poll") -> bool:
        has_space = bool(pipe.poll(self._patience))
        self._patience = PATIENCE if has_space else 0
        return has_space

    debug = info = warning = error = critical = exception = msg


def _pipe_of(stream: "BinaryIO") -> "select.poll | None":
    """Tells whether it can be written, where it is a pipe or a socket, which may be full; None for a file."""
    try:
        descriptor = stream.fileno()
        mode = os.fstat(descriptor).st_mode
    except (OSError, ValueError):  # none of the system's
        return None
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return None
    pipe = select.poll()
    pipe.register(descriptor, select.POLLOUT)
    return pipe


_encode: Final = msgspec.json.Encoder(enc_hook=repr).encode


def _json(_logger: "WrappedLogger", _name: str, event: "EventDict") -> bytes:
    try:
        return visible_json(_encode(event))
    except UnicodeEncodeError:  # half of a character, which UTF-8 does not have
        return visible_json(json.dumps(event, default=_shown).encode())


def _json_text(logger: "WrappedLogger", name: str, event: "EventDict") -> str:
    return _json(logger, name, event).decode()


def _shown(value: object) -> str:
    """What JSON has no word for; a time as the encoder writes it."""
    return msgspec.json.encode(value).decode().strip('"') if isinstance(value, datetime) else repr(value)


def _described(logger: "WrappedLogger", name: str, event: "EventDict") -> "EventDict":
    """With level, logger, and the time as the encoder takes it: structlog's own takes as long for that as all the rest
    of a line.
    """
    event["level"], event["logger"], event["timestamp"] = name, logger.name, datetime.now(UTC)
    return event


def _all_visible(_logger: "WrappedLogger", _name: str, event: "EventDict") -> "EventDict":
    """Every key and value as text without control characters; what is no text is shown by `repr` then."""
    return {visible(key): value if key in _OWN else _visible_value(value) for key, value in event.items()}


def _visible_value(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return visible(value if isinstance(value, str) else repr(value))


_OWN = ("exc_info", "timestamp", "level")
"""What this program alone makes; a traceback has a formatter of its own."""


def _indented_traceback(out: TextIO, exc_info: "ExcInfo") -> None:
    """No line of it can be taken for a log line of its own: an error's message may have line ends."""
    plain = StringIO()
    structlog.dev.plain_traceback(plain, exc_info)
    out.write("\n    ".join(map(visible, plain.getvalue().rstrip("\n").split("\n"))))


class _Logger(structlog.make_filtering_bound_logger(logging.INFO)):  # type: ignore[misc]  # made by structlog
    """Structlog's, with a short way for what is logged the most."""

    def info(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - any fact
        line: Any = facts if not self._context else {**self._context, **facts}
        line["event"] = event
        try:
            for processor in self._processors:
                line = processor(self._logger, "info", line)
        except structlog.DropEvent:
            return
        self._logger.msg(line)


def set_up_logs(form: str) -> None:
    """`form` is `json`, `text`, or `auto`: text where standard error is a terminal. Other libraries' logs too."""
    as_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # no local variables in a traceback: a password may be among them
    last: list[Processor] = [structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))]
    if as_text:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_indented_traceback)
        last = [_all_visible, renderer]
    # our own lines, one a request, take the short way to standard error, past the standard library
    structlog.configure(
        processors=[*shared, *last] if as_text else [_described, *last, _json],
        logger_factory=_Writer,
        wrapper_class=_Logger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(last if as_text else [*last, _json_text]),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.raiseExceptions = False  # else what it cannot write is told on the same stream, and fails there
    # a client's broken form is answered, or overlooked, and is no event of ours
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
