"""Asking a server many times at once, with wrk: one thread, `clients` connections, each asking again when answered."""

import json
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

TIMEOUT: Final = 30
"""Seconds for one answer."""

_SCRIPT: Final = """
local asked, position = {}, 0
function init(args)
  for line in io.lines("%(list)s") do
    local method, path, headers, body = load("return " .. line)()
    asked[#asked + 1] = wrk.format(method, path, headers, body)
  end
end
function request()
  position = position %% #asked + 1
  return asked[position]
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('RESULT {"count": %%d, "micros": %%d, "p50": %%f, "p99": %%f, "longest": %%f, "bytes": %%d,'
    .. ' "refused": %%d, "broken": %%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max, summary.bytes,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
"""

_COUNTING: Final = """
local left, answered = %(count)d, -%(clients)d  -- each connection is asked once before its first request
function delay()
  answered = answered + 1
  if answered == %(count)d then
    io.write("%(answered)s\\n")
    io.flush()
  end
  if left == 0 then return %(rest)d end
  left = left - 1
  return 0
end
"""
_ANSWERED: Final = "ANSWERED"
_LONGEST: Final = 120
"""Seconds for a number of requests."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    """With the query."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Load:
    """What a server did in one run of wrk; latencies in milliseconds, `answer_bytes` of one answer with its headers."""

    clients: int
    requests: int
    seconds: float
    p50: float
    p99: float
    longest: float
    answer_bytes: float
    refused: int
    """Answers of 400 and above."""
    broken: int
    """Connections that failed, and answers that never came."""

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def require_wrk() -> None:
    """Raise SystemExit, saying how to get it, where wrk is missing."""
    if shutil.which("wrk") is None:
        raise SystemExit("The benchmarks ask with wrk, which is not here: install it with `apt-get install wrk`")


def run(url: str, requests: Sequence[Request], clients: int, seconds: float) -> Load:
    """Ask for `requests` one after the other, from the first again after the last; `url` without a path."""
    with _started(url, requests, clients, max(1, round(seconds)), "") as wrk:
        told, _ = wrk.communicate()
    return _load(url, clients, told)


def run_exactly(url: str, requests: Sequence[Request], clients: int, count: int) -> Load:
    """Ask for `count` of them in the same way, and wait for every answer: nothing is under way at the end.

    Raises RuntimeError where they have not all come, or a connection broke. `seconds` is until the last answer.
    """
    counting = _COUNTING % {"count": count, "clients": clients, "answered": _ANSWERED, "rest": _LONGEST * 1000}
    told: list[str] = []
    begun, taken = time.perf_counter(), 0.0
    with _started(url, requests, clients, _LONGEST, counting) as wrk:
        assert wrk.stdout is not None
        for line in wrk.stdout:
            told.append(line)
            if line == f"{_ANSWERED}\n":
                taken = time.perf_counter() - begun
                wrk.send_signal(signal.SIGINT)  # it then stops within a tenth of a second, and tells the result
    load = replace(_load(url, clients, "".join(told)), seconds=taken)
    if load.requests != count or load.broken:
        raise RuntimeError(f"{url} answered {load.requests} of {count} requests, and broke {load.broken} connections")
    return load


@contextmanager
def _started(
    url: str, requests: Sequence[Request], clients: int, seconds: int, more: str
) -> Iterator[subprocess.Popen[str]]:
    """Start wrk with our script and `more` of it; it has ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="keesa-wrk-") as folder:
        listed, script = Path(folder, "requests"), Path(folder, "script.lua")
        listed.write_text("".join(f"{_in_lua(request)}\n" for request in requests), "utf-8")
        script.write_text(_SCRIPT % {"list": listed} + more, "utf-8")
        asked = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", f"--timeout={TIMEOUT}s", f"-s{script}", url]
        with subprocess.Popen(  # noqa: S603 - our own words
            asked, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise


def _load(url: str, clients: int, told: str) -> Load:
    result = next((line for line in told.splitlines() if line.startswith("RESULT ")), None)
    if result is None:
        raise RuntimeError(f"wrk told nothing of {url}: {told}")
    found = json.loads(result.removeprefix("RESULT "))
    return Load(
        clients=clients,
        requests=found["count"],
        seconds=found["micros"] / 1e6,
        p50=found["p50"] / 1000,
        p99=found["p99"] / 1000,
        longest=found["longest"] / 1000,
        answer_bytes=found["bytes"] / max(1, found["count"]),
        refused=found["refused"],
        broken=found["broken"],
    )


def _in_lua(request: Request) -> str:
    headers = ", ".join(f"[{_text(name)}] = {_text(value)}" for name, value in request.headers.items())
    body = _text(request.body.decode("latin-1")) if request.body else "nil"
    return f"{_text(request.method)}, {_text(request.path)}, {{{headers}}}, {body}"


def _text(value: str) -> str:
    """A Lua string literal, on one line, of any bytes (as latin-1)."""
    plain = (c if c.isascii() and c.isprintable() and c not in '"\\' else f"\\{ord(c):03}" for c in value)
    return f'"{"".join(plain)}"'
