"""A log line is a line, and drives no terminal, whatever stands in it and whoever wrote it: in text and in JSON."""

import json
import re
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import pytest

from live import LiveServer, environment
from places import Place

CONTROLS: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
LOGGING: Final = r"""
import logging, structlog, sys
from keesa.logs import set_up_logs

BAD = "\x1b]0;owned\x07 \x9b31m \x7f \x85 \u2028 \u2029 \u202e \u2066 \ud800 \r\nforged [info] line"

class Shown:
    def __repr__(self):
        return BAD

def fail():
    try:
        raise KeyError(BAD)
    except KeyError as cause:
        raise ValueError(BAD) from cause

set_up_logs(sys.argv[1])
own, library = structlog.get_logger("keesa.request"), logging.getLogger("lib" + BAD)
own.info("1", path=BAD, shown=Shown(), several=[BAD, {"a": BAD}], number=2, nothing=None, raw=b"\\x1b\\x9b")
own.warning("2" + BAD)
own.info("3", **{BAD: 1})
try:
    fail()
except ValueError as error:
    own.error("4", exc_info=error)
    library.exception("5 %s", BAD)
library.warning("6 %s", Shown(), stack_info=True)
logging.getLogger("asyncio").error("7" + BAD)
"""


def lines_of(form: str) -> list[str]:
    """What the program logs in that form, through our own logger and through the standard library's."""
    done = subprocess.run(
        [sys.executable, "-c", LOGGING, form], capture_output=True, env=environment(), timeout=60, check=True
    )
    text = done.stderr.decode()
    assert not CONTROLS.search(text)
    return text.removesuffix("\n").split("\n")


def test_text_is_a_line_an_event() -> None:
    """Control characters of every kind are escaped in events, keys, values, tracebacks and other libraries' lines; the
    lines of a traceback are indented, so that none is taken for an event.
    """
    lines = lines_of("text")
    begun = [line for line in lines if not line.startswith("    ")]
    assert [re.split(r"\] ", line, maxsplit=1)[1][0] for line in begun] == list("1234567")
    assert r"path='\\x1b]0;owned\\x07 \\x9b31m \\x7f \\x85 \\u2028" in begun[0]
    assert any(r"    ValueError: \x1b]0;owned\x07 \x9b31m \x7f" in line for line in lines)
    assert sum(line.startswith("    forged [info] line") for line in lines) == 2


def test_json_is_a_line_an_event() -> None:
    """The same with the values kept: only how they are written is another."""
    found = [json.loads(line) for line in lines_of("json")]
    assert [line["event"][0] for line in found] == list("1234567")
    assert found[0]["path"].startswith(
        "\x1b]0;owned\x07 \x9b31m \x7f \x85 \u2028 \u2029 \u202e \u2066 \ud800 \r\nforged"
    )
    assert found[3]["exception"][0]["exc_value"].startswith("\x1b]0;owned\x07 \x9b31m")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_request_s_path_drives_no_terminal(place: Place, form: str) -> None:
    """Percent signs are decoded before they are logged."""
    path = "/%1b%5D0;owned%07%C2%9B31m%E2%80%AE%E2%80%A8%0aforged%7f"
    with LiveServer(place.data, place.url, KEESA_LOG_FORMAT=form) as server:
        connection = HTTPConnection(server.url.removeprefix("http://"), timeout=60)
        connection.request("GET", path)
        assert connection.getresponse().status == 404
        connection.close()
    log = server.log.read_text()
    assert not CONTROLS.search(log)
    [line] = [line for line in log.splitlines() if "owned" in line]
    escaped = r"\x1b]0;owned\x07\x9b31m\u202e\u2028\nforged\x7f"
    if form == "text":
        assert escaped in line
    else:
        assert json.loads(line)["path"] == "/" + escaped.encode().decode("unicode_escape")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_log_that_cannot_be_written_stops_nobody(form: str) -> None:
    """Behind it is a disk that is full: what is logged is lost, and nothing else."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", f"{LOGGING}\nprint('done')", form],
            stdout=subprocess.PIPE,
            stderr=full,
            env=environment(),
            timeout=60,
            check=False,
        )
    assert done.stdout == b"done\n"
