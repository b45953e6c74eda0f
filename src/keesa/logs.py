"""Structured logs on standard error: JSON for machines, text on a terminal. Never a token, a password or a query."""

import logging
import sys
from typing import TYPE_CHECKING

import msgspec
import structlog
from structlog.tracebacks import ExceptionDictTransformer

if TYPE_CHECKING:
    from structlog.typing import Processor


class _NamedPrinter(structlog.PrintLogger):
    def __init__(self, name: str) -> None:
        super().__init__(sys.stderr)
        self.name = name


class _NamedWriter(structlog.BytesLogger):
    def __init__(self, name: str) -> None:
        super().__init__(sys.stderr.buffer)
        self.name = name


def _json(event: object, **_: object) -> bytes:
    return msgspec.json.encode(event, enc_hook=repr)


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
        last = [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    # our own lines, one a request, take the short way to standard error, past the standard library
    structlog.configure(
        processors=[*shared, *last] if as_text else [*shared, *last, structlog.processors.JSONRenderer(_json)],
        logger_factory=_NamedPrinter if as_text else _NamedWriter,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(last if as_text else [*last, structlog.processors.JSONRenderer()]),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # a client's broken form is answered, or overlooked, and is no event of ours
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
